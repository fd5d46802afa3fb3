"""piper-tts and sherpa-onnx beside us: one voice, one machine, the same texts, in turns.

Every system is a process of its own. Alone, they speak one text after another, taking turns
text by text, so that whatever else the machine does falls on all of them. Together, four
callers ask a server over HTTP: piper's own against ours. The peers live in an environment of
their own (``benchmarks/peers/requirements.txt``); nothing of theirs is imported here.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.processes import (
    Peer,
    PiperServer,
    Post,
    cpu_s,
    our_server,
    post_ours,
    post_piper,
)
from sonca.cores import cores
from sonca.errors import SoncaError

Say = Callable[[str], None]
CALLERS = 4
LONG_CHARS = 2000
REST_S = 0.05
"""Between two systems: ONNX Runtime's threads spin for a while when they are done, and would take
a core from whoever is next."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int = 5
    """Times that every system speaks every text alone."""
    requests: int = 6
    """Requests of each of the four callers."""
    turns: int = 3
    """Times that each server gets its four callers, in turns."""


QUICK = Plan(rounds=2, requests=2, turns=1)


def run(
    model: Path,
    python: str,
    plan: Plan,
    *,
    threads: Sequence[int] = (1, 0),
    say: Say,
) -> dict[str, Any]:
    """Measures. `python` is the interpreter of the peers' environment, `threads` what each is
    told, 0 for its own choice."""
    texts = _texts(model)
    result: dict[str, Any] = {
        "benchmark": "peers",
        "voice": model.stem,
        "machine": {"cpu": _cpu(), "cores": cores()},
        "versions": _versions(python),
        "texts": {"sentences": len(texts), "characters": sum(map(len, texts))},
        "alone": {},
    }
    for count in threads:
        say(f"alone, threads: {count or 'their own choice'}")
        key = str(count) if count else "own"
        result["alone"][key] = _alone(model, python, plan, count, texts)
    say(f"{CALLERS} callers over HTTP")
    result["http"] = _over_http(model, python, plan, texts, say)
    result["ratios"] = _ratios(result)
    return result


def _alone(
    model: Path, python: str, plan: Plan, threads: int, texts: Sequence[str]
) -> dict[str, Any]:
    """Every system by itself, in turns, text by text."""
    long = _long(texts)
    seen: dict[str, list[dict[str, float]]] = {}
    firsts: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        peers = {}
        for name, interpreter in (
            ("sonca", sys.executable),
            ("piper-tts", python),
            ("sherpa-onnx", python),
        ):
            script = Path(__file__).with_name(_SCRIPTS[name])
            peers[name] = peer = Peer(interpreter, script, model, threads)
            stack.callback(peer.close)
            peer.speak(texts[0])  # what happens only once is not measured
        for _ in range(plan.rounds):
            for text in texts:
                for name, peer in peers.items():
                    time.sleep(REST_S)
                    seen.setdefault(name, []).append(peer.speak(text))
            for name, peer in peers.items():
                time.sleep(REST_S)
                firsts.setdefault(name, []).append(peer.speak(long))
    return {name: _figures(seen[name], firsts[name]) for name in peers}


_SCRIPTS = {
    "sonca": "our_peer.py",
    "piper-tts": "piper_peer.py",
    "sherpa-onnx": "sherpa_peer.py",
}


def _figures(
    short: Sequence[dict[str, float]], long: Sequence[dict[str, float]]
) -> dict[str, float]:
    return {
        "rtf_median": statistics.median(one["total_s"] / one["audio_s"] for one in short),
        "rtf_best": min(one["total_s"] / one["audio_s"] for one in short),
        "cpu_rtf_median": statistics.median(one["cpu_s"] / one["audio_s"] for one in short),
        "sentence_median_s": statistics.median(one["total_s"] for one in short),
        "first_audio_long_text_median_s": statistics.median(one["first_s"] for one in long),
        "first_audio_long_text_best_s": min(one["first_s"] for one in long),
        "long_text_rtf_median": statistics.median(o["total_s"] / o["audio_s"] for o in long),
        "peak_mib": max(one["peak_mib"] for one in (*short, *long)),
    }


