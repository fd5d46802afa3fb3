"""Measures upstream's VietTTS package beside ours: the same weights, the same sentence, in turns.

Upstream is no dependency. It runs as a process of its own, under the interpreter of an environment
that it is installed in; `driver` makes it answer. Both sides speak one
sentence with a forced number of tokens, in a voice of the same recording; ours first, then theirs,
as often as there are rounds, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.line_process import LineProcess
from benchmarks.viettts import measure as viettts
from benchmarks.viettts.measure import Case
from benchmarks.viettts.random_model import reference_wave
from sonca.bench.report import load, save
from sonca.errors import InvalidRequest

Say = Callable[[str], None]
DRIVER = Path(__file__).with_name("driver.py")
WARM_UP = "Xin chào."
"""Spoken for a second: few enough text tokens for so few speech tokens."""
_HOW = "; benchmarks/vs_upstream/README.md says how to install it"


def pairs(rate_hz: int, threads: int) -> list[Case]:
    """Returns what both sides speak at one token rate and thread count: the length upstream was
    first measured with, and at 25 Hz the document's 8 s."""
    lengths = (4.0, 8.0) if rate_hz == 25 else (4.0,)
    return [Case(rate_hz, threads, 1, seconds) for seconds in lengths]


def figures_of(case: Case) -> dict[str, float]:
    """Returns what stands for a pair in the results."""
    return {"rate_hz": case.rate_hz, "threads": case.threads, "seconds": case.seconds}


def interpreter(place: Path) -> Path:
    """Returns the Python of an environment's folder, or the one given.

    Raises `InvalidRequest` if there is none, or if viet-tts is not installed beside it.
    """
    python = place / "bin" / "python" if place.is_dir() else place
    if not python.is_file():
        raise InvalidRequest(f"--upstream {place}: there is no {python}{_HOW}", field="upstream")
    # Not resolved: a virtual environment's Python is a link, and the link is what matters.
    found = python.parent.parent.glob("lib*/python3*/site-packages/viettts/tts.py")
    if next(found, None) is None:
        raise InvalidRequest(
            f"--upstream {place}: the package viet-tts is not installed there{_HOW}",
            field="upstream",
        )
    return python


@contextmanager
def upstream(python: Path, checkpoint: Path, threads: int) -> Iterator[LineProcess]:
    """Runs upstream's package in a process."""
    with tempfile.TemporaryDirectory(prefix="sonca-upstream-") as folder:
        prompt = Path(folder) / "prompt.npy"
        np.save(prompt, reference_wave())
        with LineProcess(python, DRIVER, checkpoint, threads, prompt) as process:
            yield process


def measure_all(
    python: Path,
    rates_hz: Sequence[int],
    threads: Sequence[int],
    *,
    keep: Path | None,
    rounds: int,
    out: Path,
    resume: bool,
    say: Say,
) -> None:
    """Measures all pairs, writing `out` after each; with `resume`, those that are not in it."""
    results = list(load(out)["beside"]) if resume and out.is_file() else []
    done = [result["pair"] for result in results]
    for rate in rates_hz:
        todo = [
            pair for count in threads for pair in pairs(rate, count) if figures_of(pair) not in done
        ]
        if not todo:
            continue
        with viettts.random_model(rate, keep) as (checkpoint, model):
            for count, some in groupby(todo, key=lambda pair: pair.threads):
                say(f"loading upstream, {count} thread(s)")
                with upstream(python, checkpoint, count) as process:
                    process.ask({"text": WARM_UP, "tokens": rate})  # ours warms up in `measure`
                    for pair in some:
                        results.append(_measure(process, model, pair, rounds))
                        say(f"{pair}: {results[-1]['times_less_cpu']:.1f} times less CPU")
                        report = {"benchmark": "viettts-upstream", "machine": viettts.machine()}
                        save(report | {"beside": results}, out)


def _measure(process: LineProcess, model: Path, pair: Case, rounds: int) -> dict[str, Any]:
    """One pair, in turns."""
    ours, theirs, floats = [], [], []
    question = {"text": viettts.TEXT, "tokens": round(pair.seconds * pair.rate_hz)}
    for _ in range(rounds):
        ours.append(_ours(model, pair))
        theirs.append(_for_a_second(process.ask(question)))
        floats.append(process.ask(question | {"llm_in_float32": True})["cpu_s"])
    return _result(pair, ours, theirs, floats) | {"versions": process.first["versions"]}


def _ours(model: Path, case: Case) -> dict[str, Any]:
    one = viettts.in_a_process(viettts.measure, model, case)
    return {
        "cpu_s": one.cpu_s,
        "wall_s": one.wall_s,
        "parts_cpu_s": one.parts_cpu_s,
        "peak_mib": one.memory_mb,
        "audio_s": one.audio_s,
    }


def _for_a_second(answer: dict[str, Any]) -> dict[str, Any]:
    """Upstream's times for a second of audio, as ours are."""
    audio_s = answer["audio_s"]
    return {
        "cpu_s": answer["cpu_s"] / audio_s,
        "wall_s": answer["wall_s"] / audio_s,
        "parts_cpu_s": {part: spent / audio_s for part, spent in answer["parts_cpu_s"].items()},
        "peak_mib": answer["peak_mib"],
        "audio_s": audio_s,
    }


def _result(
    pair: Case,
    ours: Sequence[dict[str, Any]],
    theirs: Sequence[dict[str, Any]],
    floats: Sequence[float],
) -> dict[str, Any]:
    """The best round of each side, and the ratio of every round."""
    best = min(theirs, key=lambda one: one["cpu_s"])
    in_float32 = min(floats) / best["audio_s"]
    whole = best["cpu_s"] - best["parts_cpu_s"]["llm"] + in_float32
    mine = min(ours, key=lambda one: one["cpu_s"])
    return {
        "pair": figures_of(pair),
        "ours": mine,
        "upstream": best,
        "upstream_in_float32": {"cpu_s": whole, "llm_cpu_s": in_float32},
        "times_less_cpu": best["cpu_s"] / mine["cpu_s"],
        "times_less_cpu_than_float32": whole / mine["cpu_s"],
        "times_less_cpu_by_round": [
            b["cpu_s"] / a["cpu_s"] for a, b in zip(ours, theirs, strict=True)
        ],
    }
