"""The user's own readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.errors import InvalidRequest
from sonca.text import Lexicon, Reading, plan


def say(text: str, lexicon: str, kind: str = "tsv") -> str:
    reading = Reading(lexicon=Lexicon.parse(lexicon, kind))  # type: ignore[arg-type]
    return " ".join(u.spoken for u in plan(text, reading=reading))


def test_it_wins_over_every_rule() -> None:
    lexicon = "TP.HCM\tsài gòn\niPhone\tdế\n20/11\tngày nhà giáo\n"
    assert say("Ngày 20/11 ở TP.HCM mua iPhone", lexicon) == "ngày ngày nhà giáo ở sài gòn mua dế"


def test_whole_words_in_any_case_by_default() -> None:
    assert say("ga, Ga, gà, gan", "ga\tnhà ga\n") == "nhà ga, nhà ga, gà, gan"


def test_flags() -> None:
    assert say("Su su", "Su\txu\tcase\n") == "xu su"
    assert say("abXcd", "X\tgạch\tpart\n").split()[1] == "gạch"
    assert say("còn 50 HP nhé", "\\d+ HP\tnhiều máu\tregex\n") == "còn nhiều máu nhé"


def test_the_longest_entry_wins() -> None:
    assert say("Hồ Chí Minh", "Hồ\thồ nước\nHồ Chí Minh\tbác\n") == "bác"


def test_an_empty_reading_is_silence() -> None:
    assert say("anh ơi (cười) đi", "(cười)\t\n") == "anh ơi đi"


def test_words_keep_their_source() -> None:
    text = "Gặp GenZ nhé"
    (utterance,) = plan(text, reading=Reading(lexicon=Lexicon.parse("GenZ\tgien dét\n")))
    assert [text[w.source[0] : w.source[1]] for w in utterance.words] == [
        "Gặp",
        "GenZ",
        "GenZ",
        "nhé",
    ]


def test_decomposed_entries_match() -> None:
    assert say("Đường", "\u0110u\u031bo\u031b\u0300ng\tphố\n") == "phố"


TOML = """
[words]
GenZ = "gien dét"

[[rule]]
match = "Su"
reading = "xu"
case = true
"""


def test_toml() -> None:
    assert say("GenZ, Su, su", TOML, "toml") == "gien dét, xu, su"


@pytest.mark.parametrize(
    ("lexicon", "kind", "line"),
    [
        ("a\tb\nkhông có tab\n", "tsv", 2),
        ("a\tb\tlạ\n", "tsv", 1),
        ("# chú thích\n\n(\tb\tregex\n", "tsv", 3),
        ("(a+)+b\tx\tregex\n", "tsv", 1),
        ("(a|aa)*\tx\tregex\n", "tsv", 1),
        ("x*\tb\tregex\n", "tsv", 1),
        (" \tb\n", "tsv", 1),
        ("a" * 201 + "\tb\n", "tsv", 1),
        ("[words]\na = 1\n", "toml", 2),
        ("[words]\na = \n", "toml", 2),
        ("[[rule]]\nmatch = 'x'\n", "toml", 2),
        ("[[rule]]\nmatch = 'x'\nreading = 'y'\nsize = 1\n", "toml", 2),
        ("\nlạ = 1\n".replace("lạ", "la"), "toml", 2),
    ],
)
def test_a_bad_line_is_named(lexicon: str, kind: str, line: int) -> None:
    with pytest.raises(InvalidRequest, match=f"line {line}"):
        Lexicon.parse(lexicon, kind)  # type: ignore[arg-type]


def test_load_goes_by_the_suffix(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text(TOML, encoding="utf-8")
    assert len(Lexicon.load(file).entries) == 2
    other = tmp_path / "words.csv"
    other.write_text("", encoding="utf-8")
    with pytest.raises(InvalidRequest, match="csv"):
        Lexicon.load(other)
    with pytest.raises(InvalidRequest, match="cannot read"):
        Lexicon.load(tmp_path / "missing.tsv")


@pytest.mark.slow
def test_a_large_lexicon_is_found_quickly() -> None:
    table = "".join(f"từ{i}\tchữ\n" for i in range(20_000))
    assert say("từ7 từ19999", table) == "chữ chữ"
    with pytest.raises(InvalidRequest, match="20000 entries"):
        Lexicon.parse(table + "thêm\tmột\n")
