"""The four graphs of a model: how long, what is said, from noise to sound in steps, and samples.

Every method is one run of a graph or two, and may be called from several threads at once. Knows
nothing of utterances or voices' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.runtime.bfloat16 import Bfloat16Graph
from sonca.engines.runtime.graph import Expected
from sonca.engines.supertonic.characters import CharacterTable, read_json
from sonca.engines.supertonic.styles import DP, TTL, Style
from sonca.errors import EngineError

Float = npt.NDArray[np.float32]

SAMPLE_RATE_HZ = 44_100
"""Of every model of this family."""
CHANNELS = 144
"""Of a latent frame."""
FRAME_SAMPLES = 3072
NATURAL_SPEED = 1.05
"""What both packages divide the predicted time by, unless told otherwise."""
_LONGEST_S = 0.5
"""The most time for a character, at normal speed; a prediction beyond is another model's."""
_CONFIG = {
    "ae": {"sample_rate": SAMPLE_RATE_HZ, "base_chunk_size": 512},
    "ttl": {"latent_dim": 24, "chunk_compress_factor": 6},
}
_CONFIG_BYTES = 1 << 20

_TEXT: dict[str, Expected] = {"text_ids": ("int64", 2), "text_mask": ("float32", (None, 1, None))}
_LATENT: tuple[int | None, ...] = (None, CHANNELS, None)
_GRAPHS: dict[str, tuple[Mapping[str, Expected], Mapping[str, Expected]]] = {
    "duration_predictor": (
        {**_TEXT, "style_dp": ("float32", (None, *DP[1:]))},
        {"duration": ("float32", 1)},
    ),
    "text_encoder": (
        {**_TEXT, "style_ttl": ("float32", (None, *TTL[1:]))},
        {"text_emb": ("float32", 3)},
    ),
    "vector_estimator": (
        {
            "noisy_latent": ("float32", _LATENT),
            "text_emb": ("float32", 3),
            "style_ttl": ("float32", (None, *TTL[1:])),
            "latent_mask": ("float32", (None, 1, None)),
            "text_mask": ("float32", (None, 1, None)),
            "current_step": ("float32", 1),
            "total_step": ("float32", 1),
        },
        {"denoised_latent": ("float32", _LATENT)},
    ),
    "vocoder": ({"latent": ("float32", _LATENT)}, {"wav_tts": ("float32", 2)}),
}


_HEAVY = ("vector_estimator", "vocoder")
"""All but a hundredth of the work. What is left says how long the speech is, which must not
change."""


@dataclass(slots=True)
class Latent:
    """A piece of speech on its way from noise to sound."""

    frames: Float
    """(1, 144, L)."""
    samples: int
    """How many of what the vocoder makes belong to the speech."""
    feed: Mapping[str, Any]
    """What every step is given besides."""
    steps: int
    done: int = 0
    """Steps that were made."""


