"""The embedded engine: espeak-ng speaking Vietnamese, in process, nothing to download.

Formant synthesis: instantly there, clear, and honestly robotic. It makes sound some thousand
times faster than it plays, so its session hands out pieces from inside the one C call that
speaks an utterance. Knows nothing of numbers or abbreviations: utterances arrive as words.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sonca.audio import AudioChunk, Mark
from sonca.cores import cores
from sonca.engines.base import (
    MEASURED_INSTANCES,
    Audio,
    Emit,
    Engine,
    EngineInfo,
    Failed,
    Finished,
    Options,
    Session,
    Setup,
)
from sonca.espeakng import Library, WordEvent, installed
from sonca.utterance import Utterance
from sonca.voice import Gender, Region, Voice

# At 160 words a minute an ASR judge still understands the voice about best, and half and double
# of it stay inside what the library can do (80 to 450).
_WORDS_PER_MINUTE = 160
# Measured on prose: the rate that doubles the tempo is 300, not 320.
_FAST_EXPONENT = 0.91


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """The state of one voice: names from our own list only, because they reach the file system."""

    name: str
    """espeak-ng's voice and variant, such as ``vi-vn-x-south+f4``."""
    level_lufs: float
    """How loud it is by itself."""


# Of the hundred variants these were the clearest to an ASR judge, at four distinct pitches:
# 112, 163, 82 and 152 Hz.
_TIMBRES: tuple[tuple[Gender, str, str, str], ...] = (
    ("male", "standard", "", "Nam"),
    ("female", "standard", "+Annie", "Nữ"),
    ("male", "deep", "+m7", "Nam trầm"),
    ("female", "soft", "+f4", "Nữ dịu"),
)
# With the level of each timbre in LUFS, measured over four sentences, once and for all.
_ACCENTS: tuple[tuple[Region, str, str, tuple[float, ...]], ...] = (
    ("north", "vi", "miền Bắc", (-18.8, -19.2, -18.1, -17.2)),
    ("central", "vi-vn-x-central", "miền Trung", (-19.3, -20.2, -18.8, -17.6)),
    ("south", "vi-vn-x-south", "miền Nam", (-18.0, -18.0, -17.5, -16.7)),
)


def _voices() -> Iterator[tuple[Voice, EspeakVoice]]:
    for region, accent, where, levels in _ACCENTS:
        for (gender, tone, variant, who), level in zip(_TIMBRES, levels, strict=True):
            id = f"{region}-{gender}" + ("" if tone == "standard" else f"-{tone}")
            voice = Voice(id, f"{who} {where} (giọng máy)", gender, region, tone=tone)
            yield voice, EspeakVoice(accent + variant, level)


_VOICES = tuple(voice for voice, _ in _voices())
_STATES = {voice.id: state for voice, state in _voices()}


class EspeakEngine(Engine):
    """espeak-ng with its Northern, Central and Southern Vietnamese voices, 22,050 Hz."""

    def __init__(self) -> None:
        self.library = Library()
        self._info = EngineInfo(
            name="espeak",
            version=self.library.version,
            sample_rate_hz=self.library.sample_rate_hz,
            device="cpu",
            providers=("espeak-ng",),
            word_marks=True,
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        return None if installed() else "pip install espeakng-loader"

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return _VOICES

    @classmethod
    def instances(cls, setup: Setup) -> int:
        return setup.threads or min(MEASURED_INSTANCES, cores())

    def voice(self, key: str) -> EspeakVoice:
        return _STATES[key]

    def level_lufs(self, voice: EspeakVoice) -> float:
        return voice.level_lufs

    def session(self) -> Session:
        return _EspeakSession(self.library)

    def close(self) -> None:
        self.library.close()


@dataclass(frozen=True, slots=True)
class _Running:
    id: int
    utterance: Utterance
    voice: EspeakVoice
    options: Options


class _EspeakSession(Session):
    """One utterance at a time; a step speaks it whole, emitting as the library goes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._running: _Running | None = None

    @property
    def free_slots(self) -> int:
        return 1 if self._running is None else 0

    @property
    def idle(self) -> bool:
        return self._running is None

    def add(self, id: int, utterance: Utterance, voice: EspeakVoice, options: Options) -> None:
        if self._running is not None:
            raise RuntimeError("no free slot")
        self._running = _Running(id, utterance, voice, options)

    def cancel(self, id: int) -> None:
        if self._running is not None and self._running.id == id:
            self._running = None

    def promote(self, id: int) -> bool:
        return True  # there is nothing that it could go before

    def step(self, emit: Emit) -> None:
        running = self._running
        if running is None:
            return
        try:
            self._speak(running, emit)
        except Exception as error:
            self._running = None
            emit(Failed(running.id, error))
            return
        if self._running is running:  # not cancelled by whoever heard it
            self._running = None
            emit(Finished(running.id))

    def _speak(self, running: _Running, emit: Emit) -> None:
        library, speed = self._library, running.options.speed
        tempo = speed if speed < 1 else speed**_FAST_EXPONENT
        # The library's scale of pitch doubles every 50 steps.
        pitch = round(50 + 50 * math.log2(running.options.pitch))

        def on_sound(sound: bytes, words: Sequence[WordEvent]) -> bool:
            samples = np.frombuffer(sound, "<i2").astype(np.float32)
            samples *= np.float32(1 / 32768)
            marks = _marks(words, running.utterance, library.sample_rate_hz)
            emit(Audio(running.id, AudioChunk(samples, library.sample_rate_hz, marks)))
            return self._running is running

        library.speak(
            running.utterance.spoken,
            running.voice.name,
            on_sound,
            words_per_minute=round(_WORDS_PER_MINUTE * tempo),
            pitch=min(100, max(0, pitch)),
        )


def _marks(
    words: Sequence[WordEvent], utterance: Utterance, sample_rate_hz: int
) -> tuple[Mark, ...]:
    """Returns word marks in the original text. Words that the library makes of punctuation have
    none."""
    starts = [word.spoken[0] for word in utterance.words]
    marks = []
    for event in words:
        index = bisect_right(starts, event.char_start) - 1
        if index >= 0 and event.char_start < utterance.words[index].spoken[1]:
            source = utterance.words[index].source
            marks.append(Mark("word", event.sample / sample_rate_hz, source))
    return tuple(marks)
