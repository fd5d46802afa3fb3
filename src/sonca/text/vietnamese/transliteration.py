"""Says any word in any alphabet in Vietnamese syllables, through its English sound.

A reading is always found: espeak-ng's English phonemes mapped to syllables by rule, then the
word's spelling, then its letters. It knows no sentence.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from sonca.text.vietnamese.letters import letter_name, spell
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import known_foreign

if TYPE_CHECKING:
    from sonca.espeakng import Library

_VOICE = "en"
"""British: its "o" is the o that Vietnamese hear, and its r is silent where theirs is."""
_MAX_SOUNDED = 30
"""Longer runs of letters are no words; they are read by their spelling."""


@lru_cache(maxsize=16384)
def transliterate(word: str) -> str:
    """Returns any run of letters as Vietnamese syllables; never empty for Latin letters."""
    from sonca.text.vietnamese.phonemes import from_ipa
    from sonca.text.vietnamese.spelling import from_spelling

    if not _is_latin(word):
        return _other_script(word)
    if not re.search(r"[aeiouyw]|(.)\1\1|[^a-z]", word.lower()):
        return spell(word)  # no word: an English reader would name the letters, too
    humps = re.findall("[A-Z][a-z]+", word)
    if len(humps) > 1 and "".join(humps) == word and min(map(len, humps)) > 2:
        return " ".join(known_foreign(hump) or transliterate(hump) for hump in humps)
    plain = _without_accents(word)
    if plain and len(plain) <= _MAX_SOUNDED:
        said = from_ipa(_phonemes(plain))
        if said:
            open_a = word.endswith(("a", "A")) and said.endswith("ơ")  # Toyota, Nvidia
            return said[:-1] + "a" if open_a else said
    return from_spelling(word) or spell(word) or word.lower()


def _without_accents(word: str) -> str:
    """Returns the word for an English reader; nothing if its letters are plainly Vietnamese."""
    flat = unicodedata.normalize("NFD", word)
    if any(c in "đĐ\u0302\u0306\u031b" for c in flat):
        return ""
    kept = "".join(c for c in flat if not unicodedata.combining(c))
    return kept if kept.isascii() else ""


def _is_latin(word: str) -> bool:
    return all(c < "\u0250" or "\u1e00" <= c <= "\u1eff" for c in word)


def _other_script(word: str) -> str:
    """Says Cyrillic and Greek through Latin letters; scripts without an alphabet are silent."""
    from sonca.text.vietnamese.spelling import from_spelling, romanized

    if len(word) <= 3 and any(letter_name(c) for c in word) and any(c < "\u0250" for c in word):
        return spell(word)  # πr in a formula
    latin = romanized(word)
    if not latin:
        return ""
    return syllable(latin) or from_spelling(latin)


_lock = threading.Lock()
_library: Library | None = None
_missing = False


@lru_cache(maxsize=16384)
def _phonemes(word: str) -> str:
    """Returns English IPA; nothing if espeak-ng cannot be used here."""
    global _library, _missing
    with _lock:  # one set of C globals: one caller at a time
        if _missing:
            return ""
        try:
            if _library is None:
                from sonca.espeakng import Library

                _library = Library(private=True)
            return _library.phonemes(word.lower(), _VOICE)
        except Exception:
            _missing = True  # the letters are read instead; asking again would not help
            return ""
