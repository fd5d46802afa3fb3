"""The running batch of Piper: several sentences at once, their windows side by side.

What there is to compute (`sonca.engines.piper.tasks`) goes to a few threads: first what somebody
waits for to hear the first of, then the earliest utterance. One short sentence uses all cores, and
so do eight callers. The engine's own thread hands out the tasks and collects what they make; it
alone touches the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from sonca.audio import Samples
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.piper.phonemes import Sentence
from sonca.engines.piper.tasks import Decode, Job, Part, SpeakerVoice, Task, next_task
from sonca.engines.piper.voice import Manner
from sonca.utterance import Utterance

Read = Callable[[Utterance, SpeakerVoice], Sequence[Sentence]]
"""Turns an utterance into what the voice reads."""


class PiperSession(Session):
    """Up to `slots` utterances at once on `threads` compute threads, all at one sample rate."""

    def __init__(self, *, slots: int, threads: int, sample_rate_hz: int, read: Read) -> None:
        self._slots = slots
        self._threads = threads
        self._rate_hz = sample_rate_hz
        self._read = read
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sonca-piper")
        self._jobs: dict[int, Job] = {}
        self._running: dict[Future[Any], Task] = {}

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
        job = Job(id, utterance, voice, manner, [], self._rate_hz, resample)
        job.first, job.threads = options.first, self._threads
        try:
            job.parts = [Part(sentence) for sentence in self._read(utterance, voice)]
        except Exception as error:  # told with the next step, as the contract wants
            job.error = error
        self._jobs[id] = job

    def cancel(self, id: int) -> None:
        self._jobs.pop(id, None)

    def promote(self, id: int) -> bool:
        if id in self._jobs:
            self._jobs[id].first = True  # for the order of what is left to do
        return True

    def step(self, emit: Emit) -> None:
        self._end_jobs(emit)
        self._hand_out()
        if not self._running:
            return
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        made = [(self._running.pop(future), future) for future in done]
        sounds = [pair for pair in made if isinstance(pair[0], Decode)]
        for task, future in made:
            if not isinstance(task, Decode):  # what it leads to may be the most urgent of all
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
        jobs.sort(key=lambda job: not (job.first and job.now_s == 0))
        while len(self._running) < self._threads:
            tasks = (next_task(job) for job in jobs)
            task = next((task for task in tasks if task is not None), None)
            if task is None:
                return
            self._running[self._pool.submit(task.work)] = task

    def _collect(self, task: Task, future: Future[Any], emit: Emit) -> None:
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


def _resampler(from_hz: int, to_hz: int) -> Callable[[Samples, bool], Samples] | None:
    """What brings a stream from one rate to the other, told when it gets the last piece."""
    if from_hz == to_hz:
        return None
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    return lambda samples, last: stream.resample_chunk(samples, last=last).clip(-1, 1)
