"""The synthetic engine as a batch: eight utterances at the cost of one, as on an accelerator.

For benchmarks of what surrounds an engine: a slot that is empty for a step is lost, and a voice
that nobody has asked for before takes long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sonca.audio import AudioChunk
from sonca.engines.base import (
    Audio,
    Emit,
    Engine,
    EngineInfo,
    Finished,
    Options,
    Reference,
    Session,
    Setup,
)
from sonca.engines.synthetic import SyntheticEngine
from sonca.utterance import Utterance
from sonca.voice import Voice

SLOTS = 8
VOICE_S = 2.0
"""What a voice costs before it can be spoken in: a clone's recording, or the files of `murmur`."""
_ENV_SLOTS, _ENV_VOICE_S = "SYNTHETIC_SLOTS", "SYNTHETIC_VOICE_S"


class BatchedEngine(SyntheticEngine):
    """A step gives every utterance its next piece and costs what the longest piece does.

    A cloned voice and the voice `murmur` cost `voice_s` of processor time each before their first
    utterance, a twentieth of it in Python, the rest without the interpreter's lock.
    """

    def __init__(
        self,
        locked_ms: float = 10.0,
        free_ms: float = 40.0,
        *,
        slots: int = SLOTS,
        voice_s: float = VOICE_S,
    ) -> None:
        super().__init__(locked_ms, free_ms)
        self.slots = slots
        self._voice_s = voice_s
        self._murmurs = False

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        return cls(
            slots=int(os.environ.get(_ENV_SLOTS, SLOTS)),
            voice_s=float(os.environ.get(_ENV_VOICE_S, VOICE_S)),
        )

    @property
    def info(self) -> EngineInfo:
        return replace(super().info, name="synthetic-batch", clones=True, slots=self.slots)

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        # A man's as the first is: no name but its own leads to it.
        slow = Voice("murmur", "Tiếng thì thầm, chậm nạp (đo tốc độ)", "male")
        return (*super().voices(setup), slow)

    def voice(self, key: str) -> float:
        if key != "murmur":
            return super().voice(key)
        if not self._murmurs:
            self._prepare()
            self._murmurs = True
        return 180.0

    def voice_ready(self, key: str) -> bool:
        return key != "murmur" or self._murmurs

    def condition(self, reference: Reference) -> float:
        self._prepare()
        return 100.0 + int(reference.content_hash[:2], 16) / 4

    def _prepare(self) -> None:
        """Works as for a new voice."""
        self.burn_ms(self._voice_s * 50, self._voice_s * 950)

    def session(self) -> Session:
        return _Batch(self)


def environment(slots: int = SLOTS, voice_s: float = VOICE_S) -> dict[str, str]:
    """Returns what tells `create` in another process."""
    return {_ENV_SLOTS: str(slots), _ENV_VOICE_S: str(voice_s)}


@dataclass(slots=True)
class _Batch(Session):
    engine: BatchedEngine
    _work: dict[int, Iterator[AudioChunk]] = field(default_factory=dict)

    @property
    def free_slots(self) -> int:
        return self.engine.slots - len(self._work)

    @property
    def idle(self) -> bool:
        return not self._work

    def add(self, id: int, utterance: Utterance, voice: float, options: Options) -> None:
        self._work[id] = self.engine.pieces(utterance, voice, options)

    def step(self, emit: Emit) -> None:
        made = [(id, next(pieces, None)) for id, pieces in self._work.items()]
        self.engine.burn(max((chunk.duration_s for _, chunk in made if chunk), default=0.0))
        for id, chunk in made:
            if id not in self._work:  # cancelled by an earlier event
                continue
            if chunk is not None:
                emit(Audio(id, chunk))
            else:
                del self._work[id]
                emit(Finished(id))

    def cancel(self, id: int) -> None:
        self._work.pop(id, None)

    def promote(self, id: int) -> bool:
        return True  # every step serves all alike
