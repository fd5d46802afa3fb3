"""One utterance on its way through the batch: pieces of text, frames, sound.

Says what it needs next and takes what was made; when that happens is the session's matter, and
changes nothing in the sound.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from sonca.audio import Samples
from sonca.engines.base import Options
from sonca.engines.vieneu import guard
from sonca.engines.vieneu.batch.codec import FIRST_STEPS, STEP
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ
from sonca.engines.vieneu.front_end import Spoken
from sonca.engines.vieneu.heads import Array, Codes
from sonca.engines.vieneu.model import Frame
from sonca.engines.vieneu.speaking import SpeakerVoice, Speaking, Stream, draws_of
from sonca.stretch import Stretcher
from sonca.utterance import Priority, Utterance


@dataclass(frozen=True, slots=True)
class _Job:
    """Frames for the codec."""

    stream: Stream | None
    """None: a short line, which is judged as a whole."""
    codes: Codes


class Sentence:
    """`speaking` is what the engine has loaded."""

    def __init__(
        self,
        id: int,
        utterance: Utterance,
        voice: SpeakerVoice,
        options: Options,
        speaking: Speaking,
    ) -> None:
        self.id, self.utterance, self.voice, self.options = id, utterance, voice, options
        self.speaking = speaking
        self.draws = draws_of(options.seed, speaking.heads.config.codebooks)
        self.stretcher = Stretcher(options.speed, SAMPLE_RATE_HZ)
        self.left: deque[Spoken] | None = None
        """Pieces that are not begun; None before the text was looked at."""
        self.piece: Spoken | None = None
        """What is spoken now."""
        self.running = False
        """Whether the decoder works on the piece."""
        self.jobs: deque[_Job] = deque()
        self.sounded = 0
        """Samples that have left."""
        self._codes: list[Codes] = []
        self._stream: Stream | None = None
        self._steps = iter(FIRST_STEPS)
        self._enough = 0
        self._best: guard.Take | None = None
        self._tries = 0

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it now."""
        return self.options.priority is not Priority.BATCH

    @property
    def to_start(self) -> bool:
        """Whether the decoder is to be given a piece."""
        if self.running:
            return False
        if self.piece is not None:  # a short line, to be judged, or to be made again
            return not self.jobs
        return self.left is None or bool(self.left)

    @property
    def done(self) -> bool:
        return self.left is not None and not (self.left or self.piece or self.jobs)

    def prompt(self) -> tuple[Array, int] | None:
        """Begins the next piece, or a short one again: its prompt, and the most frames it may
        have. None if there is nothing to say."""
        if self.left is None:
            self.left = deque(self.speaking.front_end.pieces(self.utterance))
        if self.piece is None:
            if not self.left:
                return None
            self.piece = self.left.popleft()
            self._best, self._tries = None, 0
            self._stream = None if self.piece.short else self.speaking.codec.stream()
            self._steps = iter(FIRST_STEPS)
            self._enough = next(self._steps)
        self._codes, self.running = [], True
        return self.speaking.prompt(self.piece, self.voice), self.piece.most_frames

    def take(self, frame: Frame) -> None:
        """Takes the next frame of the piece."""
        assert self.piece is not None
        self._codes.append(frame.codes)
        if frame.last:
            self.running = False
        if frame.last or (self._stream is not None and len(self._codes) == self._enough):
            self.jobs.append(_Job(self._stream, np.stack(self._codes)))
            self._codes, self._enough = [], next(self._steps, STEP)
        if frame.last and self._stream is not None:
            self.piece = None

    def render(self) -> Samples:
        """Makes sound of the frames that wait longest: (N,), perhaps none yet."""
        job = self.jobs.popleft()
        samples = self._judged(job.codes) if job.stream is None else job.stream.step(job.codes)
        heard = self.stretcher.feed(samples) if len(samples) else samples
        if self.done:
            heard = np.concatenate([heard, self.stretcher.finish()])
        return np.clip(heard, -1, 1)

    def _judged(self, codes: Codes) -> Samples:
        """Returns a short line's sound, or nothing if it is to be made again."""
        assert self.piece is not None
        samples = self.speaking.codec.samples(codes)
        take = guard.judge(samples, SAMPLE_RATE_HZ, self.piece, len(codes))
        best = take if self._best is None or take.better_than(self._best) else self._best
        if best.suspect and self._tries < guard.RETRIES:
            self._tries += 1
            self._best = best
            return np.zeros(0, np.float32)
        self.piece = None
        return best.samples
