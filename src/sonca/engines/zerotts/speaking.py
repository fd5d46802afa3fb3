"""One sentence on its way: its codes so far, when they become sound, and when it has gone wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.base import Options
from sonca.engines.moss_codec import MossDecoder
from sonca.engines.zerotts.model import MIN_FRAMES, Bools, Draw, Float, Ints
from sonca.stretch import Stretcher
from sonca.utterance import Priority

SHORT_SYLLABLES = 3
"""Lines of so few may come out as babble: they are heard when they are complete and possible."""
TRIES = 3
"""Of a short line; the best one is said."""
_POSSIBLE_S = (0.06, 0.6)
"""Seconds of a syllable of a short line, at least and at most."""
_SHORT_SLACK_S = 1.0
_LONGEST_S = (1.25, 2.0)
"""Seconds for each syllable, and beside: a sentence that has not ended then is stopped. It is
beyond what the worker takes for possible, so it will be made again where nobody has heard it."""
_CHUNKS = (1, 2, 4, 8, 16)
"""Frames of the first pieces of sound, for somebody who waits."""
_LAST_CHUNK = 25


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """A voice, ready to be spoken in."""

    key: str
    version: str
    latents: Float
    """(1, rows, width)"""


@dataclass(slots=True, eq=False)
class Sentence:
    """A sentence in work."""

    id: int
    ids: Ints
    """(L,) text ids."""
    syllables: int
    spelled: int
    """Syllables, a word longer than one counted by its letters."""
    voice: SpeakerVoice
    options: Options
    draw: Draw
    seen: Bools
    frame_rate_hz: float
    sound: SoundMaker
    hidden: Float = field(default_factory=lambda: np.zeros(0, np.float32))
    """(width,), what the next frame is drawn from."""
    codes: list[Ints] = field(default_factory=list)
    """All frames of this try."""
    best: list[Ints] = field(default_factory=list)
    """Of the tries before, the frames of the one to be said if none is possible."""
    tries: int = 0

    @property
    def held(self) -> bool:
        """Whether nothing is heard before the whole is known to be possible."""
        return self.syllables <= SHORT_SYLLABLES

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits for its first sound."""
        return self.options.first and self.options.priority == Priority.REALTIME

    def promote(self) -> None:
        """Has it be as if somebody had waited for it from the beginning."""
        self.options = replace(self.options, first=True, priority=Priority.REALTIME)

    @property
    def may_end(self) -> bool:
        return len(self.codes) >= MIN_FRAMES

    @property
    def too_long(self) -> bool:
        """Whether it has not ended where it must have, and is to be stopped."""
        return len(self.codes) >= self._most_frames

    @property
    def _most_frames(self) -> int:
        each, slack = (_POSSIBLE_S[1], _SHORT_SLACK_S) if self.held else _LONGEST_S
        return math.ceil((self.spelled * each + slack) * self.frame_rate_hz)

    def complete(self) -> bool:
        """Says whether the try that has ended is to be said; if not, it is to be made again."""
        self.tries += 1
        if not self.held:
            return True
        if self._wrong(self.codes) < self._wrong(self.best):
            self.best = self.codes
        if self._wrong(self.best) and self.tries < TRIES:
            self.codes = []
            return False
        self.codes = self.best
        return True

    def _wrong(self, codes: list[Ints]) -> float:
        """Returns how far from possible a try of a short line is; 0 if it is possible."""
        if not codes:
            return math.inf
        seconds = len(codes) / self.frame_rate_hz
        stopped = len(codes) >= self._most_frames
        return max(self.spelled * _POSSIBLE_S[0] - seconds, 0.0) + seconds * stopped


class SoundMaker:
    """Codes to sound, in pieces that grow: the first is heard at once, later ones cost less."""

    def __init__(self, codec: MossDecoder, speed: float) -> None:
        self._stream = codec.stream()
        self._stretcher = Stretcher(speed, codec.sample_rate_hz)
        self._codes: list[Ints] = []
        self._pieces = 0

    def add(self, codes: Ints) -> None:
        """Takes a frame (16,)."""
        self._codes.append(codes)

    def next(self, *, waited_for: bool, ended: bool) -> Samples | None:
        """Returns the next piece of sound (N,), if it is time for one."""
        grown = _CHUNKS[min(self._pieces, len(_CHUNKS) - 1)]
        wanted = grown if waited_for else _LAST_CHUNK
        if len(self._codes) < wanted and not ended:
            return None
        pieces = []
        while self._codes:
            part, self._codes = self._codes[:_LAST_CHUNK], self._codes[_LAST_CHUNK:]
            pieces.append(self._stretcher.feed(self._stream.step(np.stack(part))))
        if ended:
            pieces.append(self._stretcher.finish())
        self._pieces += 1
        return np.concatenate(pieces).clip(-1, 1) if pieces else np.zeros(0, np.float32)


def draws(seed: int, attempt: int) -> Callable[[int], npt.NDArray[np.float32]]:
    """Returns a generator's numbers in [0, 1), other ones for every seed and attempt."""
    rng = np.random.default_rng([seed % 2**63, attempt])
    return lambda count: rng.random(count, dtype=np.float32)
