"""A complete chapter on the disk: its sound, and its timeline, which says what is heard in it when.

Both are files of a build's folder. The timeline is there before the sound.
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
class TimelineEntry:
    """A span of the book that was spoken, and its time in the chapter."""

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
class ChapterArtifact:
    """A chapter that is complete."""

    chapter: int
    """From 0."""
    path: Path
    """Its sound."""
    packets: int
    duration_s: float

    @classmethod
    def find(cls, chapter: int, path: Path) -> ChapterArtifact | None:
        """Returns the chapter whose sound goes to `path`, None unless it is complete."""
        if not path.is_file():
            return None
        try:
            with _timeline_path(path).open(encoding="utf-8") as file:
                head = json.loads(file.readline())
            return cls(chapter, path, int(head["packets"]), float(head["duration_s"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_timeline(self, entries: Iterable[TimelineEntry]) -> None:
        """Writes the timeline. To be called before the sound takes its name."""
        head = {"packets": self.packets, "duration_s": self.duration_s}
        rows = [head, *map(_to_json, entries)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        disk.write(_timeline_path(self.path), text.encode(), sole_writer=True)

    def timeline(self, shift_s: float) -> list[TimelineEntry]:
        """Returns the timeline, `shift_s` later."""
        with disk.errors(f"read {self.path.parent}"):
            text = _timeline_path(self.path).read_text(encoding="utf-8")
        return [_from_json(json.loads(row), shift_s) for row in text.split("\n")[1:] if row]


def _timeline_path(sound: Path) -> Path:
    return sound.with_suffix(".json")


def _to_json(entry: TimelineEntry) -> list[Any]:
    return [getattr(entry, field.name) for field in fields(entry)]


def _from_json(value: list[Any], shift_s: float) -> TimelineEntry:
    paragraph, (start, end), start_s, end_s, speaker, words, problem = value
    return TimelineEntry(
        paragraph,
        (start, end),
        shift_s + start_s,
        shift_s + end_s,
        speaker,
        tuple((shift_s + time_s, a, b) for time_s, a, b in words),
        problem,
    )
