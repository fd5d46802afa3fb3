"""One small model of each kind for all tests of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from benchmarks.supertonic import random_model
from sonca.engines.supertonic.flow_model import FlowModel


@pytest.fixture(scope="session")
def korva(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model.make(tmp_path_factory.mktemp("korva") / "korvatts", korva=True)


@pytest.fixture(scope="session")
def supertonic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model.make(tmp_path_factory.mktemp("supertonic") / "supertonic-3")


@pytest.fixture(scope="session")
def model(korva: Path) -> FlowModel:
    return FlowModel(korva)
