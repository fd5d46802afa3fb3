"""Sounds to encode, and a reader that shares no code with what is tested."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np

from sonca.audio import Samples


def speech_like(seconds: float, rate_hz: int, seed: int = 0) -> Samples:
    """A buzz with wandering pitch that swells and fades like syllables, and a little noise."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch_hz = 180 + 60 * np.sin(2 * np.pi * 0.7 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    buzz = sum(np.sin(k * phase) / k for k in range(1, 8))
    swell = 0.15 + 0.85 * np.abs(np.sin(2 * np.pi * 2.1 * time_s))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(time_s))
    return (0.25 * swell * buzz + noise).astype(np.float32)


@dataclass(frozen=True)
class Read:
    """What a player makes of a file."""

    container: str
    codec: str
    rate_hz: int
    channels: int
    duration_s: float | None
    """As the header says."""
    samples: Samples


def read(data: bytes) -> Read:
    """Open and decode a file as a player does, strictly: damage raises."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        parts = []
        for frame in frames:
            array = frame.to_ndarray()
            if array.dtype == np.int16:
                array = array.astype(np.float32) / 32768
            parts.append(array.reshape(-1).astype(np.float32))
        duration_s = None if container.duration is None else container.duration / av.time_base
        return Read(
            container=container.format.name,
            codec=stream.codec_context.name,
            rate_hz=stream.rate,
            channels=stream.codec_context.channels,
            duration_s=duration_s,
            samples=np.concatenate(parts) if parts else np.zeros(0, np.float32),
        )


def likeness(a: Samples, b: Samples) -> tuple[float, int]:
    """The highest normalized correlation of two sounds, and by how many samples `b` is late."""
    size = 1 << (len(a) + len(b)).bit_length()
    spectrum = np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size)
    correlation = np.fft.irfft(spectrum, size)
    best = int(np.argmax(correlation))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(correlation[best]) / norm, best if best < size // 2 else best - size
