"""``python -m benchmarks.serving_modes``: the document's ways to serve and ours, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.options import Engine, Json, Models, one_of, run_command, say
from benchmarks.serving_modes.charts import draw
from benchmarks.serving_modes.measure import CALLERS, MODES, Plan, measure
from benchmarks.tables import table
from sonca.bench.report import save


def main(
    engine: Engine = "espeak",
    models_dir: Models = None,
    json: Json = None,
    charts: Annotated[
        Path | None, typer.Option(help="Draw SVG and PNG charts into this folder.")
    ] = None,
    starts: Annotated[int, typer.Option(min=1, help="Starts of each server.")] = 3,
    rounds: Annotated[int, typer.Option(min=1, help="Single requests of each mode.")] = 40,
    loads: Annotated[int, typer.Option(min=1, help="Times each number of callers is tried.")] = 3,
    callers: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Callers at once; repeat for several.  [default: 1, 2, 4, 8]"),
    ] = None,
    only: Annotated[list[str] | None, one_of(MODES)] = None,
    sentence_s: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=20.0,
            help="VietTTS with random weights, made in --models-dir if it holds none (2 GB): "
            "seconds of every sentence.",
        ),
    ] = 0.0,
) -> None:
    """Run the document's fast and slow ways to serve, and ours, side by side."""
    if sentence_s:
        from benchmarks.viettts.random_model import prepare
        from sonca.engines import registry

        if registry.find(engine).name != "viettts" or models_dir is None:
            raise typer.BadParameter("--sentence-s needs --engine viettts and --models-dir")
        prepare(models_dir, 25)
    plan = Plan(starts, rounds, loads, tuple(callers or CALLERS), sentence_s=sentence_s)
    result = measure(engine, plan, models_dir=models_dir, modes=tuple(only or MODES), say=say)
    Console().print(Markdown(table(result)))
    if json is not None:
        save(result, json)
    if charts is not None:
        for path in draw(result, charts):
            say(f"wrote {path}")


if __name__ == "__main__":
    run_command(main)
