"""The running batch of Piper: several sentences at once, their windows side by side.

A sentence is prepared (timing, latent frames) and then decoded in windows that do not depend
on each other. The first window of an utterance does not even wait for the latent frames of the
others. All are tasks for a few compute threads, earliest utterance first: one short
sentence uses all cores, and so do eight callers. The engine's own thread hands out the tasks
and collects what they make; it alone touches the state. Knows nothing of graphs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sonca.audio import AudioChunk, Mark, Samples
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.piper.files import VoiceFiles
from sonca.engines.piper.phonemes import Sentence
from sonca.engines.piper.voice import Float, Latent, Manner, PiperVoice
from sonca.loudness import amplified
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
    """The state of one voice: a loaded graph, who of its speakers, and how loud."""

    files: VoiceFiles
    voice: PiperVoice
    speaker: int | None
    gain: float
    """Factor that brings this voice to the level all engines speak at."""


Read = Callable[[Utterance, SpeakerVoice], Sequence[Sentence]]
"""Turns an utterance into what the voice reads."""


@dataclass(slots=True)
class _Part:
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
class _Job:
    """One utterance in work."""

    id: int
    utterance: Utterance
    voice: SpeakerVoice
    manner: Manner
    parts: list[_Part]
    rate_hz: int
    """Of what is emitted."""
    resample: Callable[[Samples, bool], Samples] | None
    error: Exception | None = None
    now_s: float = 0.0
    """Seconds of sound emitted."""
    urgent: bool = True
    """Whether somebody waits for the first sound."""
    threads: int = 1
    """How many of its tasks may be in work at once."""


@dataclass(slots=True)
class _Prepare:
    """Make the timing of a sentence, and its latent frames unless sound is waited for."""

    job: _Job
    part: _Part
    urgent: bool
    """Whether nothing of the utterance has been heard yet."""

    def work(self) -> Latent:
        voice = self.job.voice.voice
        latent = voice.prepare(self.part.sentence.ids, self.job.manner)
        return latent if self._worth_tasks(latent) else voice.settle(latent)

    def _worth_tasks(self, latent: Latent) -> bool:
        """Whether the flow is left to other tasks: then some of it is made twice, for the first
        window or about the middle, which is little in a long sentence."""
        voice = self.job.voice.voice
        if self.urgent:
            return latent.count > 2 * (FIRST_WINDOW + voice.context + voice.flow_context)
        return self.job.threads > 1 and latent.count > 1 + 12 * voice.flow_context

    def sound(self, latent: Latent) -> Iterator[AudioChunk]:
        part, count = self.part, latent.count
        part.latent = latent
        part.windows = windows(count, first=self.urgent)
        if latent.frames is None:
            # Beside the first window it is one task, else two: both cores have something to do.
            part.sound_first = self.urgent
            half = count // 2
            part.to_settle = [(0, count)] if self.urgent else [(0, half), (half, count)]
        return iter(())


@dataclass(slots=True)
class _Settle:
    """Make the latent frames of a stretch of a sentence."""

    job: _Job
    part: _Part
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
class _Decode:
    """Make the sound of one window."""

    job: _Job
    part: _Part
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


_Task = _Prepare | _Settle | _Decode


class PiperSession(Session):
    """Up to `slots` utterances at once on `threads` compute threads, all at one sample rate."""

    def __init__(self, *, slots: int, threads: int, sample_rate_hz: int, read: Read) -> None:
        self._slots = slots
        self._threads = threads
        self._rate_hz = sample_rate_hz
        self._read = read
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sonca-piper")
        self._jobs: dict[int, _Job] = {}
        self._running: dict[Future[Any], _Task] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._jobs)

    @property
    def idle(self) -> bool:
        return not self._jobs

    def add(self, id: int, utterance: Utterance, voice: SpeakerVoice, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        manner = Manner(voice.speaker, options.speed, options.seed)
        resample = _resampler(voice.voice.sample_rate_hz, self._rate_hz)
        job = _Job(id, utterance, voice, manner, [], self._rate_hz, resample)
        job.urgent, job.threads = options.urgent, self._threads
        try:
            job.parts = [_Part(sentence) for sentence in self._read(utterance, voice)]
        except Exception as error:  # told with the next step, as the contract wants
            job.error = error
        self._jobs[id] = job

    def cancel(self, id: int) -> None:
        self._jobs.pop(id, None)

    def step(self, emit: Emit) -> None:
        self._end_jobs(emit)
        self._hand_out()
        if not self._running:
            return
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        made = [(self._running.pop(future), future) for future in done]
        sounds = [pair for pair in made if isinstance(pair[0], _Decode)]
        for task, future in made:
            if not isinstance(task, _Decode):  # what it leads to may be the most urgent of all
                self._collect(task, future, emit)
        self._hand_out()  # the threads go on while sound is carried away
        for task, future in sounds:
            self._collect(task, future, emit)
        self._end_jobs(emit)

    def close(self) -> None:
        """Stop the threads. Whatever they are at is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _end_jobs(self, emit: Emit) -> None:
        for id, job in list(self._jobs.items()):
            if self._jobs.get(id) is not job:
                continue
            if job.error is not None:
                del self._jobs[id]
                emit(Failed(id, job.error))
            elif not job.parts:
                del self._jobs[id]
                emit(Finished(id))

    def _hand_out(self) -> None:
        """Give every free thread the earliest work there is, first of all to those who wait for
        their first sound."""
        jobs = [job for job in self._jobs.values() if job.error is None]
        jobs.sort(key=lambda job: not (job.urgent and job.now_s == 0))
        while len(self._running) < self._threads:
            tasks = (_next_task(job) for job in jobs)
            task = next((task for task in tasks if task is not None), None)
            if task is None:
                return
            self._running[self._pool.submit(task.work)] = task

    def _collect(self, task: _Task, future: Future[Any], emit: Emit) -> None:
        job = task.job
        if self._jobs.get(job.id) is not job:  # cancelled meanwhile
            return
        error = future.exception()
        if isinstance(error, Exception):
            job.error = error
            return
        for chunk in task.sound(future.result()):
            emit(Audio(job.id, chunk))
            if self._jobs.get(job.id) is not job:  # whoever heard it had enough
                return


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


