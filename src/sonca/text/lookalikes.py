"""Gives a text the Latin letters that it was meant to have.

People and programs write Vietnamese with letters that only look right: small capitals, Cyrillic
``о`` in ``chо``, Greek, Armenian, ``khôпg`` in games. A word of another script stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import rows

_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_ODD = re.compile(
    "[\u0180-\u019f\u01ea\u01eb\u01a2-\u01ae\u01b1-\u02af\u0370-\u0589\u13a0-\u167f\u1d00-\u1d7f\u1f00-\u1fff"
    "\u2c60-\u2cff\ua4d0-\ua4ff\ua720-\ua7ff\u212e\u217c\U0001f150-\U0001f189]"
)
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_MARKS = {"\u0300": "\u0300", "\u0301": "\u0301", "\u0303": "\u0303", "\u0342": "\u0303"}
_MIN_GREEK = 3
"""Shorter words may be formulas: "kα"."""


def latin_letters(text: str) -> str:
    """Returns the text with Latin letters for those that only look so; its length stays."""
    if not _ODD.search(text):
        return text
    text = text.translate(_table("always"))
    words = [m for m in _WORD.finditer(text) if _ODD.search(m[0])]
    read = {m.start(): latin for m in words if (latin := _mixed(m[0])) is not None}
    left = [m for m in words if m.start() not in read]
    if read and not any(_own_script(m[0]) for m in left):
        for match in left:  # beside "сhо", "со" is Latin too, and a short word no formula
            latin = _mixed(match[0], 1) or match[0].translate(_table("same"))
            if syllable(latin):
                read[match.start()] = latin
    out, at = "", 0
    for start in sorted(read):
        out += text[at:start] + read[start]
        at = start + len(read[start])
    return out + text[at:]


def _mixed(word: str, min_greek: int = _MIN_GREEK) -> str | None:
    """Returns a word of two scripts in Latin letters."""
    if not _has_latin(word):
        return None
    latin = word.translate(_table("same"))
    if not _ODD.search(latin):
        return latin
    if latin.startswith("υê"):
        latin = "y" + latin[1:]  # υêu; elsewhere υ is u
    latin = latin.translate(_table("like"))
    long_enough = len(latin) >= min_greek or not _GREEK.search(word)
    known = long_enough and syllable(unicodedata.normalize("NFC", latin)) is not None
    return latin if known else None


def _has_latin(word: str) -> bool:
    return any(c < "\u0180" or c in "ơưƠƯ" or "\u1e00" <= c < "\u1f00" for c in word if c.isalpha())


def _own_script(word: str) -> bool:
    """Returns whether a word is of another script and cannot be Latin."""
    return not _has_latin(word) and _ODD.search(word.translate(_table("same"))) is not None


@lru_cache(maxsize=3)
def _table(kind: str) -> dict[int, str]:
    """Returns the letters of one kind, those with accents too."""
    letters = {
        odd: latin
        for row in rows("lookalikes.tsv")
        if row[0] == kind
        for odd, latin in zip(list(row[1]), list(row[2]), strict=True)
    }
    for char in (
        chr(c) for low, high in ((0x370, 0x530), (0x1F00, 0x2000)) for c in range(low, high)
    ):
        parts = unicodedata.normalize("NFD", char)
        if len(parts) > 1 and parts[0] in letters and char not in letters:
            tone = "".join(_MARKS.get(mark, "") for mark in parts[1:])[:1]
            letters[char] = unicodedata.normalize("NFC", letters[parts[0]] + tone)[:1]
    return {ord(odd): latin for odd, latin in letters.items()}
