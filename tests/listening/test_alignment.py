"""What was heard beside what was to be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.listening.alignment import Kind, align, difference, parts

SYLLABLES = ("con", "đò", "nhỏ", "trôi", "giữa", "dòng", "sông", "đêm", "quê", "nghe")


@pytest.mark.parametrize(
    ("expected", "heard", "kinds"),
    [
        ("con đò nhỏ", "con đò nhỏ", ["same", "same", "same"]),
        ("con đò nhỏ", "con nhỏ", ["same", "missing", "same"]),
        ("con đò nhỏ", "con đò đò nhỏ", ["same", "same", "twice", "same"]),
        ("con đò nhỏ", "con đò đò", ["same", "same", "near"]),
        ("con đò nhỏ", "con dò nhỏ", ["same", "near", "same"]),
        ("con đò nhỏ", "con đo nhỏ", ["same", "tone", "same"]),
        ("con đò nhỏ", "con xyz nhỏ", ["same", "other", "same"]),
        ("con đò nhỏ", "", ["missing"] * 3),
        ("", "con đò", ["extra", "extra"]),
        ("con đò", "con đò sáng bừng", ["same", "same", "extra", "extra"]),
    ],
)
def test_kinds(expected: str, heard: str, kinds: list[Kind]) -> None:
    found = align(expected.split(), heard.split())
    assert sorted(pair.kind for pair in found.pairs) == sorted(kinds)


@given(st.lists(st.sampled_from(SYLLABLES), max_size=12), st.lists(st.sampled_from(SYLLABLES)))
def test_every_syllable_has_its_place_once_and_in_order(
    expected: list[str], heard: list[str]
) -> None:
    pairs = align(expected, heard).pairs
    assert [p.expected for p in pairs if p.expected is not None] == list(range(len(expected)))
    assert [p.heard for p in pairs if p.heard is not None] == list(range(len(heard)))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("đò", "đò", 0, 0),
        ("đò", "đó", 0.1, 0.3),
        ("nghe", "nge", 0, 0),
        ("kính", "cính", 0, 0),
        ("lý", "lí", 0, 0),
        ("đò", "đèn", 0.5, 1),
        ("đò", "nhỏ", 0.5, 1),
        ("đò", "khuya", 1.2, 2),
    ],
)
def test_how_much_two_syllables_differ(one: str, other: str, low: float, high: float) -> None:
    assert low <= difference(one, other) <= high
    assert difference(other, one) == difference(one, other)


def test_parts() -> None:
    assert parts("nghiêng") == ("ng", "iêng", "")
    assert parts("quả") == ("cu", "a", "\u0309")
    assert parts("giữa") == ("gi", "ưa", "\u0303")
    assert parts("ăn") == ("", "ăn", "")
    assert parts("the")[0] == "th"
