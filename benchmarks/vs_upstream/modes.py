"""The document's ways to serve with upstream's package as the engine, and ours with ours.

``python -m benchmarks.vs_upstream.modes --upstream DIR --models-dir DIR``, in the environment that
Sonca is installed in. One request for 8 s of sound, forced to that length, as in the document:
alone, and in the fast mode, the slow one and ours two at once. One server at a time, since each
instance of upstream's holds gigabytes. What is measured is written at once; ``--resume`` leaves
out what is there.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.options import Resume, Upstream, one_of, run_command, say
from benchmarks.servers import ENVIRONMENT, baseline_server, forced_server
from benchmarks.serving_modes.baseline_servers import BASELINES
from benchmarks.viettts.random_model import prepare, reference_wave
from benchmarks.vs_upstream.measure import interpreter
from sonca.bench import report
from sonca.bench.client import load
from sonca.bench.corpus import LINES
from sonca.bench.livez_probe import probing
from sonca.bench.process import Server
from sonca.bench.stats import machine

RATE_HZ = 25
PAIRS = ("upstream direct", "upstream executor-pool-2-warmup", "ours direct", "ours sonca")
"""Where two ask at once: that doubles the minutes."""
WAYS = (*(f"upstream {name}" for name in BASELINES), "ours direct", "ours sonca")


def main(
    upstream: Upstream,
    models_dir: Annotated[Path, typer.Option(help="Folder of the random weights, kept.")],
    seconds: Annotated[float, typer.Option(help="Of every sentence.")] = 8.0,
    only: Annotated[list[str] | None, one_of(WAYS)] = None,
    resume: Resume = False,
    json: Annotated[Path, typer.Option(help="Write the figures here.")] = Path(
        "benchmarks/results/setups-upstream.json"
    ),
) -> None:
    """Measure upstream's package in the document's ways to serve, and ours in ours."""
    python = interpreter(upstream)
    checkpoint = prepare(models_dir, RATE_HZ)
    done: dict[str, Any] = dict(report.load(json)["ways"]) if resume and json.is_file() else {}
    for way in only or WAYS:
        if way in done:
            continue
        say(f"{way}: starting")
        whose, name = way.split(" ")
        if way == "ours sonca":
            starting = forced_server("viettts", models_dir, sentence_s=seconds)
        elif whose == "ours":
            starting = baseline_server(name, "viettts", models_dir, sentence_s=seconds)
        else:
            starting = upstream_server(name, python, checkpoint, seconds)
        with starting as server:
            done[way] = measured(server, way)
        result = {
            "benchmark": "setups-upstream",
            "engine": "viettts",
            "machine": machine(),
            "sentence_s": seconds,
            "rate_hz": RATE_HZ,
            "ways": {way: done[way] for way in WAYS if way in done},
        }
        report.save(result, json)


@contextmanager
def upstream_server(mode: str, python: Path, checkpoint: Path, seconds: float) -> Iterator[Server]:
    """Runs upstream's package in one of the document's ways."""
    with tempfile.TemporaryDirectory(prefix="sonca-upstream-") as folder:
        prompt = Path(folder) / "prompt.npy"
        np.save(prompt, reference_wave())
        script = Path(__file__).with_name("server.py")
        command = [python, script, mode, checkpoint, prompt, seconds, "{port}"]
        with Server([str(part) for part in command], ENVIRONMENT) as server:
            yield server


def measured(server: Server, way: str) -> dict[str, object]:
    """Returns the figures of one request alone, and perhaps of two at once."""
    result: dict[str, object] = {"start_to_ready_s": server.ready_s}
    if way.startswith("ours"):  # its first packs weights; upstream's is minutes either way
        result["first_request_s"] = load(server.port, LINES, 1, 1).replies[0].total_s
    for callers in (1, 2) if way in PAIRS else (1,):
        before_s, start = server.cpu_s, time.perf_counter()
        with probing(server.port) as probes:
            replies = load(server.port, LINES, callers, 1).replies
        audio_s = sum(reply.audio_s for reply in replies)
        result[f"callers_{callers}"] = figures = {
            "audio_s": audio_s,
            "request_s": sorted(reply.total_s for reply in replies),
            "rtf": max(reply.total_s / reply.audio_s for reply in replies),
            "cpu_s_per_audio_s": (server.cpu_s - before_s) / audio_s,
            "wall_s": time.perf_counter() - start,
            "livez_p99_ms": probes.ms(99),
            "load_average": os.getloadavg()[0],
        }
        say(f"{way}: {callers} at once: {figures}")
    result["peak_mib"] = server.peak_mib
    return result


if __name__ == "__main__":
    run_command(main)
