"""Numbers in words."""

from __future__ import annotations

import pytest

from sonca.text.reading import Reading
from sonca.text.vietnamese.numbers import cardinal, digits, from_roman, number

NORTH, SOUTH = Reading(region="north"), Reading(region="south")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "không"),
        (4, "bốn"),
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (25, "hai mươi lăm"),
        (104, "một trăm linh tư"),
        (110, "một trăm mười"),
        (1_000, "một nghìn"),
        (1_005, "một nghìn không trăm linh năm"),
        (1_000_000, "một triệu"),
        (1_000_001, "một triệu không trăm linh một"),
        (7_800_000_000, "bảy tỷ tám trăm triệu"),
        (10**12, "một nghìn tỷ"),
        (10**18 - 1, cardinal(999_999_999, NORTH) + " tỷ " + cardinal(999_999_999, NORTH)),
    ],
)
def test_cardinals(value: int, said: str) -> None:
    assert cardinal(value, NORTH) == said


def test_too_long_a_number_is_read_by_digits() -> None:
    assert cardinal("1" * 28, NORTH) == digits("1" * 28)


def test_a_cardinal_says_its_value() -> None:
    """Reading the words back gives the number: no two numbers sound alike."""
    values = {
        "không": 0,
        "một": 1,
        "mốt": 1,
        "hai": 2,
        "ba": 3,
        "bốn": 4,
        "tư": 4,
        "năm": 5,
        "lăm": 5,
    }
    values |= {"sáu": 6, "bảy": 7, "tám": 8, "chín": 9}

    def back(said: str) -> int:
        total = group = digit = 0
        for word in said.split():
            if word in values:
                digit = values[word]
            elif word == "mười":
                group, digit = group + 10, 0
            elif word == "mươi":
                group, digit = group + digit * 10, 0
            elif word == "trăm":
                group, digit = group + digit * 100, 0
            elif word in ("nghìn", "triệu"):
                total += (group + digit) * {"nghìn": 1000, "triệu": 10**6}[word]
                group = digit = 0
            elif word == "tỷ":
                total, group, digit = (total + group + digit) * 10**9, 0, 0
        return total + group + digit

    for value in [
        *range(0, 12_000),
        *range(0, 10**9, 7_654_321),
        *range(0, 10**15, 10**12 * 7 + 13),
    ]:
        assert back(cardinal(value, NORTH)) == value


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1.234", "một nghìn hai trăm ba mươi tư"),
        ("1.234,5", "một nghìn hai trăm ba mươi tư phẩy năm"),
        ("1,234.5", "một nghìn hai trăm ba mươi tư phẩy năm"),
        ("0,125", "không phẩy một hai năm"),
        ("9,05", "chín phẩy không năm"),
        ("3 000", "ba nghìn"),
    ],
)
def test_separators(written: str, said: str) -> None:
    assert number(written, NORTH) == said


def test_regions() -> None:
    assert cardinal(1_004, SOUTH) == "một ngàn không trăm lẻ bốn"


def test_roman_numerals_are_read_if_they_are_written_as_romans_did() -> None:
    sizes = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    letters = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"]
    for value in range(1, 4000):
        written, rest = "", value
        for size, letter in zip(sizes, letters, strict=True):
            written += letter * (rest // size)
            rest %= size
        assert from_roman(written) == value
    for wrong in ("IIII", "VX", "IC", "ABC", ""):
        assert from_roman(wrong) is None
