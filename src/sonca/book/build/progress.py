"""Reports what a build does: its progress while it runs, a summary at its end. Knows no files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonca.book.output.captions import FinishedChapter, SpeechProblem

_REPORT_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is."""

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
class BuildReport:
    """The result of a build."""

    path: Path
    chapters: tuple[FinishedChapter, ...]
    problems: tuple[SpeechProblem, ...]
    reused_chapters: int
    """Complete before this build began."""
    utterances: int
    """Made by this build."""
    elapsed_s: float
    recipes: Mapping[str, str] = field(default_factory=dict)
    """How each speaker of the cast was made (`Recipe.header`), the narrator's name being empty."""

    @property
    def duration_s(self) -> float:
        return sum(chapter.duration_s for chapter in self.chapters)


class ProgressReporter:
    """Counts what a build's threads do, and reports it some twenty times a second."""

    def __init__(self, on_progress: Callable[[Progress], None], chapters: int, chars: int) -> None:
        self._on_progress = on_progress
        self._chapters = chapters
        self._chars = chars
        self._counting = threading.Lock()
        self._reporting = threading.RLock()
        self._started = time.monotonic()
        self._reported_at = 0.0
        self._audio_s = 0.0
        self._chars_done = 0
        self._chapters_done = 0
        self.reused = 0
        """Chapters that were complete before the build."""
        self.utterances = 0
        """Made by this build."""

    def start(self) -> None:
        """Starts the clock."""
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started

    def count_found(self, chars: int, *, chapter: bool = False) -> None:
        """Counts what an earlier build made; with `chapter`, it is a whole one."""
        with self._counting:
            self._chars_done += chars
            self.reused += chapter

    def count_utterance(self, chapter: int, title: str, sentence: str, audio_s: float) -> None:
        """Counts an utterance that was made."""
        now = time.monotonic()
        with self._counting:
            self.utterances += 1
            self._chars_done += len(sentence)
            self._audio_s += audio_s
            due = now - self._reported_at >= _REPORT_EVERY_S
            if due:
                self._reported_at = now
        if due:
            self.report(chapter, title, sentence)

    def chapter_done(self, chapter: int, title: str, then: Callable[[], None]) -> None:
        """Counts a chapter whose file is complete, and calls `then`, for one chapter at a time."""
        with self._counting:
            self._chapters_done += 1
        with self._reporting:
            then()
            self.report(chapter, title)

    def report(self, chapter: int, title: str, sentence: str = "", phase: str = "speaking") -> None:
        """Reports how far the build is, now."""
        with self._reporting:
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
