"""Numbers without a unit, a sign or a name: all digits that no other rule has claimed."""

from __future__ import annotations

import re

from sonca.text import ids
from sonca.text.numbers import digits
from sonca.text.sheet import NUMBER, NUMBER_START, Rule, Sheet
from sonca.text.tables import word_set

_NAMED = word_set("số mã lô phòng khu ca bàn đội tổ nhà")


_SPELLED = re.compile(r" \((?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)")


def _number(match: re.Match[str], sheet: Sheet) -> str | None:
    text = match[0]
    if text[0] == "0" and len(text) > 1 and text.isdigit():
        if sheet.before(match.start()) in ids.CHAPTERS or _SPELLED.match(sheet.text, match.end()):
            return sheet.cardinal(int(text))
        if (
            len(text) == 2
            and sheet.after(match.end())
            and sheet.before(match.start()) not in _NAMED
        ):
            return sheet.cardinal(text)
        return digits(text)
    point = "phẩy" if "," in text else "chấm"
    return sheet.number(text, point=point)


RULES = (
    Rule("number", rf"{NUMBER_START}{NUMBER}", _number),
    Rule("digits", r"\d+", lambda m, s: digits(m[0])),
)
