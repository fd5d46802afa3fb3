"""A Supertonic 3 or KorvaTTS with random weights, laid out as its hub's folder.

    python -m benchmarks.supertonic.random_model DIR [--full] [--korva]

`TINY` is made in a moment and is what tests use; the full one has the published sizes and is for
measuring. It speaks noise, in a time and at a loudness that speech could have.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path

import numpy as np

from benchmarks.supertonic.graphs import (
    DURATION_STYLE,
    STYLE,
    STYLE_TOKENS,
    TINY,
    Sizes,
    duration_predictor,
    text_encoder,
    vector_estimator,
    vocoder,
)

TABLE_SIZE = 65_536
KORVA_VOICES = ("bao_kim", "gia_bao")
SUPERTONIC_VOICES = ("F1", "M1")
_SAYABLE = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789đĐ"
    " .,!?;:'\"()-<>/&%+=…€\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"
)


def make(
    folder: Path,
    *,
    korva: bool = False,
    sizes: Sizes = TINY,
    voices: tuple[str, ...] | None = None,
) -> Path:
    """Writes a model and returns its folder. KorvaTTS' graphs take one row, Supertonic's any."""
    batch: int | str = 1 if korva else "batch"
    onnx = folder / "onnx"
    onnx.mkdir(parents=True)
    duration_predictor(onnx / "duration_predictor.onnx", sizes, batch)
    text_encoder(onnx / "text_encoder.onnx", sizes, batch)
    vector_estimator(onnx / "vector_estimator.onnx", sizes, batch)
    vocoder(onnx / "vocoder.onnx", sizes, batch)
    _write(onnx / "tts.json", config("korvatts" if korva else "supertonic-3"))
    _write(onnx / "unicode_indexer.json", table())
    (folder / "voice_styles").mkdir()
    for name in voices or (KORVA_VOICES if korva else SUPERTONIC_VOICES):
        _write(folder / "voice_styles" / f"{name}.json", style(zlib.crc32(name.encode())))
    return folder


def config(version: str) -> dict[str, object]:
    """Returns what is read of ``tts.json``."""
    return {
        "tts_version": version,
        "ae": {"sample_rate": 44_100, "base_chunk_size": 512},
        "ttl": {"latent_dim": 24, "chunk_compress_factor": 6},
    }


def table() -> list[int]:
    """Returns the id of each code point, -1 for those that the model does not know."""
    ids = [-1] * TABLE_SIZE
    for number, character in enumerate(_SAYABLE, start=1):
        ids[ord(character)] = number
    return ids


def style(seed: int) -> dict[str, object]:
    """Returns a voice, as the published files have it."""
    rng = np.random.default_rng(seed)
    shapes = {"style_ttl": (1, STYLE_TOKENS, STYLE), "style_dp": (1, *DURATION_STYLE)}
    return {
        name: {
            "dims": list(shape),
            "data": rng.standard_normal(shape).round(3).tolist(),
            "type": "float32",
        }
        for name, shape in shapes.items()
    }


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), "utf-8")


def main() -> None:
    """Makes one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", action="store_true", help="of the published sizes, 400 MB")
    parser.add_argument("--korva", action="store_true", help="graphs that take one row only")
    asked = parser.parse_args()
    make(asked.folder, korva=asked.korva, sizes=Sizes() if asked.full else TINY)


if __name__ == "__main__":
    main()
