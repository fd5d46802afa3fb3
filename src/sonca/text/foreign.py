"""Words that are no Vietnamese syllable: looked up, or read through their English sound.

A reading is always found: the table of exceptions, then espeak-ng's English phonemes mapped to
syllables by rule, then the letters themselves where espeak-ng is not installed.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from sonca.text.letters import name, spell
from sonca.text.sheet import Sheet
from sonca.text.syllables import bare, segment, split_tone
from sonca.text.tables import mapping

if TYPE_CHECKING:
    from sonca.espeakng import Library

_MAX_SOUNDED = 30
"""Longer runs of letters are no words; they are read by their spelling."""


def read_foreign(word: str, sheet: Sheet, at: int) -> tuple[str, str, str | None]:
    """``(spoken, rule, original spelling)``; the spelling is None if the word is Vietnamese."""
    if len(word) == 1:
        return _one_letter(word)
    expanded = _shorthand(word)
    if expanded is not None:
        return expanded, "abbreviation", None
    known = known_foreign(word)
    if known is not None:
        return known, "foreign word list", word
    joined = _joined(word)
    if joined is not None:
        return joined, "syllables run together", None
    if word.isascii() and bare(word) and _unmarked(sheet):
        return word.lower(), "unmarked syllable", None
    return vietnamize(word), "foreign", word


def _one_letter(letter: str) -> tuple[str, str, str | None]:
    said = name(letter)
    if said:
        return said, "letter", None
    return "", "unknown letter", letter


def _shorthand(word: str) -> str | None:
    from sonca.text.abbreviations import lookup
    from sonca.text.units import unit_alone

    return (
        mapping("shorthand.tsv").get(word.lower())
        or unit_alone(word)
        or (lookup(word.upper()) if word.islower() and len(word) <= 5 else None)
    )


def known_foreign(word: str) -> str | None:
    """The listed reading of a foreign word, in any case."""
    return mapping("foreign.tsv").get(unicodedata.normalize("NFC", word).lower())


def _joined(word: str) -> str | None:
    """Vietnamese run together without blanks ("sốngđộng", "hahaha")."""
    low = word.lower()
    marked = not low.isascii()
    pieces = segment(low)
    if not pieces or len(pieces) * 2 > len(low) + 1:
        return None
    repeated = len(pieces) > 1 and len(set(pieces)) == 1 and len(pieces[0]) > 1
    return " ".join(pieces) if marked and split_tone(low)[0] or repeated else None


def _unmarked(sheet: Sheet) -> bool:
    """Whether the sentence is Vietnamese typed without marks."""
    words = [w for w in sheet.text.split() if w.isalpha()]
    return sheet.text.isascii() and len(words) >= 3 and all(bare(w) for w in words)


@lru_cache(maxsize=16384)
def vietnamize(word: str) -> str:
    """Any run of letters as Vietnamese syllables; never empty for Latin letters."""
    from sonca.text.phonemes import from_ipa
    from sonca.text.spelling import from_spelling

    latin = "".join(c for c in word if unicodedata.name(c, "").startswith("LATIN"))
    if len(latin) < len(word):
        return _other_script(word)
    if word.isascii() and len(word) <= _MAX_SOUNDED:
        said = from_ipa(_phonemes(word))
        if said:
            return said
    return from_spelling(word) or spell(word) or word.lower()


def _other_script(word: str) -> str:
    """Cyrillic and Greek through Latin letters; scripts without an alphabet are silent."""
    from sonca.text.spelling import from_spelling, romanized

    latin = romanized(word)
    return from_spelling(latin) if latin else ""


_lock = threading.Lock()
_library: Library | None = None
_missing = False


@lru_cache(maxsize=16384)
def _phonemes(word: str) -> str:
    """English IPA; nothing if espeak-ng cannot be used here."""
    global _library, _missing
    with _lock:  # one set of C globals: one caller at a time
        if _missing:
            return ""
        try:
            if _library is None:
                from sonca.espeakng import Library

                _library = Library(private=True)
            return _library.phonemes(word.lower(), "en-us")
        except Exception:
            _missing = True  # the letters are read instead; asking again would not help
            return ""
