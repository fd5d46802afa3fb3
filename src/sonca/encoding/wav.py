"""Makes 16-bit samples, and the 44 bytes that make a WAV file of them. Knows no libav."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples

HEADER_BYTES = 44
_MAX_SIZE = 0xFFFF_FFFF
_BYTES_PER_SAMPLE = 2


def wav_header(sample_rate_hz: int, data_bytes: int | None = None) -> bytes:
    """Returns the RIFF header of 16-bit mono PCM.

    `data_bytes` is the size of the samples that follow; None means that nobody knows it yet
    (a stream), which players read as "until the end". Data past 4 GiB, which RIFF cannot
    count, is given the same header.
    """
    if data_bytes is None or data_bytes + HEADER_BYTES - 8 > _MAX_SIZE:
        riff_size = data_size = _MAX_SIZE
    else:
        # A chunk of odd size would need a pad byte; 16-bit samples are never odd.
        riff_size, data_size = data_bytes + HEADER_BYTES - 8, data_bytes
    # fmt chunk: 16 bytes, PCM, one channel, rates, bytes and bits of a sample.
    byte_rate = sample_rate_hz * _BYTES_PER_SAMPLE
    fmt = (16, 1, 1, sample_rate_hz, byte_rate, _BYTES_PER_SAMPLE, 8 * _BYTES_PER_SAMPLE)
    return (
        struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE")
        + struct.pack("<4sIHHIIHH", b"fmt ", *fmt)
        + struct.pack("<4sI", b"data", data_size)
    )


def clean(samples: Samples) -> Samples:
    """Returns `samples` within [-1, 1], a new array: what is beyond is clipped, NaN becomes 0."""
    clipped: Samples = np.clip(np.asarray(samples, np.float32), -1.0, 1.0)
    holes = np.isnan(clipped)
    if holes.any():
        clipped[holes] = 0.0
    return clipped


def to_s16(cleaned: Samples) -> npt.NDArray[np.int16]:
    """Returns samples within [-1, 1] as little-endian 16-bit integers, rounded to the nearest."""
    integers: npt.NDArray[np.int16] = np.rint(cleaned * 32767.0).astype("<i2")
    return integers
