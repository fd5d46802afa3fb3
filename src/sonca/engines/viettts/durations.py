"""How long things are: frames of tokens, and how the flow stretches tokens to frames.

Arithmetic only. Upstream computes in floating point and truncates; so does this, in the same
order, because one frame more or less moves every frame after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 22050
HOP = 256
EDGE_TOKENS = 20
"""Tokens at both ends that are stretched on their own when there are more than twice as many."""


def mel_frames(tokens: int, rate_hz: float) -> int:
    """Returns the mel frames of so many speech tokens."""
    return int(tokens / rate_hz * SAMPLE_RATE_HZ / HOP)


def regulator_lengths(tokens: int, frames: int, rate_hz: float) -> list[tuple[int, int]]:
    """Returns the stretches (tokens, frames) that are interpolated separately."""
    if tokens <= 2 * EDGE_TOKENS:
        return [(tokens, frames)]
    edge = mel_frames(EDGE_TOKENS, rate_hz)
    middle = tokens - 2 * EDGE_TOKENS
    return [(EDGE_TOKENS, edge), (middle, frames - 2 * edge), (EDGE_TOKENS, edge)]


def interpolate(x: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
    """Interpolates rows linearly along time, half-pixel centres: (T, C) -> (length, C)."""
    frames = len(x)
    if frames == length:
        return x
    scale = np.float32(frames / length)
    source = (np.arange(length, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    return rows_at(x, np.maximum(source, 0))


def rows_at(x: npt.NDArray[np.float32], at: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Interpolates rows linearly at places `at` >= 0 (N,), the last row beyond the end."""
    left = np.minimum(at.astype(np.int64), len(x) - 1)
    right = np.minimum(left + 1, len(x) - 1)
    weight = (at - left)[:, None].astype(np.float32)
    return np.asarray(x[left] * (1 - weight) + x[right] * weight, np.float32)


def change_speed(mel: npt.NDArray[np.float32], speed: float) -> npt.NDArray[np.float32]:
    """Makes speech faster (> 1) or slower at the same pitch: (T, C) -> (int(T / speed), C)."""
    if speed == 1:
        return mel
    return interpolate(mel, max(1, int(len(mel) / speed)))
