"""Small Kokoros with random weights, one of each layout, with voices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("sea_g2p")
pytest.importorskip("espeakng_loader")

from benchmarks.kokoro.random_model import pack, write
from sonca.engines.kokoro.front_end import FrontEnd


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kokoro-Vietnamese's layout, and that of kokoro-onnx' releases in int8."""
    folder = tmp_path_factory.mktemp("models")
    make_vietnamese(folder / "kokoro" / "kokoro-vietnamese")
    english = folder / "kokoro" / "kokoro-82m"
    write(english, "tokens", quantize=True)
    np.savez(english / "voices-v1.0.npz", af_heart=pack(1), bm_george=pack(2), jf_alpha=pack(3))
    return folder


def make_vietnamese(folder: Path) -> Path:
    write(folder, "input_ids")
    (folder / "voicepacks").mkdir()
    for number, name in enumerate(("mai_linh", "duc_an")):
        np.save(folder / "voicepacks" / f"{name}.npy", pack(number).reshape(-1, 256))
    return folder


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    with np.load(Path(__file__).parent / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def said(golden: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What upstream's code says of texts, by language."""
    found: dict[str, dict[str, str]] = json.loads(str(golden["phonemes"]))
    return found


@pytest.fixture
def front_end() -> Iterator[FrontEnd]:
    with closing(FrontEnd()) as front_end:
        yield front_end
