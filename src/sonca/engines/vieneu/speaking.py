"""One utterance from text to sound with the serial model: pieces, frames, codec, guard, speed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.base import Options
from sonca.engines.vieneu import guard
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ
from sonca.engines.vieneu.front_end import FrontEnd, Spoken
from sonca.engines.vieneu.heads import Array, Codes, Heads
from sonca.engines.vieneu.model import Draws, Frame
from sonca.engines.vieneu.tokens import Tokens
from sonca.stretch import Stretcher
from sonca.utterance import Utterance

FIRST_STEPS, STEP = (4, 4, 6), 8
"""Frames that are decoded at once: the first few soon, then as many as a caller who cancels may
have to wait for."""
SILENCE_S = 0.1
"""Of an utterance in which there is nothing that the model could say."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerVoice:
    """A voice as the model takes it."""

    key: str
    """What names its sound: the level is kept under it."""
    anchor: Array
    """(hidden,)."""
    codes: Codes
    """(T, codebooks) of its recording."""


class Model(Protocol):
    """What speaks one utterance at a time."""

    @property
    def heads(self) -> Heads: ...

    def frames(self, prompt: Array, anchor: Array, draws: Draws, most: int) -> Iterator[Frame]:
        """Yields frames after a prompt (1, T, hidden) until the model ends, `most` at most."""


class Stream(Protocol):
    """One utterance on its way through the codec."""

    def step(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the next frames, codes (T, codebooks)."""


class Codec(Protocol):
    """What makes sound of codes."""

    def samples(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the codes (T, codebooks) of a whole utterance."""

    def stream(self) -> Stream:
        """Returns a new utterance."""


class Speaking:
    """Speaks utterances with one model, each on whatever thread asks for it."""

    def __init__(self, model: Model, codec: Codec, tokens: Tokens) -> None:
        self.model, self.codec, self.tokens = model, codec, tokens
        self.front_end = FrontEnd()

    @property
    def heads(self) -> Heads:
        return self.model.heads

    def on(self, codec: Codec) -> Speaking:
        """Returns the same with another codec, for another thread."""
        other = copy.copy(self)
        other.codec = codec
        return other

    def speak(
        self, utterance: Utterance, voice: SpeakerVoice, options: Options
    ) -> Iterator[Samples]:
        """Yields the sound of an utterance, (N,) at 48 kHz each, as it is made."""
        stretcher = Stretcher(options.speed, SAMPLE_RATE_HZ)
        draws = draws_of(options.seed, self.heads.config.codebooks)
        pieces = self.front_end.pieces(utterance)
        if not pieces:
            yield np.zeros(int(SILENCE_S * SAMPLE_RATE_HZ), np.float32)
        for piece in pieces:
            make = self.whole if piece.short else self.stream
            for samples in make(piece, voice, draws):
                heard = stretcher.feed(samples)
                if len(heard):
                    yield np.clip(heard, -1, 1)
        rest = stretcher.finish()
        if len(rest):
            yield np.clip(rest, -1, 1)

    def stream(self, piece: Spoken, voice: SpeakerVoice, draws: Draws) -> Iterator[Samples]:
        """Yields the sound of a piece, a few frames at a time."""
        stream = self.codec.stream()
        steps = iter(FIRST_STEPS)
        waiting: list[Codes] = []
        enough = next(steps)
        for frame in self.frames(piece, voice, draws):
            waiting.append(frame.codes)
            if len(waiting) == enough:
                yield stream.step(np.stack(waiting))
                waiting, enough = [], next(steps, STEP)
        if waiting:
            yield stream.step(np.stack(waiting))

    def whole(self, piece: Spoken, voice: SpeakerVoice, draws: Draws) -> Iterator[Samples]:
        """Yields the sound of a short line, made again while it seems to hold words too many."""
        best = self._take(piece, voice, draws)
        for _ in range(guard.RETRIES):
            if not best.suspect:
                break
            other = self._take(piece, voice, draws)
            best = other if other.better_than(best) else best
        yield best.samples

    def _take(self, piece: Spoken, voice: SpeakerVoice, draws: Draws) -> guard.Take:
        codes = np.stack([frame.codes for frame in self.frames(piece, voice, draws)])
        return guard.judge(self.codec.samples(codes), SAMPLE_RATE_HZ, piece, len(codes))

    def frames(self, piece: Spoken, voice: SpeakerVoice, draws: Draws) -> Iterator[Frame]:
        """Yields the frames of a piece."""
        prompt = self.prompt(piece, voice)
        return self.model.frames(prompt, voice.anchor, draws, piece.most_frames)

    def prompt(self, piece: Spoken, voice: SpeakerVoice) -> Array:
        """Returns what the model reads before it speaks a piece: (1, T, hidden)."""
        ids = self.tokens.encode(piece.phonemes)
        return self.heads.prompt(ids, voice.codes, voice.anchor)


def draws_of(seed: int, codebooks: int) -> Draws:
    """Returns the numbers that decide an utterance's frames, the same for the same seed."""
    generator = np.random.default_rng(seed)

    def draw() -> npt.NDArray[np.float64]:
        return generator.random(codebooks)

    return draw
