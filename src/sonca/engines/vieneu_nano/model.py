"""The four graphs of Nano and the steps from noise to sound.

A piece of speech is a latent of 144 channels, 15.6 frames a second. Every step runs the estimator
twice, with the text and voice and without, and goes on from what both say.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.runtime.graph import Expected
from sonca.errors import EngineError

SAMPLE_RATE_HZ = 24_000
CHANNELS, SPEAKER, STYLE = 144, 192, (50, 256)
STEPS = 16
FEW_STEPS = 8
"""Up to so many, steps are smaller at the beginning: its authors' advice."""
GUIDANCE = 3.0
LONGEST_S = 15.0
"""Of a piece: recordings that it was trained on are not longer."""
_LEAST_FRAMES = 2
_NUMBERS = ("bos_id", "eos_id", "pad_id")

Array = npt.NDArray[np.float32]
_X: Expected = ("float32", (None, CHANNELS, None))
_CTX: Expected = ("float32", 3)
_MASK: Expected = ("bool", 2)
_SPK: Expected = ("float32", (None, SPEAKER))
_STYLE: Expected = ("float32", (None, *STYLE))
_GRAPHS: Mapping[str, Mapping[str, Expected]] = {
    "text_encoder": {"ids": ("int64", 2), "style": _STYLE},
    "duration_predictor": {"ctx": _CTX, "ctx_mask": _MASK, "spk": _SPK},
    "vector_estimator": {
        "x": _X,
        "t": ("float32", 1),
        "ctx": _CTX,
        "ctx_mask": _MASK,
        "spk": _SPK,
        "style": _STYLE,
    },
    "codec_decoder": {"x": _X},
}


@dataclass(frozen=True, slots=True, eq=False)
class NanoVoice:
    """A voice as the model takes it."""

    key: str
    """What names its sound."""
    speaker: Array
    """(1, 192)."""
    style: Array
    """(1, 50, 256)."""


@dataclass(slots=True)
class Latent:
    """A piece of speech on its way from noise to sound."""

    x: Array
    """(1, 144, T)."""
    told: Mapping[str, Any]
    """What the estimator is given of text and voice."""
    times: npt.NDArray[np.float64]
    """(steps + 1,): when each step begins, from 0 to 1."""
    done: int = 0

    @property
    def ready(self) -> bool:
        """Whether all steps were made."""
        return self.done + 1 == len(self.times)


@dataclass(frozen=True)
class Constants:
    """What ``config.json`` and ``constants.npz`` say."""

    vocabulary: Mapping[str, int]
    bos_id: int
    eos_id: int
    pad_id: int
    frames_hz: float
    group: int
    """Frames of the codec in one of the latent."""
    reference_frames: int
    nobody: Array = field(repr=False)
    no_style: Array = field(repr=False)
    latent: tuple[Array, Array, float] | None = field(repr=False)
    """Mean, spread (1, 24, 1) and scale of the codec's frames; None where the model cannot
    clone."""


