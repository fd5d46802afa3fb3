"""``sonca voices``: who can speak."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sonca.voice import Voice

app = typer.Typer()

_COLUMNS = ("id", "name", "gender", "region", "tone", "engine")


@app.command()
def voices(
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    engine: str | None = typer.Option(None, help="Only the voices of this engine."),
) -> None:
    """List the voices that can speak now."""
    from sonca.factory import open_sonca
    from sonca.settings import read

    with open_sonca(read(engine=engine)) as sonca:
        found = sonca.catalogue.of(sonca.default_engine) if engine else sonca.voices
    if as_json:
        typer.echo(json.dumps([asdict(voice) for voice in found], ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        for voice in found:
            typer.echo("\t".join(str(getattr(voice, name) or "") for name in _COLUMNS))


def _print_table(found: tuple[Voice, ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*_COLUMNS, box=box.SIMPLE_HEAD)
    for voice in found:
        table.add_row(*(str(getattr(voice, name) or "") for name in _COLUMNS))
    Console().print(table)
