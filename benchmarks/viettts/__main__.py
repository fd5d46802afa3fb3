"""``python -m benchmarks.viettts``: VietTTS at its full size with random weights."""

from __future__ import annotations

import multiprocessing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.viettts.measure import (
    UPSTREAM_CPU_S,
    Result,
    accuracy,
    cases,
    learn_voice,
    line,
    machine,
    measure,
    random_model,
)
from sonca.bench.report import save
from sonca.cli.bench import say

Keep = Annotated[Path | None, typer.Option(help="Folder to keep the random models in.")]
Rates = Annotated[str, typer.Option(help="Tokens a second, with commas between.")]
Threads = Annotated[str, typer.Option(help="Thread counts, with commas between.")]


def main(
    json: Annotated[Path, typer.Option(help="Write the figures here.")] = Path(
        "benchmarks/results/viettts.json"
    ),
    keep: Keep = None,
    rates: Rates = "25,50",
    threads: Threads = "1,2",
    repeats: Annotated[int, typer.Option(min=1, help="Runs of a case; the best counts.")] = 1,
) -> None:
    """Measure VietTTS at full size with random weights."""
    report: dict[str, Any] = {"machine": machine(), "upstream_cpu_s": UPSTREAM_CPU_S}
    results: list[Result] = []
    fresh = multiprocessing.get_context("spawn")
    for rate in map(int, rates.split(",")):
        with random_model(rate, keep) as (checkpoint, model):
            with fresh.Pool(1) as pool:
                pool.apply(learn_voice, (model,))
            report[f"accuracy_{rate}"] = accuracy(checkpoint)
            say(f"{rate} Hz accuracy: {report[f'accuracy_{rate}']}")
            for count in map(int, threads.split(",")):
                for case in cases(rate, count):
                    with fresh.Pool(1) as pool:
                        result = pool.apply(measure, (model, case, repeats))
                    results.append(result)
                    say(line(result))
                    save(report | {"results": [asdict(result) for result in results]}, json)


if __name__ == "__main__":
    typer.run(main)
