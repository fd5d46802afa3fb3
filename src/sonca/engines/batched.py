"""The synthetic engine as a batch: eight utterances at the price of one, as on an accelerator.

For benchmarks of what surrounds an engine: a place that is empty for a step is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sonca.audio import AudioChunk
from sonca.engines.base import Audio, Emit, EngineInfo, Finished, Options, Session
from sonca.engines.synthetic import SyntheticEngine
from sonca.utterance import Utterance

SLOTS = 8


class BatchedEngine(SyntheticEngine):
    """A step gives every utterance its next piece and costs what the longest piece does."""

    @property
    def info(self) -> EngineInfo:
        return replace(super().info, name="synthetic-batch", slots=SLOTS)

    def session(self) -> Session:
        return _Batch(self)


@dataclass(slots=True)
class _Batch(Session):
    engine: BatchedEngine
    _work: dict[int, Iterator[AudioChunk]] = field(default_factory=dict)

    @property
    def free_slots(self) -> int:
        return SLOTS - len(self._work)

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
