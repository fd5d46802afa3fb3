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
    Audio,
    Emit,
    Engine,
    EngineInfo,
    Failed,
    Finished,
    Options,
    Reference,
    Session,
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

    def session(self) -> Session:
        return _ToneSession(self, self._info.slots)

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


class _ToneSession(Session):
    """A batch: every step gives each utterance in it one more word."""

    def __init__(self, engine: ToneEngine, slots: int) -> None:
        self._engine = engine
        self._slots = slots
        self._running: dict[int, Iterator[AudioChunk]] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._running)

    @property
    def idle(self) -> bool:
        return not self._running

    def add(self, id: int, utterance: Utterance, voice: float, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        self._running[id] = self._engine.synthesize(utterance, voice, options)

    def step(self, emit: Emit) -> None:
        for id, chunks in list(self._running.items()):
            if id not in self._running:  # cancelled by an earlier event of this step
                continue
            try:
                chunk = next(chunks, None)
            except Exception as error:
                del self._running[id]
                emit(Failed(id, error))
                continue
            if chunk is None:
                del self._running[id]
                emit(Finished(id))
            else:
                emit(Audio(id, chunk))

    def cancel(self, id: int) -> None:
        self._running.pop(id, None)

    def promote(self, id: int) -> bool:
        return True  # every step serves all alike
