"""Did the model go on after a short line? Counts bursts of sound against syllables.

Upstream measured 3 to 6 in 100 lines of one or two syllables with a word too many. Whether it
comes cannot be known while it is made, so such lines are made whole, and again if they look so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonca.audio import Samples
from sonca.engines.vieneu.front_end import Spoken

RETRIES = 2

_STEP_S = 0.010
_LOUD = 10 ** (-18 / 20)
"""Of the loudest step: breath is under it."""
_GAP_STEPS, _BURST_STEPS = 6, 3
"""Silence that parts bursts is longer than the one; a burst is as long as the other at least."""
_AT_LIMIT_SYLLABLES = 2


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt at a short line."""

    samples: Samples
    frames: int
    bursts: int
    suspect: bool

    def better_than(self, other: Take) -> bool:
        """Returns whether it is to be preferred: not suspect, else fewer bursts, else shorter."""
        return self._rank < other._rank

    @property
    def _rank(self) -> tuple[bool, int, int]:
        return self.suspect, self.bursts, self.frames


def judge(samples: Samples, rate_hz: int, spoken: Spoken, frames: int) -> Take:
    """Returns an attempt with what is to be thought of it: suspect if it has more bursts than
    syllables, or if one or two syllables took all the frames there are."""
    bursts = count_bursts(samples, rate_hz)
    at_limit = spoken.syllables <= _AT_LIMIT_SYLLABLES and frames >= spoken.most_frames - 1
    return Take(samples, frames, bursts, bursts > spoken.syllables or at_limit)


def count_bursts(samples: Samples, rate_hz: int) -> int:
    """Returns how many stretches of loud sound there are."""
    step = max(1, int(rate_hz * _STEP_S))
    count = len(samples) // step
    if count == 0:
        return 0
    squares = samples[: count * step].reshape(count, step) ** 2
    level = np.sqrt(squares.mean(axis=1))
    peak = float(level.max())
    if peak <= 1e-6:
        return 0
    loud = np.flatnonzero(level > peak * _LOUD)
    runs = np.split(loud, np.flatnonzero(np.diff(loud) > _GAP_STEPS) + 1)
    return sum(run[-1] - run[0] + 1 >= _BURST_STEPS for run in runs)
