"""``python -m benchmarks.neighbours``: what one caller's work does to another's waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.neighbours import report, scenarios
from sonca.bench.report import load, save
from sonca.bench.stats import machine
from sonca.cli.bench import Engine, Models, Quick, say


def main(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Write the figures here, beside those of `sonca bench load` and others."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Nothing but this: plans, newcomers, books, half_sent, stalled or crowd; repeat "
            "for several.",
        ),
    ] = None,
) -> None:
    """Measure callers alone, and beside others who want much or misbehave."""
    unknown = [name for name in only or () if name not in scenarios.SCENARIOS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r}; there are: {', '.join(scenarios.SCENARIOS)}", param_hint="--only"
        )
    plan = scenarios.QUICK if quick else scenarios.Plan()
    result: dict[str, Any] = {"benchmark": "load", "engine": engine, "machine": machine()}
    if json is not None and json.exists():
        result = dict(load(json))
        if (result["benchmark"], result["engine"]) != ("load", engine):
            raise typer.BadParameter(f"{json} is not of {engine}'s load", param_hint="--json")
    figures = scenarios.run(engine, plan, models_dir=models_dir, only=only or (), say=say)
    result["neighbours"] = (result.get("neighbours") or {}) | figures
    report.table(result)
    if json is not None:
        save(result, json)


if __name__ == "__main__":
    typer.run(main)
