"""A recogniser that understands what the tone engine says: a word is a tone of 0.2 s."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

from sonca.audio import Samples
from sonca.listening.alignment import HeardWord

_WORD_S = 0.2
SEEDS = 3


class Ears:
    """Knows some words, as the voice ``low`` says them with the first seeds."""

    name = "ears"

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[int, str] = {}
        for word in words:
            for seed in range(SEEDS):
                hz = 120 + (zlib.crc32(word.encode()) + seed) % 400
                assert self._words.setdefault(hz, word) == word, "two words of one tone"

    def hear(self, samples: Samples, sample_rate_hz: int, language: str) -> list[HeardWord]:
        size = round(_WORD_S * sample_rate_hz)
        found = []
        for start in range(0, len(samples) - size + 1, size):
            spectrum = np.abs(np.fft.rfft(samples[start : start + size], 16 * size))
            hz = round(float(np.argmax(spectrum)) * sample_rate_hz / (16 * size))
            near = min(self._words, key=lambda known: abs(known - hz))
            if abs(near - hz) <= 1:
                time_s = start / sample_rate_hz
                found.append(HeardWord(self._words[near], time_s, time_s + _WORD_S))
        return found
