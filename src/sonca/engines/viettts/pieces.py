"""Cutting a sentence into pieces that can be heard before it is complete.

Where the cuts lie follows from the text alone, never from how fast or how busy the machine is,
so that the same sentence is the same sound each time. A piece is made with some tokens on both
sides that are thrown away again, and the frames that two pieces have in common are blended.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.durations import change_speed, mel_frames, rows_at

SYLLABLE_S = 0.22
"""About how long a Vietnamese syllable is spoken: how long a sentence will be, before it is."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where pieces end. All in seconds of speech at speed 1."""

    whole_s: float = 6.0
    """Sentences expected to be no longer than this stay whole."""
    first_s: float = 1.6
    """The first piece of a longer one: how soon it is heard."""
    rest_s: float = 8.0
    """Later pieces: long ones cost less, as each carries the prompt with it."""
    before_s: float = 0.4
    """Speech before a piece that is made again with it."""
    after_s: float = 0.2
    """Speech after it that is made with it."""
    blend_s: float = 0.1
    """The end of one piece and the beginning of the next, over which they are blended."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Token ranges: what is made, and what of it is said."""

    make: tuple[int, int]
    say: tuple[int, int]
    last: bool


@dataclass(slots=True)
class PiecePlanner:
    """Finds the pieces of one sentence as its tokens come in."""

    cuts: Cuts
    rate_hz: float
    expected_s: float
    handed_out: int = 0
    """Tokens that belong to pieces given out so far."""
    over: bool = False
    """Whether the last piece was given out."""

    def tokens(self, seconds: float) -> int:
        return round(seconds * self.rate_hz)

    def next(self, available: int, ended: bool) -> Piece | None:
        """Returns the next piece, if there are tokens enough for it."""
        length = self._length()
        after = self.tokens(self.cuts.after_s)
        # A rest shorter than half a first piece goes with the piece before it.
        enough = self.handed_out + (length or 0) + after + self.tokens(self.cuts.first_s) // 2
        if length is not None and available > enough:
            start, end = self.handed_out, self.handed_out + length
            self.handed_out = end
            return Piece((self._before(start), end + after), (start, end), last=False)
        if ended and available > self.handed_out:
            start, self.handed_out, self.over = self.handed_out, available, True
            return Piece((self._before(start), available), (start, available), last=True)
        return None

    def _length(self) -> int | None:
        """Returns how many tokens the next piece has; None for all that are left."""
        if self.expected_s <= self.cuts.whole_s:
            return None
        return self.tokens(self.cuts.rest_s if self.handed_out else self.cuts.first_s)

    def _before(self, start: int) -> int:
        return max(0, start - self.tokens(self.cuts.before_s))


@dataclass(slots=True)
class CrossFader:
    """Joins the mel of pieces, with cross-fades."""

    rate_hz: float
    blend: int
    """Frames."""
    tail: Array | None = None
    """The end of the piece before, held back to be blended with the beginning of the next."""

    def join(self, piece: Piece, mel: Array) -> Array:
        """Takes the mel (T, 80) of all made for `piece` -> the frames that are final now."""
        origin = mel_frames(piece.make[0], self.rate_hz)
        start = mel_frames(piece.say[0], self.rate_hz) - origin
        out = mel[start:]
        if self.tail is not None:
            width = min(len(self.tail), len(out))
            weight = np.linspace(0, 1, width + 2, dtype=np.float32)[1:-1, None]
            mixed = self.tail[:width] * (1 - weight) + out[:width] * weight
            out = np.concatenate([mixed, out[width:]])
        if piece.last:
            self.tail = None
            return out
        end = mel_frames(piece.say[1], self.rate_hz) - origin - start
        self.tail = out[end : end + self.blend]
        return out[:end]


@dataclass(slots=True)
class TimeStretch:
    """Makes speech faster or slower as the mel comes in."""

    speed: float
    pending: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    first: int = 0
    """The index of the first frame in `pending`, counted from the start."""
    given: int = 0
    """Frames given out."""

    def feed(self, mel: Array, last: bool) -> Array:
        """Takes more frames (T, 80) -> the frames that are certain now."""
        if self.speed == 1:
            return mel
        if last and not self.given:
            return change_speed(self._all(mel), self.speed)
        self.pending = self._all(mel)
        total = self.first + len(self.pending)
        # Frame i lies at (i + ½)·speed - ½ and needs the one after that, too.
        count = int(total / self.speed) if last else int((total - 1.5) / self.speed)
        at = (np.arange(self.given, max(count, self.given)) + 0.5) * self.speed - 0.5
        at = np.clip(at - self.first, 0, len(self.pending) - 1)
        out = rows_at(self.pending, at)
        self.given += len(at)
        spent = max(0, int(self.given * self.speed) - 2 - self.first)
        self.pending, self.first = self.pending[spent:], self.first + spent
        return out

    def _all(self, mel: Array) -> Array:
        return np.concatenate([self.pending, mel]) if self.pending.size else mel
