"""The running batch: several sentences at once, each in steps.

Rows of different lengths are not put into one run of a graph: these graphs gain a tenth by it, and
a row's sound would depend on who else is there. What runs at once runs on threads. The engine's
own thread hands out what is to be computed, one run of a graph at a time, and collects what
comes; so a cancelled sentence costs no more than the run that it is in.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from sonca.audio import AudioChunk, Samples, silence
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.supertonic.characters import Piece, pieces
from sonca.engines.supertonic.flow_model import SAMPLE_RATE_HZ, FlowModel, Latent
from sonca.engines.supertonic.styles import Style, StyleFile
from sonca.engines.supertonic.tail import clean_tail
from sonca.utterance import Priority, Utterance

PAUSE_S = 0.1
"""Between two pieces of a sentence, at a mark. Both packages have 0.3 s, which is a full stop."""
_SEEDS = 1 << 64


@dataclass(frozen=True, slots=True)
class SpeakerStyle:
    """The state of one voice: a loaded model, and what makes it this voice."""

    file: StyleFile
    model: FlowModel
    style: Style


@dataclass(slots=True)
class PieceState:
    """One piece of an utterance in work. One thread at a time has it."""

    piece: Piece
    voice: SpeakerStyle
    speed: float
    steps: int
    rng: np.random.Generator
    latent: Latent | None = None
    samples: Samples | None = None
    """The sound, once it is done."""
    running: bool = False

    def advance(self) -> None:
        """Makes one more step of it."""
        model = self.voice.model
        if self.latent is None:
            self.latent = model.begin(
                self.piece.tagged, self.voice.style, self.speed, self.steps, self.rng
            )
        elif self.latent.done < self.steps:
            model.step(self.latent)
        else:
            self.samples = clean_tail(model.decode(self.latent), SAMPLE_RATE_HZ)


@dataclass(slots=True)
class UtteranceState:
    """One utterance in work."""

    id: int
    pieces: list[PieceState]
    """Those that were not emitted yet."""
    priority: Priority
    first: bool
    """Whether somebody waits for its first sound."""
    error: Exception | None = None

    @property
    def urgency(self) -> tuple[bool, Priority]:
        return not self.first, self.priority


def plan(
    utterance: Utterance, voice: SpeakerStyle, options: Options, steps: int
) -> list[PieceState]:
    """Returns the pieces of an utterance, each with its own noise."""
    seed = options.seed % _SEEDS
    return [
        PieceState(
            piece,
            voice,
            options.speed,
            steps,
            np.random.default_rng([seed, number] if number else seed),
        )
        for number, piece in enumerate(pieces(utterance))
    ]


class SupertonicSession(Session):
    """Up to `slots` utterances at once on `threads` threads."""

    def __init__(self, *, slots: int, threads: int, steps: int) -> None:
        self._slots = slots
        self._threads = threads
        self._steps = steps
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sonca-supertonic")
        self._utterances: dict[int, UtteranceState] = {}
        self._running: dict[Future[None], tuple[UtteranceState, PieceState]] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._utterances)

    @property
    def idle(self) -> bool:
        return not self._utterances

    def add(self, id: int, utterance: Utterance, voice: SpeakerStyle, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        planned = plan(utterance, voice, options, self._steps)
        self._utterances[id] = UtteranceState(id, planned, options.priority, options.first)

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
            # One piece has all threads from within: so the first sound comes soonest.
            for piece in state.pieces[:1] if state.first else state.pieces:
                if len(self._running) >= self._threads or state.error is not None:
                    break
                if not piece.running and piece.samples is None:
                    piece.running = True
                    self._running[self._pool.submit(piece.advance)] = (state, piece)

    def _emit(self, state: UtteranceState, emit: Emit) -> None:
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
                piece = state.pieces.pop(0).piece
                if state.pieces and piece.at_mark:
                    samples = np.concatenate([samples, silence(PAUSE_S, SAMPLE_RATE_HZ)])
                state.first = False
                emit(Audio(state.id, AudioChunk(samples, SAMPLE_RATE_HZ)))
