"""One utterance at a time over the batch's networks, as the serial model has it."""

from __future__ import annotations

from collections.abc import Iterator

from sonca.engines.vieneu.batch.decoder import BatchDecoder
from sonca.engines.vieneu.batch.networks import Networks
from sonca.engines.vieneu.heads import Array, Heads
from sonca.engines.vieneu.model import Draws, Frame


class SingleModel:
    """Takes the place of `SerialModel`; for one thread."""

    def __init__(self, networks: Networks, heads: Heads) -> None:
        self.heads, self.config = heads, heads.config
        self._decoder = BatchDecoder(networks, heads, 1)

    def frames(self, prompt: Array, anchor: Array, draws: Draws, most: int) -> Iterator[Frame]:
        """Yields frames after a prompt (1, T, hidden) until the model ends, `most` at most."""
        decoder = self._decoder
        decoder.drop(0)  # whoever asked before may not have heard to the end
        decoder.start(0, prompt, anchor, draws, most)
        decoder.read()
        while frame := decoder.step().get(0):
            yield frame
            if frame.last:
                return
