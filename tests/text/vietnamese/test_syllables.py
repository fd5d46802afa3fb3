"""What is a Vietnamese syllable, and what only looks like one."""

from __future__ import annotations

import pytest

from sonca.text.vietnamese.syllables import is_unmarked, nearest, segment, syllable


@pytest.mark.parametrize(
    "word",
    [
        "nghiêng",
        "khuya",
        "khoắt",
        "quýt",
        "giếng",
        "gì",
        "gìn",
        "giặt",
        "oằn",
        "oẹ",
        "uỷ",
        "ủy",
        "hoà",
        "hòa",
        "thuở",
        "quốc",
        "quyển",
        "ngoằn",
        "ngoèo",
        "rượu",
        "yêu",
        "yến",
        "ý",
        "ỷ",
        "ăn",
        "ấm",
        "ôi",
        "uống",
        "ươn",
        "xoong",
        "boong",
        "khuỷu",
        "tuềnh",
        "toàng",
        "huếch",
        "hươu",
        "nguyệt",
        "choắt",
        "quẹo",
        "a",
        "ơ",
        "ừm",
    ],
)
def test_syllables(word: str) -> None:
    assert syllable(word) == word
    assert syllable(word.upper()) == word


@pytest.mark.parametrize(
    "word",
    [
        "cat",
        "chat",
        "hot",
        "net",
        "game",
        "file",
        "online",
        "kon",
        "ceo",
        "ngi",
        "ghа",
        "strength",
        "w",
        "bl",
        "qa",
        "nghа",
        "cuek",
        "iphone",
        "mach",
        "mát1",
        "đắk",
        "krông",
        "ẵẽ",
        "viet",
        "nguyen",
    ],
)
def test_no_syllables(word: str) -> None:
    assert syllable(word) is None


@pytest.mark.parametrize(("word", "right"), [("qúi", "quí"), ("gìơ", "giờ"), ("tòan", "toàn")])
def test_a_misplaced_tone_is_put_right(word: str, right: str) -> None:
    assert syllable(word) == right


def test_both_customs_of_tone_placement_stay() -> None:
    for word in ("hòa", "hoà", "thúy", "thuý", "lóe", "loé", "ủy", "uỷ"):
        assert syllable(word) == word


def test_letters_run_together_are_cut() -> None:
    assert segment("sốngđộng") == ["sống", "động"]
    assert segment("tuoitre", unmarked=True) == ["tuoi", "tre"]
    assert segment("strength") is None


def test_unmarked_syllables() -> None:
    assert is_unmarked("viet") and is_unmarked("nguyen") and not is_unmarked("strength")
    assert syllable(nearest("viet")) and nearest("tre") == "tre"
