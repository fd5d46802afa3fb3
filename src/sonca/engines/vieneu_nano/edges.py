"""What is before and after speech is taken off a piece: pauses are the planner's business."""

from __future__ import annotations

import numpy as np

from sonca.audio import Samples

_QUIET = 10 ** (-45 / 20)
_WINDOW_S, _KEPT_S, _FADE_S = 0.010, 0.040, 0.015


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """Returns speech (N,) with 40 ms of the quiet at its ends, faded in and out."""
    if not len(samples):
        return samples
    before, after = quiet_ends(samples, rate_hz)
    kept = int(_KEPT_S * rate_hz)
    out = samples[max(0, before - kept) : len(samples) - max(0, after - kept)].copy()
    count = min(int(_FADE_S * rate_hz), len(out) // 2)
    if count:
        ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
        out[:count] *= ramp
        out[-count:] *= ramp[::-1]
    return out


def quiet_ends(samples: Samples, rate_hz: int) -> tuple[int, int]:
    """Returns how many samples are quiet at the beginning and at the end; of silence, all and
    none."""
    width = max(1, int(_WINDOW_S * rate_hz))
    count = len(samples) // width
    level = np.abs(samples[: count * width]).reshape(count, width).mean(axis=1)
    loud = np.flatnonzero(level > _QUIET)
    if not len(loud):
        return len(samples), 0
    return int(loud[0]) * width, len(samples) - (int(loud[-1]) + 1) * width
