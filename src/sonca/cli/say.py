"""``sonca say``: text in, sound out, through the speakers or into a file."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import typer

from sonca.cli.signals import stoppable
from sonca.errors import EmptyText, InvalidRequest, StorageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from typing_extensions import Buffer

    from sonca.audio import AudioChunk, Samples
    from sonca.encoding import Format
    from sonca.synthesizer import Speech

STDOUT = "-"
LONG_TEXT_CHARS = 2000
"""Shorter texts are spoken before a progress bar could be read."""


class SampleSink(Protocol):
    """Where sound goes; as a context, it gives up what is unfinished when left."""

    def feed(self, samples: Samples, /) -> None: ...
    def finish(self) -> None: ...


class _Command(typer.core.TyperCommand):
    """Takes a text that begins with a dialogue dash for a text and not for options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if "--" not in args:
            lines = [arg for arg in args if arg[:1] == "-" and arg[1:2].isspace()]
            if lines:
                args = [arg for arg in args if arg not in lines] + ["--", *lines]
        return super().parse_args(ctx, args)


app = typer.Typer()


def _voice_names(incomplete: str) -> list[str]:
    from sonca.factory import open_sonca
    from sonca.settings import read

    return [v.id for v in open_sonca(read()).voices if v.id.startswith(incomplete)]


@app.command(cls=_Command)
def say(
    words: list[str] | None = typer.Argument(
        None, metavar="TEXT", help="What to say; - reads standard input.", show_default=False
    ),
    file: str | None = typer.Option(
        None, "-f", "--file", metavar="FILE", help="Read the text from a file; - is standard input."
    ),
    output: str | None = typer.Option(
        None,
        "-o",
        "--output",
        metavar="FILE",
        help="Write a file, its format by its suffix; - is standard output. Default: play it.",
    ),
    voice: str | None = typer.Option(
        None, "-v", "--voice", help="A name of `sonca voices`.", autocompletion=_voice_names
    ),
    speed: float = typer.Option(1.0, help="0.5 to 2.0."),
    pitch: float = typer.Option(1.0, help="0.5 to 2.0."),
    engine: str | None = typer.Option(None, help="Speak with this engine."),
    seed: int = typer.Option(0, min=0, help="Another number, another way of saying it."),
    verify: bool = typer.Option(
        False, "--verify", help="Listen to each sentence, and make it again where it went wrong."
    ),
    lexicon: str | None = typer.Option(
        None, metavar="FILE", help="Readings of your own, TSV or TOML (docs/reading.md)."
    ),
    format: str | None = typer.Option(
        None,
        metavar="NAME",
        help="Such as mp3, whatever the suffix; a wrong one lists them all.",
    ),
) -> None:
    """Speak a text through the speakers or into a file."""
    from sonca.factory import open_sonca
    from sonca.settings import read
    from sonca.synthesizer import SpeechRequest
    from sonca.utterance import Priority

    settings = read(engine=engine, lexicon=lexicon)
    open_sink = _sink(output, format)
    text = _text(words, file, settings.max_text_chars)
    into_file = output not in (None, "-")
    # Nobody listens to a file while it is made.
    priority = Priority.FILE if into_file else Priority.REALTIME
    request = SpeechRequest(
        text, voice, engine, speed, pitch, seed, priority=priority, verify=verify
    )
    with stoppable(), open_sonca(settings) as sonca, sonca.submit(request) as speech:
        _tell_substitute(speech)
        with open_sink(speech.sample_rate_hz) as sink, _progress(len(text)) as advance:
            for chunk in speech:
                sink.feed(chunk.samples)
                advance(chunk)
            sink.finish()
    for suspect in speech.suspects:
        typer.echo(f"sonca: {suspect.problem}: {text[slice(*suspect.span)]}", err=True)


def _text(words: list[str] | None, file: str | None, max_chars: int) -> str:
    from sonca.cli import text_input

    if words and file is not None:
        raise InvalidRequest("there is a TEXT and a FILE; say one of them")
    if words == [text_input.STDIN]:
        words, file = None, text_input.STDIN
    if file is not None:
        return text_input.from_file(file, max_chars)
    if not words:
        raise EmptyText("there is no text; give a TEXT, -f FILE, or - for standard input")
    return text_input.from_words(words)


def _sink(
    output: str | None, format: str | None
) -> Callable[[int], AbstractContextManager[SampleSink]]:
    """Returns what opens the place where sound goes, given its rate; refuses wrong names now."""
    from sonca.encoding import FileEncoder, format_for, format_of_path

    chosen = format_for(format, field="format") if format is not None else None
    if output is None:
        from sonca.cli.player import Player, output_device

        if chosen is not None:
            raise InvalidRequest("--format is for files; add -o FILE, or -o - for standard output")
        output_device()  # no text is read for speakers that are not there
        return Player
    if output == STDOUT:
        return _stdout(chosen or format_for("wav"))
    path_format = chosen or format_of_path(output)
    return lambda rate_hz: FileEncoder(output, path_format, rate_hz)


class _Prompt(io.FileIO):
    """Passes on all that is written at once, so that a player at the other end can begin."""

    def write(self, data: Buffer, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:  # the system may take less at a time
            rest = rest[os.write(self.fileno(), rest) :]
        return size


def _stdout(format: Format) -> Callable[[int], AbstractContextManager[SampleSink]]:
    from sonca.encoding import FileEncoder

    if sys.stdout is None:
        raise StorageError("standard output is closed")
    if sys.stdout.isatty():
        raise InvalidRequest("standard output is a terminal; pipe it to a player, or use -o FILE")
    file = _Prompt(sys.stdout.fileno(), "wb", closefd=False)
    file.name = "standard output"
    return lambda rate_hz: FileEncoder(cast(BinaryIO, file), format, rate_hz)


def _tell_substitute(speech: Speech) -> None:
    if speech.instead_of is not None:
        typer.echo(
            f"sonca: the voice {speech.instead_of} is not installed; "
            f"{speech.voice.id} ({speech.voice.name}) speaks instead",
            err=True,
        )


@contextlib.contextmanager
def _progress(total_chars: int) -> Iterator[Callable[[AudioChunk], None]]:
    """Shows a bar on a terminal for a long text; yields what moves it, to be called with every
    chunk."""
    if total_chars < LONG_TEXT_CHARS or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _chunk: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    sound_s = 0.0
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total_chars)

        def advance(chunk: AudioChunk) -> None:
            nonlocal sound_s
            sound_s += chunk.duration_s
            minutes, seconds = divmod(int(sound_s), 60)
            begun = [mark.span[0] for mark in chunk.marks if mark.kind == "sentence"]
            progress.update(
                task,
                completed=begun[-1] if begun else None,
                description=f"{minutes}:{seconds:02} of sound",
            )

        yield advance
        progress.update(task, completed=total_chars)
