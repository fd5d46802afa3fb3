"""Commands ``sonca text``: shows how a text is read and why, and scores a table of cases."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sonca.text import Reading
    from sonca.text.evaluation import Result

app = typer.Typer(
    no_args_is_help=True,
    help="See how a text is read, and score the reading.",
    pretty_exceptions_enable=False,
)

_MAX_CHARS = 1_000_000


class Region(StrEnum):
    north = "north"
    central = "central"
    south = "south"


_REGION = typer.Option(
    Region.north, "--region", help="Whose Vietnamese: nghìn or ngàn, linh or lẻ."
)
_LEXICON = typer.Option(None, "--lexicon", help="Your own readings: a .tsv or .toml file.")


@app.command()
def explain(
    words: list[str] = typer.Argument(
        None, metavar="TEXT", help="The text; - reads standard input."
    ),
    region: Region = _REGION,
    lexicon: Path = _LEXICON,
    as_json: bool = typer.Option(
        False, "--json", help="One JSON object a line instead of a table."
    ),
) -> None:
    """Show, piece by piece, what will be said, by which rule (and its file), from which span, and
    where the reading is only a guess."""
    from sonca.text import explain as explain_text

    text = _text(words or [])
    tokens = [t for t in explain_text(text, _reading(region, lexicon)) if not t.punctuation]
    if as_json:
        for token in tokens:
            row = {
                "start": token.span[0],
                "end": token.span[1],
                "original": token.original,
                "spoken": token.spoken,
                "rule": token.rule,
                "foreign": token.foreign,
                "unsure": token.unsure,
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("span", "original", "spoken", "rule", "file", box=None, pad_edge=False)
    for token in tokens:
        table.add_row(
            f"{token.span[0]}-{token.span[1]}",
            _plain(token.original),
            _plain(token.spoken) or "—",
            f"{token.rule} ?" if token.unsure else token.rule,
            token.module.replace(".", "/") + ".py",
        )
    console = Console()
    console.print(table)
    for token in tokens:
        if token.unsure:
            console.print(f"? {_plain(token.original)}: {token.unsure}", highlight=False)


@app.command()
def score(
    file: Path = typer.Argument(..., help="Lines of category, input, accepted readings (tabs)."),
    region: Region = _REGION,
    lexicon: Path = _LEXICON,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No list of failures."),
) -> None:
    """Read every case of FILE; print the failures, a table and, as the last line, JSON.

    A case is right if the reading is accepted as it is spoken, or with every foreign word in its
    own spelling, which is what an engine that switches language says. The table counts both.
    """
    from sonca.text.evaluation import cases
    from sonca.text.evaluation import score as score_cases

    results = score_cases(list(cases(file)), _reading(region, lexicon))
    if not quiet:
        for result in results:
            if not result.correct:
                _print_failure(result)
    _print_table(results)
    right = sum(r.correct for r in results)
    percent = round(100 * right / len(results), 2) if results else 0.0
    typer.echo(json.dumps({"cases": len(results), "correct": right, "percent": percent}))


def _text(words: Sequence[str]) -> str:
    from sonca.cli.text_input import STDIN, from_file, from_words

    if not words or list(words) == [STDIN]:
        return from_file(STDIN, _MAX_CHARS)
    return from_words(list(words))


def _reading(region: Region, lexicon: Path | None) -> Reading:
    from sonca.text import Lexicon, Reading

    words = Lexicon.load(lexicon) if lexicon else None
    return Reading(region=region.value, lexicon=words)


def _plain(text: str) -> str:
    """Text for a terminal: no markup, no control characters."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "·" for c in text))


def _print_failure(result: Result) -> None:
    case = result.case
    accepted = case.accepted[0] if case.accepted else ""
    more = f" (+{len(case.accepted) - 1} more)" if len(case.accepted) > 1 else ""
    typer.echo(
        f"line {case.line} [{case.category}] {case.input!r}\n"
        f"  said:     {result.spoken or '<empty>'}\n"
        f"  accepted: {accepted or '<empty>'}{more}"
    )


def _print_table(results: Sequence[Result]) -> None:
    from rich.console import Console
    from rich.table import Table

    total: Counter[str] = Counter(r.case.category for r in results)
    right: Counter[str] = Counter(r.case.category for r in results if r.correct)
    spoken: Counter[str] = Counter(r.case.category for r in results if r.spoken_accepted)
    table = Table("category", box=None, pad_edge=False)
    for name in ("cases", "correct", "percent", "as spoken"):
        table.add_column(name, justify="right")
    for category in total:
        share = 100 * right[category] / total[category]
        counts = (total[category], right[category], f"{share:.1f}", spoken[category])
        table.add_row(category, *map(str, counts))
    if results:
        share = 100 * right.total() / len(results)
        table.add_row(
            "all", str(len(results)), str(right.total()), f"{share:.1f}", str(spoken.total())
        )
    Console(width=max(60, Console().width) if sys.stdout.isatty() else 80).print(table)