def _over_http(
    model: Path, python: str, plan: Plan, texts: Sequence[str], say: Say
) -> dict[str, Any]:
    """Both servers up, their callers in turns; and the first audio of a long text."""
    rates: dict[str, list[float]] = {"sonca": [], "piper-tts": []}
    costs: dict[str, list[float]] = {"sonca": [], "piper-tts": []}
    firsts: dict[str, list[float]] = {"sonca": [], "piper-tts": []}
    with ExitStack() as stack:
        servers = {
            "sonca": stack.enter_context(our_server(model, stack)),
            "piper-tts": stack.enter_context(PiperServer(model, python)),
        }
        posts = {
            "sonca": post_ours(servers["sonca"].port),
            "piper-tts": post_piper(servers["piper-tts"].port),
        }
        for post in posts.values():
            post(texts[0])
        for turn in range(plan.turns):
            for name, post in posts.items():
                worked_s = cpu_s(servers[name].pid)
                audio_s, wall_s = _load(post, texts, plan.requests)
                rates[name].append(audio_s / wall_s)
                costs[name].append((cpu_s(servers[name].pid) - worked_s) / audio_s)
                say(f"  turn {turn + 1}: {name} {rates[name][-1]:.1f} s of sound a second")
                firsts[name].append(post(_long(texts))[0])
        peaks = {name: server.peak_mib for name, server in servers.items()}
    return {
        name: {
            "callers": CALLERS,
            "audio_s_per_s_median": statistics.median(rates[name]),
            "audio_s_per_s": rates[name],
            "cpu_s_per_audio_s_median": statistics.median(costs[name]),
            "first_audio_long_text_median_s": statistics.median(firsts[name]),
            "peak_mib": peaks[name],
        }
        for name in rates
    }


def _load(post: Post, texts: Sequence[str], requests: int) -> tuple[float, float]:
    """Seconds of sound that four callers get together, and how long it took."""
    made: list[float] = []

    def call(first: int) -> None:
        for n in range(requests):
            made.append(post(texts[(first + n * CALLERS) % len(texts)])[1])

    threads = [threading.Thread(target=call, args=(n,)) for n in range(CALLERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(made), time.perf_counter() - started


def _texts(model: Path) -> list[str]:
    """Sentences in the voice's language."""
    config = json.loads(model.with_name(model.name + ".json").read_text("utf-8"))
    vietnamese = config["espeak"]["voice"].startswith("vi")
    name = "peers_vi.txt" if vietnamese else "peers_en.txt"
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [line for line in text.splitlines() if line]


def _long(texts: Sequence[str]) -> str:
    """A text of about 2,000 characters."""
    joined = " ".join(texts)
    while len(joined) < LONG_CHARS:
        joined += " " + joined
    return joined[: joined.rfind(".", 0, LONG_CHARS) + 1]


def _ratios(result: dict[str, Any]) -> dict[str, float]:
    """What the bars ask for: over 1 is better for throughput, under 1 for the others."""
    ratios = {}
    for key, alone in result["alone"].items():
        ours = alone["sonca"]
        for name in ("piper-tts", "sherpa-onnx"):
            theirs = alone[name]
            ratios[f"rtf_to_{name}_threads_{key}"] = ours["rtf_median"] / theirs["rtf_median"]
            ratios[f"cpu_to_{name}_threads_{key}"] = (
                ours["cpu_rtf_median"] / theirs["cpu_rtf_median"]
            )
            ratios[f"first_audio_to_{name}_threads_{key}"] = (
                ours["first_audio_long_text_median_s"] / theirs["first_audio_long_text_median_s"]
            )
    http, first = result["http"], "first_audio_long_text_median_s"
    rate = "audio_s_per_s_median"
    cost = "cpu_s_per_audio_s_median"
    ratios["cpu_to_piper_http"] = http["sonca"][cost] / http["piper-tts"][cost]
    ratios["throughput_to_piper_http"] = http["sonca"][rate] / http["piper-tts"][rate]
    ratios["first_audio_to_piper_http"] = http["sonca"][first] / http["piper-tts"][first]
    return {name: round(value, 3) for name, value in ratios.items()}


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open() as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor()


def _versions(python: str) -> dict[str, str]:
    """What is measured, as the peers' environment says."""
    wanted = ("piper-tts", "sherpa-onnx", "onnxruntime")
    code = (
        "import importlib.metadata as m, json; "
        f"print(json.dumps({{name: m.version(name) for name in {wanted}}}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SoncaError(
            f"{python} has no piper-tts and sherpa-onnx; pip install -r "
            "benchmarks/peers/requirements.txt into an environment of its own"
        )
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
