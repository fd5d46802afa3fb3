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
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.servers import ENVIRONMENT, baseline_server, forced_server
from benchmarks.serving_modes.baseline_servers import RIVALS
from benchmarks.viettts.random_model import prepare, reference_wave
from benchmarks.vs_upstream.__main__ import Resume, Upstream
from benchmarks.vs_upstream.measure import interpreter
from sonca.bench.client import load
from sonca.bench.corpus import LINES
from sonca.bench.livez_probe import Prober
from sonca.bench.process import Server
from sonca.bench.report import load as read
from sonca.bench.report import save
from sonca.bench.stats import machine, percentile
from sonca.cli.bench import say

RATE_HZ = 25
PAIRS = ("upstream direct", "upstream executor-pool-2-warmup", "ours direct", "ours sonca")
"""Where two ask at once: that doubles the minutes."""
WAYS = (*(f"upstream {name}" for name in RIVALS), "ours direct", "ours sonca")


def main(
    upstream: Upstream,
    models_dir: Annotated[Path, typer.Option(help="Folder of the random weights, kept.")],
    seconds: Annotated[float, typer.Option(help="Of every sentence.")] = 8.0,
    only: Annotated[
        list[str] | None, typer.Option(help="Measure this way; repeat for several.")
    ] = None,
    resume: Resume = False,
    json: Annotated[Path, typer.Option(help="Write the figures here.")] = Path(
        "benchmarks/results/setups-upstream.json"
    ),
) -> None:
    """Measure upstream's package in the document's ways to serve, and ours in ours."""
    python = interpreter(upstream)
    checkpoint = prepare(models_dir, RATE_HZ)
    done: dict[str, Any] = dict(read(json)["ways"]) if resume and json.is_file() else {}
    for way in only or WAYS:
        if way in done:
            continue
        with tempfile.TemporaryDirectory(prefix="sonca-upstream-") as scratch:
            server = served(way, python, checkpoint, models_dir, seconds, Path(scratch))
            done[way] = measured(server, way)
        report = {
            "benchmark": "setups-upstream",
            "engine": "viettts",
            "machine": machine(),
            "sentence_s": seconds,
            "rate_hz": RATE_HZ,
            "ways": {way: done[way] for way in WAYS if way in done},
        }
        save(report, json)


def served(
    way: str, python: Path, checkpoint: Path, models: Path, seconds: float, scratch: Path
) -> Server:
    """Returns the server of one way, not started."""
    whose, name = way.split(" ")
    if way == "ours sonca":
        data = scratch / "data"
        data.mkdir()
        return forced_server("viettts", data, models, sentence_s=seconds)
    if whose == "ours":
        return baseline_server(name, "viettts", models, sentence_s=seconds)
    prompt = scratch / "prompt.npy"
    np.save(prompt, reference_wave())
    script = Path(__file__).with_name("server.py")
    command = [python, script, name, checkpoint, prompt, seconds, "{port}"]
    return Server([str(part) for part in command], dict(ENVIRONMENT))


def measured(server: Server, way: str) -> dict[str, object]:
    """One request alone, and perhaps two at once."""
    say(f"{way}: starting")
    with server:
        result: dict[str, object] = {"start_to_ready_s": server.ready_s}
        if way.startswith("ours"):  # its first packs weights; upstream's is minutes either way
            result["first_request_s"] = load(server.port, LINES, 1, 1).replies[0].total_s
        for callers in (1, 2) if way in PAIRS else (1,):
            before, start = server.cpu_s, time.perf_counter()
            with Prober(server.port) as prober:
                replies = load(server.port, LINES, callers, 1).replies
            audio = sum(reply.audio_s for reply in replies)
            result[f"callers_{callers}"] = {
                "audio_s": audio,
                "request_s": sorted(reply.total_s for reply in replies),
                "rtf": max(reply.total_s / reply.audio_s for reply in replies),
                "cpu_s_per_audio_s": (server.cpu_s - before) / audio,
                "wall_s": time.perf_counter() - start,
                "livez_p99_ms": 1000 * percentile(prober.latencies_s, 99),
                "load_average": os.getloadavg()[0],
            }
            say(f"{way}: {callers} at once: {result[f'callers_{callers}']}")
        result["peak_mib"] = server.peak_mib
    return result


if __name__ == "__main__":
    typer.run(main)
