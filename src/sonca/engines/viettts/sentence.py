"""What the running batch knows of a sentence: how far it is, and what is ready for the flow."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sonca.engines.base import Options
from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.pieces import CrossFader, Piece, PiecePlanner, TimeStretch
from sonca.engines.viettts.vocoder import Vocoder
from sonca.utterance import Priority


@dataclass(slots=True, eq=False)
class Sentence:
    id: int
    text: Ids
    voice: VoicePrompt
    options: Options
    min_tokens: int
    max_tokens: int
    planner: PiecePlanner
    crossfader: CrossFader
    stretch: TimeStretch
    vocoder: Vocoder
    tokens: list[int] = field(default_factory=list)
    attempt: int = 0
    logits: Array | None = None
    """What the model thinks of the next token; None while it is not started or has ended."""
    generator: np.random.Generator = field(default_factory=np.random.default_rng)
    ended: bool = False
    pieces: list[Piece] = field(default_factory=list)
    """Ready for the flow, in order."""

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it."""
        return self.options.priority is not Priority.BATCH

    @property
    def silent(self) -> bool:
        """Whether it ended with nothing more to hand out."""
        return self.ended and not self.planner.over
