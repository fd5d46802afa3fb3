"""How loud speech is, as ITU-R BS.1770 measures it, and the gain that brings a voice to a level.

A voice gets one fixed gain: so sentences keep their own dynamics, and the first chunk of a stream
is as loud as it will stay. Knows nothing of engines, books or settings.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples

MAX_GAIN_DB = 24.0
"""Nothing recorded is amplified more: under it lies noise."""

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_SPEECH_GATE_LUFS = -50.0
"""Blocks under it are silence, where a relative gate cannot be: before the end is known."""
_OFFSET = -0.691  # what BS.1770 adds so that a full-scale sine of 997 Hz reads -3.01
_KNEE = 0.8


def loudness(samples: Samples, sample_rate_hz: int) -> float:
    """Returns the integrated loudness in LUFS of (N,) mono samples; -inf for silence.

    Sound shorter than one block of 0.4 s is measured as one block.
    """
    power = _weighted(samples, sample_rate_hz) ** 2
    block, step = round(_BLOCK_S * sample_rate_hz), round(_STEP_S * sample_rate_hz)
    if len(power) == 0:
        return -np.inf
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, max(len(power) - block, 0) + 1, step)
    ends = np.minimum(starts + block, len(power))
    blocks = (sums[ends] - sums[starts]) / (ends - starts)  # (B,) mean squares
    blocks = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if len(blocks) == 0:
        return -np.inf
    blocks = blocks[_lufs(blocks) > _lufs(blocks.mean()) + _RELATIVE_GATE_LU]
    return float(_lufs(blocks.mean()))


def block_power(samples: Samples, sample_rate_hz: int) -> tuple[float, int]:
    """Returns the summed power of the blocks of 0.4 s that are not silent, and their number.

    Sums of several pieces of speech can be added up; `level_of` makes LUFS of them. It is
    some fifty times cheaper than `loudness`, and differs from it by some tenths of a LU.
    """
    size = max(64, round(_BLOCK_S * sample_rate_hz))
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    blocks = samples[: len(samples) // size * size].reshape(-1, size)  # (B, size)
    spectrum = np.fft.rfft(blocks, axis=1)  # (B, size // 2 + 1), of single precision as the sound
    squares = spectrum.real**2 + spectrum.imag**2
    power = squares.astype(np.float64) @ _power_weights(size, sample_rate_hz)
    loud = _lufs(power) > _SPEECH_GATE_LUFS
    return float(power[loud].sum()), int(loud.sum())


def level_of(power: float, blocks: int) -> float:
    """Returns the LUFS of what `block_power` found; -inf if nothing was heard."""
    return float(_lufs(power / blocks)) if blocks else -np.inf


def gain(level_lufs: float, target_lufs: float | None) -> float:
    """Returns the factor that takes a voice from one level to another, at most 24 dB up.

    It is 1 for a voice of no level (-inf), or without a target: they stay as they are.
    """
    if target_lufs is None or not np.isfinite(level_lufs):
        return 1.0
    return float(10 ** (min(target_lufs - level_lufs, MAX_GAIN_DB) / 20))


def amplified(samples: Samples, factor: float, ceiling: float = 1.0) -> Samples:
    """Returns the samples times `factor`; peaks over 0.8 of `ceiling` are rounded off to stay
    under it.

    Each sample is bent by itself, so nothing before or after a peak changes its level.
    """
    louder = samples * np.float32(factor)
    size = np.abs(louder)
    knee = _KNEE * ceiling
    if size.max(initial=0.0) > knee:
        high, room = np.flatnonzero(size > knee), ceiling - knee
        louder[high] = np.copysign(knee + room * np.tanh((size[high] - knee) / room), louder[high])
    return louder


def _lufs(mean_square: npt.ArrayLike) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return _OFFSET + 10 * np.log10(np.asarray(mean_square, np.float64))


def _weighted(samples: Samples, sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """(N,) the samples as the ear weighs them."""
    count = len(samples)
    padded = count + round(0.1 * sample_rate_hz)  # so that the end does not ring into the start
    spectrum = np.fft.rfft(samples.astype(np.float64), padded) * _ear(padded, sample_rate_hz)
    return np.fft.irfft(spectrum, padded)[:count]


@functools.lru_cache(maxsize=16)
def _power_weights(count: int, sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """(count // 2 + 1,) factors that make weighted mean power of the squares of an rfft."""
    weights = np.asarray(np.abs(_ear(count, sample_rate_hz)) ** 2, np.float64)
    weights[1:-1] *= 2  # an rfft has half of the frequencies
    weights /= count**2
    return weights


def _ear(count: int, sample_rate_hz: int) -> npt.NDArray[np.complexfloating]:
    """(count // 2 + 1,) BS.1770's weighting at the frequencies of an rfft of `count` samples.

    About 4 dB more above 2 kHz for the head, then a high pass of second order at 38 Hz. The
    standard gives the two filters for 48 kHz; these are their analogue originals, for any rate.
    """
    hz = np.fft.rfftfreq(count, 1 / sample_rate_hz)
    s = 1j * hz / 1681.9744509555319
    high = 10 ** (3.99984385397 / 20)
    middle, damping = high**0.499666774155, 1 / 0.7071752369554193
    shelf = (high * s * s + middle * damping * s + 1) / (s * s + damping * s + 1)
    s = 1j * hz / 38.13547087613982
    return np.asarray(shelf * (s * s / (s * s + s / 0.5003270373253953 + 1)))
