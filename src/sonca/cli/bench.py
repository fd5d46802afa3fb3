"""``sonca bench``: measure instead of believing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure speed: latency, load; compare two results.")

Engine = Annotated[str, typer.Option(help="Engine to measure.")]
Models = Annotated[Path | None, typer.Option(help="Folder of models.", file_okay=False)]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures here.")]
Quick = Annotated[bool, typer.Option("--quick", help="Less of everything; under a minute.")]


@app.command()
def latency(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Json = None,
) -> None:
    """First audio and totals by length of text, and what the server adds to the bare call."""
    from sonca.bench import latency, report

    result = latency.run(
        engine,
        models_dir=models_dir,
        rounds=20 if quick else 200,
        lengths=latency.LENGTHS[:3] if quick else latency.LENGTHS,
        say=say,
    )
    report.show(result, json)


@app.command()
def load(
    engine: Engine = "espeak",
    models_dir: Models = None,
    json: Json = None,
    per_s: Annotated[float, typer.Option(min=0.01, help="Arrivals a second.")] = 5.0,
    requests: Annotated[int, typer.Option(min=1, help="Arrivals in all.")] = 100,
    soak: Annotated[int, typer.Option(min=0, help="Requests of the memory soak.")] = 0,
    readers: Annotated[int, typer.Option(min=0, help="Slow and vanishing readers.")] = 50,
) -> None:
    """Arrivals that do not wait, slow and vanished readers, a memory soak."""
    from sonca.bench import load, report

    result = load.run(
        engine,
        models_dir=models_dir,
        per_s=per_s,
        requests=requests,
        soak=soak,
        readers=readers,
        say=say,
    )
    report.show(result, json)


@app.command()
def compare(before: Path, after: Path) -> None:
    """Print every figure of two results and its ratio."""
    from rich.console import Console
    from rich.table import Table

    from sonca.bench import report

    grid = Table()
    for title in ("figure", before.name, after.name, "ratio"):
        grid.add_column(title, justify="left" if title == "figure" else "right")
    for name, one, two, ratio in report.compare(report.load(before), report.load(after)):
        grid.add_row(name, f"{one:.5g}", f"{two:.5g}", f"{ratio:.3f}")
    Console().print(grid)


def say(line: str) -> None:
    """Tells on standard error how far a benchmark is."""
    typer.echo(line, err=True)
