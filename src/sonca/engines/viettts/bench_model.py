"""A full-size random model for measurements, made once and kept where the caller says."""

from __future__ import annotations

import base64
from pathlib import Path

from sonca.engines.viettts.convert import convert
from sonca.engines.viettts.folder import MANIFEST
from sonca.engines.viettts.random_weights import full_size_yaml, make_random

VOCABULARY = "bytes.tiktoken"


def make(folder: Path, rate_hz: int) -> tuple[Path, Path]:
    """The checkpoint folder and the converted one, both under `folder`."""
    checkpoint, model = folder / "checkpoint", folder / "model"
    if not (model / MANIFEST).is_file():
        make_random(checkpoint, 1, config_yaml=full_size_yaml(rate_hz))
        vocabulary = folder / VOCABULARY
        lines = (base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))
        vocabulary.write_bytes(b"".join(lines))
        convert(checkpoint, model, vocabulary)
    return checkpoint, model
