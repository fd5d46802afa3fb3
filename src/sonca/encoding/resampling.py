"""Converts sample rates with soxr, whole and in a stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from sonca.audio import Samples


class Resampler:
    """Converts a stream of samples; the joined output is that of one call on the whole."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import soxr

        self._stream: Any = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """Converts (N,) float32 samples. What comes out lags behind until `last`."""
        out: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
        return out

    def finish(self) -> Samples:
        """Returns what is still inside. Nothing may be fed after it."""
        return self.feed(np.zeros(0, np.float32), last=True)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Converts (N,) float32 samples from one rate to another.

    The length is N * to_hz / from_hz, rounded. Steep edges may overshoot [-1, 1] a little;
    the encoder clips.
    """
    if from_hz == to_hz or not len(samples):
        return samples
    import soxr

    out: Samples = soxr.resample(np.ascontiguousarray(samples, np.float32), from_hz, to_hz)
    return out
