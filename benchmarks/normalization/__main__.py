"""``python -m benchmarks.normalization``: our reading beside other libraries', and its speed.

    python -m venv other && other/bin/pip install -r benchmarks/normalization/requirements.txt
    python -m benchmarks.normalization --other other/bin/python

Every library reads the same cases and is compared in the same way: one output, membership in the
accepted readings. For ours both outputs are counted: ``spoken`` (foreign words as Vietnamese
syllables) and ``written`` (foreign words in their spelling, as the other libraries leave them).
The own cases were accepted by looking at our own output, so on them the others' figures only
say how often they differ from us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from benchmarks.options import run_command, say
from benchmarks.servers import ROOT
from sonca.bench.report import save
from sonca.bench.stats import machine
from sonca.text import plan
from sonca.text.evaluation import Case, cases, comparable, score

DATA = ROOT / "tests" / "text" / "data"
TABLES = {"development": DATA / "normalization_dev.tsv", "own": DATA / "cases.tsv"}
LIBRARIES = ("sea-g2p", "vietnormalizer")
PROSE_REPEATS = 10
N = 1_000_000
HOSTILE = {
    "digits": "1" * N,
    "dots": "." * N,
    "brackets": "(" * N,
    "1.1.1.": "1." * (N // 2),
    "1-1-1-": "1-" * (N // 2),
    "combining marks": "a" + "\u0301" * N,
    "one word": "a" * N,
    "capitals with dots": "A." * (N // 2),
    "unknown words": " ".join(f"w{i:x}q" for i in range(N // 8)),
    "lines": "a\n" * (N // 2),
    "emoji": "😀" * N,
}
"""1 MB each of what breaks careless readers."""

Tables = dict[str, list[Case]]


def main(
    other: Annotated[
        Path | None, typer.Option(help="Python of the environment the other libraries are in.")
    ] = None,
    hostile: Annotated[
        bool, typer.Option("--hostile", help="Time 1 MB each of hostile texts as well.")
    ] = False,
    json: Annotated[Path, typer.Option(help="Write the figures here.")] = Path(
        "benchmarks/results/normalization.json"
    ),
) -> None:
    """Score our reading beside other libraries', and time both."""
    tables = {name: list(cases(path)) for name, path in TABLES.items()}
    prose = _prose()
    result: dict[str, Any] = {
        "benchmark": "normalization",
        "machine": machine() | {"cpus": os.cpu_count()},
        "prose_chars": sum(map(len, prose)),
        "readers": {"sonca": _ours(tables, prose)},
    }
    for library in LIBRARIES if other else ():
        result["readers"][library] = _theirs(library, str(other), tables, prose)
    if hostile:
        result["hostile_1mb_s"] = {
            name: round(_timed(partial(plan, text)), 2) for name, text in HOSTILE.items()
        }
    save(result, json)
    _show(result)


def _prose() -> list[str]:
    """Paragraphs of narration and news."""
    texts = ((DATA / name).read_text("utf-8") for name in ("story_vi.txt", "sentences_vi.txt"))
    return [line for text in texts for line in text.splitlines() if line.strip()] * PROSE_REPEATS


def _ours(tables: Tables, prose: list[str]) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    for name, table in tables.items():
        results = score(table)
        scores[name] = {
            "cases": len(results),
            "spoken": sum(r.spoken_accepted for r in results),
            "written": sum(r.written_accepted for r in results),
            "either": sum(r.correct for r in results),
            "by_category": _by_category((r.case.category, r.correct) for r in results),
        }
    best_s = min(_timed(lambda: [plan(line) for line in prose]) for _ in range(3))
    return {
        "scores": scores,
        "chars_per_s": round(sum(map(len, prose)) / best_s),
        **_start_up(),
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _start_up() -> dict[str, float]:
    """Import and first reading, each in new processes."""
    code = (
        "import time; t = time.perf_counter(); import sonca.text; a = time.perf_counter();"
        "sonca.text.plan('Xin chào.'); print(a - t, time.perf_counter() - a)"
    )
    command = [sys.executable, "-c", code]
    runs = [subprocess.check_output(command, text=True).split() for _ in range(7)]
    return {
        "import_ms": round(1000 * median(float(run[0]) for run in runs), 1),
        "first_reading_ms": round(1000 * median(float(run[1]) for run in runs), 1),
    }


def _theirs(library: str, python: str, tables: Tables, prose: list[str]) -> dict[str, Any]:
    inputs = [case.input for table in tables.values() for case in table]
    done = subprocess.run(
        [python, str(Path(__file__).with_name("others.py")), library],
        input=json.dumps({"cases": inputs, "prose": prose}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=1800,
    )
    answer = json.loads(done.stdout)
    readings = iter(answer["readings"])
    scores: dict[str, Any] = {}
    for name, table in tables.items():
        marks = [(c.category, comparable(next(readings)) in c.accepted) for c in table]
        scores[name] = {
            "cases": len(marks),
            "spoken": sum(right for _, right in marks),
            "by_category": _by_category(marks),
        }
    return {
        "scores": scores,
        "chars_per_s": round(sum(map(len, prose)) / answer["prose_s"]),
        "load_ms": round(1000 * answer["load_s"], 1),
        "crashed": sum(r.startswith("crashed: ") for r in answer["readings"]),
    }


def _by_category(marks: Iterable[tuple[str, bool]]) -> dict[str, list[int]]:
    """Category to [correct, cases]."""
    counted = Counter(marks)
    return {
        category: [counted[category, True], counted[category, True] + counted[category, False]]
        for category in sorted({category for category, _ in counted})
    }


def _show(result: dict[str, Any]) -> None:
    for name, reader in result["readers"].items():
        for table, scored in reader["scores"].items():
            counts = {key: count for key, count in scored.items() if isinstance(count, int)}
            say(f"{name:15} {table:12} {counts}")
        speeds = {key: value for key, value in reader.items() if key != "scores"}
        say(f"{name:15} {speeds}")
    if "hostile_1mb_s" in result:
        say(f"hostile {result['hostile_1mb_s']}")


if __name__ == "__main__":
    run_command(main)
