"""Ordinals and Roman numerals: what stands before them says what they are."""

from __future__ import annotations

import re

from sonca.text.capitals import shouting
from sonca.text.initials import foreign_name
from sonca.text.numbers import from_roman
from sonca.text.sheet import WORD_BLOT, Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import word_set

_BEFORE = word_set(
    "kỷ kỉ hội quý thứ chương phần quyển tập hồi mục khóa khoá kỳ kì đoạn cấp loại hạng chiến giới"
    " điều khoản bài bảng vòng vùng nhóm lần độ đợt tầng chi phái tuyến lục màn cảnh sổ bậc dạng"
    " trung ương vua vận type mức khối pháp quận vực tk"
)
_NUMBERED = word_set("thế kỷ kỉ đại hội quý chương phần hồi mục quyển tập thứ kỳ kì khóa khoá")


def _roman(match: re.Match[str], sheet: Sheet) -> str | None:
    value = from_roman(match[0].upper()) if match[0].isupper() or match[0].islower() else None
    if value is None:
        return None
    text, start, end = sheet.text, match.start(), match.end()
    if match[0] in ("C", "D", "L", "M") or _initial(match[0], sheet, end):
        return None
    before = sheet.before(start)
    adjacent = text[start - 1 : start] == " "
    previous = sheet.preceded(start, r"([IVXLC]{1,7}) ?[-–]", 10)
    if previous and from_roman(previous[1]):
        context = sheet.preceded(start, r"([^\W\d_]+) [IVXLC]{1,7} ?[-–] ?", 24)
        return _say(value, sheet, context[1].lower() if context else "", start)
    if match[0].islower():
        return None
    if adjacent and before in _BEFORE:
        if not set(match[0]) & set("IVX") and before not in ("chương", "hồi"):
            return None  # đĩa CD, nhóm MC
        return _say(value, sheet, before, start)
    if _heads_line(sheet, start, end):
        return sheet.cardinal(value)
    if len(match[0]) >= 2 and not set(match[0]) - set("IVX") and not shouting(sheet.text):
        return _say(value, sheet, before, start)
    if (
        adjacent
        and set(match[0]) <= set("IVX")
        and value > 1
        and _after_name(sheet, start)
        and match[0] not in "VX"
    ):
        return sheet.cardinal(value)
    return None


_NAME_END = r"(?: [A-ZĐÀ-Ỵ]\w{0,7}){0,2}(?:[,.)]| [-–]|\Z)"
_NAME = r"\.[ ]?([A-ZĐ])(?:\.|([^\W\d_]+)(?: ([^\W\d_]+))?)"


def _initial(numeral: str, sheet: Sheet, end: int) -> bool:
    """Whether I, V or X is the first letter of a name (V. I. Lênin, I. Newton), or stands for
    a village (X. Tân Phú)."""
    if len(numeral) != 1:
        return False
    found = sheet.followed(end, _NAME)
    if found is None or found[2] is None:
        return found is not None
    word = found[1] + found[2]
    if word.isupper():
        return False
    if syllable(word) is None or word == "Mác":
        return foreign_name(word)
    named = found[3] is not None and found[3].istitle() and syllable(found[3]) is not None
    return numeral == "X" and named and bool(sheet.followed(found.end(), _NAME_END))


def _say(value: int, sheet: Sheet, before: str, start: int) -> str:
    if before == "thứ":
        return _ordinal(value, sheet)
    if before == "hội" and sheet.before(start, 2) == "đại hội":
        return f"lần thứ {_ordinal(value, sheet)}"
    if before in ("kỷ", "kỉ", "tk"):
        return f"thứ {_ordinal(value, sheet)}"
    return sheet.cardinal(value)


def _ordinal(value: int, sheet: Sheet) -> str:
    return {1: "nhất", 4: "tư"}.get(value) or sheet.cardinal(value)


def _heads_line(sheet: Sheet, start: int, end: int) -> bool:
    text = sheet.text
    if text[:start].strip(" -–—*#"):
        return False
    dashed = sheet.followed(end, r" [-–—] ([^\W\d_]+)")
    if dashed is not None:
        return syllable(dashed[1]) is not None  # "I - Lý thuyết", not "V - League"
    return text[end : end + 1] in (".", ")", ":", "/") and text[end + 1 : end + 2] in ("", " ")


def _after_name(sheet: Sheet, start: int) -> bool:
    """After a foreign ruler's or title's name: Louis XIV, Elizabeth II."""
    found = sheet.preceded(start, r"([^\W\d_]+) ", 20)
    return found is not None and found[1][0].isupper() and syllable(found[1]) is None


RULES = (
    Rule("crossroads", r"(?<=[Nn]gã )4(?!\w|[.,/]\d)", lambda m, s: "tư"),
    Rule(
        "ordinal",
        r"(?<![\w])thứ (?P<n>\d{1,4})(?![\w/]|[.,]\d)",
        lambda m, s: Claim(*m.span("n"), _ordinal(int(m["n"]), s), "ordinal"),
        flags=re.IGNORECASE,
    ),
    Rule(
        "century",
        r"(?<!\w)TK(?= (?:thứ )?(?:[IVX]{1,5}|[1-9]|1\d|2[01])(?![\w.]))",
        lambda m, s: "thế kỷ",
        when="capital",
        blot=WORD_BLOT,
    ),
    Rule("roman numeral", r"(?<![\w.&])[IVXLCDM]{1,9}(?![\w&]|\.\p{L})", _roman, when="capital"),
)
