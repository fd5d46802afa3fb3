"""One loudness for every voice: measured as broadcasting does, set by one gain a voice.

The measure is that of ITU-R BS.1770 (K weighting, blocks of 400 ms, silence left out), computed
on power spectra. A gain belongs to a voice within a chapter, so that a whisper stays a whisper
and the voices of a dialogue stand side by side. It is measured on the first half minute that the
voice says there: the chapter can be encoded while the rest is spoken.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples

TARGET_DB = -20.0
"""LUFS of each voice, if nothing else is asked for. Audiobook shops ask for -23 to -18."""
CEILING = 0.89
"""No sample is above it, -1 dBFS."""
_KNEE = 0.70
"""Above it peaks are bent instead of cut."""
_BLOCK_S = 0.4
ENOUGH_BLOCKS = 75
"""Loud blocks, 30 s of speech, that a voice's level is measured on."""
_GATE_DB = -50.0
_OFFSET_DB = -0.691
_MAX_GAIN_DB = 24.0


@lru_cache(maxsize=16)
def _weights(count: int, rate_hz: int) -> npt.NDArray[np.float64]:
    """(count // 2 + 1,) factors that make weighted mean power of the squares of an rfft."""
    z = np.exp(-2j * np.pi * np.arange(count // 2 + 1) / count)
    shelf = _shelf(rate_hz)
    highpass = _highpass(rate_hz)
    gain = np.ones(len(z))
    for b, a in (shelf, highpass):
        top = b[0] + b[1] * z + b[2] * z * z
        bottom = a[0] + a[1] * z + a[2] * z * z
        gain = gain * np.abs(top / bottom) ** 2
    gain[1:-1] *= 2  # an rfft has half of the frequencies
    return gain / count**2


_Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def _shelf(rate_hz: int) -> _Biquad:
    """The standard's first stage, 4 dB up above 1.7 kHz, for any rate."""
    k = math.tan(math.pi * 1681.974450955533 / rate_hz)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = ((high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0)
    return (*b, (high - band * k / q + k * k) / a0), (
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / q + k * k) / a0,
    )


def _highpass(rate_hz: int) -> _Biquad:
    """The second stage: nothing below 38 Hz."""
    k = math.tan(math.pi * 38.13547087602444 / rate_hz)
    q = 0.5003270373238773
    a0 = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def measure(samples: Samples, rate_hz: int) -> tuple[float, int]:
    """The sum of the weighted mean power of each block that is no silence, and their number."""
    size = max(64, round(_BLOCK_S * rate_hz))
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    blocks = samples[: len(samples) // size * size].reshape(-1, size)  # (B, size)
    spectrum = np.fft.rfft(blocks, axis=1)  # (B, size // 2 + 1), of single precision as the sound
    squares = spectrum.real**2 + spectrum.imag**2
    power = squares.astype(np.float64) @ _weights(size, rate_hz)
    loud = power > 10 ** ((_GATE_DB - _OFFSET_DB) / 10)
    return float(power[loud].sum()), int(loud.sum())


def gain(power: float, blocks: int, target_lufs: float | None) -> float:
    """The factor that brings a voice of this measure to the target; 1 where nothing is heard, or
    where voices are to stay as they are (None)."""
    if target_lufs is None or not blocks or power <= 0:
        return 1.0
    level_db = 10 * math.log10(power / blocks) + _OFFSET_DB
    return float(10 ** (min(_MAX_GAIN_DB, target_lufs - level_db) / 20))


def limited(samples: Samples, factor: float) -> Samples:
    """`samples` times `factor`, peaks bent so that none reaches above the ceiling."""
    scaled = (samples * np.float32(factor)).astype(np.float32)
    high = np.abs(scaled) > _KNEE
    if high.any():
        room = CEILING - _KNEE
        over = (np.abs(scaled[high]) - _KNEE) / room
        scaled[high] = np.sign(scaled[high]) * (_KNEE + room * np.tanh(over))
    return scaled
