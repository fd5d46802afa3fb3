"""From a chapter's log to its sound and its time line: order, silences, loudness.

Reads one utterance at a time, so a chapter of any length takes the memory of a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sonca.audio import Samples, silence
from sonca.book import loudness
from sonca.book.journal import ChapterLog, Entry
from sonca.book.script import Role, Script
from sonca.book.speaking import LATE
from sonca.encoding.m4b import ChapterEncoder
from sonca.encoding.resampling import resample
from sonca.utterance import Span


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


@dataclass(slots=True)
class Line:
    """What was laid."""

    spots: list[Spot] = field(default_factory=list)
    duration_s: float = 0.0


def encode_chapter(
    script: Script,
    log: ChapterLog,
    path: Path,
    format: str,
    sample_rate_hz: int,
    tags: dict[str, str],
) -> tuple[Line, int]:
    """Write a chapter's sound to `path`; its time line and the number of its packets."""
    line = Line()
    with ChapterEncoder(path, format, sample_rate_hz, tags=tags) as encoder:
        for samples in lay(script, log, sample_rate_hz, line):
            encoder.feed(samples)
        encoder.finish()
        return line, encoder.packets


def lay(script: Script, log: ChapterLog, rate_hz: int, line: Line) -> Iterator[Samples]:
    """The chapter's samples at `rate_hz`, in order; `line` gets its time line."""
    gains = _gains(script, log)
    laid = 0
    entries = list(_entries(script, log))
    for index, (run_index, entry) in enumerate(entries):
        run = script.runs[run_index]
        if run.slot_s and _begins(entries, index):
            wait = max(0, round(run.slot_s[0] * rate_hz) - laid)
            laid += wait
            yield from _silence(wait)
        samples = _sound(log, entry, rate_hz, gains[run.role])
        line.spots.append(_spot(script, entry, laid, len(samples), rate_hz))
        laid += len(samples)
        yield samples
        pause = silence(_pause_s(script, entries, index), rate_hz)
        laid += len(pause)
        yield pause
    line.duration_s = laid / rate_hz


def _silence(count: int) -> Iterator[Samples]:
    """Zeros, never many at once: subtitles may be an hour apart."""
    block = 1 << 16
    for start in range(0, count, block):
        yield np.zeros(min(block, count - start), np.float32)


def _entries(script: Script, log: ChapterLog) -> Iterator[tuple[int, Entry]]:
    for index in range(len(script.runs)):
        for entry in log.contents.entries.get(index, ()):
            yield index, entry


def _begins(entries: Sequence[tuple[int, Entry]], index: int) -> bool:
    return index == 0 or entries[index - 1][0] != entries[index][0]


def _gains(script: Script, log: ChapterLog) -> dict[Role, float]:
    sums: dict[Role, tuple[float, int]] = {}
    for index, entry in _entries(script, log):
        role = script.runs[index].role
        power, blocks = sums.get(role, (0.0, 0))
        sums[role] = (power + entry.said.power, blocks + entry.said.blocks)
    return {role: loudness.gain(*total) for role, total in sums.items()}


def _sound(log: ChapterLog, entry: Entry, rate_hz: int, gain: float) -> Samples:
    samples = log.sound(entry)
    if len(samples) and entry.said.sample_rate_hz != rate_hz:
        samples = resample(samples, entry.said.sample_rate_hz, rate_hz)
    return loudness.limited(samples, gain)


def _spot(script: Script, entry: Entry, laid: int, count: int, rate_hz: int) -> Spot:
    said = entry.said
    run = script.runs[said.run]
    number, begin = run.segment_at(said.span[0])
    segment = script.segments[number]
    shift = segment.start + begin - said.span[0]
    start_s = laid / rate_hz
    return Spot(
        paragraph=segment.paragraph,
        span=(said.span[0] + shift, min(said.span[1] + shift, segment.end)),
        start_s=start_s,
        end_s=(laid + count) / rate_hz,
        speaker=segment.speaker,
        words=tuple((start_s + t, a + shift, b + shift) for t, a, b in said.words),
        problem=said.problem,
    )


def _pause_s(script: Script, entries: Sequence[tuple[int, Entry]], index: int) -> float:
    """The text's own silence inside of a stretch, the book's at its end."""
    run_index, entry = entries[index]
    run = script.runs[run_index]
    number, _ = run.segment_at(entry.said.span[0])
    if run.slot_s:
        last = _begins(entries, index + 1) if index + 1 < len(entries) else True
        return 0.0 if last or entry.said.problem == LATE else entry.said.pause_s
    if index + 1 < len(entries):
        following, after = entries[index + 1]
        if script.runs[following].segment_at(after.said.span[0])[0] == number:
            return entry.said.pause_s
    return script.segments[number].pause_s
