"""Reads what stories do with words: stutters and drawn-out vowels."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.letters import letter_sound
from sonca.text.vietnamese.numbers import from_roman
from sonca.text.vietnamese.syllables import split_tone, syllable


def _stutter(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``T-tôi``, ``Kh... không``: the broken-off start is said as a sound."""
    start, word = match["start"], match["word"].lower()
    low = start.lower()
    if not _plain(word).startswith(_plain(low)) or len(low) >= len(word):
        return None
    if match["word"].isupper() and match["start"].isupper() and from_roman(match["word"]):
        return None  # thế kỷ thứ V-VI
    if low == word or (syllable(word) is None and len(low) > 1):
        return None
    said = letter_sound(low) or (low if syllable(low) else None)
    if said is None:
        return None
    return read_parts(match, r"[^\W\d_]+", lambda _: said, "stutter", "broken")


def _plain(word: str) -> str:
    return split_tone(word)[0]


def _drawn_out(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``Khôôông`` as "không", ``hừmmm`` as "hừm"."""
    word = match[0].lower()
    if syllable(word) or (match[0].isupper() and match[0].isascii()):
        return None
    out = word[0]
    for char in word[1:]:
        if _plain(char) != _plain(out[-1]):
            out += char
    return out if syllable(out) else None


RULES = (
    Rule(
        "stutter",
        r"(?<![\w-])(?P<broken>(?P<start>\p{L}{1,3})(?:(?:[-–]|\.{2,3} ?|… ?)(?P=start)){0,4}"
        r"(?:[-–]|\.{2,3} ?|… ?))(?P<word>\p{L}{1,7})(?![\w])",
        _stutter,
        kind="broken",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule(
        "drawn-out word",
        r"(?<!\w)(?=\w{0,20}([^\W\d_])\1\1)\p{L}{3,40}(?!\w)",
        _drawn_out,
        kind="drawn",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
)
