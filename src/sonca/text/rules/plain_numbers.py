"""Reads numbers without a unit, a sign or a name: all digits that are left."""

from __future__ import annotations

import re

from sonca.text.rules.identifiers import CHAPTERS
from sonca.text.rules.rule import NUMBER, NUMBER_START, Rule, Workspace
from sonca.text.vietnamese.numbers import digits
from sonca.text.vietnamese.wordlists import word_set

_NAMED = word_set("số mã lô phòng khu ca bàn đội tổ nhà án thị quyết luận")
_SPELLED = r" \((?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)"


def _number(match: re.Match[str], work: Workspace) -> str:
    text, before = match[0], work.before(match.start())
    if text[0] != "0" or len(text) == 1 or not text.isdecimal():
        return work.number(text, point="phẩy" if "," in text else "chấm")
    if before in CHAPTERS or work.followed(match.end(), _SPELLED):
        return work.cardinal(text)
    plain = len(text) == 2 and work.after(match.end()) and before not in _NAMED
    return work.cardinal(text) if plain else digits(text)


RULES = (
    Rule("number", rf"{NUMBER_START}{NUMBER}", _number),
    Rule("digits", r"\d+", lambda m, w: digits(m[0])),
)
