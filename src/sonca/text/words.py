"""Left-over words: Vietnamese syllables as they stand, all others as foreign words.

A few English words are spelled like syllables ("the", "can", "me"). In a sentence of English
they are English; anywhere else they are what they look like.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.sheet import Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import word_set

_WORD = re.compile("[A-Za-z]+")
_BOTH = word_set(
    "a am an be bee bin bye can do go gun he hi him i in lo man me men my no on pen run see she so"
    " son sun the then thin this to too van we win yen you fan pan ten ban den fun hen"
)
"""English words that are spelled like Vietnamese syllables."""
_MIN_ENGLISH = 3
"""Words of a sentence from which on it can be told to be English."""


def read_word(word: str, sheet: Sheet, at: int) -> tuple[str, str, str | None]:
    """``(spoken, rule, original spelling if foreign)`` of one run of letters."""
    known = syllable(word)
    if known is not None and not (sheet.text.isascii() and _english(sheet.text)):
        return known, "syllable", None
    from sonca.text.foreign import known_foreign, read_foreign, vietnamize

    if known is not None:
        return known_foreign(word) or vietnamize(word), "English sentence", word
    return read_foreign(word, sheet, at)


@lru_cache(maxsize=64)
def _english(text: str) -> bool:
    """Whether a sentence without any marks holds English words and nothing that is only
    Vietnamese."""
    words = [w for w in _WORD.findall(text) if not w.isupper() or w == "I"]
    odd = [w for w in words if len(w) > 1 and syllable(w) is None]
    both = all(w.lower() in _BOTH for w in words if syllable(w) is not None)
    return len(words) >= _MIN_ENGLISH and len(odd) >= 2 and len(odd) * 2 >= len(words) and both
