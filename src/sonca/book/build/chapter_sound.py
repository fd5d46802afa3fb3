"""Turns a chapter's log into its sound and its timeline: order, silences, loudness.

Follows the log while it grows, so that a chapter's file is complete a moment after its last
sentence. Reads one utterance at a time: a chapter of any length takes the memory of a sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from sonca.audio import Samples, silence
from sonca.book.build.journal import ChapterLog, UtteranceRecord
from sonca.book.build.script import Script
from sonca.book.cast import Role
from sonca.book.output.timeline import LATE, TimelineEntry
from sonca.encoding.resampling import resample
from sonca.loudness import amplified, gain, level_of

CEILING = 0.64
"""No sample of a book is above it, -3.9 dBFS: with what a codec adds it stays under the -3 dB that
audiobook shops ask for."""
ENOUGH_BLOCKS = 75
"""Blocks that are not silent, 30 s of speech, that a voice's level is measured on."""
_MEASURED_CHARS = 600
"""Text that is surely as much."""


def speaking_order(script: Script) -> list[int]:
    """Returns the indices of the runs in the order to speak them: first those that every voice's
    level is measured on, which the encoder waits for, then the rest in the order of the text."""
    heard: dict[Role, int] = {}
    first: list[int] = []
    rest: list[int] = []
    for index, run in enumerate(script.runs):
        enough = heard.get(run.role, 0) >= _MEASURED_CHARS
        (rest if enough else first).append(index)
        heard[run.role] = heard.get(run.role, 0) + len(run.text)
    if len(heard) == 1:
        return list(range(len(script.runs)))
    return first + rest


class ChapterSound:
    """A chapter's samples in order, as they are made, and its timeline as far as they go."""

    def __init__(
        self,
        script: Script,
        log: ChapterLog,
        rate_hz: int,
        loudness_lufs: float | None,
        stop: threading.Event,
    ) -> None:
        """Samples come at `rate_hz`. Every voice is brought to `loudness_lufs`, or left as it is
        (None). Once `stop` is set, iterating raises `Cancelled`."""
        self.timeline: list[TimelineEntry] = []
        self._script = script
        self._log = log
        self._rate_hz = rate_hz
        self._loudness_lufs = loudness_lufs
        self._stop = stop
        self._laid = 0
        self._gains: dict[Role, float] = {}

    @property
    def duration_s(self) -> float:
        return self._laid / self._rate_hz

    def __iter__(self) -> Iterator[Samples]:
        for samples in self._pieces():
            self._laid += len(samples)
            yield samples

    def _pieces(self) -> Iterator[Samples]:
        for index, run in enumerate(self._script.runs):
            begun = run.slot_s is None
            for record, following in _with_next(self._log.follow(index, self._stop)):
                if run.slot_s is not None and not begun:
                    yield from _silence(round(run.slot_s[0] * self._rate_hz) - self._laid)
                    begun = True
                samples = self._sound(record, run.role)
                self.timeline.append(self._entry(record, len(samples)))
                yield samples
                yield silence(_pause_s(self._script, record, following), self._rate_hz)

    def _sound(self, record: UtteranceRecord, role: Role) -> Samples:
        if role not in self._gains:
            self._gains[role] = self._gain(role)
        samples = self._log.sound(record)
        if len(samples) and record.sample_rate_hz != self._rate_hz:
            samples = resample(samples, record.sample_rate_hz, self._rate_hz)
        return amplified(samples, self._gains[role], CEILING)

    def _gain(self, role: Role) -> float:
        """Returns what brings a role to the level, by the first that it says in the chapter."""
        power, blocks = 0.0, 0
        for index, run in enumerate(self._script.runs):
            if run.role != role:
                continue
            for record in self._log.follow(index, self._stop):
                power += record.power
                blocks += record.blocks
                if blocks >= ENOUGH_BLOCKS:
                    return gain(level_of(power, blocks), self._loudness_lufs)
        return gain(level_of(power, blocks), self._loudness_lufs)

    def _entry(self, record: UtteranceRecord, count: int) -> TimelineEntry:
        number, begin = self._script.runs[record.run].segment_at(record.span[0])
        segment = self._script.segments[number]
        shift = segment.start + begin - record.span[0]
        start_s = self.duration_s
        return TimelineEntry(
            paragraph=segment.paragraph,
            span=(record.span[0] + shift, min(record.span[1] + shift, segment.end)),
            start_s=start_s,
            end_s=(self._laid + count) / self._rate_hz,
            speaker=segment.speaker,
            words=tuple((start_s + t, a + shift, b + shift) for t, a, b in record.words),
            problem=record.problem,
        )


def _with_next(
    utterances: Iterator[UtteranceRecord],
) -> Iterator[tuple[UtteranceRecord, UtteranceRecord | None]]:
    """Yields each utterance with the one after it."""
    here = next(utterances, None)
    while here is not None:
        following = next(utterances, None)
        yield here, following
        here = following


def _silence(count: int) -> Iterator[Samples]:
    """Yields zeros, few at a time: subtitles may be an hour apart. Nothing for a negative count."""
    block = 1 << 16
    for start in range(0, count, block):
        yield np.zeros(min(block, count - start), np.float32)


def _pause_s(script: Script, record: UtteranceRecord, following: UtteranceRecord | None) -> float:
    """Returns the text's own silence inside a segment, the book's at its end. `following` is of the
    same run."""
    run = script.runs[record.run]
    number, _ = run.segment_at(record.span[0])
    if run.slot_s:
        last = following is None
        return 0.0 if last or record.problem == LATE else record.pause_s
    if following is not None and run.segment_at(following.span[0])[0] == number:
        return record.pause_s
    return script.segments[number].pause_s
