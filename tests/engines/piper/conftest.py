"""Tiny voices on disk, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonca.engines.base import Setup
from sonca.engines.piper import PiperEngine
from tests.engines.piper import tiny


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a voice of one speaker and one of three."""
    folder = tmp_path_factory.mktemp("models")
    tiny.save(folder)
    tiny.save(folder, "vi_VN-three-x_low", speakers=3, seed=2)
    return folder


@pytest.fixture(scope="module")
def engine(models_dir: Path) -> Iterator[PiperEngine]:
    engine = PiperEngine(Setup(models_dir=models_dir, exact=True))
    yield engine
    engine.close()
