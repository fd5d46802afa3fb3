"""Foreign words in Vietnamese spelling are cut as Vietnamese says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.text.evaluation import spoken
from sonca.text.planning import plan
from sonca.text.vietnamese.loanwords import from_loan

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parents[1] / "data" / "loans_vi.tsv")
    .read_text(encoding="utf-8")
    .splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("word", "reading"), ROWS, ids=[row[0] for row in ROWS])
def test_words_of_schoolbooks_and_maps(word: str, reading: str) -> None:
    assert spoken(plan(f"Có {word} đó.")) == f"có {reading} đó"


@pytest.mark.parametrize(
    "word",
    [
        "main",
        "Biden",
        "heparin",
        "camera",
        "basket",
        "next",
        "sixteen",
        "coffee",
        "Müller",
        "JSON",
        "Facebook",
        "Baxter",
        "sông",
        "đi",
        "Nguyễn",
        "protein",
        "London",
        "people",
        "Shakespeare",
    ],
)
def test_other_words_are_left_to_others(word: str) -> None:
    assert from_loan(word) is None


@pytest.mark.parametrize(("word", "_reading"), ROWS[::7], ids=[row[0] for row in ROWS[::7]])
def test_what_was_said_is_said_again(word: str, _reading: str) -> None:
    first = spoken(plan(f"Có {word} đó."))
    assert spoken(plan(first)) == first
