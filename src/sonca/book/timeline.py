"""A chapter that is complete: its sound, and which stretch of the book is heard in it when.

Both are files of a build's folder, the time line beside the sound and there before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sonca import disk
from sonca.utterance import Span

FAILED = "failed"
"""The problem of an utterance that has no sound."""
LATE = "late"
"""The problem of a subtitle that does not fit its time at the highest speed."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A spoken stretch of the book and its time in the chapter."""

    paragraph: int
    """Index in the chapter."""
    span: Span
    """In the paragraph's text."""
    start_s: float
    end_s: float
    """Seconds from the chapter's beginning."""
    speaker: str
    """Empty for the narrator."""
    words: tuple[tuple[float, int, int], ...] = ()
    """Seconds from the chapter's beginning, and the place in the paragraph's text."""
    problem: str | None = None
    """`FAILED`, `LATE`, or what is wrong with its sound: ``short``, ``long``, ``silent``,
    ``not finite``."""


@dataclass(frozen=True, slots=True)
class Made:
    """A chapter that is complete."""

    chapter: int
    """From 0."""
    path: Path
    """Its sound."""
    packets: int
    duration_s: float

    @classmethod
    def find(cls, chapter: int, path: Path) -> Made | None:
        """The chapter whose sound goes to `path`, if it is complete."""
        if not path.is_file():
            return None
        try:
            with _line_path(path).open(encoding="utf-8") as file:
                head = json.loads(file.readline())
            return cls(chapter, path, int(head["packets"]), float(head["duration_s"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_line(self, spots: Iterable[Spot]) -> None:
        """Write the time line. The sound takes its name after it: where there is sound, there
        is a time line."""
        head = {"packets": self.packets, "duration_s": self.duration_s}
        rows = [head, *map(_to_json, spots)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        disk.write(_line_path(self.path), text.encode(), sole_writer=True)

    def spots(self, shift_s: float) -> list[Spot]:
        """The time line, `shift_s` later."""
        with disk.errors(f"read {self.path.parent}"):
            text = _line_path(self.path).read_text(encoding="utf-8")
        return [_from_json(json.loads(row), shift_s) for row in text.split("\n")[1:] if row]


def _line_path(sound: Path) -> Path:
    return sound.with_suffix(".json")


def _to_json(spot: Spot) -> list[Any]:
    return [getattr(spot, field.name) for field in fields(spot)]


def _from_json(value: list[Any], shift_s: float) -> Spot:
    paragraph, (start, end), start_s, end_s, speaker, words, problem = value
    return Spot(
        paragraph,
        (start, end),
        shift_s + start_s,
        shift_s + end_s,
        speaker,
        tuple((shift_s + time_s, a, b) for time_s, a, b in words),
        problem,
    )
