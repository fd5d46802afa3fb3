"""Names letters and spells words."""

from __future__ import annotations

import unicodedata

from sonca.text.vietnamese.wordlists import section


def letter_name(letter: str) -> str:
    """Returns the name of one letter, such as "bê"; letters with marks go by their base letter.
    Empty if the letter has no Vietnamese name."""
    names = section("letters.tsv", "name")
    letter = letter.lower()
    return names.get(letter) or names.get(unicodedata.normalize("NFD", letter)[0], "")


def letter_english(letter: str) -> str:
    """Returns the English name of a small letter, such as "bi"."""
    return section("letters.tsv", "english").get(letter, "")


def spell(word: str) -> str:
    """Returns the names of all letters of a word."""
    return " ".join(filter(None, map(letter_name, word)))


def letter_sound(onset: str) -> str | None:
    """Returns a consonant as a stutterer says it: "khờ" for "kh"."""
    return section("letters.tsv", "sound").get(onset.lower())
