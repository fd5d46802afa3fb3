"""The end of a piece of sound, made clean.

A vocoder of this family may end with a burst of noise that stands alone after the last pause, and
cutting at the predicted length may fall into a sound. The limits are KorvaTTS' own.
"""

from __future__ import annotations

import numpy as np

from sonca.audio import Samples

_FRAME_S = 0.02
_LOOKED_AT_S = 0.6
"""How much of the end is looked at for a pause."""
_QUIET = 0.01
"""RMS below which a frame is part of a pause."""
_PAUSE_S = 0.05
"""The shortest pause that sets a burst apart, and how much of one is kept."""
_BURST_S = 0.35
"""What follows a pause and is longer is speech."""
_LOUD, _FAINT = 0.4, 0.05
"""Peaks: a burst is louder than speech after a pause; nothing fainter than `_FAINT` is speech."""
_FADE_S = 0.03


def clean_tail(samples: Samples, sample_rate_hz: int) -> Samples:
    """Returns the sound without a burst or a long silence at its end, faded out."""
    pause = _last_pause(samples, sample_rate_hz)
    if pause is not None:
        after = samples[pause + int(_PAUSE_S * sample_rate_hz) :]
        peak = float(np.abs(after).max(initial=0.0))
        burst = len(after) <= int(_BURST_S * sample_rate_hz) and peak >= _LOUD
        if burst or peak < _FAINT:
            samples = samples[: pause + int(_PAUSE_S * sample_rate_hz)]
    made = samples.copy()
    count = min(len(made), int(_FADE_S * sample_rate_hz))
    made[len(made) - count :] *= np.linspace(1, 0, count, dtype=np.float32)
    return made


def _last_pause(samples: Samples, sample_rate_hz: int) -> int | None:
    """Returns where the last pause near the end begins, as a sample."""
    frame = int(_FRAME_S * sample_rate_hz)
    start = max(0, len(samples) - int(_LOOKED_AT_S * sample_rate_hz))
    count = max(0, -(-(len(samples) - frame - start) // frame))
    frames = samples[start : start + count * frame].reshape(count, frame)
    quiet = np.sqrt(np.mean(frames**2, axis=1)) < _QUIET
    found, begun = None, 0
    for number, still in enumerate([*quiet, False]):
        if still:
            continue
        if (number - begun) * frame >= _PAUSE_S * sample_rate_hz:
            found = start + begun * frame
        begun = number + 1
    return found
