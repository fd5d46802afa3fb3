"""Left-over words: Vietnamese syllables as they stand, all others as foreign words."""

from __future__ import annotations

from sonca.text.sheet import Sheet
from sonca.text.syllables import syllable


def read_word(word: str, sheet: Sheet, at: int) -> tuple[str, str, str | None]:
    """``(spoken, rule, original spelling if foreign)`` of one run of letters."""
    known = syllable(word)
    if known is not None:
        return known, "syllable", None
    from sonca.text.foreign import read_foreign

    return read_foreign(word, sheet, at)
