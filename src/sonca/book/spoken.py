"""Tells what will be said of a book: its utterances, chapter by chapter, as a build speaks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sonca import text as texts
from sonca.book.build.script import Script, VoiceRun, make_script
from sonca.book.cast import Role
from sonca.book.model import Book
from sonca.text import Reading


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """An utterance of a book."""

    spoken: str
    part: str
    """The file inside the book's file that holds it; empty where there is only one."""
    start: int
    end: int
    """Where it stands in the text of its part, in code points, as `Paragraph.start` counts."""
    pause_s: float
    """Silence after it."""


def spoken_chapters(book: Book, reading: Reading | None = None) -> Iterator[list[SpokenLine]]:
    """Yields what each chapter will say, if the narrator says everything."""
    for index, chapter in enumerate(book.chapters):
        script = make_script(index, chapter, {"": Role()}, None)
        yield [line for run in script.runs for line in _lines(script, run, reading)]


def _lines(script: Script, run: VoiceRun, reading: Reading | None) -> Iterator[SpokenLine]:
    planned = texts.plan(run.text, reading=reading)
    places = [run.segment_at(utterance.span[0]) for utterance in planned]
    for utterance, place, following in zip(planned, places, [*places[1:], None], strict=True):
        segment = script.segments[place[0]]
        paragraph = script.paragraphs[segment.paragraph]
        start = paragraph.start
        if not paragraph.announced:
            start += segment.start + place[1]
        low, high = utterance.span if not paragraph.announced else (0, 0)
        last = following is None or following[0] != place[0]
        pause_s = segment.pause_s if last else utterance.pause_s
        yield SpokenLine(utterance.spoken, paragraph.part, start, start + high - low, pause_s)


def to_json(book: Book, reading: Reading | None = None) -> dict[str, Any]:
    """Returns the same as JSON."""
    chapters = zip(book.chapters, spoken_chapters(book, reading), strict=True)
    return {
        "title": book.title,
        "chapters": [
            {
                "title": chapter.title,
                "utterances": [
                    {
                        "spoken": line.spoken,
                        "part": line.part,
                        "span": [line.start, line.end],
                        "pause_s": line.pause_s,
                    }
                    for line in lines
                ],
            }
            for chapter, lines in chapters
        ],
    }
