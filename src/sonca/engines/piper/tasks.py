"""What there is to compute for an utterance, in what pieces and in what order.

A sentence is prepared (its timing), settled (its latent frames) and decoded in windows, which do
not depend on each other; the first window of a stream does not even wait for the latent frames of
the rest. A task's `work` may run on any thread; its `sound` puts what was made into the job's state
and runs where that state lives. Knows nothing of threads, and nothing of graphs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from sonca.audio import AudioChunk, Mark, Samples
from sonca.engines.piper.files import VoiceFiles
from sonca.engines.piper.phonemes import Sentence
from sonca.engines.piper.voice import Float, Latent, Manner, PiperVoice
from sonca.utterance import Utterance

FIRST_WINDOW = 32
"""Frames of an utterance's first window, about 0.4 s: little work before there is sound, and as
much as the flow of a whole sentence, which another thread is at meanwhile."""
MOST_FRAMES = 256
"""Frames of a later window at most, 3 s. Larger, and a stream stalls after its first sound where
there is little power; smaller, and too many frames are decoded twice, for both neighbours."""
ALONE_FRAMES = 128
"""So few frames are one window. More are an even number of equal windows: two cores are done
with a sentence at the same time."""


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """The state of one voice: a loaded graph, and who of its speakers."""

    files: VoiceFiles
    voice: PiperVoice
    speaker: int | None


@dataclass(slots=True)
class Part:
    """One sentence of an utterance in work."""

    sentence: Sentence
    latent: Latent | None = None
    windows: list[tuple[int, int]] = field(default_factory=list)
    taken: int = 0
    """Windows that have been handed out."""
    told: int = 0
    """Windows that have been emitted."""
    made: dict[int, Samples] = field(default_factory=dict)
    """Windows that wait for an earlier one, by index."""
    preparing: bool = False
    sound_first: bool = False
    """Whether the first window does not wait for the latent frames of the whole sentence."""
    to_settle: list[tuple[int, int]] = field(default_factory=list)
    """Stretches whose latent frames no thread has begun to make."""
    settled: dict[int, Float] = field(default_factory=dict)
    """Stretches that wait for the others, by their first frame."""


@dataclass(slots=True)
class Job:
    """One utterance in work."""

    id: int
    utterance: Utterance
    voice: SpeakerVoice
    manner: Manner
    parts: list[Part]
    rate_hz: int
    """Of what is emitted."""
    resample: Callable[[Samples, bool], Samples] | None
    error: Exception | None = None
    now_s: float = 0.0
    """Seconds of sound emitted."""
    first: bool = True
    """Whether a listener is waiting for its first sound."""
    threads: int = 1
    """How many of its tasks may be in work at once."""


@dataclass(slots=True)
class Prepare:
    """Make the timing of a sentence, and of a short one its latent frames."""

    job: Job
    part: Part
    first: bool
    """Whether nothing of the utterance has been heard yet."""

    def work(self) -> Latent:
        voice = self.job.voice.voice
        latent = voice.prepare(self.part.sentence.ids, self.job.manner)
        return latent if self._worth_tasks(latent) else voice.settle(latent)

    def _worth_tasks(self, latent: Latent) -> bool:
        """Whether the flow is left to other tasks: then some of it is made twice, for the first
        window or about the middle, which is little in a long sentence."""
        voice = self.job.voice.voice
        if self.first:
            return latent.count > 2 * (FIRST_WINDOW + voice.context + voice.flow_context)
        return self.job.threads > 1 and latent.count > 1 + 12 * voice.flow_context

    def sound(self, latent: Latent) -> Iterator[AudioChunk]:
        part, count = self.part, latent.count
        part.latent = latent
        part.windows = windows(count, first=self.first)
        if latent.frames is None:
            # Beside the first window it is one task, else two: both cores have something to do.
            part.sound_first = self.first
            half = count // 2
            part.to_settle = [(0, count)] if self.first else [(0, half), (half, count)]
        return iter(())


@dataclass(slots=True)
class Settle:
    """Make the latent frames of a stretch of a sentence, all of it or a half."""

    job: Job
    part: Part
    latent: Latent
    stretch: tuple[int, int]

    def work(self) -> Float:
        return self.job.voice.voice.flowed(self.latent, *self.stretch)

    def sound(self, frames: Float) -> Iterator[AudioChunk]:
        settled = self.part.settled
        settled[self.stretch[0]] = frames
        if sum(one.shape[2] for one in settled.values()) == self.latent.count:
            whole = np.concatenate([settled[start] for start in sorted(settled)], axis=2)
            self.part.latent = replace(self.latent, frames=whole)
            settled.clear()
        return iter(())


@dataclass(slots=True)
class Decode:
    """Make the sound of one window."""

    job: Job
    part: Part
    latent: Latent
    index: int

    def work(self) -> Samples:
        return self.job.voice.voice.decode(self.latent, *self.part.windows[self.index])

    def sound(self, samples: Samples) -> Iterator[AudioChunk]:
        """Put the window in its place and give out whatever is next in line."""
        self.part.made[self.index] = samples
        job = self.job
        while job.parts and job.parts[0].told in job.parts[0].made:
            yield _next_chunk(job)


Task = Prepare | Settle | Decode


def windows(count: int, *, first: bool) -> list[tuple[int, int]]:
    """The frames of a sentence as windows ``(start, stop)``; the first of an utterance is
    small."""
    begin = FIRST_WINDOW if first and count > FIRST_WINDOW * 3 // 2 else 0
    left = count - begin
    parts = 1 if left <= ALONE_FRAMES else 2 * math.ceil(left / (2 * MOST_FRAMES))
    cuts = [begin + left * part // parts for part in range(parts + 1)]
    if begin:
        cuts.insert(0, 0)
    return list(pairwise(cuts))


def next_task(job: Job) -> Task | None:
    """The earliest work of a job that no thread has taken."""
    for part in job.parts:
        latent = part.latent
        if latent is None:
            if not part.preparing:
                part.preparing = True
                first = part is job.parts[0] and job.now_s == 0
                return Prepare(job, part, first=job.first and first)
        elif latent.frames is None and not (part.sound_first and not part.taken):
            if part.to_settle:
                return Settle(job, part, latent, part.to_settle.pop(0))
        elif part.taken < len(part.windows):
            part.taken += 1
            return Decode(job, part, latent, part.taken - 1)
    return None


def _next_chunk(job: Job) -> AudioChunk:
    """Take the next window out of a job, as the sound of the engine."""
    part, voice = job.parts[0], job.voice.voice
    samples = part.made.pop(part.told)
    marks = tuple(_marks(job, part, *part.windows[part.told]))
    part.told += 1
    if part.told == len(part.windows):
        job.parts.pop(0)
    job.now_s += len(samples) / voice.sample_rate_hz
    if job.resample is not None:
        samples = job.resample(samples, not job.parts)
    return AudioChunk(samples, job.rate_hz, marks)


def _marks(job: Job, part: Part, start: int, stop: int) -> Iterator[Mark]:
    """The words that begin in a window, in time from the start of the utterance."""
    latent, voice = part.latent, job.voice.voice
    assert latent is not None
    for word, index in part.sentence.words:
        frame = min(int(latent.begins[index]), latent.count - 1)
        if start <= frame < stop:
            time_s = job.now_s + (frame - start) * voice.hop / voice.sample_rate_hz
            yield Mark("word", time_s, job.utterance.words[word].source)
