"""Shared pieces of the tests: utterances without a text planner, and engines that misbehave."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.processes import forked_command

# Deadlines would make the tests depend on what else the machine does.
settings.register_profile("sonca", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("sonca")


def pytest_collection_finish() -> None:
    """What is imported stays: it need not be looked through for garbage again and again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see none of the SONCA_ settings of whoever runs them."""
    for key in list(os.environ):
        if key.startswith("SONCA_"):
            monkeypatch.delenv(key)


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What starts `sonca` as a process, and quickly; more arguments follow."""
    with forked_command(tmp_path_factory.mktemp("forked")) as command:
        yield command
