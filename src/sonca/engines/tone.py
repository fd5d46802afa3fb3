"""A deterministic engine: every word becomes a short tone. For tests and benchmarks.

Equal input gives equal samples on every machine, pitch and length of each tone follow from
the word alone, and the session batches as many utterances as asked for, so that everything
above the engines can be tested for what it does with sound without a voice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from sonca.audio import AudioChunk, Mark, Samples
from sonca.engines.base import (
    Engine,
    EngineInfo,
    Options,
    Reference,
    Setup,
)
from sonca.utterance import Utterance
from sonca.voice import Voice

_RATE_HZ = 16_000
_WORD_S = 0.2
_LEVEL_LUFS = -15.0


class ToneEngine(Engine):
    """Speaks in tones of 0.2 s a word at 16 kHz, `slots` utterances at once."""

    def __init__(self, slots: int = 1) -> None:
        self._info = EngineInfo(
            name="tone",
            version="1",
            sample_rate_hz=_RATE_HZ,
            device="cpu",
            clones=True,
            word_marks=True,
            deterministic=True,
            slots=slots,
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return (
            Voice("low", "Tiếng trầm (thử nghiệm)", "male"),
            Voice("high", "Tiếng cao (thử nghiệm)", "female"),
        )

    def voice(self, key: str) -> float:
        return {"low": 1.0, "high": 2.0}[key]

    def condition(self, reference: Reference) -> float:
        return 1 + int(reference.content_hash[:4], 16) / 0xFFFF

    def level_lufs(self, voice: float) -> float:
        return _LEVEL_LUFS

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        time_s = 0.0
        for text, source in _words(utterance):
            samples = _tone(text, voice * options.pitch, options)
            marks = (Mark("word", time_s, source),)
            yield AudioChunk(samples, _RATE_HZ, marks)
            time_s += len(samples) / _RATE_HZ


def _words(utterance: Utterance) -> list[tuple[str, tuple[int, int]]]:
    if utterance.words:
        return [(utterance.spoken[slice(*word.spoken)], word.source) for word in utterance.words]
    return [(text, utterance.span) for text in utterance.spoken.split()]


def _tone(word: str, pitch: float, options: Options) -> Samples:
    """(N,) a sine whose frequency is the word's hash, faded at both ends."""
    hz = (120 + (zlib.crc32(word.encode("utf-8", "replace")) + options.seed) % 400) * pitch
    count = round(_WORD_S / options.speed * _RATE_HZ)
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(count) / _RATE_HZ)
    ramp = min(160, count // 2)
    wave[:ramp] *= np.linspace(0, 1, ramp)
    wave[count - ramp :] *= np.linspace(1, 0, ramp)
    return wave.astype(np.float32)
