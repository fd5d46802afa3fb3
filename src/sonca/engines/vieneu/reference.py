"""From a recording to the voice that is cloned: the speaker's vector and the recording as codes.

What is wrong with a recording is said while the person who made it can do something about it.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from sonca.audio import Samples
from sonca.engines.base import Reference
from sonca.engines.moss_codec import MossEncoder
from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ
from sonca.engines.vieneu.denoiser import RATE_HZ as CLEAN_RATE_HZ
from sonca.engines.vieneu.denoiser import Denoiser
from sonca.engines.vieneu.heads import Array, Codes
from sonca.engines.vieneu.model_folder import DENOISER, SPEAKER, ModelFolder
from sonca.engines.viettts.prompt.features import kaldi_fbank, mean_normalised
from sonca.errors import BadAudio

MIN_S, GOOD_S, MAX_S = 1.0, 3.0, 8.0
"""Less holds no voice, less than the second gives a poor likeness, more is not listened to."""
_SPEAKER_RATE_HZ = 16_000
_SILENT = 1e-4
_EDGE_DB = 30.0
"""Below the loudest: what is before and after is no speech."""
_EDGE_FRAME, _EDGE_HOP = 2048, 512

log = logging.getLogger(__name__)


def clone(
    folder: ModelFolder, reference: Reference, threads: int, speaker_dim: int
) -> tuple[Array, Codes]:
    """Returns the speaker's vector and the codes (T, codebooks) of a recording.

    The graphs for it are loaded for each recording and let go, 120 MB needed once a voice. Raises
    `BadAudio` if there is nothing to imitate.
    """
    samples = usable(reference.samples, reference.sample_rate_hz)
    samples, rate_hz = cleaned(folder.path, samples, reference.sample_rate_hz, threads)
    speaker = speaker_vector(folder.path, samples, rate_hz, threads)
    if len(speaker) != speaker_dim:
        raise BadModel(
            f"{folder.path / SPEAKER} gives {len(speaker)} numbers, the model takes {speaker_dim}: "
            "they do not belong together; pull the model again"
        )
    codes = MossEncoder(folder.codec, threads).codes(resampled(samples, rate_hz, SAMPLE_RATE_HZ))
    return speaker, codes


def cleaned(folder: Path, samples: Samples, rate_hz: int, threads: int) -> tuple[Samples, int]:
    """Returns a recording without its noise and its rate, if a model's folder has a denoiser."""
    denoiser = folder / DENOISER
    if not denoiser.is_file():
        return samples, rate_hz
    heard = resampled(samples, rate_hz, CLEAN_RATE_HZ)
    return Denoiser(denoiser, threads).clean(heard), CLEAN_RATE_HZ


def speaker_vector(folder: Path, samples: Samples, rate_hz: int, threads: int) -> Array:
    """Returns the vector of the voice in a recording. Raises `BadAudio` if it is none."""
    bands = mean_normalised(kaldi_fbank(resampled(samples, rate_hz, _SPEAKER_RATE_HZ)))
    encoder = open_speaker_encoder(folder, threads)
    (name,) = encoder.inputs
    speaker = np.asarray(encoder.run({name: bands[None]})[0][0], np.float32)
    if not np.isfinite(speaker).all() or not speaker.any():
        raise BadAudio(
            "no voice could be made out in the reference; give 3 to 8 s of one person speaking",
            field="voice_file",
        )
    return speaker


def open_speaker_encoder(folder: Path, threads: int = 1) -> Graph:
    """Opens the graph that makes a vector of a voice. Raises `BadModel` if it is another."""
    encoder = open_graph(folder / SPEAKER, threads=threads)
    # Its names are as some exporter made them.
    encoder.expect({next(iter(encoder.inputs), "input"): ("float32", (None, None, 80))})
    return encoder


def usable(samples: Samples, rate_hz: int, longest_s: float = MAX_S) -> Samples:
    """Returns what is imitated of a recording: without silence at its ends, not too long."""
    if not np.isfinite(samples).all():
        raise BadAudio("the reference holds values that are not sound", field="voice_file")
    if float(np.abs(samples).max(initial=0)) < _SILENT:
        raise BadAudio("the reference is silent", field="voice_file")
    heard = trimmed(samples)
    seconds = len(heard) / rate_hz
    if seconds < MIN_S:
        raise BadAudio(
            f"the reference holds {seconds:.1f} s of sound, {MIN_S:.0f} s is the least; give "
            f"{GOOD_S:.0f} to {MAX_S:.0f} s of one person speaking",
            field="voice_file",
        )
    if seconds < GOOD_S:
        log.warning(
            "the reference holds only %.1f s of sound; %.0f to %.0f s give a better likeness",
            seconds,
            GOOD_S,
            MAX_S,
        )
    return heard[: int(longest_s * rate_hz)]


def trimmed(samples: Samples) -> Samples:
    """Returns a recording without what is 30 dB below its loudest at both ends."""
    count = 1 + len(samples) // _EDGE_HOP
    padded = np.pad(samples.astype(np.float64), _EDGE_FRAME // 2)
    sums = np.concatenate([[0.0], np.cumsum(padded**2)])
    starts = np.arange(count) * _EDGE_HOP
    power = sums[starts + _EDGE_FRAME] - sums[starts]
    loud = np.flatnonzero(power > power.max() * 10 ** (-_EDGE_DB / 10))
    return samples[loud[0] * _EDGE_HOP : (loud[-1] + 1) * _EDGE_HOP]


def resampled(samples: Samples, rate_hz: int, wanted_hz: int) -> Samples:
    """Returns sound at another rate."""
    if rate_hz == wanted_hz:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, rate_hz, wanted_hz), np.float32)
