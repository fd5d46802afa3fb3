"""``python -m benchmarks.viettts``: VietTTS at its full size with random weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.options import Keep, Rates, Threads, numbers, run_command, say
from benchmarks.viettts import measure as bench
from sonca.bench.report import save


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
    report: dict[str, Any] = {"machine": bench.machine(), "upstream_cpu_s": bench.UPSTREAM_CPU_S}
    results: list[dict[str, Any]] = []
    for rate in numbers(rates):
        with bench.random_model(rate, keep) as (checkpoint, model):
            bench.in_a_process(bench.learn_voice, model)
            report[f"accuracy_{rate}"] = bench.accuracy(checkpoint)
            say(f"{rate} Hz accuracy: {report[f'accuracy_{rate}']}")
            for count in numbers(threads):
                for case in bench.cases(rate, count):
                    result = bench.in_a_process(bench.measure, model, case, repeats)
                    results.append(asdict(result))
                    say(bench.line(result))
                    save(report | {"results": results}, json)


if __name__ == "__main__":
    run_command(main)
