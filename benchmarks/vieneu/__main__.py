"""Measures Sonca's serial VieNeu beside the vieneu package, on full-size random weights.

    python -m benchmarks.vieneu PYTHON [--model FOLDER] [-o FILE]

PYTHON has vieneu 3.8.3. Without a model one is made (0.6 GB). Both stream the same texts with one
thread, text by text in turns; they speak as many frames as the weights end after, not quite the
same, so everything is told for a second of sound.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.line_process import LineProcess
from benchmarks.vieneu.random_model import FULL, Random, write_whole
from sonca.bench.stats import machine

TEXTS = (
    "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
    "bà đứng ở hiên nhà nhìn ra con đường làng, nơi lũ trẻ đang chạy về.",
    "hôm nay trời đẹp quá, chúng ta cùng nhau đi chơi ở công viên gần nhà nhé.",
)
HERE = Path(__file__).parent


def run(model: Path, python: str, *, rounds: int = 3, threads: int = 1) -> dict[str, Any]:
    """Returns the figures of both, each for a second of sound, and their ratios."""
    with ExitStack() as stack:
        peers = {
            name: stack.enter_context(LineProcess(interpreter, HERE / script, model, threads))
            for name, interpreter, script in (
                ("sonca", sys.executable, "our_peer.py"),
                ("vieneu", python, "upstream_peer.py"),
            )
        }
        heard: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
        for peer in peers.values():
            peer.ask(TEXTS[0])  # what happens only once is not measured
        for _ in range(rounds):
            for text in TEXTS:
                for name, peer in peers.items():
                    heard[name].append(peer.ask(text))
    figures = {name: _figures(answers) for name, answers in heard.items()}
    ours, theirs = figures["sonca"], figures["vieneu"]
    return {
        "benchmark": "vieneu",
        "machine": machine(),
        "threads": threads,
        "texts": len(TEXTS),
        "rounds": rounds,
        **figures,
        "ratios": {name: round(ours[name] / theirs[name], 3) for name in ours},
    }


def _figures(answers: list[dict[str, float]]) -> dict[str, float]:
    audio_s = sum(answer["audio_s"] for answer in answers)
    return {
        "cpu_s_per_s": round(sum(answer["cpu_s"] for answer in answers) / audio_s, 4),
        "wall_s_per_s": round(sum(answer["total_s"] for answer in answers) / audio_s, 4),
        "first_s": round(median(answer["first_s"] for answer in answers), 4),
        "peak_mib": round(answers[-1]["peak_mib"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or write_whole(
            Path(folder, "vieneu", "vieneu-v3-turbo"), Random(FULL, int8_acoustic=True)
        )
        result = run(model, options.python, rounds=options.rounds)
    text = json.dumps(result, indent=1)
    if options.output:
        options.output.write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
