"""From a recording to the stretch of speech that the model will imitate.

Decodes files, finds the voice, sets the level, and says what is wrong with a recording while
the person who made it can still do something about it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.prompt import vad
from sonca.engines.viettts.prompt.features import resample
from sonca.errors import BadAudio

RATE_HZ = 16000
MIN_S, MAX_S = 1.0, 30.0
"""Shorter holds no voice to speak of; of longer only the beginning is heard."""
PEAK, QUIET_PEAK = 0.9, 0.2
CLIPPED_SHARE = 0.002
Segments = Callable[[Array], list[tuple[int, int]]]
"""Finds speech in 16 kHz sound: half-open ranges of samples."""

_log = logging.getLogger(__name__)


def decode(path: Path) -> tuple[Array, int]:
    """Decodes any audio file to mono samples at 16 kHz. Raises `BadAudio`."""
    import av
    from av.error import FFmpegError

    pieces: list[Array] = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise BadAudio(f"{path.name} holds no audio", field="voice_file")
            resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            for frame in container.decode(container.streams.audio[0]):
                pieces += [_samples(part) for part in resampler.resample(frame)]
                if sum(map(len, pieces)) > MAX_S * RATE_HZ:
                    break
            pieces += [_samples(part) for part in resampler.resample(None)]
    except (FFmpegError, OSError, ValueError) as error:
        raise BadAudio(
            f"{path.name} cannot be decoded as audio; give a WAV, MP3, M4A, FLAC or Ogg file",
            field="voice_file",
        ) from error
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return np.asarray(samples, np.float32), RATE_HZ


def _samples(frame: Any) -> Array:
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1)


def prepare(samples: Array, rate_hz: int, segments: Segments) -> Array:
    """Cuts a recording to 3 to 5 seconds of its speech, mono, 16 kHz, at a fair level.

    Raises `BadAudio` where there is nothing to imitate; warns in the log about what will make
    the voice worse.
    """
    wave = _level(resample(_usable(samples, rate_hz), rate_hz, RATE_HZ))
    found = segments(wave)
    if not found:
        raise BadAudio(
            "no speech was found in the reference; give 3 to 5 s of one person speaking clearly",
            field="voice_file",
        )
    start, end = vad.choose_speech(found, len(wave))
    if end - start < vad.MIN_S * RATE_HZ:
        _log.warning(
            "the reference holds only %.1f s of speech without a break; %.0f to %.0f s give a "
            "better likeness",
            (end - start) / RATE_HZ,
            vad.MIN_S,
            vad.MAX_S,
        )
    if end - start < MIN_S * RATE_HZ:
        raise BadAudio(
            f"the reference holds {(end - start) / RATE_HZ:.1f} s of speech, {MIN_S:.0f} s is the "
            "least; give 3 to 5 s",
            field="voice_file",
        )
    return np.ascontiguousarray(wave[start:end])


def _usable(samples: Array, rate_hz: int) -> Array:
    """Checks a recording's length and samples and returns what is heard of it."""
    if len(samples) < MIN_S * rate_hz:
        raise BadAudio(
            f"the reference is {len(samples) / rate_hz:.1f} s long; give {MIN_S:.0f} to "
            f"{MAX_S:.0f} s of one person speaking",
            field="voice_file",
        )
    if not np.isfinite(samples).all():
        raise BadAudio("the reference holds values that are not sound", field="voice_file")
    samples = samples[: int(MAX_S * rate_hz)]
    clipped = float((np.abs(samples) >= 0.999).mean())
    if clipped > CLIPPED_SHARE:
        _log.warning(
            "the reference is clipped (%.1f%% of its samples at the limit): the voice will sound "
            "distorted; record it at a lower level",
            100 * clipped,
        )
    return samples


def _level(wave: Array) -> Array:
    """Brings a recording that is too loud or too quiet to a fair level."""
    peak = float(np.abs(wave).max(initial=0))
    if peak < 1e-4:
        raise BadAudio("the reference is silent", field="voice_file")
    if peak > PEAK:
        return wave * np.float32(PEAK / peak)
    if peak < QUIET_PEAK:
        return wave * np.float32(0.5 / peak)
    return wave
