"""The golden numbers, and the tiny model that they were made with."""

from pathlib import Path

import pytest

from sonca.engines.viettts.config import Config
from sonca.engines.viettts.parity.folder import Folder

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Folder:
    return Folder(GOLDEN)


@pytest.fixture(scope="session")
def tiny(golden: Folder) -> Config:
    return golden.config()
