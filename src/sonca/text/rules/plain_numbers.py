"""Reads numbers without a unit, a sign or a name: all digits that are left."""

from __future__ import annotations

import re

from sonca.text.rules import identifiers
from sonca.text.rules.rule import NUMBER, NUMBER_START, Rule, Workspace
from sonca.text.vietnamese.numbers import digits
from sonca.text.vietnamese.wordlists import word_set

_NAMED = word_set("số mã lô phòng khu ca bàn đội tổ nhà")


_SPELLED = re.compile(r" \((?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)")


def _number(match: re.Match[str], work: Workspace) -> str | None:
    text = match[0]
    if text[0] == "0" and len(text) > 1 and text.isdigit():
        if work.before(match.start()) in identifiers.CHAPTERS or _SPELLED.match(
            work.text, match.end()
        ):
            return work.cardinal(int(text))
        if len(text) == 2 and work.after(match.end()) and work.before(match.start()) not in _NAMED:
            return work.cardinal(text)
        return digits(text)
    point = "phẩy" if "," in text else "chấm"
    return work.number(text, point=point)


RULES = (
    Rule("number", rf"{NUMBER_START}{NUMBER}", _number),
    Rule("digits", r"\d+", lambda m, w: digits(m[0])),
)
