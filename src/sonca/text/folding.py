"""Gives every letter one spelling (NFC, plain characters) and keeps the way back to the source.

`fold` turns a stretch of source text into the form that all rules read: composed letters,
ASCII digits and Latin letters instead of full-width ones and look-alikes, a tone where it can
stand, no controls or invisible characters. Every folded character has the span of the source it
stands for. This module knows no words and no sentences.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sonca.text.lookalikes import latin_letters
from sonca.utterance import Span

_MARKS_SHAPE = "\u0302\u0306\u031b"  # circumflex, breve, horn: part of a Vietnamese letter
_MARKS_TONE = "\u0300\u0301\u0303\u0309\u0323"
_JOINERS = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\ufe0e\ufe0f"
)
"""Invisible; between a letter and its marks they part nothing."""
_MAX_MARKS = 6  # a letter has two; the rest of a heap is noise and is dropped
_KEEP = frozenset("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒⁻⁺⁽⁾ₙⁿⁱ™℠…№℃℉‼⁇⁈⁉´¨¯¸")
_FIXED = {
    "\u00d0": "Đ",
    "\u0189": "Đ",
    "\u00f0": "đ",
    "\u0256": "đ",
    "\u2126": "Ω",
    "\u212b": "Å",
    "\u00b5": "μ",
    "\u2212": "−",
    "\u2044": "/",
    "\u2215": "/",
    "\u2010": "-",
    "\u2011": "-",
    "\ufe63": "-",
    "\uff0d": "-",
    "№": "số ",
    "℃": "°C",
    "℉": "°F",
    "º": "°",
    "ª": "a",
    "˚": "°",
    "⋯": "…",
    "‼": "!!",
    "⁇": "??",
    "⁈": "?!",
    "⁉": "!?",
    "。": ".",
    "、": ",",
    "｡": ".",
    "､": ",",
    "ʼ": "’",
    "\u2800": " ",
    "\u115f": "",
    "\u1160": "",
    "\u3164": "",
    "\uffa0": "",
    "`": "‘",
    "´": "’",
}
# Nothing to fold: composed Vietnamese, ASCII but controls, and the usual punctuation.
_PLAIN = re.compile(
    "[ -_a-~\u00a1-\u00a9\u00ab-\u00ac\u00ae-\u00b1\u00b6\u00b7\u00bb-\u00cf\u00d1-\u00ef"
    "\u00f1-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u01a0\u01a1\u01af\u01b0"
    "\u1ea0-\u1ef9\u2013\u2014\u2018-\u201f\u2022\u2026\u20ab\u20ac\u00b2\u00b3]*"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and where it comes from."""

    text: str
    start: int
    """Where the stretch begins in the source."""
    starts: tuple[int, ...] | None = None
    """Source offset of every folded character; None where folding changed nothing."""
    ends: tuple[int, ...] | None = None
    disguised: bool = False
    """Whether letters stood for others that they look like."""

    def source(self, start: int, end: int) -> Span:
        """Returns the source span of ``text[start:end]``, which must not be empty."""
        if self.starts is None or self.ends is None:
            return self.start + start, self.start + end
        return self.starts[start], self.ends[end - 1]


def fold(source: str, start: int = 0, end: int | None = None) -> Folded:
    """Folds ``source[start:end]``."""
    end = len(source) if end is None else end
    if _PLAIN.fullmatch(source, start, end):
        return Folded(source[start:end], start)
    written = source[start:end]
    letters = latin_letters(written)
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = start
    while at < end:
        stop = at + 1
        while stop < end and (unicodedata.combining(source[stop]) or source[stop] in _JOINERS):
            stop += 1
        cluster, misplaced = _cluster(letters[at - start : stop - start][: 1 + _MAX_MARKS])
        if misplaced:
            _carry(out, misplaced)
        for char in cluster:
            out.append(char)
            starts.append(at)
            ends.append(stop)
        at = stop
    return Folded("".join(out), start, tuple(starts), tuple(ends), letters != written)


def _carry(out: list[str], tone: str) -> None:
    """Gives a tone to the last vowel, if that is not far and has none."""
    for at in range(len(out) - 1, max(-1, len(out) - 3), -1):
        letter = unicodedata.normalize("NFD", out[at])
        if letter[0] in "aeiouyAEIOUY":
            toned = unicodedata.normalize("NFC", letter + tone)
            if len(toned) == 1 and not set(letter) & set(_MARKS_TONE):
                out[at] = toned
            return


@lru_cache(maxsize=4096)
def _cluster(cluster: str) -> tuple[str, str]:
    """Returns the folded characters, and a tone that the letter cannot carry ("c̣")."""
    base, marks = cluster[0], cluster[1:]
    folded = _character(base)
    if not marks or not folded:
        return folded, ""
    letters = unicodedata.normalize("NFD", folded[-1] + marks)
    # A tone typed before the hat ("é" + U+0302) does not compose; the letter's own marks go first.
    shape = [m for m in letters[1:] if m in _MARKS_SHAPE]
    tone = [m for m in letters[1:] if m in _MARKS_TONE]
    other = [m for m in letters[1:] if m not in _MARKS_SHAPE and m not in _MARKS_TONE]
    composed = unicodedata.normalize("NFC", letters[0] + "".join(shape[:1] + tone[:1] + other[:1]))
    misplaced = "".join(m for m in composed[1:2] if letters[0].isalpha() and m in _MARKS_TONE)
    return folded[:-1] + composed[0], misplaced  # other marks that do not compose are noise


@lru_cache(maxsize=4096)
def _character(char: str) -> str:
    fixed = _FIXED.get(char)
    if fixed is not None:
        return fixed
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") or char in "\t\n\r\v\f\x85":
        return " "
    if category in ("Cc", "Cf", "Cs", "Cn", "Mn", "Me", "Mc"):
        return ""
    if char in _KEEP:
        return char
    if category == "Nd":
        return str(unicodedata.digit(char))
    compatible = unicodedata.normalize("NFKC", char)
    if compatible != char and compatible.strip() and len(compatible) <= 4:
        return compatible.replace("\u2044", "/")
    return unicodedata.normalize("NFC", char)
