"""Hears through Whisper, by faster-whisper.

Whisper was trained on windows of half a minute, and pays for the whole of one however short the
sound is. Here a window is as long as the sound and some seconds of silence: a quarter of the time
for a sentence, and no worse heard (`docs/listening.md`). Without that silence it says all twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from sonca.audio import Samples
from sonca.listening.alignment import HeardWord

_RATE_HZ = 16_000
_FRAMES_A_SECOND = 100
_TIMES_A_SECOND = 50
_AFTER_S = 5.0
_WINDOW_S = 25.0
_TOKENS_A_SECOND = 12
"""More than the fastest Vietnamese: 8 syllables of 1.5 tokens. Where it understands nothing it
repeats itself without end."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


class Whisper:
    """A folder as CTranslate2 converts Whisper: ``model.bin``, ``config.json``, its tokens."""

    def __init__(self, folder: Path, threads: int) -> None:
        from faster_whisper import WhisperModel

        self.name = folder.name
        self._model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )
        self._digits = [
            number
            for token, number in self._model.hf_tokenizer.get_vocab().items()
            if re.search(r"\d", token) and not token.startswith("<|")
        ]

    def hear(self, samples: Samples, sample_rate_hz: int, language: str) -> list[HeardWord]:
        import soxr

        sound = np.asarray(soxr.resample(samples, sample_rate_hz, _RATE_HZ), np.float32)
        size = round(_WINDOW_S * _RATE_HZ)
        found: list[HeardWord] = []
        for start in range(0, len(sound), size):
            found += self._window(sound[start : start + size], start / _RATE_HZ, language)
        return found

    def _window(self, sound: Samples, shift_s: float, language: str) -> list[HeardWord]:
        """Returns the words of at most 25 s of sound, 16 kHz, that begins at `shift_s`."""
        tokenizer = self._tokenizer(language)
        silence = np.zeros(round(_AFTER_S * _RATE_HZ), np.float32)
        features = self._model.feature_extractor(np.concatenate([sound, silence]))  # (80, N)
        encoded = self._model.encode(
            np.ascontiguousarray(features[:, : 2 * (features.shape[1] // 2)])
        )
        length_s = len(sound) / _RATE_HZ
        made = self._model.model.generate(
            encoded,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
            beam_size=1,
            max_length=20 + round(_TOKENS_A_SECOND * length_s),
            # Vietnamese is spoken from text in which numbers are words.
            suppress_tokens=[-1, *self._digits] if tokenizer.language_code == "vi" else [-1],
        )[0]
        tokens = [token for token in made.sequences_ids[0] if token < tokenizer.eot]
        starts_s = self._starts_s(encoded, tokenizer, tokens, features.shape[1] // 2)
        return _words(tokenizer, tokens, starts_s, length_s, shift_s)

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        code = language.partition("-")[0].lower() or "vi"
        known = code if code in self._model.supported_languages else "en"
        return Tokenizer(self._model.hf_tokenizer, True, "transcribe", known)

    def _starts_s(self, encoded: Any, tokenizer: Any, tokens: list[int], times: int) -> list[float]:
        """Returns when each token begins, by what its making looked at."""
        if not tokens:
            return []
        found = self._model.model.align(encoded, tokenizer.sot_sequence, [tokens], times)[0]
        starts: dict[int, float] = {}
        for token, time in found.alignments:
            starts.setdefault(token, time / _TIMES_A_SECOND)
        return [starts.get(index, 0.0) for index in range(len(tokens))]


def _words(
    tokenizer: Any, tokens: list[int], starts_s: list[float], length_s: float, shift_s: float
) -> list[HeardWord]:
    """Returns the words that tokens make, each up to where the next one begins."""
    texts, parts = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    begun: list[tuple[str, float]] = []
    at = 0
    for text, part in zip(texts, parts, strict=True):
        if at < len(tokens):
            begun += [(word, starts_s[at]) for word in _WORD.findall(text.lower())]
        at += len(part)
    ends = [start for _, start in begun[1:]] + [length_s]
    return [
        HeardWord(text, shift_s + min(start, length_s), shift_s + min(end, length_s))
        for (text, start), end in zip(begun, ends, strict=True)
    ]
