"""Words that are no Vietnamese syllable."""

from __future__ import annotations

from sonca.text.sheet import Sheet
from sonca.text.syllables import segment


def read_foreign(word: str, sheet: Sheet, at: int) -> tuple[str, str, str | None]:
    joined = segment(word)
    if joined:
        return " ".join(joined), "syllables run together", None
    return word.lower(), "foreign", word
