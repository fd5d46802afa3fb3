"""``sonca book``: look a book over, draft its cast, build the audiobook."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonca.errors import InvalidRequest

if TYPE_CHECKING:
    from sonca.book.build import Progress, Report
    from sonca.book.cast.sheet import Cast
    from sonca.book.model import Book
    from sonca.book.planning import Preview
    from sonca.settings import Settings
    from sonca.synthesizer import Sonca

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Read whole books aloud: plan, cast, build.",
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A .txt, .md, .html, .epub, .docx or .srt file.")
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Of a text: utf-8, utf-16, windows-1258, viscii, tcvn3, vni. Default: found out.",
    ),
]
Engine = Annotated[str | None, typer.Option(help="Speak with this engine.")]
_SHOWN = 20
"""Rows of a long list that are shown without --all."""
_SAMPLE_CHARS = 120


@app.command()
def plan(
    file: File,
    encoding: Encoding = None,
    engine: Engine = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every row of every list.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    measure: Annotated[
        bool, typer.Option(help="Speak one sentence to estimate how long the build takes.")
    ] = True,
) -> None:
    """Show chapters, lengths, the cast, and what will not be spoken and why."""
    from sonca.book.planning import preview, to_json
    from sonca.book.reading import read_book

    found = preview(read_book(file, encoding=encoding))
    speed = _measured_speed(found, engine) if measure else None
    if as_json:
        typer.echo(json.dumps(to_json(found, speed), ensure_ascii=False, indent=1))
        return
    _show_plan(found, speed, everything)


def _measured_speed(found: Preview, engine: str | None) -> float | None:
    """Seconds of sound that the engine makes per second, from one sentence of the book."""
    import time

    from sonca.settings import read

    paragraphs = (p for c in found.book.chapters for p in c.paragraphs if p.kind == "body")
    longest = max(
        (p.text for _, p in zip(range(50), paragraphs, strict=False)), key=len, default=""
    )
    sample = longest[:_SAMPLE_CHARS].rpartition(" ")[0] or longest[:_SAMPLE_CHARS]
    if not sample.strip():
        return None
    with _open(read(engine=engine), cached=False) as sonca:
        sonca.load().loaded.result()
        started = time.perf_counter()
        sound = sonca.speak(sample)
        return sound.duration_s / max(time.perf_counter() - started, 1e-6)


def _show_plan(found: Preview, speed: float | None, everything: bool) -> None:
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
    line = f"about {_clock(found.duration_s)} of sound"
    if speed:
        line += f", made in about {_clock(found.duration_s / speed)} ({speed:.1f} times real time)"
    console.print(line + "\n")
    table = Table("#", "chapter", "characters", "length", "speeches", box=None, pad_edge=False)
    for column in (0, 2, 3, 4):
        table.columns[column].justify = "right"
    for number, chapter in enumerate(found.chapters[: None if everything else _SHOWN], start=1):
        row = (f"{chapter.chars:,}", _clock(chapter.duration_s), str(chapter.speeches))
        table.add_row(str(number), escape(chapter.title), *row)
    console.print(table)
    _more(console, len(found.chapters), everything)
    _show_cast(console, found, everything)
    _show_unspoken(console, found, everything)


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
    listed = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    console.print(f"\n[bold]Not spoken[/]: {listed}")
    for part in found.unspoken[: None if everything else _SHOWN]:
        where = f"{part.part}:{part.start}" if part.part else f"character {part.start:,}"
        shown = " ".join(part.text.split())
        shown = shown if len(shown) <= 70 else shown[:69] + "…"
        console.print(f"  {escape(part.reason)}, {escape(where)}: {escape(shown)}")
    _more(console, len(found.unspoken), everything)


@app.command()
def cast(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where the cast goes [FILE with .cast.toml]."),
    ] = None,
    encoding: Encoding = None,
    engine: Engine = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print every speech and its speaker instead.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Draft a cast: who speaks, how much, with which voice. Edit it, then build."""
    from sonca.book.cast import sheet
    from sonca.book.cast.speakers import attribute
    from sonca.book.reading import read_book
    from sonca.settings import read

    book = read_book(file, encoding=encoding)
    if lines:
        for line in attribute(book).lines:
            where = f"{line.chapter + 1}.{line.paragraph + 1}.{line.piece + 1}"
            typer.echo(f"{where}\t{line.speaker or '?'}\t{' '.join(line.text.split())}")
        return
    target = output or _cast_path(file)
    with _open(read(engine=engine), cached=False) as sonca:
        drafted = sheet.draft(book, sonca.catalogue.of(sonca.default_engine))
    sheet.write(drafted, book, target, force=force)
    speaking = len(drafted.parts)
    typer.echo(f"{target}: the narrator and {speaking} characters; edit it, then build")


def _cast_path(file: Path) -> Path:
    return file.with_suffix(".cast.toml")