class NanoModel:
    """A loaded model. May be used on several threads at once."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Loads a folder laid out as the hub's repository. Raises `BadModel`, which names what
        differs."""
        self.folder = folder
        self.constants = read_constants(folder)
        self._graphs = {name: _open(folder, name, threads) for name in _GRAPHS}
        ends = np.array([[self.constants.bos_id, self.constants.eos_id]], np.int64)
        self._untold = self._context(ends, self.constants.nobody, self.constants.no_style)

    @property
    def providers(self) -> tuple[str, ...]:
        return self._graphs["vector_estimator"].providers

    def ids(self, phonemes: str) -> npt.NDArray[np.int64]:
        """Returns phonemes as ids, (1, L) with beginning and end; those unknown are left out."""
        c = self.constants
        known = [c.vocabulary[sign] for sign in phonemes if sign in c.vocabulary]
        return np.array([[c.bos_id, *known, c.eos_id]], np.int64)

    def begin(self, phonemes: str, voice: NanoVoice, speed: float, steps: int, seed: int) -> Latent:
        """Reads phonemes and returns noise of their length."""
        told = self._context(self.ids(phonemes), voice.speaker, voice.style)
        known = {name: told[name] for name in _GRAPHS["duration_predictor"]}
        log_s = float(self._run("duration_predictor", known).reshape(-1)[0])
        if not math.isfinite(log_s):
            raise EngineError(f"{self.folder} gives no length; its files are damaged: verify it")
        seconds = min(math.exp(min(log_s, 10.0)) / speed, LONGEST_S)
        frames = max(_LEAST_FRAMES, round(seconds * self.constants.frames_hz))
        noise = np.random.default_rng(seed).standard_normal((1, CHANNELS, frames))
        return Latent(noise.astype(np.float32), told, times(steps))

    def step(self, latent: Latent) -> None:
        """Moves a latent one step on."""
        at, then = latent.times[latent.done : latent.done + 2]
        now = {"x": latent.x, "t": np.array([at], np.float32)}
        with_text = self._run("vector_estimator", {**now, **latent.told})
        without = self._run("vector_estimator", {**now, **self._untold})
        way = without + GUIDANCE * (with_text - without)
        latent.x = np.asarray(latent.x + np.float32(then - at) * way, np.float32)
        latent.done += 1

    def decode(self, latent: Latent) -> Samples:
        """Returns the sound (N,) of a latent that is ready."""
        sound = self._run("codec_decoder", {"x": latent.x})
        return np.asarray(np.clip(sound[0, 0], -1, 1), np.float32)

    def _context(
        self, ids: npt.NDArray[np.int64], speaker: Array, style: Array
    ) -> Mapping[str, Any]:
        ctx = self._run("text_encoder", {"ids": ids, "style": style})
        mask = ids != self.constants.pad_id
        return {"ctx": ctx, "ctx_mask": mask, "spk": speaker, "style": style}

    def _run(self, name: str, feed: Mapping[str, Any]) -> Array:
        graph = self._graphs[name]
        made: Array = graph.run(feed, tuple(graph.outputs)[:1])[0]
        return made


def times(steps: int) -> npt.NDArray[np.float64]:
    """Returns when each step begins, and the end."""
    even = np.linspace(0.0, 1.0, steps + 1)
    sway = -1.0 if steps <= FEW_STEPS else 0.0
    return np.asarray(even + sway * (np.cos(np.pi / 2 * even) - 1 + even))


def _open(folder: Path, name: str, threads: int) -> Graph:
    graph = open_graph(folder / f"{name}.onnx", threads=threads)
    graph.expect(_GRAPHS[name])
    return graph


def read_constants(folder: Path) -> Constants:
    """Reads both files. Raises `BadModel` if one is damaged or of another model."""
    path, arrays = folder / "config.json", folder / "constants.npz"
    try:
        known = json.loads(path.read_text("utf-8"))
        vocabulary = {str(sign): _number(value) for sign, value in known["vocab"].items()}
        numbers = [_number(known[name]) for name in _NUMBERS]
        rate = float(known.get("flow_fps", SAMPLE_RATE_HZ / 256 / 6))
        group, most = _number(known.get("group", 6)), _number(known.get("ref_max_frames", 140))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadModel(f"{path} is not Nano's configuration: {error!r}; pull it again") from error
    if not 1 < rate < 200 or not group or not {"a", " "} <= set(vocabulary):
        raise BadModel(f"{path} is of another model: {rate:g} frames a second, {group} a group")
    try:
        with np.load(arrays, allow_pickle=False) as stored:
            nobody = _shaped(stored["null_spk"], (SPEAKER,))[None]
            no_style = _shaped(stored["null_style"], STYLE)[None]
            latent = _latent(stored, known, CHANNELS // group)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(f"{arrays} does not belong to Nano: {error}; pull it again") from error
    bos, eos, pad = numbers
    return Constants(vocabulary, bos, eos, pad, rate, group, most, nobody, no_style, latent)


def _latent(stored: Any, known: Any, channels: int) -> tuple[Array, Array, float] | None:
    if "latent_mean" not in stored.files or "latent_std" not in stored.files:
        return None
    scale = stored["latent_scale"] if "latent_scale" in stored.files else known["latent_scale"]
    mean, spread = (_shaped(stored[f"latent_{part}"], (channels,)) for part in ("mean", "std"))
    return mean[None, :, None], spread[None, :, None], float(scale)


def _shaped(value: Any, shape: tuple[int, ...]) -> Array:
    if value.shape != shape:
        raise ValueError(f"{value.shape} instead of {shape}")
    return np.asarray(value, np.float32)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 16:
        raise ValueError(f"{value!r} is no id")
    return value
