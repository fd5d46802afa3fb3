"""Measures piper-tts and sherpa-onnx beside us: one voice, one machine, the same texts, in turns.

Every system is a process of its own. Alone, they speak one text after another, taking turns
text by text, so that whatever else the machine does falls on all of them. Together, four
callers ask a server over HTTP: piper's own against ours. The peers live in an environment of
their own (``benchmarks/peers/requirements.txt``); nothing of theirs is imported here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.line_process import LineProcess
from benchmarks.peers.voice import long_of, models_of, texts_of, until_in_bf16
from sonca.bench.client import Reply, connect, post, together
from sonca.bench.process import Server, sonca_server
from sonca.bench.stats import machine
from sonca.errors import SoncaError

Say = Callable[[str], None]
Speak = Callable[[str], Reply]
"""Has a server speak a text, and reads all of the WAV."""
EXACT = "sonca, exact"
"""In float32 only; ours alone is in bf16 where there is such."""
CALLERS, REQUESTS = 4, 6
REST_S = 0.05
"""Between two systems: ONNX Runtime's threads spin for a while when they are done, and would take
a core from whoever is next."""


def run(
    model: Path, python: str, *, rounds: int, turns: int, own_threads: bool, sherpa: bool, say: Say
) -> dict[str, Any]:
    """Measures. `python` is the interpreter of the peers' environment. Alone, every system speaks
    every text in each round, on one thread and, with `own_threads`, on as many as it chooses; over
    HTTP each server gets its callers in each turn."""
    texts = texts_of(model)
    result: dict[str, Any] = {
        "benchmark": "peers",
        "voice": model.stem,
        "machine": machine(),
        "versions": _versions(python, sherpa),
        "texts": {"sentences": len(texts), "characters": sum(map(len, texts))},
        "alone": {},
    }
    for threads in (1, 0) if own_threads else (1,):
        say(f"alone, threads: {threads or 'their own choice'}")
        result["alone"][str(threads or "own")] = _alone(
            model, python, rounds, threads, texts, sherpa
        )
    if turns:
        say(f"{CALLERS} callers over HTTP")
        result["http"] = _over_http(model, python, turns, texts, say)
    result["ratios"] = _ratios(result)
    return result


def _alone(
    model: Path, python: str, rounds: int, threads: int, texts: list[str], sherpa: bool
) -> dict[str, dict[str, float]]:
    """Every system by itself, in turns, text by text."""
    with ExitStack() as stack:
        peers = {}
        for name, interpreter, script, *more in (
            ("sonca", sys.executable, "our_peer.py"),
            (EXACT, sys.executable, "our_peer.py", "exact"),
            ("piper-tts", python, "piper_peer.py"),
            *([("sherpa-onnx", python, "sherpa_peer.py")] if sherpa else ()),
        ):
            path = Path(__file__).with_name(script)
            peers[name] = stack.enter_context(LineProcess(interpreter, path, model, threads, *more))
            peers[name].ask(texts[0])  # what happens only once is not measured
        short: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
        long: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
        for _ in range(rounds):
            for text in (*texts, long_of(texts)):
                for name, peer in peers.items():
                    time.sleep(REST_S)
                    (short if text in texts else long)[name].append(peer.ask(text))
    return {name: _figures(short[name], long[name]) for name in peers}


def _figures(
    short: Sequence[dict[str, float]], long: Sequence[dict[str, float]]
) -> dict[str, float]:
    rtf = [one["total_s"] / one["audio_s"] for one in short]
    return {
        "rtf_median": median(rtf),
        "rtf_best": min(rtf),
        "cpu_rtf_median": median(one["cpu_s"] / one["audio_s"] for one in short),
        "sentence_median_s": median(one["total_s"] for one in short),
        "first_audio_long_text_median_s": median(one["first_s"] for one in long),
        "first_audio_long_text_best_s": min(one["first_s"] for one in long),
        "long_text_rtf_median": median(one["total_s"] / one["audio_s"] for one in long),
        "peak_mib": max(one["peak_mib"] for one in (*short, *long)),
    }


def _over_http(
    model: Path, python: str, turns: int, texts: list[str], say: Say
) -> dict[str, dict[str, Any]]:
    """Both servers up, their callers in turns; and the first audio of a long text."""
    piper = [python, "-m", "piper.http_server", "-m", str(model), "--port", "{port}"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sonca-peers-")))
        servers = {
            "sonca": stack.enter_context(sonca_server("piper", models_of(model, folder))),
            "piper-tts": stack.enter_context(
                Server(piper, {"PYTHONUNBUFFERED": "1"}, ready_path="/voices")
            ),
        }
        ours = {"response_format": "wav", "model": "piper"}
        posts: dict[str, Speak] = {
            "sonca": lambda text: _posted(
                servers["sonca"].port, "/v1/audio/speech", {"input": text, **ours}
            ),
            "piper-tts": lambda text: _posted(
                servers["piper-tts"].port, "/synthesize", {"text": text}
            ),
        }
        rates: dict[str, list[float]] = {name: [] for name in servers}
        costs: dict[str, list[float]] = {name: [] for name in servers}
        firsts: dict[str, list[float]] = {name: [] for name in servers}
        for speak in posts.values():
            speak(texts[0])
        for text in texts:  # enough to be brought to bf16
            posts["sonca"](text)
        until_in_bf16(folder)
        for turn in range(turns):
            for name, speak in posts.items():
                worked_s = servers[name].cpu_s
                audio_s, wall_s = _load(speak, texts)
                rates[name].append(audio_s / wall_s)
                costs[name].append((servers[name].cpu_s - worked_s) / audio_s)
                say(f"  turn {turn + 1}: {name} {rates[name][-1]:.1f} s of sound a second")
                firsts[name].append(speak(long_of(texts)).first_audio_s)
        return {
            name: {
                "callers": CALLERS,
                "audio_s_per_s_median": median(rates[name]),
                "audio_s_per_s": rates[name],
                "cpu_s_per_audio_s_median": median(costs[name]),
                "first_audio_long_text_median_s": median(firsts[name]),
                "peak_mib": server.peak_mib,
            }
            for name, server in servers.items()
        }


def _load(speak: Speak, texts: Sequence[str]) -> tuple[float, float]:
    """Seconds of sound that four callers get together, and how long it took."""
    made_s: list[float] = []

    def call(first: int) -> None:
        for n in range(REQUESTS):
            made_s.append(speak(texts[(first + n * CALLERS) % len(texts)]).audio_s)

    wall_s = together(CALLERS, call)
    return sum(made_s), wall_s


def _posted(port: int, path: str, body: dict[str, str]) -> Reply:
    with closing(connect(port, 600)) as connection:
        return post(connection, path, json.dumps(body).encode(), wav=True)


def _ratios(result: dict[str, Any]) -> dict[str, float]:
    """What the bars ask for: over 1 is better for throughput, under 1 for the others."""
    ratios = {}
    first = "first_audio_long_text_median_s"
    for key, alone in result["alone"].items():
        for name in alone.keys() - {"sonca", EXACT}:
            for what, figure in (
                ("rtf", "rtf_median"),
                ("cpu", "cpu_rtf_median"),
                ("first_audio", first),
            ):
                ratio = alone["sonca"][figure] / alone[name][figure]
                ratios[f"{what}_to_{name}_threads_{key}"] = ratio
            ratios[f"exact_cpu_to_{name}_threads_{key}"] = (
                alone[EXACT]["cpu_rtf_median"] / alone[name]["cpu_rtf_median"]
            )
    for what, figure in (
        ()
        if "http" not in result
        else (
            ("cpu", "cpu_s_per_audio_s_median"),
            ("throughput", "audio_s_per_s_median"),
            ("first_audio", first),
        )
    ):
        ratio = result["http"]["sonca"][figure] / result["http"]["piper-tts"][figure]
        ratios[f"{what}_to_piper_http"] = ratio
    return {name: round(value, 3) for name, value in ratios.items()}


def _versions(python: str, sherpa: bool) -> dict[str, str]:
    """What is measured, as the peers' environment says."""
    wanted = ("piper-tts", *(("sherpa-onnx",) if sherpa else ()), "onnxruntime")
    code = (
        "import importlib.metadata as m, json; "
        f"print(json.dumps({{name: m.version(name) for name in {wanted}}}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SoncaError(
            f"{python} has not {', '.join(wanted)}; pip install -r "
            "benchmarks/peers/requirements.txt into an environment of its own"
        )
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
