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
from sonca.engines.piper.phonemizer import PhonemeIds
from sonca.engines.piper.tasks import (
    Decode,
    SentenceState,
    SpeakerVoice,
    Task,
    UtteranceState,
    next_task,
)
from sonca.engines.piper.vits_model import SynthesisConfig
from sonca.utterance import Utterance

Phonemize = Callable[[Utterance, SpeakerVoice], Sequence[PhonemeIds]]
"""Turns an utterance into what the model reads."""


class PiperSession(Session):
    """Up to `slots` utterances at once on `threads` compute threads, all at one sample rate."""

    def __init__(
        self, *, slots: int, threads: int, sample_rate_hz: int, phonemize: Phonemize
    ) -> None:
        self._slots = slots
        self._threads = threads
        self._rate_hz = sample_rate_hz
        self._phonemize = phonemize
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sonca-piper")
        self._utterances: dict[int, UtteranceState] = {}
        self._running: dict[Future[Any], Task] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._utterances)

    @property
    def idle(self) -> bool:
        return not self._utterances

    def add(self, id: int, utterance: Utterance, voice: SpeakerVoice, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        config = SynthesisConfig(voice.speaker, options.speed, options.seed)
        resample = _resampler(voice.model.sample_rate_hz, self._rate_hz)
        state = UtteranceState(id, utterance, voice, config, [], self._rate_hz, resample)
        state.first, state.threads = options.first, self._threads
        try:
            state.sentences = [SentenceState(ids) for ids in self._phonemize(utterance, voice)]
        except Exception as error:  # emitted by the next step, as the contract wants
            state.error = error
        self._utterances[id] = state

    def cancel(self, id: int) -> None:
        self._utterances.pop(id, None)

    def promote(self, id: int) -> bool:
        if id in self._utterances:
            self._utterances[id].first = True  # for the order of what is left to do
        return True

    def step(self, emit: Emit) -> None:
        self._end_utterances(emit)
        self._hand_out()
        if not self._running:
            return
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        made = [(self._running.pop(future), future) for future in done]
        decoded = [pair for pair in made if isinstance(pair[0], Decode)]
        for task, future in made:
            if not isinstance(task, Decode):  # what it leads to may be the most urgent of all
                self._collect(task, future, emit)
        self._hand_out()  # the threads go on while sound is carried away
        for task, future in decoded:
            self._collect(task, future, emit)
        self._end_utterances(emit)

    def close(self) -> None:
        """Stops the threads. Whatever they are at is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _end_utterances(self, emit: Emit) -> None:
        for id, state in list(self._utterances.items()):
            if self._utterances.get(id) is not state:
                continue
            if state.error is not None:
                del self._utterances[id]
                emit(Failed(id, state.error))
            elif not state.sentences:
                del self._utterances[id]
                emit(Finished(id))

    def _hand_out(self) -> None:
        """Gives every free thread the earliest work there is, first of all of those utterances
        whose first sound is waited for."""
        states = [state for state in self._utterances.values() if state.error is None]
        states.sort(key=lambda state: not (state.first and state.now_s == 0))
        while len(self._running) < self._threads:
            tasks = (next_task(state) for state in states)
            task = next((task for task in tasks if task is not None), None)
            if task is None:
                return
            self._running[self._pool.submit(task.work)] = task

    def _collect(self, task: Task, future: Future[Any], emit: Emit) -> None:
        state = task.state
        if self._utterances.get(state.id) is not state:  # cancelled meanwhile
            return
        error = future.exception()
        if isinstance(error, Exception):
            state.error = error
            return
        for chunk in task.finish(future.result()):
            emit(Audio(state.id, chunk))
            if self._utterances.get(state.id) is not state:  # whoever heard it had enough
                return


def _resampler(from_hz: int, to_hz: int) -> Callable[[Samples, bool], Samples] | None:
    """Returns what brings a stream from one rate to the other, told when it gets the last piece."""
    if from_hz == to_hz:
        return None
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    return lambda samples, last: stream.resample_chunk(samples, last=last).clip(-1, 1)
