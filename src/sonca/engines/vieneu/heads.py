"""The embeddings of a VieNeu model, which are its output heads too, and the speaker's anchor.

Rows of token ids become what the semantic decoder reads; a vector of a voice becomes the anchor
that is added to every row. Knows no graph.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.config import ModelConfig

Array = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heads:
    """Everything that ``vieneu_v3_heads.npz`` holds."""

    config: ModelConfig
    text: Array
    """(text_vocab, hidden)."""
    audio: Array
    """(codebooks, audio_vocab, hidden)."""
    speaker_weight: Array
    """(hidden, speaker_dim)."""
    speaker_bias: Array
    """(hidden,), as the next two."""
    scale: Array
    shift: Array
    eps: float

    def anchor(self, speaker: Array) -> Array:
        """Returns the anchor (hidden,) of a speaker's vector (speaker_dim,): projected and
        normalised."""
        vector = np.asarray(speaker, np.float32).reshape(-1)
        if len(vector) != self.config.speaker_dim:
            raise BadModel(
                f"a voice has a vector of {len(vector)} numbers, the model takes "
                f"{self.config.speaker_dim}: the two are not of one release"
            )
        wide = vector @ self.speaker_weight.T + self.speaker_bias
        wide = (wide - wide.mean()) / np.sqrt(wide.var() + self.eps)
        return np.asarray(wide * self.scale + self.shift, np.float32)

    def prompt(self, tokens: list[int], reference: Codes | None, anchor: Array) -> Array:
        """Returns what the decoder reads before the first frame: (1, T, hidden).

        The style, the phonemes' `tokens` between their marks, then the voice's recording as codes
        (T, codebooks), if there is one.
        """
        c = self.config
        ids = np.array([c.style, c.text_start, *tokens, c.text_end])
        rows = self.text[ids] + anchor
        if reference is not None and len(reference):
            said = self._sum(np.asarray(reference)) + self.text[c.reference]
            rows = np.concatenate([rows, said + anchor])
        return np.ascontiguousarray(rows[None], np.float32)

    def frame(self, codes: Codes, anchor: Array) -> Array:
        """Returns what the decoder reads of a frame that was spoken, codes (codebooks,):
        (1, 1, hidden)."""
        row = self._sum(codes[None]) + self.text[self.config.frame] + anchor
        return np.ascontiguousarray(row[None], np.float32)

    def _sum(self, codes: Codes) -> Array:
        """Adds up the embeddings of each row's codes: (T, codebooks) -> (T, hidden)."""
        total = np.zeros((len(codes), self.config.hidden), np.float32)
        for book, table in enumerate(self.audio):
            total += table[codes[:, book]]
        return total


def read_heads(path: Path, config: ModelConfig) -> Heads:
    """Reads the embeddings. Raises `BadModel` if one is missing or of another model."""
    c = config
    wanted: dict[str, tuple[int, ...]] = {
        "text_emb": (c.text_vocab, c.hidden),
        "audio_emb": (c.codebooks, c.audio_vocab, c.hidden),
        "xvec_w": (c.hidden, c.speaker_dim),
        "xvec_b": (c.hidden,),
        "xvec_ln_w": (c.hidden,),
        "xvec_ln_b": (c.hidden,),
        "xvec_ln_eps": (),
    }
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = {name: _checked(path, stored, name, shape) for name, shape in wanted.items()}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(f"{path} cannot be read: {error}; pull the model again") from error
    eps = float(found.pop("xvec_ln_eps"))
    text, audio, weight, bias, scale, shift = found.values()
    return Heads(config, text, audio, weight, bias, scale, shift, eps)


def _checked(path: Path, stored: Any, name: str, shape: tuple[int, ...]) -> Array:
    if name not in stored.files:
        raise BadModel(f"{path} has no {name}: it is of an older model; pull the pinned one")
    value = np.asarray(stored[name], np.float32)
    if value.shape != shape:
        raise BadModel(
            f"{path}: {name} is {value.shape}, config.json says {shape}: the files are not of one "
            "model; pull it again"
        )
    return value
