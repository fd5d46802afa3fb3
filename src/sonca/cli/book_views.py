"""Shows what ``sonca book`` finds: the plan, the progress of a build, its report."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from sonca.book.build import BuildReport, Progress
    from sonca.book.check import Checked
    from sonca.book.model import Book
    from sonca.book.preview import Preview

_SHOWN = 20
"""Rows of a long list that are shown without --all."""


def show_plan(found: Preview, speed: float | None, everything: bool) -> None:
    """Prints a plan; `speed` is how many seconds of sound are made per second."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    book = found.book
    kind = f"{book.format}, {book.encoding}" if book.encoding else book.format
    console.print(
        f"[bold]{escape(book.title)}[/]" + (f" – {escape(book.author)}" if book.author else "")
    )
    console.print(f"{kind}; {len(book.chapters):,} chapters, {book.chars:,} characters")
    line = f"about {clock(found.duration_s)} of sound"
    if speed:
        line += f", made in about {clock(found.duration_s / speed)} ({speed:.1f} times real time)"
    console.print(line + "\n")
    if book.chapters_by:
        console.print(
            f"[bold]Chapters[/] by {book.chapters_by}: {escape(book.chapters_why)} "
            "(--chapters toc|headings|files|PATTERN decides otherwise)",
            soft_wrap=True,
        )
    for mended in book.mended:
        console.print(f"[bold]Mended[/]: {escape(mended)}", soft_wrap=True)
    table = Table("#", "chapter", "characters", "length", "speeches", box=None, pad_edge=False)
    for column in (0, 2, 3, 4):
        table.columns[column].justify = "right"
    for number, chapter in enumerate(found.chapters[: None if everything else _SHOWN], start=1):
        row = (f"{chapter.chars:,}", clock(chapter.duration_s), str(chapter.speeches))
        table.add_row(str(number), escape(chapter.title), *row)
    console.print(table)
    _more(console, len(found.chapters), everything)
    _show_cast(console, found, everything)
    _show_unspoken(console, found, everything)
    _show_unsure(console, found, everything)


def _more(console: Any, count: int, everything: bool) -> None:
    if count > _SHOWN and not everything:
        console.print(f"… and {count - _SHOWN:,} more (--all shows them)")


def _show_cast(console: Any, found: Preview, everything: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    attribution = found.attribution
    if not attribution.lines:
        console.print("\nNo dialogue was found: the narrator reads everything.")
        return
    console.print(
        f"\n[bold]Cast[/]: {len(attribution.characters)} characters, "
        f"{len(attribution.lines):,} speeches, {found.unknown:,} of them by nobody known"
    )
    table = Table("name", "gender", "speeches", "also", box=None, pad_edge=False)
    for character in attribution.characters[: None if everything else _SHOWN]:
        also = escape(", ".join(character.aliases[:4]))
        table.add_row(escape(character.name), character.gender or "?", str(character.lines), also)
    console.print(table)
    _more(console, len(attribution.characters), everything)


def _show_unspoken(console: Any, found: Preview, everything: bool) -> None:
    from rich.markup import escape

    if not found.unspoken:
        console.print("\nEverything in it will be spoken.")
        return
    counts = Counter(part.reason for part in found.unspoken)
    listed = ", ".join(f"{reason} ({count:,})" for reason, count in counts.most_common())
    console.print(f"\n[bold]Not spoken[/]: {listed}")
    for part in found.unspoken[: None if everything else _SHOWN]:
        where = f"{part.part}:{part.start}" if part.part else f"character {part.start:,}"
        shown = " ".join(part.text.split())
        shown = shown if len(shown) <= 70 else shown[:69] + "…"
        console.print(f"  {escape(part.reason)}, {escape(where)}: {escape(shown)}")
    _more(console, len(found.unspoken), everything)


def _show_unsure(console: Any, found: Preview, everything: bool) -> None:
    """Prints the guessed readings as lines of a lexicon, after how often each occurs."""
    if not found.unsure:
        return
    console.print(
        f"\n[bold]Unsure[/]: {len(found.unsure):,} words are read by guess. Where one is wrong, "
        "mend its line and put it into a file for --lexicon:",
        soft_wrap=True,
    )
    for each in found.unsure[: None if everything else _SHOWN]:
        typer.echo(f"{each.count:>5} ×  {each.lexicon_line}")  # its tab stays one
    _more(console, len(found.unsure), everything)


@contextlib.contextmanager
def watched(book: Book) -> Iterator[Callable[[Progress], None]]:
    """Shows progress live on a terminal, and nothing elsewhere."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich.console import Console

    from sonca.cli.book_progress import BookDisplay

    with BookDisplay(Console(stderr=True)) as display:
        task = display.add_task(book.title, total=max(1, book.chars), figures="")

        def watch(progress: Progress) -> None:
            display.update(
                task,
                completed=progress.chars_done,
                description=f"{progress.chapters_done}/{progress.chapters} {progress.title}",
                figures=f"{clock(progress.audio_s)}, {progress.speed:.1f}x",
            )
            joining = progress.phase == "joining"
            display.below = "joining the chapters" if joining else progress.sentence

        yield watch
        display.update(task, completed=max(1, book.chars))


def show_report(report: BuildReport) -> None:
    """Prints the result of a build; problems go to stderr."""
    made = f"{report.utterances:,} sentences made in {clock(report.elapsed_s)}"
    if report.reused_chapters:
        made += f", {report.reused_chapters:,} chapters were there already"
    chapters = f"{len(report.chapters):,} chapter{'s' if len(report.chapters) != 1 else ''}"
    typer.echo(f"{report.path}: {chapters}, {clock(report.duration_s)}; {made}")
    if not report.problems:
        return
    typer.echo(f"sonca: {len(report.problems):,} sentences are not as they should be:", err=True)
    for problem in report.problems:
        where = f"chapter {problem.chapter + 1}, {clock(problem.time_s)}"
        typer.echo(
            f"sonca:   {where}, {_MEANING.get(problem.reason, problem.reason)}: "
            f"{problem.text[:100]}",
            err=True,
        )


@contextlib.contextmanager
def listened_to(file: Path) -> Iterator[Callable[[int, int], None]]:
    """Shows on a terminal how many sentences are heard, and nothing elsewhere."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _count: None
        return
    from rich.progress import Progress as Bar

    with Bar(transient=True) as bar:
        task = bar.add_task(file.name, total=None)
        yield lambda done, count: bar.update(task, completed=done, total=count)


def show_check(file: Path, found: Checked) -> None:
    """Prints what is doubtful in a book, as far as anybody knows."""
    how = "heard" if found.listened else "not listened to"
    count = len(found.doubtful)
    kind = "doubtful" if found.listened else "noted by the build as wrong"
    typer.echo(f"{file}: {found.sentences:,} sentences {how}, {count:,} {kind}")
    for each in found.doubtful:
        where = f"{each.sound}, {clock(each.time_s)}, chapter {each.chapter} ({each.title[:40]})"
        typer.echo(f"{where}, {_MEANING.get(each.reason, each.reason)}:")
        typer.echo(f"  text:  {each.text}")
        if each.heard is not None:
            typer.echo(f"  heard: {each.heard or '(nothing)'}")


_MEANING = {
    "doubtful": "was heard otherwise when it was made",
    "unheard": "was heard otherwise",
    "failed": "could not be spoken",
    "late": "does not fit its time",
    "short": "sounds too short",
    "long": "sounds too long",
    "silent": "is silent",
    "not finite": "came out broken",
}


def clock(seconds: float) -> str:
    """Returns seconds as 1:02:03 or 2:03."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
