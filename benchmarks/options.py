"""Options that several benchmarks take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from sonca.cli.bench import Engine, Json, Models, Quick, say
from sonca.errors import SoncaError

__all__ = ["Engine", "Json", "Models", "Quick", "say"]

Keep = Annotated[Path | None, typer.Option(help="Folder to keep the random models in.")]
Rates = Annotated[str, typer.Option(help="Tokens a second, with commas between.")]
Resume = Annotated[bool, typer.Option("--resume", help="Keep what the file holds already.")]
Threads = Annotated[str, typer.Option(help="Thread counts, with commas between.")]
Upstream = Annotated[
    Path, typer.Option(help="Environment that viet-tts 0.1.0 is installed in, or its Python.")
]


def numbers(text: str) -> list[int]:
    """Returns what stands between the commas."""
    return [int(number) for number in text.split(",")]


def one_of(names: Iterable[str]) -> Any:
    """Returns an option that takes some of `names`."""
    known = list(names)

    def parse(name: str) -> str:
        if name not in known:
            raise typer.BadParameter(f"{name!r}; there are: {', '.join(known)}")
        return name

    return typer.Option(
        parser=parse,
        metavar="NAME",
        help=f"Nothing but this; repeat for several: {', '.join(known)}.",
    )


def run_command(main: Callable[..., None]) -> None:
    """Runs a benchmark's command line; an error of Sonca's is a line, not a trace."""
    try:
        typer.run(main)
    except SoncaError as error:
        sys.exit(f"error: {error}")