def _next_task(job: _Job) -> _Task | None:
    """The earliest work of a job that no thread has taken."""
    for part in job.parts:
        latent = part.latent
        if latent is None:
            if not part.preparing:
                part.preparing = True
                first = part is job.parts[0] and job.now_s == 0
                return _Prepare(job, part, urgent=job.urgent and first)
        elif latent.frames is None and not (part.sound_first and not part.taken):
            if part.to_settle:
                return _Settle(job, part, latent, part.to_settle.pop(0))
        elif part.taken < len(part.windows):
            part.taken += 1
            return _Decode(job, part, latent, part.taken - 1)
    return None


def _next_chunk(job: _Job) -> AudioChunk:
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
    return AudioChunk(amplified(samples, job.voice.gain), job.rate_hz, marks)


def _marks(job: _Job, part: _Part, start: int, stop: int) -> Iterator[Mark]:
    """The words that begin in a window, in time from the start of the utterance."""
    latent, voice = part.latent, job.voice.voice
    assert latent is not None
    for word, index in part.sentence.words:
        frame = min(int(latent.begins[index]), latent.count - 1)
        if start <= frame < stop:
            time_s = job.now_s + (frame - start) * voice.hop / voice.sample_rate_hz
            yield Mark("word", time_s, job.utterance.words[word].source)


def _resampler(from_hz: int, to_hz: int) -> Callable[[Samples, bool], Samples] | None:
    """What brings a stream from one rate to the other, told when it gets the last piece."""
    if from_hz == to_hz:
        return None
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    return lambda samples, last: stream.resample_chunk(samples, last=last)
