"""``python -m benchmarks.vs_upstream``: upstream's VietTTS package beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.options import Keep, Rates, Resume, Threads, Upstream, numbers, run_command, say
from benchmarks.vs_upstream.measure import interpreter, measure_all


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
        numbers(rates),
        numbers(threads),
        keep=keep,
        rounds=rounds,
        out=json,
        resume=resume,
        say=say,
    )


if __name__ == "__main__":
    run_command(main)
