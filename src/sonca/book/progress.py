"""What a build says about itself: progress while it runs, a report at its end. Knows no files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sonca.book.captions import Finished, Problem

_REPORT_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a build is."""

    phase: str
    """``speaking`` or ``joining``."""
    chapter: int
    """The one that was worked on last, from 0."""
    title: str
    chapters_done: int
    chapters: int
    utterances: int
    """Made by this build; what was there before is not counted."""
    sentence: str
    """The one made last."""
    audio_s: float
    """Sound made by this build."""
    chars_done: int
    chars: int
    elapsed_s: float

    @property
    def speed(self) -> float:
        """Seconds of sound per second."""
        return self.audio_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a build gave."""

    path: Path
    chapters: tuple[Finished, ...]
    problems: tuple[Problem, ...]
    reused_chapters: int
    """Complete before this build began."""
    utterances: int
    """Made by this build."""
    elapsed_s: float

    @property
    def duration_s(self) -> float:
        return sum(chapter.duration_s for chapter in self.chapters)


class Teller:
    """Counts what a build's threads do and tells it on, some twenty times a second."""

    def __init__(self, on_progress: Callable[[Progress], None], chapters: int, chars: int) -> None:
        self._on_progress = on_progress
        self._chapters = chapters
        self._chars = chars
        self._counting = threading.Lock()
        self._telling = threading.RLock()
        self._started = time.monotonic()
        self._told_at = 0.0
        self._audio_s = 0.0
        self._chars_done = 0
        self._chapters_done = 0
        self.reused = 0
        """Chapters that were complete before the build."""
        self.utterances = 0
        """Made by this build."""

    def start(self) -> None:
        """Time runs from here."""
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started

    def found(self, chars: int, *, chapter: bool = False) -> None:
        """So much was made by an earlier build; with `chapter`, a whole one."""
        with self._counting:
            self._chars_done += chars
            self.reused += chapter

    def said(self, chapter: int, title: str, sentence: str, audio_s: float) -> None:
        """An utterance was made."""
        now = time.monotonic()
        with self._counting:
            self.utterances += 1
            self._chars_done += len(sentence)
            self._audio_s += audio_s
            due = now - self._told_at >= _REPORT_EVERY_S
            if due:
                self._told_at = now
        if due:
            self.tell(chapter, title, sentence)

    def chapter_done(self, chapter: int, title: str, then: Callable[[], None]) -> None:
        """A chapter's file is there; `then` tells others of it, one chapter at a time."""
        with self._counting:
            self._chapters_done += 1
        with self._telling:
            then()
            self.tell(chapter, title)

    def tell(self, chapter: int, title: str, sentence: str = "", phase: str = "speaking") -> None:
        """Tell where the build is, now."""
        with self._telling:
            with self._counting:
                progress = Progress(
                    phase,
                    chapter,
                    title,
                    self._chapters_done,
                    self._chapters,
                    self.utterances,
                    " ".join(sentence.split()),
                    self._audio_s,
                    self._chars_done,
                    self._chars,
                    self.elapsed_s,
                )
            self._on_progress(progress)
