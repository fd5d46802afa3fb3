"""Which part of a recording is the voice."""

from __future__ import annotations

from collections.abc import Sequence

RATE_HZ = 16000
MIN_S = 3.0
MAX_S = 5.0


def choose(segments: Sequence[tuple[int, int]], samples: int) -> tuple[int, int]:
    """Upstream's choice of the reference: the first segment of speech of 3 to 5 seconds, else
    the first 5 seconds of the recording, silence included. Half-open, in samples."""
    for start, end in segments:
        if MIN_S * RATE_HZ <= end - start <= MAX_S * RATE_HZ:
            return start, end
    return 0, min(samples, int(MAX_S * RATE_HZ))
