"""What engines are told about the place they run in."""

from __future__ import annotations

import pytest

from sonca import Sonca
from sonca.engines.base import Setup
from sonca.errors import EngineError, UnknownEngine

SETUP = Setup(options={"mine": {"beams": "4", "warm": 0.5}})


def test_an_engine_gets_its_own_options_as_what_they_are() -> None:
    assert SETUP.options_of("mine", beams=int, warm=float) == {"beams": 4, "warm": 0.5}
    assert SETUP.options_of("another", beams=int) == {}


def test_an_option_that_is_unknown_or_wrong_is_an_error_that_names_it() -> None:
    with pytest.raises(EngineError, match="no option 'warm'; it has: beams"):
        SETUP.options_of("mine", beams=int)
    with pytest.raises(EngineError, match="option warm of the engine mine"):
        SETUP.options_of("mine", beams=int, warm=len)


def test_options_of_an_engine_that_nobody_knows_are_an_error() -> None:
    with pytest.raises(UnknownEngine, match="unknown model 'mine'"):
        Sonca("tone", setup=SETUP)
