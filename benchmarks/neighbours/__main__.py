"""``python -m benchmarks.neighbours``: what one caller's work does to another's waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.neighbours.measure import SCENARIOS, run
from benchmarks.neighbours.plan import QUICK, Plan
from benchmarks.options import Engine, Models, Quick, one_of, run_command, say
from sonca.bench.report import load, show
from sonca.bench.stats import machine


def main(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Add the figures to this file, the result of `sonca bench load`."
        ),
    ] = None,
    only: Annotated[list[str] | None, one_of(SCENARIOS)] = None,
) -> None:
    """Measure callers alone, and beside others who want much or misbehave."""
    result: dict[str, Any] = {"benchmark": "load", "engine": engine, "machine": machine()}
    if json is not None and json.exists():
        result = dict(load(json))
        if (result["benchmark"], result["engine"]) != ("load", engine):
            raise typer.BadParameter(f"{json} is not of {engine}'s load", param_hint="--json")
    plan = QUICK if quick else Plan()
    figures = run(engine, plan, models_dir=models_dir, only=only or (), say=say)
    result["neighbours"] = (result.get("neighbours") or {}) | figures
    show(result, json)


if __name__ == "__main__":
    run_command(main)
