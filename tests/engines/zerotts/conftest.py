"""A tiny model with random weights, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonca.engines.base import Setup
from sonca.engines.zerotts import ZeroTTSEngine
from tests.engines.zerotts import tiny


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a model of two voices."""
    folder = tmp_path_factory.mktemp("models")
    tiny.install(folder)
    return folder


@pytest.fixture(scope="module")
def engine(models_dir: Path) -> Iterator[ZeroTTSEngine]:
    engine = ZeroTTSEngine(Setup(models_dir=models_dir, threads=1))
    yield engine
    engine.close()
