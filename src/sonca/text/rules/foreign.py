"""Reads English contractions, hyphenated compounds and the names of the highlands."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import letter_english, letter_name, letter_sound
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.transliteration import transliterate
from sonca.text.vietnamese.wordlists import known_foreign


def _apostrophe(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads English contractions and possessives as one word: ``don't``, ``McDonald's``."""
    word = match[0]
    base, _, ending = re.split("([’'])", word, maxsplit=1)
    known = known_foreign(word.replace("’", "'")) or None
    if known is None and ending.lower() == "s":
        known = known_foreign(base) or transliterate(base)
    return Replacement(
        match.start(), match.end(), known or transliterate(base + ending), "foreign", word
    )


def _hyphenated(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads compounds that are listed as one word: ``Wi-Fi``, ``e-mail``."""
    word = match[0]
    known = known_foreign(word) or known_foreign(word.replace("-", "")) or _lettered(word)
    if known is None or (syllable(word.split("-")[0]) and syllable(word.split("-")[1])):
        return None
    return Replacement(match.start(), match.end(), known, "foreign word list", word)


def _lettered(word: str) -> str | None:
    """Reads a small letter before an English word by its English name: ``t-shirt``."""
    letter, _, rest = word.partition("-")
    if len(letter) > 1 or not letter.islower() or len(rest) < 3 or syllable(rest) is not None:
        return None
    return f"{letter_english(letter)} {known_foreign(rest) or transliterate(rest)}"


RULES = (
    Rule(
        "highland name",
        r"(?<![\w’'])[HKMNRYBhkmnryb](?=[’']\p{L})",
        lambda m, w: Replacement(
            *m.span(), letter_sound(m[0]) or letter_name(m[0]), "highland name", m[0]
        ),
        kind="apostrophe",
        mask=WORD_MASK,
    ),
    Rule(
        "foreign",
        r"(?<![\w])[A-Za-z]{2,20}[’'](?:[sS]|t|re|ve|ll|d|m)(?![\w])",
        _apostrophe,
        kind="apostrophe",
        mask=WORD_MASK,
    ),
    Rule(
        "foreign word list",
        r"(?<![\w-])[A-Za-z]{1,12}-[A-Za-z]{1,12}(?![\w-])",
        _hyphenated,
        kind="broken",
        mask=WORD_MASK,
    ),
)
