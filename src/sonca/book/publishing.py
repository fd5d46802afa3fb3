"""What every kind of output shares: captions and problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sonca import disk
from sonca.book import captions
from sonca.book.captions import Told
from sonca.book.model import Book

CAPTIONS = ("srt", "vtt", "lrc", "json")
"""Kinds of captions, which are also their suffixes."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A chapter in the finished book."""

    title: str
    start_s: float
    """In the m4b, or 0 in a file of its own."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that is not as it should be."""

    chapter: int
    """From 0."""
    text: str
    time_s: float
    """In the m4b, or in its chapter's file."""
    reason: str
    """``failed`` (it has no sound), ``late`` (a subtitle that does not fit its time), or what is
    wrong with its sound: ``short``, ``long``, ``silent``, ``not finite``."""


def problems_in(spots: Iterable[Told]) -> list[Problem]:
    """The sentences among `spots` that are not as they should be."""
    return [
        Problem(each.chapter, " ".join(each.text.split()), each.start_s, each.spot.problem)
        for each in spots
        if each.spot.problem is not None
    ]


def write_captions(
    book: Book,
    paths: dict[str, Path],
    spots: Callable[[], Iterator[Told]],
    finished: list[Finished],
) -> None:
    """Writes all kinds of captions; `spots` makes the spoken stretches anew for each."""
    head = {
        "title": book.title,
        "author": book.author,
        "chapters": [
            {"title": c.title, "start_s": round(c.start_s, 3), "duration_s": round(c.duration_s, 3)}
            for c in finished
        ],
    }
    makers = {
        "srt": lambda: captions.srt(spots()),
        "vtt": lambda: captions.vtt(spots()),
        "lrc": lambda: captions.lrc(spots(), title=book.title, author=book.author),
        "json": lambda: captions.mapping(spots(), book.chapters, head),
    }
    for kind, path in paths.items():
        with disk.errors(f"write {path}"), path.open("w", encoding="utf-8") as file:
            for part in makers[kind]():
                file.write(part)