@app.command()
def build(
    file: File,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The .m4b, or a folder with --format mp3 or opus."),
    ],
    format: Annotated[
        str, typer.Option(metavar="NAME", help="m4b, or mp3 or opus: one file a chapter.")
    ] = "m4b",
    cast: Annotated[
        Path | None,
        typer.Option("--cast", help="A cast.toml [FILE with .cast.toml, if there is one]."),
    ] = None,
    voice: Annotated[
        str | None, typer.Option("-v", "--voice", help="The narrator's voice.")
    ] = None,
    male: Annotated[
        str | None, typer.Option(help="Voice for men who speak (or `male`); without a cast file.")
    ] = None,
    female: Annotated[
        str | None, typer.Option(help="Voice for women who speak (or `female`).")
    ] = None,
    speed: Annotated[float, typer.Option(help="0.5 to 2.0; without a cast file.")] = 1.0,
    engine: Engine = None,
    encoding: Encoding = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="The book's own readings: a .tsv or .toml file.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The book's title.")] = None,
    author: Annotated[str | None, typer.Option(help="The book's author.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    work_dir: Annotated[
        Path | None,
        typer.Option(help="Where unfinished work is kept [beside the output, .build]."),
    ] = None,
) -> None:
    """Build the audiobook. Interrupted, the same command goes on where it was."""
    from dataclasses import replace

    from sonca.book.build import Build
    from sonca.book.output import Target
    from sonca.book.reading import read_book
    from sonca.settings import read
    from sonca.text import Lexicon

    words = Lexicon.load(lexicon) if lexicon else None
    target = Target(output, format, force, file, work_dir)
    target.check()
    book = read_book(file, encoding=encoding)
    book = replace(book, title=title or book.title, author=author or book.author)
    chosen = _chosen_cast(book, file, cast, (voice, male, female), speed)
    with _open(read(engine=engine)) as sonca, _watched(book) as watch:
        making = Build(book, target, sonca, chosen, lexicon=words, on_progress=watch)
        with _stopped_by_signals():
            report = making.run()
    _show_report(report)


def _chosen_cast(
    book: Book,
    file: Path,
    path: Path | None,
    voices: tuple[str | None, str | None, str | None],
    speed: float,
) -> Cast:
    from sonca.book.cast import sheet
    from sonca.book.script import Role
    from sonca.synthesizer.request import SPEED_RANGE

    low, high = SPEED_RANGE
    if not low <= speed <= high:
        raise InvalidRequest(f"--speed is {speed:g}, it must be {low:g} to {high:g}")
    voice, male, female = voices
    if path is None and not any(voices) and _cast_path(file).is_file():
        path = _cast_path(file)
        typer.echo(f"sonca: using the cast in {path}", err=True)
    if path is not None:
        if any(voices) or speed != 1:
            raise InvalidRequest("a cast file says who speaks how: give it, or voices and --speed")
        return sheet.read(path, book)
    narrator = Role(voice, speed)
    if male or female:
        men, women = (Role(name, speed) if name else None for name in (male, female))
        return sheet.by_roles(book, narrator, men, women)
    return sheet.one_voice(narrator)


def _open(settings: Settings, *, cached: bool = True) -> Sonca:
    """The synthesizer, with the cache that makes an edited book cheap."""
    from sonca.cli.opening import open_sonca
    from sonca.store.chunks import ChunkCache

    quota = settings.cache_quota_bytes if cached else 0
    return open_sonca(
        settings, cache=ChunkCache(settings.cache_dir, quota_bytes=quota) if quota else None
    )


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a build like Ctrl-C does: cleanly, what is made is kept."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _watched(book: Book) -> Iterator[Callable[[Progress], None]]:
    """A live display on a terminal; nothing elsewhere."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich import progress as rich
    from rich.console import Console
    from rich.markup import escape

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[figures]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as display:
        task = display.add_task(escape(book.title[:40]), total=max(1, book.chars), figures="")
        line = display.add_task("", total=None, visible=False, figures="")

        def watch(progress: Progress) -> None:
            where = f"{progress.chapters_done}/{progress.chapters} {progress.title[:40]}"
            figures = f"{_clock(progress.audio_s)} of sound, {progress.speed:.1f}x"
            display.update(
                task, completed=progress.chars_done, description=escape(where), figures=figures
            )
            shown = "joining the chapters" if progress.phase == "joining" else progress.sentence
            if shown:
                display.update(line, description=escape(shown[:70]), visible=True)

        yield watch
        display.update(task, completed=max(1, book.chars))


def _show_report(report: Report) -> None:
    made = f"{report.utterances:,} sentences made in {_clock(report.elapsed_s)}"
    if report.reused_chapters:
        made += f", {report.reused_chapters:,} chapters were there already"
    chapters = f"{len(report.chapters):,} chapter{'s' if len(report.chapters) != 1 else ''}"
    typer.echo(f"{report.path}: {chapters}, {_clock(report.duration_s)}; {made}")
    if not report.problems:
        return
    typer.echo(f"sonca: {len(report.problems):,} sentences are not as they should be:", err=True)
    for problem in report.problems:
        where = f"chapter {problem.chapter + 1}, {_clock(problem.time_s)}"
        typer.echo(
            f"sonca:   {where}, {_MEANING.get(problem.reason, problem.reason)}: "
            f"{problem.text[:100]}",
            err=True,
        )


_MEANING = {
    "failed": "could not be spoken",
    "late": "does not fit its time",
    "short": "sounds too short",
    "long": "sounds too long",
    "silent": "is silent",
    "not finite": "came out broken",
}


def _clock(seconds: float) -> str:
    """1:02:03, 2:03."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