class FlowModel:
    """A loaded model."""

    def __init__(self, folder: Path, threads: int = 1, *, bfloat16: bool = False) -> None:
        """Loads the model in a folder laid out as its hub's repository.

        `threads` is what one run of a graph computes on; with `bfloat16`, steps and samples are
        computed so. `BadModel` names the file that cannot be used, and of a graph the input that
        differs.
        """
        self.folder = folder
        _check_config(folder / "onnx" / "tts.json")
        self.table = CharacterTable.load(folder / "onnx" / "unicode_indexer.json")
        self._graphs = {
            name: _open(folder, name, threads, bfloat16 and name in _HEAVY) for name in _GRAPHS
        }
        self._try_out()

    @property
    def providers(self) -> tuple[str, ...]:
        """What computes the steps, the first choice first."""
        return self._graphs["vector_estimator"].providers

    def begin(
        self, text: str, style: Style, speed: float, steps: int, rng: np.random.Generator
    ) -> Latent:
        """Reads a text and returns noise of its length. `rng` gives the noise."""
        ids = self.table.ids(text)[None]
        mask = np.ones((1, 1, ids.shape[1]), np.float32)
        known = {"text_ids": ids, "text_mask": mask}
        (embedded,) = self._run("text_encoder", {**known, "style_ttl": style.ttl})
        (duration,) = self._run("duration_predictor", {**known, "style_dp": style.dp})
        seconds = self._seconds(duration, ids.shape[1], speed)
        # Both packages count frames in float32; a length may hang on the last bit.
        frames = max(1, -(-int(seconds * np.float32(SAMPLE_RATE_HZ)) // FRAME_SAMPLES))
        feed = {
            "text_emb": embedded,
            "style_ttl": style.ttl,
            "latent_mask": np.ones((1, 1, frames), np.float32),
            "text_mask": mask,
            "total_step": np.array([steps], np.float32),
        }
        noise = rng.standard_normal((1, CHANNELS, frames), dtype=np.float32)
        return Latent(noise, int(float(seconds) * SAMPLE_RATE_HZ), feed, steps)

    def step(self, latent: Latent) -> None:
        """Moves a latent one step on."""
        now = {"noisy_latent": latent.frames, "current_step": np.array([latent.done], np.float32)}
        (latent.frames,) = self._run("vector_estimator", {**latent.feed, **now})
        latent.done += 1

    def decode(self, latent: Latent) -> Samples:
        """Returns the sound (N,) of a latent that is done."""
        (sound,) = self._run("vocoder", {"latent": latent.frames})
        samples: Samples = sound[0, : latent.samples].astype(np.float32, copy=False).clip(-1, 1)
        return samples

    def _run(self, name: str, feed: Mapping[str, Any]) -> list[Any]:
        return self._graphs[name].run(feed, tuple(_GRAPHS[name][1]))

    def _seconds(self, duration: Float, characters: int, speed: float) -> np.float32:
        """Returns how long the speech is. `EngineError` if that cannot be."""
        seconds = np.float32((duration / np.float32(NATURAL_SPEED * speed))[0])
        if not 0 < seconds < _LONGEST_S * characters / speed:
            raise EngineError(
                f"{self.folder.name} wants {seconds:.3g} s for {characters} characters, which "
                "cannot be; its files may be of different models: fetch it again"
            )
        return seconds

    def _try_out(self) -> None:
        """Runs all graphs once, with the highest id of the table."""
        path = self.folder / "onnx" / "unicode_indexer.json"
        if not len(self.table.ids("a")):
            raise BadModel(f"{path} does not know the letter a; it is of another model")
        one = np.ones((1, 1, 1), np.float32)
        known = {"text_ids": np.array([[self.table.highest]], np.int64), "text_mask": one}
        try:
            (embedded,) = self._run("text_encoder", {**known, "style_ttl": _zeros(TTL)})
            self._run("duration_predictor", {**known, "style_dp": _zeros(DP)})
        except EngineError as error:
            raise BadModel(
                f"{path} has ids up to {self.table.highest}, which the graphs do not know; it is "
                f"of another model ({error})"
            ) from error
        feed = {"text_emb": embedded, "style_ttl": _zeros(TTL), "latent_mask": one}
        feed |= {"text_mask": one, "total_step": np.ones(1, np.float32)}
        latent = Latent(_zeros((1, CHANNELS, 1)), 1, feed, 1)
        try:
            self.step(latent)
            made = self._run("vocoder", {"latent": latent.frames})[0].shape
        except EngineError as error:
            raise BadModel(
                f"the graphs in {path.parent} are of different models: {error}"
            ) from error
        if made != (1, FRAME_SAMPLES):
            raise BadModel(
                f"{path.parent / 'vocoder.onnx'} makes {made} samples of a frame, they must be "
                f"{(1, FRAME_SAMPLES)}"
            )


def _zeros(shape: tuple[int, ...]) -> Float:
    return np.zeros(shape, np.float32)


def _open(folder: Path, name: str, threads: int, bfloat16: bool) -> Graph:
    inputs, outputs = _GRAPHS[name]
    path = folder / "onnx" / f"{name}.onnx"
    graph = Bfloat16Graph(path, threads=threads) if bfloat16 else open_graph(path, threads=threads)
    graph.expect(inputs, outputs)
    return graph


def _check_config(path: Path) -> None:
    """Compares ``tts.json`` with what the engine computes with."""
    content = read_json(path, _CONFIG_BYTES)
    for part, values in _CONFIG.items():
        found = content.get(part) if isinstance(content, dict) else None
        for key, value in values.items():
            has = found.get(key) if isinstance(found, dict) else None
            if has != value:
                raise BadModel(
                    f"{path} has {part}.{key} = {str(has)[:40]}, this engine speaks models with "
                    f"{value}"
                )
