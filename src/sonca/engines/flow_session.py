"""A running batch for engines that make speech in steps from noise, a piece of a sentence each.

Rows of different lengths are not put into one run of a graph: such graphs gain a tenth by it, and
a row's sound would depend on who else is there. What runs at once runs on threads. The engine's
own thread hands out what is to be computed, one run of a graph at a time, and collects what
comes; so a cancelled sentence costs no more than the run that it is in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sonca.audio import AudioChunk, Mark, Samples, silence
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.utterance import Priority, Utterance

PAUSE_S = 0.1
"""Between two pieces of a sentence, at a mark. Packages have 0.3 s, which is a full stop."""


@dataclass(kw_only=True)
class FlowPiece(ABC):
    """One piece of an utterance in work. One thread at a time has it."""

    at_mark: bool
    """Whether there is punctuation after it."""
    samples: Samples | None = field(default=None, init=False)
    """The sound, once it is done."""
    marks: tuple[Mark, ...] = field(default=(), init=False)
    """Of its words, in time from its own start, where the engine knows them."""
    running: bool = field(default=False, init=False)

    @abstractmethod
    def advance(self) -> None:
        """Makes one more step of it; the last one leaves its sound in `samples`."""


Plan = Callable[[Utterance, Any, Options], Sequence[FlowPiece]]
"""Returns the pieces of an utterance in a voice, in order."""


@dataclass(slots=True)
class _InWork:
    """One utterance in work."""

    id: int
    pieces: list[FlowPiece]
    """Those that were not emitted yet."""
    priority: Priority
    first: bool
    """Whether somebody waits for its first sound."""
    error: Exception | None = None
    now_s: float = 0.0
    """Seconds of sound emitted."""

    @property
    def urgency(self) -> tuple[bool, Priority]:
        return not self.first, self.priority


class FlowSession(Session):
    """Up to `slots` utterances at once on `threads` threads."""

    def __init__(self, *, slots: int, threads: int, sample_rate_hz: int, plan: Plan) -> None:
        self._slots = slots
        self._threads = threads
        self._rate_hz = sample_rate_hz
        self._plan = plan
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sonca-flow")
        self._utterances: dict[int, _InWork] = {}
        self._running: dict[Future[None], tuple[_InWork, FlowPiece]] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._utterances)

    @property
    def idle(self) -> bool:
        return not self._utterances

    def add(self, id: int, utterance: Utterance, voice: Any, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        pieces = list(self._plan(utterance, voice, options))
        self._utterances[id] = _InWork(id, pieces, options.priority, options.first)

    def cancel(self, id: int) -> None:
        self._utterances.pop(id, None)

    def promote(self, id: int) -> bool:
        state = self._utterances.get(id)
        if state is not None:
            state.first, state.priority = True, Priority.REALTIME
        return True

    def step(self, emit: Emit) -> None:
        self._hand_out()
        if self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                state, piece = self._running.pop(future)
                piece.running = False
                error = future.exception()
                if isinstance(error, Exception):
                    state.error = error
            self._hand_out()  # the threads go on while sound is carried away
        for state in list(self._utterances.values()):
            self._emit(state, emit)

    def close(self) -> None:
        """Stops the threads. Whatever they are at is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_out(self) -> None:
        """Gives every free thread the next step of the most urgent utterance; of equal ones, the
        earliest."""
        for state in sorted(self._utterances.values(), key=lambda state: state.urgency):
            # Until somebody hears it, its first piece has all threads from within.
            for piece in state.pieces[:1] if state.first else state.pieces:
                if len(self._running) >= self._threads or state.error is not None:
                    break
                if not piece.running and piece.samples is None:
                    piece.running = True
                    self._running[self._pool.submit(piece.advance)] = (state, piece)

    def _emit(self, state: _InWork, emit: Emit) -> None:
        """Gives out what is done, unless whoever hears it has had enough."""
        while self._utterances.get(state.id) is state:
            if state.error is not None:
                del self._utterances[state.id]
                emit(Failed(state.id, state.error))
            elif not state.pieces:
                del self._utterances[state.id]
                emit(Finished(state.id))
            elif (samples := state.pieces[0].samples) is None:
                return
            else:
                piece = state.pieces.pop(0)
                if state.pieces and piece.at_mark:
                    samples = np.concatenate([samples, silence(PAUSE_S, self._rate_hz)])
                state.first = False
                marks = tuple(replace(m, time_s=state.now_s + m.time_s) for m in piece.marks)
                state.now_s += len(samples) / self._rate_hz
                emit(Audio(state.id, AudioChunk(samples, self._rate_hz, marks)))
