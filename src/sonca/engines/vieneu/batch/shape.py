"""The sizes of a VieNeu model, as its config.json gives them, and the types of its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Weights = Mapping[str, Array]
"""By the names of the published checkpoint; linear layers are (out, in)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the model's configuration its two networks depend on."""

    text_vocab: int
    audio_vocab: int
    codes: int
    """Codes of a frame, one from each codebook."""
    width: int
    layers: int
    heads: int
    kv_heads: int
    """Heads of keys and values; each serves `heads` / `kv_heads` heads of queries."""
    head_size: int
    rope_theta: float
    epsilon: float
    local_layers: int
    local_heads: int
    speech_start: int
    """The text token of a generated row."""
    speech_end: int
    """The text token that ends a sentence."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Reads a config.json that has been parsed. Raises `KeyError` if it lacks a size."""
        width, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        return cls(
            text_vocab=int(config["text_vocab_size"]),
            audio_vocab=int(config.get("audio_vocab_size", 1024)),
            codes=int(config["n_vq"]),
            width=width,
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config["num_key_value_heads"]),
            head_size=int(config.get("head_dim") or width // heads),
            rope_theta=float(config.get("rope_theta", 1e6)),
            epsilon=float(config.get("rms_norm_eps", 1e-6)),
            local_layers=int(config.get("local_num_hidden_layers", 1)),
            local_heads=int(config.get("local_num_attention_heads", 8)),
            speech_start=int(config["speech_generation_start_token_id"]),
            speech_end=int(config["speech_generation_end_token_id"]),
        )
