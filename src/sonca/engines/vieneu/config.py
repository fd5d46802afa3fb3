"""The numbers of a VieNeu model, from its ``config.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.engines.runtime import BadModel

SAMPLE_RATE_HZ = 48_000
FRAME_SAMPLES = 3_840
"""Samples of one frame of codes: 80 ms."""
MAX_FRAMES = 300
"""Frames of one piece of text at most, 24 s: what the model was trained on is not longer."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes and token ids. A row is one text token and a code for each codebook."""

    codebooks: int
    hidden: int
    layers: int
    local_layers: int
    local_heads: int
    text_vocab: int
    audio_vocab: int
    speaker_dim: int
    style: int
    text_start: int
    text_end: int
    frame: int
    """The text token of a row that holds a spoken frame."""
    end: int
    """The text token that the model expects once everything is said."""
    reference: int
    """The text token of a row that holds a frame of the voice's recording."""
    no_code: int
    """What stands in a codebook's place where a row has no code."""

    @property
    def local_size(self) -> int:
        """The size of one of the acoustic decoder's heads."""
        return self.hidden // self.local_heads


_KEYS = {
    "codebooks": "n_vq",
    "hidden": "hidden_size",
    "layers": "num_hidden_layers",
    "text_vocab": "text_vocab_size",
    "text_start": "text_prompt_start_token_id",
    "text_end": "text_prompt_end_token_id",
    "frame": "speech_generation_start_token_id",
    "end": "speech_generation_end_token_id",
    "reference": "audio_ref_slot_token_id",
    "no_code": "audio_pad_token_id",
}
_DEFAULTS = {
    "audio_vocab": ("audio_vocab_size", 1024),
    "local_layers": ("local_num_hidden_layers", 1),
    "local_heads": ("local_num_attention_heads", 8),
    "speaker_dim": ("speaker_embedding_dim", 192),
    "style": ("default_style_token_id", 16),
}
_MOST = 1 << 20


def read_config(path: Path) -> ModelConfig:
    """Reads ``config.json``. Raises `BadModel`, naming the value, if it is not of such a model."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{path} cannot be read as JSON: {error}; pull the model again") from error
    if not isinstance(known, dict):
        raise BadModel(f"{path} is not a model's configuration; pull the model again")
    numbers = {name: _number(path, known, key) for name, key in _KEYS.items()}
    for name, (key, default) in _DEFAULTS.items():
        numbers[name] = _number(path, {key: default, **known}, key)
    if not known.get("use_speaker_embedding"):
        raise BadModel(
            f"{path} is of a model without speaker vectors, which is not v3 Turbo's present form; "
            "take the folder onnx_update of the pinned revision"
        )
    config = ModelConfig(**numbers)
    if config.hidden % config.local_heads:
        raise BadModel(
            f"{path}: {config.local_heads} local heads do not divide {config.hidden} channels"
        )
    return config


def _number(path: Path, known: dict[str, Any], key: str) -> int:
    value = known.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _MOST:
        raise BadModel(f"{path}: {key} is {value!r}, it must be a whole number over 0")
    return value
