"""From a recording to the voice that Nano clones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonca.engines.base import Reference
from sonca.engines.runtime import open_graph
from sonca.engines.vieneu.model_folder import SPEAKER as SPEAKER_FILE
from sonca.engines.vieneu.reference import cleaned, resampled, speaker_vector, usable
from sonca.engines.vieneu_nano.model import (
    CHANNELS,
    SAMPLE_RATE_HZ,
    STYLE,
    Array,
    Constants,
    NanoVoice,
)
from sonca.errors import Unsupported

CODEC, STYLES = "codec_encoder.onnx", "reference_encoder.onnx"
FILES = (SPEAKER_FILE, CODEC, STYLES)
STYLE_S, MAX_S = 5.0, 30.0
"""What the style is taken of, and what the speaker's vector is."""


def can_clone(folder: Path) -> bool:
    """Returns whether the graphs for it are there."""
    return all((folder / name).is_file() for name in FILES)


def clone(folder: Path, constants: Constants, reference: Reference, threads: int) -> NanoVoice:
    """Returns the voice of a recording. Raises `BadAudio` if there is nothing to imitate."""
    if constants.latent is None:
        raise Unsupported("this model cannot clone: its constants.npz says nothing of the codec")
    samples = usable(reference.samples, reference.sample_rate_hz, MAX_S)
    samples, rate_hz = cleaned(folder, samples, reference.sample_rate_hz, threads)
    speaker = speaker_vector(folder, samples, rate_hz, threads)
    heard = resampled(samples, rate_hz, SAMPLE_RATE_HZ)[: int(STYLE_S * SAMPLE_RATE_HZ)]
    codec = open_graph(folder / CODEC, threads=threads)
    (name,) = codec.inputs
    frames = codec.run({name: heard[None, None]})[0]  # (1, 24, T)
    latent = _latent(frames, constants)
    styles = open_graph(folder / STYLES, threads=threads)
    styles.expect({"ref": ("float32", (None, CHANNELS, None)), "ref_mask": ("bool", 2)})
    style = styles.run({"ref": latent, "ref_mask": np.ones((1, latent.shape[2]), bool)})[0]
    return NanoVoice(reference.content_hash, speaker[None], style.reshape(1, *STYLE))


def _latent(frames: Array, constants: Constants) -> Array:
    """Returns the codec's frames as the flow has them: normalised, `group` of them in one."""
    assert constants.latent is not None
    mean, spread, scale = constants.latent
    group, z = constants.group, (frames - mean) / spread * scale
    z = np.pad(z, ((0, 0), (0, 0), (0, -z.shape[2] % group)))
    _, channels, count = z.shape
    z = z.reshape(1, channels, count // group, group).transpose(0, 1, 3, 2)
    most = min(int(STYLE_S * constants.frames_hz), constants.reference_frames)
    return np.asarray(z.reshape(1, channels * group, count // group)[:, :, :most], np.float32)
