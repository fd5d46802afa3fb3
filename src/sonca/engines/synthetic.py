"""An engine that costs exactly what it is told to, for benchmarks of what surrounds an engine.

Its time per second of audio is split into a part that holds Python's global lock, as glue code
does, and a part that does not, as numeric kernels do. Both burn the processor: sleeping would
hide the fight for it. The amount of work is fixed once, when the engine is loaded, so that a
busy machine makes it slower and not cheaper.
"""

from __future__ import annotations

import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sonca.audio import AudioChunk
from sonca.cores import cores
from sonca.engines.base import MEASURED_INSTANCES, Engine, EngineInfo, Options, Setup
from sonca.utterance import Utterance
from sonca.voice import Voice

_RATE_HZ = 22_050
_SYLLABLE_S = 0.22
_LEVEL_LUFS = -18.5
_CHUNK_SYLLABLES = 4
_BLOCK = bytes(1 << 16)
_CALIBRATION = "SYNTHETIC_ROUND_MS"


class SyntheticEngine(Engine):
    """Takes `locked_ms` holding the lock and `free_ms` without it for each second of audio,
    when nothing else runs."""

    def __init__(self, locked_ms: float = 10.0, free_ms: float = 40.0) -> None:
        self._locked_ms, self._free_ms = locked_ms, free_ms
        self.burn_ms(0, 0)  # measures what a round costs while nobody waits for it
        self._info = EngineInfo(
            name="synthetic",
            version="1",
            sample_rate_hz=_RATE_HZ,
            device="cpu",
            deterministic=True,
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return (Voice("hum", "Tiếng o o (đo tốc độ)", "male"),)

    @classmethod
    def instances(cls, setup: Setup) -> int:
        return setup.threads or min(MEASURED_INSTANCES, cores())

    def voice(self, key: str) -> float:
        return {"hum": 110.0}[key]

    def level_lufs(self, voice: float) -> float:
        return _LEVEL_LUFS

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        for chunk in self.pieces(utterance, voice, options):
            self.burn(chunk.duration_s)
            yield chunk

    def burn(self, audio_s: float) -> None:
        """Does the work that so much sound costs."""
        self.burn_ms(self._locked_ms * audio_s, self._free_ms * audio_s)

    def burn_ms(self, locked_ms: float, free_ms: float) -> None:
        """Works so long with the lock, then so long without. From any thread."""
        _repeat(_locked, locked_ms / _cost_ms(_locked))
        _repeat(_free, free_ms / _cost_ms(_free))

    def pieces(self, utterance: Utterance, voice: float, options: Options) -> Iterator[AudioChunk]:
        """Yields the sound, at no cost."""
        left = utterance.syllables
        while left > 0:
            count = min(left, _CHUNK_SYLLABLES)
            left -= count
            duration_s = count * _SYLLABLE_S / options.speed
            time_s = np.arange(round(duration_s * _RATE_HZ)) / _RATE_HZ
            wave = 0.2 * np.sin(2 * np.pi * voice * time_s)
            yield AudioChunk(wave.astype(np.float32), _RATE_HZ)


def _locked() -> None:
    """Pure Python: nobody else runs meanwhile, but for the interpreter's thread switches."""
    total = 0
    for n in range(2000):
        total += n * n


def _free() -> None:
    """Hashing lets go of the lock for large blocks."""
    hashlib.sha256(_BLOCK).digest()


def _repeat(work: Callable[[], None], rounds: float) -> None:
    for _ in range(round(rounds)):
        work()


def calibration() -> dict[str, str]:
    """Returns an environment in which the engines of other processes cost what they cost here:
    two measurements of one round differ by a few percent, which is more than what is compared."""
    return {_CALIBRATION: f"{_cost_ms(_locked)} {_cost_ms(_free)}"}


@functools.cache
def _cost_ms(work: Callable[[], None]) -> float:
    """Returns the processor time of one round, the best of a few; the same for all of a process,
    so that its engines cost the same."""
    if given := os.environ.get(_CALIBRATION):
        return float(given.split()[(_locked, _free).index(work)])
    best = float("inf")
    for _ in range(20):
        started = time.thread_time()
        work()
        best = min(best, time.thread_time() - started)
    return best * 1000
