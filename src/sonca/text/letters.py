"""The names of letters, and how a word is spelled aloud."""

from __future__ import annotations

import unicodedata

from sonca.text.tables import section


def name(letter: str) -> str:
    """The name of one letter, such as "bê"; letters with marks go by their base. Empty if the
    letter has no Vietnamese name."""
    names = section("letters.tsv", "name")
    letter = letter.lower()
    return names.get(letter) or names.get(unicodedata.normalize("NFD", letter)[0], "")


def spell(word: str) -> str:
    """The names of all letters of a word."""
    return " ".join(filter(None, map(name, word)))


def sound(onset: str) -> str | None:
    """A consonant as a stutterer says it: "kh" is "khờ"."""
    return section("letters.tsv", "sound").get(onset.lower())
