"""For the tests of packages that bring an engine. Needs pytest, which nothing else here does."""

import pytest

pytest.register_assert_rewrite("sonca.testing.engine_contract")

from sonca.testing.engine_contract import EngineContract, utterance  # noqa: E402

__all__ = ["EngineContract", "utterance"]
