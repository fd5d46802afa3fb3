"""Makes speech faster or slower at its own pitch, as it comes in.

WSOLA (Verhelst and Roelands, 1993): windows of the sound are laid over one another closer or
wider than they were taken, each taken from where it goes on best from the one before. Knows
nothing of engines.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples

_HOP_S = 0.020
"""Half a window: two periods of a deep voice, and still less than most sounds last."""
_SEARCH_S = 0.010
"""How far from its place a window is looked for: a period of the deepest voice."""
_COARSE_HZ = 12_000
"""The rate at which places are compared; they are then set to the sample."""


class Stretcher:
    """One stream of sound. What comes out does not depend on how it was cut into pieces."""

    def __init__(self, speed: float, sample_rate_hz: int) -> None:
        """`speed` is 0.5 to 2.0; at 2.0 the sound is half as long."""
        self._speed = speed
        self._hop = round(_HOP_S * sample_rate_hz)
        self._search = round(_SEARCH_S * sample_rate_hz)
        self._stride = max(1, sample_rate_hz // _COARSE_HZ)
        phase = np.arange(self._hop) / self._hop
        self._rise = (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)
        self._buffer = np.zeros(0, np.float32)
        self._first = 0
        """Where the buffer begins in all that came."""
        self._windows = 0
        self._taken = 0
        """Where the last window was taken."""
        self._tail: Samples | None = None
        self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """Takes more sound (N,) and returns what is certain now."""
        if self._speed == 1.0:
            return samples
        self._buffer = np.concatenate([self._buffer, samples])
        return self._advance(self._first + len(self._buffer))

    def finish(self) -> Samples:
        """Returns the rest, so that all is as long as what came, divided by the speed."""
        if self._speed == 1.0:
            return np.zeros(0, np.float32)
        total = self._first + len(self._buffer)
        wanted = round(total / self._speed) - self._given
        pad = np.zeros(4 * self._hop + 2 * self._search, np.float32)
        self._buffer = np.concatenate([self._buffer, pad])
        return self._advance(total + len(pad))[: max(wanted, 0)]

    def _advance(self, end: int) -> Samples:
        """Lays all windows for which there is sound up to `end`."""
        pieces = []
        while True:
            place = round(self._windows * self._hop * self._speed)
            needed = max(place + self._search, self._taken + self._hop) + 2 * self._hop
            if needed > end:
                break
            pieces.append(self._lay(place))
        self._drop(min(place - self._search, self._taken + self._hop))
        out = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        self._given += len(out)
        return out

    def _lay(self, place: int) -> Samples:
        """Takes the next window near `place`; returns the samples that are final with it."""
        if self._tail is None:
            self._tail = self._at(0, self._hop) * (1 - self._rise)
        else:
            place = self._best(place, self._taken + self._hop)
        out = self._tail + self._at(place, self._hop) * self._rise
        self._tail = self._at(place + self._hop, self._hop) * (1 - self._rise)
        self._taken = place
        self._windows += 1
        return out

    def _best(self, place: int, follows: int) -> int:
        """Returns where near `place` the sound is most like what would follow by itself."""
        low = max(place - self._search, 0)
        if low <= follows <= place + self._search:
            return follows
        width, stride = 2 * self._hop, self._stride
        wanted = self._at(follows, width)
        field = self._at(low, place + self._search - low + width)
        coarse = _likeness(field[::stride], wanted[::stride])
        around = int(np.argmax(coarse)) * stride
        start = max(around - stride, 0)
        fine = _likeness(field[start : around + stride + width], wanted)
        return low + start + int(np.argmax(fine))

    def _at(self, start: int, count: int) -> Samples:
        return self._buffer[start - self._first : start - self._first + count]

    def _drop(self, before: int) -> None:
        """Forgets what no window will be taken from any more."""
        spent = max(before - self._first, 0)
        self._buffer = self._buffer[spent:]
        self._first += spent


def stretch(samples: Samples, speed: float, sample_rate_hz: int) -> Samples:
    """Returns sound (N,) at its own pitch, `speed` times as fast: (N / speed,)."""
    stretcher = Stretcher(speed, sample_rate_hz)
    return np.concatenate([stretcher.feed(samples), stretcher.finish()])


def _likeness(field: Samples, wanted: Samples) -> npt.NDArray[np.float64]:
    """Returns how like `wanted` the sound is at each place of `field`, the level aside."""
    width = len(wanted)
    products = np.correlate(field, wanted, mode="valid").astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(field.astype(np.float64) ** 2)])
    power = sums[width:] - sums[:-width]
    return np.asarray(products / np.sqrt(np.maximum(power, 1e-9)))
