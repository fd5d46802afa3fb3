"""From a chapter's log to its sound and its time line: order, silences, loudness.

Follows the log while it grows: a chapter's file is complete a moment after its last sentence.
Reads one utterance at a time, so a chapter of any length takes the memory of a sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sonca.audio import Samples, silence
from sonca.book import loudness
from sonca.book.journal import ChapterLog, Entry
from sonca.book.script import Role, Script
from sonca.book.speaking import LATE
from sonca.encoding.formats import Format
from sonca.encoding.m4b import ChapterEncoder
from sonca.encoding.resampling import resample
from sonca.utterance import Span

_MEASURED_CHARS = 600
"""Text that is surely enough to measure a voice on, see `loudness.ENOUGH_BLOCKS`."""


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


def speaking_order(script: Script) -> list[int]:
    """The runs, those first that the encoder waits for: what everybody's level is measured on,
    then the rest from the beginning to the end."""
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


def encode_chapter(
    script: Script,
    log: ChapterLog,
    path: Path,
    format: Format,
    sample_rate_hz: int,
    tags: dict[str, str],
    loudness_lufs: float | None,
    stop: threading.Event,
) -> tuple[Line, int]:
    """Write a chapter's sound to `path` while it is spoken; its time line and the number of its
    packets. Every voice is brought to `loudness_lufs`, or left as it is (None). `Cancelled` once
    `stop` is set."""
    line = Line()
    with ChapterEncoder(path, format, sample_rate_hz, tags=tags) as encoder:
        for samples in lay(script, log, sample_rate_hz, line, loudness_lufs, stop):
            encoder.feed(samples)
        encoder.finish()
        return line, encoder.packets


def lay(
    script: Script,
    log: ChapterLog,
    rate_hz: int,
    line: Line,
    loudness_lufs: float | None,
    stop: threading.Event,
) -> Iterator[Samples]:
    """The chapter's samples at `rate_hz`, in order, as they come; `line` gets its time line."""
    gains: dict[Role, float] = {}
    laid = 0
    for index, run in enumerate(script.runs):
        begun = False
        for entry, following in _with_next(log.follow(index, stop)):
            if run.slot_s and not begun:
                wait = max(0, round(run.slot_s[0] * rate_hz) - laid)
                laid += wait
                yield from _silence(wait)
            begun = True
            if run.role not in gains:
                gains[run.role] = _gain(script, log, run.role, loudness_lufs, stop)
            samples = _sound(log, entry, rate_hz, gains[run.role])
            line.spots.append(_spot(script, entry, laid, len(samples), rate_hz))
            laid += len(samples)
            yield samples
            pause = silence(_pause_s(script, entry, following), rate_hz)
            laid += len(pause)
            yield pause
    line.duration_s = laid / rate_hz


def _with_next(entries: Iterator[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    """Each utterance with the one after it."""
    here = next(entries, None)
    while here is not None:
        following = next(entries, None)
        yield here, following
        here = following


def _silence(count: int) -> Iterator[Samples]:
    """Zeros, never many at once: subtitles may be an hour apart."""
    block = 1 << 16
    for start in range(0, count, block):
        yield np.zeros(min(block, count - start), np.float32)


def _gain(
    script: Script,
    log: ChapterLog,
    role: Role,
    loudness_lufs: float | None,
    stop: threading.Event,
) -> float:
    """What brings a role to the level of all, by the first that it says in the chapter."""
    power, blocks = 0.0, 0
    for index, run in enumerate(script.runs):
        if run.role != role:
            continue
        for entry in log.follow(index, stop):
            power += entry.said.power
            blocks += entry.said.blocks
            if blocks >= loudness.ENOUGH_BLOCKS:
                return loudness.gain(power, blocks, loudness_lufs)
    return loudness.gain(power, blocks, loudness_lufs)


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


def _pause_s(script: Script, entry: Entry, following: Entry | None) -> float:
    """The text's own silence inside of a stretch, the book's at its end; `following` is of the
    same run."""
    run = script.runs[entry.said.run]
    number, _ = run.segment_at(entry.said.span[0])
    if run.slot_s:
        last = following is None
        return 0.0 if last or entry.said.problem == LATE else entry.said.pause_s
    if following is not None and run.segment_at(following.said.span[0])[0] == number:
        return entry.said.pause_s
    return script.segments[number].pause_s
