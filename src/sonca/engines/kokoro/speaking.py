"""The pieces of an utterance on their way from phonemes to sound; see
`sonca.engines.flow_session`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonca.audio import Mark, Samples
from sonca.engines.base import Options
from sonca.engines.flow_session import FlowPiece
from sonca.engines.kokoro.front_end import FrontEnd
from sonca.engines.kokoro.kokoro_model import SAMPLE_RATE_HZ, KokoroModel, Sentence
from sonca.engines.kokoro.model_folder import VoiceFile
from sonca.engines.kokoro.phonemes import Tokens, pieces
from sonca.engines.kokoro.voice_packs import Pack
from sonca.utterance import Utterance, Word

_FRAME, _HOP = 2048, 512
_QUIET_DB = 60
"""Below the loudest part, as kokoro-onnx has it."""


@dataclass(frozen=True, slots=True)
class SpeakerPack:
    """The state of one voice: a loaded model, and what makes it this voice."""

    file: VoiceFile
    model: KokoroModel
    pack: Pack


@dataclass
class PieceState(FlowPiece):
    """One piece of an utterance in work."""

    tokens: Tokens
    words: Sequence[Word]
    """Those of the utterance."""
    voice: SpeakerPack
    speed: float
    sentence: Sentence | None = None

    def advance(self) -> None:
        model = self.voice.model
        if self.sentence is None:
            self.sentence = model.begin(self.tokens, self.voice.pack, self.speed)
            if model.cut:
                return
        if model.cut and not self.sentence.vocoded:
            model.vocode(self.sentence)
            return
        samples = model.finish(self.sentence)
        start, stop = sounding(samples)
        self.marks = tuple(self._marks(self.sentence, len(samples), start, stop))
        self.samples = samples[start:stop]

    def _marks(self, sentence: Sentence, count: int, start: int, stop: int) -> list[Mark]:
        """Returns when each word begins in what is left of `count` samples."""
        if sentence.begins is None or not sentence.begins[-1]:
            return []
        samples = np.round(sentence.begins * (count / sentence.begins[-1])).astype(np.int64)
        return [
            Mark(
                "word",
                float(np.clip(samples[at] - start, 0, max(stop - start - 1, 0))) / SAMPLE_RATE_HZ,
                self.words[word].source,
            )
            for word, at in self.tokens.words
        ]


def plan(
    front_end: FrontEnd, utterance: Utterance, voice: SpeakerPack, options: Options
) -> list[PieceState]:
    """Returns the pieces of an utterance in a voice; none if there is nothing in it to say."""
    phonemes = front_end.phonemes(utterance, voice.file.language)
    return [
        PieceState(tokens, utterance.words, voice, options.speed, at_mark=tokens.at_mark)
        for tokens in pieces(phonemes, voice.model.symbols)
    ]


def sounding(samples: Samples) -> tuple[int, int]:
    """Returns the range of samples without the silence at both ends, in which nothing comes within
    60 dB of the loudest part."""
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    middles = np.arange(0, len(samples) + 1, _HOP)
    first = np.clip(middles - _FRAME // 2, 0, len(samples))
    last = np.clip(middles + _FRAME // 2, 0, len(samples))
    frames = power[last] - power[first]
    loud = np.flatnonzero(frames > frames.max(initial=0) * 10 ** (-_QUIET_DB / 10))
    if not len(loud):
        return 0, 0
    return int(middles[loud[0]]), min(len(samples), int(middles[loud[-1]] + _HOP))
