"""Tells whether a sentence or the words around are in capitals: then capitals mean nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.vietnamese.slips import mended
from sonca.text.vietnamese.syllables import syllable


@lru_cache(maxsize=64)
def is_all_capitals(text: str) -> bool:
    """Returns whether a sentence is in capitals, mostly of Vietnamese words."""
    if text != text.upper() or not any(c.isalpha() for c in text):
        return False
    words = re.findall(r"[^\W\d_]{2,}", text)
    return len(words) >= 2 and sum((syllable(w) or mended(w)) is not None for w in words) * 2 > len(
        words
    )


def among_capitals(text: str, start: int, end: int) -> bool:
    """Returns whether a neighbour of ``text[start:end]`` is a Vietnamese word in capitals."""
    before = re.search(r"([^\W\d_]{2,})[ ,:]{1,3}\Z", text[max(0, start - 12) : start])
    after = re.match(r"[ ,:]{1,3}([^\W\d_]{2,})", text[end : end + 12])
    return any(
        found[1].isupper() and not found[1].isascii() and syllable(found[1]) is not None
        for found in (before, after)
        if found
    )
