"""The document's setups with upstream's package as the engine, and ours with ours.

``python benchmarks/upstream/setups.py --upstream DIR --models-dir DIR``, in the environment that
Sonca is installed in. One request for 8 s of sound, forced to that length, as in the document:
alone, and in the fast setup, the slow one and ours two at once. One server at a time, since each
instance of upstream's holds gigabytes. What is measured is written at once; ``--resume`` leaves
out what is there.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import sonca
from sonca.bench.beside import interpreter
from sonca.bench.client import load
from sonca.bench.corpus import LINES
from sonca.bench.prober import Prober
from sonca.bench.process import Server, rival_server, sonca_server
from sonca.bench.random_models import prepare, reference_wave
from sonca.bench.rivals import RIVALS
from sonca.bench.stats import machine, percentile

HERE = Path(__file__).parent
RATE_HZ = 25
PAIRS = ("upstream direct", "upstream executor-pool-2-warmup", "ours direct", "ours sonca")
"""Where two ask at once: that doubles the minutes."""
WAYS = (*(f"upstream {name}" for name in RIVALS), "ours direct", "ours sonca")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--upstream", type=Path, required=True, help="environment of viet-tts")
    parser.add_argument("--models-dir", type=Path, required=True, help="random weights, kept")
    parser.add_argument("--seconds", type=float, default=8.0, help="of every sentence")
    parser.add_argument("--only", action="append", choices=WAYS)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument(
        "--json", type=Path, default=Path("benchmarks/results/setups-upstream.json")
    )
    options = parser.parse_args()
    python = interpreter(options.upstream)
    checkpoint = prepare(options.models_dir, RATE_HZ)
    done = (
        json.loads(options.json.read_text())["ways"]
        if options.resume and options.json.is_file()
        else {}
    )
    for way in options.only or WAYS:
        if way in done and options.resume:
            continue
        with tempfile.TemporaryDirectory(prefix="sonca-upstream-") as scratch:
            server = served(
                way, python, checkpoint, options.models_dir, options.seconds, Path(scratch)
            )
            done[way] = measured(server, way)
        report = {
            "benchmark": "setups-upstream",
            "engine": "viettts",
            "machine": machine(),
            "sentence_s": options.seconds,
            "rate_hz": RATE_HZ,
            "ways": {way: done[way] for way in WAYS if way in done},
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def served(
    way: str, python: Path, checkpoint: Path, models: Path, seconds: float, scratch: Path
) -> Server:
    whose, name = way.split(" ")
    if way == "ours sonca":
        data = scratch / "data"
        data.mkdir()
        return sonca_server("viettts", data, models, sentence_s=seconds)
    if whose == "ours":
        return rival_server(name, "viettts", models, sentence_s=seconds)
    prompt = scratch / "prompt.npy"
    np.save(prompt, reference_wave())
    # Only our package, and none of what lies beside it: upstream has its own numpy and the rest.
    (scratch / "path").mkdir()
    (scratch / "path" / "sonca").symlink_to(Path(sonca.__file__).parent)
    command = [python, HERE / "server.py", name, checkpoint, prompt, seconds, "{port}"]
    return Server([str(part) for part in command], {"PYTHONPATH": str(scratch / "path")})


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


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
