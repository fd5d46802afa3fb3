"""``sonca book``: previews a book, proposes its cast, builds the audiobook, listens to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonca.cli.book_options import (
    Chapters,
    Encoding,
    Engine,
    File,
    Front,
    Lexicon,
    NotesRead,
    Ocr,
    Only,
    Skip,
)
from sonca.cli.signals import stoppable
from sonca.errors import InvalidRequest

if TYPE_CHECKING:
    from sonca.book.cast import Cast
    from sonca.book.model import Book
    from sonca.book.preview import Preview
    from sonca.settings import Settings
    from sonca.synthesizer import Sonca

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Read whole books aloud: plan, cast, build, check.",
)

_SAMPLE_CHARS = 120


@app.command()
def plan(
    file: File,
    encoding: Encoding = None,
    ocr: Ocr = False,
    engine: Engine = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every row of every list.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    spoken: Annotated[
        bool,
        typer.Option(
            "--spoken",
            help="Print what will be said instead: a line each utterance, an empty one between "
            "chapters; with --json their places in the book.",
        ),
    ] = False,
    lexicon: Lexicon = None,
    chapters: Chapters = "auto",
    skip: Skip = "",
    only: Only = "",
    front: Front = False,
    notes: NotesRead = "skip",
    measure: Annotated[
        bool, typer.Option(help="Speak one sentence to estimate how long the build takes.")
    ] = True,
) -> None:
    """Show chapters, lengths, the cast, and what will not be spoken and why."""
    from sonca.book.options import BookOptions
    from sonca.book.preview import preview, to_json
    from sonca.book.sources import read_book
    from sonca.cli.book_views import show_plan

    options = BookOptions(chapters, skip, only, front, notes, ocr)
    book = read_book(file, encoding=encoding, options=options)
    if spoken:
        _print_spoken(book, lexicon, as_json)
        return
    found = preview(book)
    speed = _measured_speed(found, engine) if measure else None
    if as_json:
        typer.echo(json.dumps(to_json(found, speed), ensure_ascii=False, indent=1))
        return
    show_plan(found, speed, everything)


def _print_spoken(book: Book, lexicon: Path | None, as_json: bool) -> None:
    from sonca.book import spoken
    from sonca.text import Lexicon as Readings
    from sonca.text import Reading

    reading = Reading(lexicon=Readings.load(lexicon) if lexicon else None)
    if as_json:
        typer.echo(json.dumps(spoken.to_json(book, reading), ensure_ascii=False, indent=1))
        return
    for number, lines in enumerate(spoken.spoken_chapters(book, reading)):
        typer.echo("\n" * bool(number) + "".join(f"{line.spoken}\n" for line in lines), nl=False)


def _measured_speed(found: Preview, engine: str | None) -> float | None:
    """Returns how many seconds of sound the engine makes per second, by a sentence of the book."""
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
        sonca.speak(sample.split()[0])  # what a first call costs, no book pays again
        started = time.perf_counter()
        sound = sonca.speak(sample)
        return sound.duration_s / max(time.perf_counter() - started, 1e-6)


@app.command()
def cast(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where the cast goes [FILE with .cast.toml]."),
    ] = None,
    encoding: Encoding = None,
    ocr: Ocr = False,
    engine: Engine = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print every speech and its speaker instead.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    chapters: Chapters = "auto",
    skip: Skip = "",
    only: Only = "",
    front: Front = False,
    notes: NotesRead = "skip",
) -> None:
    """Draft a cast: who speaks, how much, with which voice. Edit it, then build."""
    from sonca.book.cast import cast_file, propose_cast
    from sonca.book.cast.attribution import attribute
    from sonca.book.options import BookOptions
    from sonca.book.sources import read_book
    from sonca.settings import read

    options = BookOptions(chapters, skip, only, front, notes, ocr)
    book = read_book(file, encoding=encoding, options=options)
    if lines:
        for line in attribute(book).lines:
            where = f"{line.chapter + 1}.{line.paragraph + 1}.{line.piece + 1}"
            typer.echo(f"{where}\t{line.speaker or '?'}\t{' '.join(line.text.split())}")
        return
    target = output or _cast_path(file)
    with _open(read(engine=engine), cached=False) as sonca:
        proposed = propose_cast(book, sonca.catalogue.of(sonca.default_engine))
    cast_file.write(proposed, book, target, force=force)
    speaking = len(proposed.members)
    typer.echo(f"{target}: the narrator and {speaking} characters; edit it, then build")


def _cast_path(file: Path) -> Path:
    return file.with_suffix(".cast.toml")


@app.command()
def build(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The .m4b or .epub; with a --format of a file a chapter, a folder or a .zip "
            "[the book's title].",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="m4b, epub to read along, or a file a chapter: mp3, opus [by the output's name].",
        ),
    ] = None,
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
    ocr: Ocr = False,
    lexicon: Lexicon = None,
    chapters: Chapters = "auto",
    skip: Skip = "",
    only: Only = "",
    front: Front = False,
    notes: NotesRead = "skip",
    title: Annotated[str | None, typer.Option(help="The book's title.")] = None,
    author: Annotated[str | None, typer.Option(help="The book's author.")] = None,
    cover: Annotated[Path | None, typer.Option(help="A JPEG or PNG [the book's own].")] = None,
    narrator: Annotated[str, typer.Option(help="Who reads it [the narrator's voice].")] = "",
    year: Annotated[int | None, typer.Option(help="When it was published.")] = None,
    description: Annotated[str, typer.Option(help="What it is about.")] = "",
    series: Annotated[str, typer.Option(help="The series that it belongs to.")] = "",
    part: Annotated[str, typer.Option(help="Its number in the series.")] = "",
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Listen to every sentence, and make it again where it went wrong."
        ),
    ] = False,
    words: Annotated[
        bool,
        typer.Option(
            "--words", help="Mark each word in an .epub, where the engine tells its time."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    work_dir: Annotated[
        Path | None,
        typer.Option(help="Where unfinished work is kept [beside the output, .build]."),
    ] = None,
) -> None:
    """Build the audiobook, or an EPUB to read along. Interrupted, the same command goes on where
    it was."""
    from dataclasses import replace

    from sonca.book.build import Build
    from sonca.book.options import BookOptions
    from sonca.book.output import Target
    from sonca.book.output.about import About
    from sonca.book.sources import read_book
    from sonca.cli import book_output
    from sonca.cli.book_views import show_report, watched
    from sonca.settings import read
    from sonca.text import Lexicon as Readings

    readings = Readings.load(lexicon) if lexicon else None
    format = book_output.format_of(output, format)
    about = About(narrator, year, "vi", description, series, part)
    target = Target(output or Path(), format, force, file, work_dir, about, words)
    if output is not None:
        target.check()
    picture = book_output.read_cover(cover) if cover else None
    options = BookOptions(chapters, skip, only, front, notes, ocr)
    book = read_book(file, encoding=encoding, options=options)
    book = replace(
        book,
        title=title or book.title,
        author=author or book.author,
        cover=picture or book.cover,
    )
    if output is None:
        target = replace(target, path=book_output.default_path(book, file, format))
        target.check()
    some = bool(skip or only)
    chosen = _chosen_cast(book, file, cast, (voice, male, female), speed, some=some)
    settings = read(engine=engine)
    with _open(settings) as sonca, watched(book) as watch:
        making = Build(
            book,
            target,
            sonca,
            chosen,
            lexicon=readings,
            verify=verify,
            on_progress=watch,
        )
        with book_output.resumable(target), stoppable():
            report = making.run()
    show_report(report)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="The .m4b, its .json, or a folder with a file a chapter.")
    ],
    language: Annotated[str, typer.Option(help="The language of its voices.")] = "vi",
    lexicon: Lexicon = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Listen to a finished book, and list its doubtful sentences: exit code 1 if there are any."""
    from dataclasses import asdict

    from sonca.book.check import check as checked
    from sonca.cli.book_views import listened_to, show_check
    from sonca.errors import EngineNotInstalled
    from sonca.listening import Listener, open_recogniser
    from sonca.settings import read
    from sonca.text import Lexicon as Readings
    from sonca.text import Reading

    settings = read()
    reading = Reading(language=language, lexicon=Readings.load(lexicon) if lexicon else None)
    listener = None
    try:
        listener = Listener(open_recogniser(settings.models_dir, settings.threads, language))
    except EngineNotInstalled as error:
        typer.echo(f"sonca: {error}; only what the build noted is told", err=True)
    with listened_to(file) as on_heard:
        found = checked(file, listener, reading, on_heard)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
    else:
        show_check(file, found)
    if found.doubtful:
        raise typer.Exit(1)


def _chosen_cast(
    book: Book,
    file: Path,
    path: Path | None,
    voices: tuple[str | None, str | None, str | None],
    speed: float,
    *,
    some: bool,
) -> Cast:
    """Returns who speaks how; `some` says that only a part of the book is read."""
    from sonca.book.cast import by_gender, cast_file
    from sonca.synthesizer.request import SPEED_RANGE

    low, high = SPEED_RANGE
    if not low <= speed <= high:
        raise InvalidRequest(f"--speed is {speed:g}, it must be {low:g} to {high:g}")
    if path is None and not any(voices) and _cast_path(file).is_file():
        path = _cast_path(file)
        typer.echo(f"sonca: using the cast in {path}", err=True)
    if path is not None:
        if any(voices) or speed != 1:
            raise InvalidRequest("a cast file says who speaks how: give it, or voices and --speed")
        return cast_file.read(path, book, some=some)
    return by_gender(book, *voices, speed)


def _open(settings: Settings, *, cached: bool = True) -> Sonca:
    """Returns the synthesizer, with the cache that makes an edited book cheap."""
    from sonca.factory import open_sonca

    return open_sonca(settings, cached=cached)
