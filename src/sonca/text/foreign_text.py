"""Leaves text of another language as it is: words and the punctuation between them.

For voices whose engine reads its language by itself (an English Piper voice). Numbers and
abbreviations are left to the engine; spans, limits and pauses are the same as for Vietnamese.
"""

from __future__ import annotations

import re
import unicodedata

from sonca.text.reading import Token

_MODULE = "foreign_text"
_PIECE = re.compile(r"[^\s]+")
_SPOKEN_SIGNS = frozenset("$€£¥₫%‰&@#+=<>°§©®™")
_MARKS = {mark: mark for mark in ",:;.…!?"} | dict.fromkeys("-–—", ",")
_STRENGTH = ",-–—:;.…!?"


def read_foreign_text(source: str, start: int, end: int) -> list[Token]:
    """Returns the tokens of ``source[start:end]`` in order. Blanks give none."""
    pieces = _PIECE.finditer(source, start, end)
    return [token for piece in pieces for token in _tokens(source, *piece.span())]


def _tokens(source: str, start: int, end: int) -> list[Token]:
    """Returns a word without what stands around it, and the mark that follows it."""
    first, last = start, end
    while first < last and not _said(source[first]):
        first += 1
    while last > first and not _said(source[last - 1]):
        last -= 1
    spoken = _clean(source[first:last])
    if not spoken:
        return [_mark(source, start, end)]
    word = Token((first, last), source[first:last], spoken, "verbatim", module=_MODULE)
    return [word, _mark(source, last, end)] if last < end else [word]


def _said(char: str) -> bool:
    return char.isalnum() or char in _SPOKEN_SIGNS or unicodedata.combining(char) != 0


def _clean(word: str) -> str:
    """Returns the word in NFC, without controls and halves of characters."""
    kept = "".join(c for c in word if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return unicodedata.normalize("NFC", kept)


def _mark(source: str, start: int, end: int) -> Token:
    """Returns what is not spoken as one mark: the one in it that says most."""
    text = source[start:end]
    found = max((c for c in text if c in _MARKS), key=_STRENGTH.index, default="")
    return Token((start, end), text, _MARKS.get(found, ""), "verbatim", None, bool(found), _MODULE)
