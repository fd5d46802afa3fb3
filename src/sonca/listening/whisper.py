"""Hears through Whisper, by faster-whisper."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sonca.audio import Samples
from sonca.listening.alignment import HeardWord

_RATE_HZ = 16_000
_TOKENS_A_SECOND = 12
"""More than the fastest Vietnamese: 8 syllables of 1.5 tokens."""


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
        language = language.partition("-")[0].lower()
        segments, _ = self._model.transcribe(
            sound,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            without_timestamps=True,
            # Vietnamese is spoken from text in which numbers are words.
            suppress_tokens=[-1, *self._digits] if language == "vi" else [-1],
            # Where it understands nothing it repeats itself without end.
            max_new_tokens=16 + round(_TOKENS_A_SECOND * len(sound) / _RATE_HZ),
        )
        return [
            HeardWord(text, float(word.start), float(word.end))
            for segment in segments
            for word in segment.words or ()
            for text in re.findall(r"[^\W_]+(?:['’][^\W_]+)?", word.word.lower())
        ]
