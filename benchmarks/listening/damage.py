"""Spoils an utterance as neural voices do: a word is left out, said twice, or another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sonca.audio import Samples
from sonca.utterance import Utterance

Kind = Literal["cut", "doubled", "replaced"]
KINDS: tuple[Kind, ...] = ("cut", "doubled", "replaced")
_FADE_S = 0.004
"""Of what meets at a joint, so that no click gives it away."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance and its sound."""

    utterance: Utterance
    samples: Samples
    rate_hz: int
    starts: tuple[int, ...]
    """Sample at which each word begins."""

    def word(self, index: int) -> str:
        """Returns a word as it is spoken."""
        return self.utterance.spoken[slice(*self.utterance.words[index].spoken)].lower()

    def sound(self, index: int) -> Samples:
        """Returns a word's sound, up to the next word."""
        return self.samples[self.starts[index] : self.starts[index + 1]]


def damaged(spoken: Spoken, kind: Kind, others: Sequence[Spoken], draw: random.Random) -> Samples:
    """Returns the sound with one word wrong: any but the last, whose end no mark tells."""
    index = draw.randrange(len(spoken.starts) - 1)
    before, after = spoken.samples[: spoken.starts[index]], spoken.samples[spoken.starts[index] :]
    rest = spoken.samples[spoken.starts[index + 1] :]
    if kind == "cut":
        return _joined(before, rest)
    if kind == "doubled":
        return _joined(before, spoken.sound(index), after)
    while True:
        other = draw.choice(others)
        at = draw.randrange(len(other.starts) - 1)
        if other.word(at) != spoken.word(index):
            return _joined(before, other.sound(at), rest)


def _joined(*parts: Samples) -> Samples:
    size = round(_FADE_S * 22_050)
    made = np.zeros(0, np.float32)
    for part in parts:
        over = min(size, len(made), len(part))
        if not over:
            made = np.concatenate([made, part])
            continue
        rise = np.linspace(0.0, 1.0, over, dtype=np.float32)
        mixed = made[-over:] * (1 - rise) + part[:over] * rise
        made = np.concatenate([made[:-over], mixed, part[over:]])
    return made.astype(np.float32)
