"""A tiny VieNeu with random weights, the one that the golden numbers were made with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("sea_g2p")
pytest.importorskip("tokenizers")

from benchmarks.vieneu.random_model import TINY, Random, write_whole
from sonca.engines.base import Setup
from sonca.engines.vieneu.engine import VieneuEngine
from sonca.engines.vieneu.front_end import FrontEnd
from sonca.engines.vieneu.model_folder import open_folder
from sonca.engines.vieneu.speaking import Speaking
from sonca.text import plan_iter
from sonca.utterance import Utterance

GOLDEN = Path(__file__).parent / "golden.npz"


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_whole(folder / "vieneu" / "vieneu-v3-turbo", Random(TINY))
    return folder


@pytest.fixture(scope="session")
def model_dir(models_dir: Path) -> Path:
    return models_dir / "vieneu" / "vieneu-v3-turbo"


@pytest.fixture(scope="session")
def engine(model_dir: Path) -> VieneuEngine:
    """Upstream's graphs, one utterance at a time."""
    return VieneuEngine(open_folder(model_dir), Setup(threads=1), serial=True)


@pytest.fixture(scope="session")
def speaking(engine: VieneuEngine) -> Speaking:
    return engine._speaking


@pytest.fixture(scope="session")
def front_end() -> FrontEnd:
    return FrontEnd()


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.fixture(scope="session")
def front(golden: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(str(golden["front"]))
    return found


@pytest.fixture(scope="session")
def planned() -> Callable[[str], list[Utterance]]:
    """Utterances of a text, as Sonca reads it."""

    def plan(text: str) -> list[Utterance]:
        return [item for item in plan_iter(text) if isinstance(item, Utterance)]

    return plan
