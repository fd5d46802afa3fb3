"""How loud speech is, as ITU-R BS.1770 measures it, and a gain that does not pump.

A voice is measured once, over a sentence or two, and gets one fixed gain: so sentences keep
their own dynamics, and the first chunk of a stream is as loud as it will stay. Knows nothing of
engines or settings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET = -0.691  # what BS.1770 adds so that a full-scale sine of 997 Hz reads -3.01
_KNEE = 0.8
MAX_GAIN_DB = 24.0
"""Nothing recorded is amplified more: under it lies noise."""


def loudness(samples: Samples, sample_rate_hz: int) -> float:
    """Integrated loudness in LUFS of (N,) mono samples; -inf for silence.

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


def gain(measured_lufs: float, target_lufs: float) -> float:
    """The factor that takes a voice from one loudness to another, at most 24 dB up."""
    if not np.isfinite(measured_lufs):
        return 1.0
    return float(10 ** (min(target_lufs - measured_lufs, MAX_GAIN_DB) / 20))


def amplified(samples: Samples, factor: float) -> Samples:
    """The samples times `factor`; peaks over 0.8 are rounded off to stay under 1.

    Each sample is bent by itself, so nothing before or after a peak changes its level.
    """
    louder = samples * np.float32(factor)
    size = np.abs(louder)
    if size.size == 0 or size.max() <= _KNEE:
        return louder
    rounded = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
    return np.where(size <= _KNEE, louder, np.copysign(rounded, louder)).astype(np.float32)


def _lufs(mean_square: npt.ArrayLike) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return _OFFSET + 10 * np.log10(np.asarray(mean_square, np.float64))


def _weighted(samples: Samples, sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """(N,) the samples as the ear weighs them: a shelf for the head, then a high pass.

    BS.1770 gives the two filters for 48 kHz; these are their analogue originals, put on the
    spectrum at whatever rate the sound has.
    """
    count = len(samples)
    padded = count + round(0.1 * sample_rate_hz)  # so that the end does not ring into the start
    hz = np.fft.rfftfreq(padded, 1 / sample_rate_hz)
    spectrum = np.fft.rfft(samples.astype(np.float64), padded) * _shelf(hz) * _high_pass(hz)
    return np.fft.irfft(spectrum, padded)[:count]


def _shelf(hz: npt.NDArray[np.floating]) -> npt.NDArray[np.complexfloating]:
    """About 4 dB more above 2 kHz."""
    s = 1j * hz / 1681.9744509555319
    high = 10 ** (3.99984385397 / 20)
    middle, damping = high**0.499666774155, 1 / 0.7071752369554193
    return np.asarray((high * s * s + middle * damping * s + 1) / (s * s + damping * s + 1))


def _high_pass(hz: npt.NDArray[np.floating]) -> npt.NDArray[np.complexfloating]:
    """Second order at 38 Hz."""
    s = 1j * hz / 38.13547087613982
    return np.asarray(s * s / (s * s + s / 0.5003270373253953 + 1))
