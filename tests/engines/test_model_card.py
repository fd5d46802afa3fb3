"""What is kept beside a model, and how near one sound is to another."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.model_card import add_levels, as_number, levels_on, read_card, write_card
from sonca.engines.runtime.accuracy import snr_db


def test_levels_are_added_to_what_is_known(tmp_path: Path) -> None:
    card = tmp_path / "sonca.json"
    assert read_card(card) == {}
    add_levels(card, {"mai": -20.5}, gender="female")
    add_levels(card, {"lan": -19.0}, region="north")
    assert read_card(card) == {
        "gender": "female",
        "region": "north",
        "loudness_lufs": {"mai": -20.5, "lan": -19.0},
    }


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", '"a"', "[" * 100_000])
def test_a_damaged_card_says_nothing_and_is_written_over(tmp_path: Path, text: str) -> None:
    card = tmp_path / "sonca.json"
    card.write_text(text)
    assert read_card(card) == {}
    write_card(card, {"a": 1})
    assert read_card(card) == {"a": 1}


def test_only_numbers_are_levels() -> None:
    card = {"loudness_lufs": {"a": -20, "b": "loud", "c": math.nan, "d": None, "e": -18.5}}
    assert levels_on(card) == {"a": -20.0, "e": -18.5}
    assert levels_on({"loudness_lufs": [1]}) == levels_on({}) == {}
    assert as_number(math.inf) is None


def test_snr() -> None:
    wanted = np.array([1.0, -1.0, 1.0, -1.0], np.float32)
    assert snr_db(wanted, wanted * 0.9) == pytest.approx(20, abs=1e-4)
    assert snr_db(wanted, wanted[:2]) == -math.inf
    assert snr_db(wanted, wanted) > 120
    assert snr_db(wanted * 0, wanted) < -120
