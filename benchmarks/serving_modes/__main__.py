"""``python -m benchmarks.serving_modes``: the document's ways to serve and ours, side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.options import Engine, Json, Models, Quick, one_of, say
from benchmarks.serving_modes.measure import MODES, QUICK, Plan, run
from benchmarks.serving_modes.report import charts as draw
from benchmarks.serving_modes.report import table
from sonca.bench.report import save


def main(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Json = None,
    charts: Annotated[
        Path | None, typer.Option(help="Draw SVG and PNG charts into this folder.")
    ] = None,
    starts: Annotated[int | None, typer.Option(min=1, help="Starts of each server.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Single requests of each mode.")] = None,
    loads: Annotated[
        int | None, typer.Option(min=1, help="Times each number of callers is tried.")
    ] = None,
    callers: Annotated[
        list[int] | None, typer.Option(min=1, help="Callers at once; repeat for several.")
    ] = None,
    only: Annotated[list[str] | None, one_of(MODES)] = None,
    sentence_s: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            max=20.0,
            help="VietTTS with random weights, made in --models-dir if it holds none (2 GB): "
            "seconds of every sentence.",
        ),
    ] = None,
) -> None:
    """Run the document's fast and slow ways to serve, and ours, side by side."""
    plan = QUICK if quick else Plan()
    plan = replace(
        plan,
        starts=starts or plan.starts,
        rounds=rounds or plan.rounds,
        loads=loads or plan.loads,
        callers=tuple(callers or plan.callers),
        # What is asked for by number is not made less.
        most_s=86400.0 if starts or rounds or loads or callers else plan.most_s,
    )
    if sentence_s is not None:
        from benchmarks.viettts.random_model import prepare
        from sonca.engines.registry import canonical

        if canonical(engine) != "viettts" or models_dir is None:
            raise typer.BadParameter("--sentence-s needs --engine viettts and --models-dir")
        prepare(models_dir, 25)
        plan = replace(plan, sentence_s=sentence_s)
    result = run(engine, plan, models_dir=models_dir, modes=tuple(only or MODES), say=say)
    table(result)
    if json is not None:
        save(result, json)
    if charts is not None:
        for path in draw(result, charts):
            say(f"wrote {path}")


if __name__ == "__main__":
    typer.run(main)
