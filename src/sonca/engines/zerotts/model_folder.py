"""A ZeroTTS model on the disk, laid out as its hub's repository, and what its settings say.

Loads no graph.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.engines.folders import files_in
from sonca.engines.moss_codec import read_meta
from sonca.engines.runtime import BadModel

HOME = "zerotts"
"""Where models of the engine lie in the models folder."""
GRAPHS = ("text_encoder", "prefix_step", "local_frame_decode")
_WANTED = (
    "config.json",
    "tokenizer.json",
    "null_voice_emb.npy",
    *(f"onnx/{name}.onnx" for name in GRAPHS),
    "onnx/*.data?",
    "onnx/codec/codec_browser_onnx_meta.json",
    "onnx/codec/*.onnx",
    "onnx/codec/*.data?",
    "voices/*/voice.npz",
    "voices/index.json?",
    "voices/*/meta.json?",
)
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes of a model."""

    width: int
    layers: int
    heads: int
    codebooks: int
    codebook_size: int
    voice_rows: int
    """Latents that are a voice, each of `width`."""
    sample_rate_hz: int
    frame_rate_hz: float
    """Frames of codes a second."""

    @property
    def head(self) -> int:
        """Size of one attention head."""
        return self.width // self.heads


def is_model(folder: Path) -> bool:
    """Returns whether a folder looks like a model. Reads no file."""
    return (folder / "config.json").is_file() and (folder / "onnx").is_dir()


def find_model(models_dir: Path | None) -> Path | None:
    """Returns the first model in the models folder, by name; None if there is none."""
    homes = sorted((models_dir / HOME).glob("[!.]*")) if models_dir else []
    return next((home for home in homes if is_model(home)), None)


def model_files(folder: Path) -> Mapping[str, Path]:
    """Returns the files of a model by their paths in its folder. Raises `BadModel` or
    `InvalidRequest` if some are missing or its settings cannot be used."""
    files = files_in(folder, *_WANTED)
    read_config(folder)
    meta = read_meta(folder / "onnx" / "codec")
    if not meta.file("decode_step").is_file():
        raise BadModel(f"{meta.file('decode_step')} is missing; fetch the model again")
    return files


def read_config(folder: Path) -> ModelConfig:
    """Reads ``config.json``. Raises `BadModel` if it is not a ZeroTTS'."""
    path = folder / "config.json"
    known = read_json(path)
    if known.get("text_format", "bpe") != "bpe":
        raise BadModel(f"{path}: text_format is {known['text_format']!r}; only 'bpe' can be read")
    try:
        config = ModelConfig(
            width=_count(known, "d_model"),
            layers=_count(known, "n_layers"),
            heads=_count(known, "n_heads"),
            codebooks=_count(known, "num_codebooks"),
            codebook_size=_count(known, "codebook_size"),
            voice_rows=_count(known, "n_voice_queries"),
            sample_rate_hz=_count(known, "sample_rate", 48_000),
            frame_rate_hz=float(known.get("codec_frame_rate", 12.5)),
        )
    except (TypeError, ValueError) as error:
        raise BadModel(f"{path} is not the config.json of a ZeroTTS: {error}") from error
    if config.width % config.heads or not 1 <= config.frame_rate_hz <= 1000:
        raise BadModel(f"{path} has sizes that do not fit together: {config}")
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Reads an object from a small JSON file. Raises `BadModel` if there is none."""
    try:
        with path.open("rb") as file:
            known = json.loads(file.read(_LARGEST))
    except FileNotFoundError as error:
        raise BadModel(f"{path} is missing; fetch the model again") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(known, dict):
        raise BadModel(f"{path} holds {type(known).__name__}, not an object")
    return known


def _count(known: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = known.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 1 << 20:
        raise ValueError(f"{key} is {value!r}, not a size")
    return value
