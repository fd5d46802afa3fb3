"""Every spelling of a letter becomes one, and knows where it came from."""

from __future__ import annotations

import unicodedata

import pytest

from sonca.text.folding import fold


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ("Ðồng", "Đồng"),
        ("１２Ａ", "12A"),
        ("ﬁ", "fi"),
        ("Ⅻ", "XII"),
        ("a\u00adb\u200bc", "abc"),
        ("e\u0301\u0302", "ế"),
        ("a\u00a0b\u3000c", "a b c"),
        ("x²₂½", "x²₂½"),
        ("℃", "°C"),
        ("Z\u0336a\u0337", "Za"),
        ("\ud800a\x00", "a"),
        ("①", "1"),
        ("e\u200b\u0301", "é"),
        ("đươc\u0323", "được"),
        ("chо trᴏng", "cho trong"),
        ("Ока и chо", "Ока и cho"),
        ("kα, πr", "kα, πr"),
    ],
)
def test_fold(source: str, folded: str) -> None:
    assert fold(source).text == folded


def test_every_folded_character_has_a_source() -> None:
    source = unicodedata.normalize("NFD", "Đường phượng ﬁ ½ Ⅻ")
    folded = fold(source)
    at = 0
    for index in range(len(folded.text)):
        start, end = folded.source(index, index + 1)
        assert start < end and start >= at
        at = start


def test_plain_text_keeps_its_offsets() -> None:
    folded = fold("xx Đường phố", 3)
    assert folded.text == "Đường phố"
    assert folded.source(0, 5) == (3, 8)


def test_a_tone_goes_to_no_letter_that_cannot_carry_it() -> None:
    folded = fold("û\u0302π\u0301")
    assert folded.starts is None or len(folded.starts) == len(folded.text)
