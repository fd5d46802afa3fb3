"""Which code a frame gets: penalty for repetition, temperature, the likeliest, one draw.

The order of steps and the types are those of upstream's package, so that equal draws give equal
codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sonca.engines.vieneu.heads import Array, Codes


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How codes are drawn. The defaults are upstream's."""

    temperature: float = 0.8
    top_k: int = 25
    top_p: float = 0.95
    penalty: float = 1.2
    """What divides a positive logit, and multiplies a negative one, of a code spoken lately."""
    window: int = 64
    """Frames that count as lately, 5 s."""


class Memory:
    """The codes of the last frames of one utterance."""

    def __init__(self, codebooks: int, window: int) -> None:
        self._codes = np.zeros((window, codebooks), np.int64)
        self._count = 0

    def add(self, codes: Codes) -> None:
        """Takes a frame's codes (codebooks,)."""
        self._codes[self._count % len(self._codes)] = codes
        self._count += 1

    def recent(self, book: int) -> Codes:
        """Returns the codes that a codebook had lately, in no order."""
        return self._codes[: self._count, book]


def choose(logits: Array, recent: Codes, draw: float, config: SamplingConfig) -> int:
    """Returns the code that `draw`, in [0, 1), chooses of (vocabulary,) logits."""
    logits = np.array(logits, np.float32)
    if len(recent):
        known = logits[recent]
        logits[recent] = np.where(known < 0, known * config.penalty, known / config.penalty)
    logits /= np.float32(config.temperature)
    top = min(config.top_k, len(logits))
    best = np.argpartition(logits, -top)[-top:]
    best = best[np.argsort(logits[best])[::-1]]
    share = _softmax(logits[best])
    kept = share * ((np.cumsum(share) - share) < config.top_p)
    return int(best[_place(kept / kept.sum(), draw)])


def _softmax(values: Array) -> Array:
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum(), np.float32)


def _place(share: npt.NDArray[np.floating], draw: float) -> int:
    """Returns which share of the whole `draw` falls into."""
    reached = np.cumsum(share, dtype=np.float64)
    return int(np.searchsorted(reached / reached[-1], draw, side="right"))
