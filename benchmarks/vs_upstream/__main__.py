"""``python -m benchmarks.vs_upstream``: upstream's VietTTS package beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.viettts.__main__ import Keep, Rates, Threads
from benchmarks.vs_upstream.measure import DRIVER, interpreter, measure_all
from sonca.cli.bench import say

Upstream = Annotated[
    Path, typer.Option(help="Environment that viet-tts 0.1.0 is installed in, or its Python.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Keep what the file holds already.")]


def main(
    upstream: Upstream,
    json: Annotated[Path, typer.Option(help="Write the figures here.")] = Path(
        "benchmarks/results/viettts-upstream.json"
    ),
    keep: Keep = None,
    rates: Rates = "25,50",
    threads: Threads = "1,2",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the best counts.")] = 1,
    resume: Resume = False,
) -> None:
    """Measure upstream and ours side by side: one sentence, in turns."""
    measure_all(
        interpreter(upstream),
        DRIVER,
        [int(rate) for rate in rates.split(",")],
        [int(count) for count in threads.split(",")],
        keep=keep,
        rounds=rounds,
        out=json,
        resume=resume,
        say=say,
    )


if __name__ == "__main__":
    typer.run(main)
