"""``python -m benchmarks.books``: a book's build against the bare engine and the bare encoder.

The engine is driven alone, on one thread, with the very utterances of the book, planned before;
the encoder is given the same sound, chapter by chapter, on one thread. No build can be faster
than the engine, than the encoder on the cores it may use, or than the sum of both on all cores.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from benchmarks.options import Engine, Json, Models, run_command, say
from sonca import text as texts
from sonca.bench.corpus import story
from sonca.bench.direct_call import DirectCall
from sonca.bench.report import show
from sonca.bench.stats import machine
from sonca.book.build.build import MAX_ENCODERS, Build
from sonca.book.build.script import make_script
from sonca.book.cast import Role, one_voice
from sonca.book.model import Book
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.cores import cores
from sonca.encoding.m4b import ChapterEncoder
from sonca.engines.base import Options, Setup
from sonca.synthesizer import Sonca
from sonca.utterance import Priority, Utterance

_Chapter = list[Utterance]


def run(
    engine: str,
    *,
    models_dir: Path | None = None,
    rounds: int = 5,
    copies: int = 4,
    format: str = "m4b",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Measures and returns the whole result, ready for JSON."""
    setup = Setup(models_dir)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Sonca(engine, setup=setup) as sonca,
        closing(DirectCall(engine, setup)) as direct,
    ):
        sonca.load().loaded.result()
        folder = Path(scratch)
        book = _book(folder, copies)
        chapters = list(_utterances(book))
        taken = []
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            taken.append(_round(sonca, direct, book, chapters, format, folder / str(number)))

    def middle(figure: Callable[[_Taken], float], digits: int = 3) -> float:
        return round(median(map(figure, taken)), digits)

    return {
        "benchmark": "book",
        "engine": engine,
        "slots": sonca.load().slots,
        "format": format,
        "machine": machine(),
        "chapters": len(book.chapters),
        "utterances": sum(map(len, chapters)),
        "audio_s": round(taken[0].audio_s, 1),
        "rounds": rounds,
        "bare_s": middle(lambda t: t.bare_s),
        "encode_s": middle(lambda t: t.encode_s),
        "build_s": middle(lambda t: t.build_s),
        "encoder_over_bare": middle(lambda t: t.encode_s / t.bare_s),
        "bare_over_build": middle(lambda t: t.bare_s / t.build_s),
        "floor_over_build": middle(lambda t: t.floor_s(cores()) / t.build_s),
        "engine_busy": middle(lambda t: t.busy_s / t.build_s),
        "build_rtf": middle(lambda t: t.build_s / t.audio_s, 5),
    }


@dataclass(frozen=True, slots=True)
class _Taken:
    """One round's seconds."""

    bare_s: float
    encode_s: float
    build_s: float
    audio_s: float
    busy_s: float
    """Of the build's, those in which the engine was at work."""

    def floor_s(self, cores: int) -> float:
        """The least that any build could take."""
        encoders = min(MAX_ENCODERS, cores)
        both_s = (self.bare_s + self.encode_s) / cores
        return max(self.bare_s, self.encode_s / encoders, both_s)


def _round(
    sonca: Sonca,
    direct: DirectCall,
    book: Book,
    chapters: list[_Chapter],
    format: str,
    folder: Path,
) -> _Taken:
    folder.mkdir()
    options = Options(priority=Priority.BATCH, first=False)
    started = time.perf_counter()
    sound = [direct.speak(chapter, options) for chapter in chapters]
    bare_s = time.perf_counter() - started
    target = Target(folder / ("a.m4b" if format == "m4b" else "a"), format)
    started = time.perf_counter()
    for number, parts in enumerate(sound):
        path = folder / f"{number}.{target.chapter_suffix}"
        with ChapterEncoder(path, target.chapter_format, direct.sample_rate_hz, tags={}) as encoder:
            for part in parts:
                encoder.feed(part)
            encoder.finish()
    encode_s = time.perf_counter() - started
    del sound
    build = Build(book, target, sonca, one_voice(Role()))
    worker = sonca.load()
    busy_s, started = worker.stats.busy_s, time.perf_counter()
    report = build.run()
    build_s = time.perf_counter() - started
    return _Taken(bare_s, encode_s, build_s, report.duration_s, worker.stats.busy_s - busy_s)


def _book(folder: Path, copies: int) -> Book:
    """The story's chapters, again and again."""
    path = folder / "story.txt"
    path.write_text(story(), encoding="utf-8")
    book = read_book(path)
    return replace(book, chapters=book.chapters * copies)


def _utterances(book: Book) -> Iterator[_Chapter]:
    """What each chapter has to say."""
    for index, chapter in enumerate(book.chapters):
        script = make_script(index, chapter, {"": Role()}, None)
        yield [u for run in script.runs for u in texts.plan(run.text)]


def main(
    engine: Engine = "espeak",
    models_dir: Models = None,
    json: Json = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds.")] = 5,
    copies: Annotated[int, typer.Option(min=1, help="The story so often: 3 chapters each.")] = 4,
    format: Annotated[str, typer.Option(metavar="NAME", help="m4b, mp3 or opus.")] = "m4b",
) -> None:
    """A whole book against the bare engine and the bare encoder, in turns."""
    result = run(
        engine, models_dir=models_dir, rounds=rounds, copies=copies, format=format, say=say
    )
    show(result, json)


if __name__ == "__main__":
    run_command(main)
