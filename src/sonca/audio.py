"""Sound as Sonca passes it around: float32 mono in [-1, 1], with marks.

Knows nothing of engines, formats or files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from sonca.utterance import Span

Samples = npt.NDArray[np.float32]
"""One-dimensional float32 samples in [-1, 1], one channel."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in the sound that belongs to a place in the text."""

    kind: Literal["sentence", "word"]
    time_s: float
    """Seconds, >= 0. Engines count from the start of the utterance; what the synthesizer
    hands out counts from the start of the stream."""
    span: Span
    """The place in the original text."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of sound: the unit of streaming."""

    samples: Samples
    """(N,) float32 in [-1, 1]."""
    sample_rate_hz: int
    marks: tuple[Mark, ...] = ()
    """Marks that begin with this chunk, in order of time."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


def join(chunks: Iterable[AudioChunk], sample_rate_hz: int) -> AudioChunk:
    """Joins the chunks of one stream into one, marks included.

    `sample_rate_hz` is what an empty stream gets; chunks of another rate are a `ValueError`.
    """
    parts: list[Samples] = []
    marks: list[Mark] = []
    for chunk in chunks:
        if chunk.sample_rate_hz != sample_rate_hz:
            raise ValueError(
                f"a chunk of {chunk.sample_rate_hz} Hz in a {sample_rate_hz} Hz stream"
            )
        parts.append(chunk.samples)
        marks.extend(chunk.marks)
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return AudioChunk(samples, sample_rate_hz, tuple(marks))


def moved(chunk: AudioChunk, shift: int) -> AudioChunk:
    """Returns the chunk for the same words `shift` characters further on in a text."""
    if not shift or not chunk.marks:
        return chunk
    marks = (replace(m, span=(m.span[0] + shift, m.span[1] + shift)) for m in chunk.marks)
    return replace(chunk, marks=tuple(marks))


def silence(seconds: float, sample_rate_hz: int) -> Samples:
    """Zeros for `seconds` (rounded to a whole sample)."""
    return np.zeros(round(seconds * sample_rate_hz), np.float32)
