"""Reads ordinals and Roman numerals: what stands before them says what they are."""

from __future__ import annotations

import re

from sonca.text.rules.capitals import is_all_capitals
from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.initials import foreign_name
from sonca.text.vietnamese.numbers import from_roman
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import word_set

_BEFORE = word_set(
    "kỷ kỉ hội quý thứ chương phần quyển tập hồi mục khóa khoá kỳ kì đoạn cấp loại hạng chiến giới"
    " điều khoản bài bảng vòng vùng nhóm lần độ đợt tầng chi phái tuyến lục màn cảnh sổ bậc dạng"
    " trung ương vua vận type mức khối pháp quận vực tk"
)


def _roman(match: re.Match[str], work: Workspace) -> str | None:
    value = from_roman(match[0].upper()) if match[0].isupper() or match[0].islower() else None
    if value is None:
        return None
    text, start, end = work.text, match.start(), match.end()
    if match[0] in ("C", "D", "L", "M") or _initial(match[0], work, end):
        return None
    before = work.before(start)
    adjacent = text[start - 1 : start] == " "
    previous = work.preceded(start, r"([IVXLC]{1,7}) ?[-–]", 10)
    if previous and from_roman(previous[1]):
        context = work.preceded(start, r"([^\W\d_]+) [IVXLC]{1,7} ?[-–] ?", 24)
        return _say(value, work, context[1].lower() if context else "", start)
    if match[0].islower():
        return None
    if adjacent and before in _BEFORE:
        if not set(match[0]) & set("IVX") and before not in ("chương", "hồi"):
            return None  # đĩa CD, nhóm MC
        return _say(value, work, before, start)
    if _heads_line(work, start, end):
        return work.cardinal(value)
    if len(match[0]) >= 2 and not set(match[0]) - set("IVX") and not is_all_capitals(work.text):
        return _say(value, work, before, start)
    if (
        adjacent
        and set(match[0]) <= set("IVX")
        and value > 1
        and _after_name(work, start)
        and match[0] not in "VX"
    ):
        return work.cardinal(value)
    return None


_NAME_END = r"(?: [A-ZĐÀ-Ỵ]\w{0,7}){0,2}(?:[,.)]| [-–]|\Z)"
_NAME = r"\.[ ]?([A-ZĐ])(?:\.|([^\W\d_]+)(?: ([^\W\d_]+))?)"


def _initial(numeral: str, work: Workspace, end: int) -> bool:
    """Returns whether I, V or X is the first letter of a name (V. I. Lênin, I. Newton), or stands
    for a village (X. Tân Phú)."""
    if len(numeral) != 1:
        return False
    found = work.followed(end, _NAME)
    if found is None or found[2] is None:
        return found is not None
    word = found[1] + found[2]
    if word.isupper():
        return False
    if syllable(word) is None or word == "Mác":
        return foreign_name(word)
    named = found[3] is not None and found[3].istitle() and syllable(found[3]) is not None
    return numeral == "X" and named and bool(work.followed(found.end(), _NAME_END))


def _say(value: int, work: Workspace, before: str, start: int) -> str:
    if before == "thứ":
        return _ordinal(value, work)
    if before == "hội" and work.before(start, 2) == "đại hội":
        return f"lần thứ {_ordinal(value, work)}"
    if before in ("kỷ", "kỉ", "tk"):
        return f"thứ {_ordinal(value, work)}"
    return work.cardinal(value)


def _ordinal(value: int, work: Workspace) -> str:
    return {1: "nhất", 4: "tư"}.get(value) or work.cardinal(value)


def _heads_line(work: Workspace, start: int, end: int) -> bool:
    text = work.text
    if text[:start].strip(" -–—*#"):
        return False
    dashed = work.followed(end, r" [-–—] ([^\W\d_]+)")
    if dashed is not None:
        return syllable(dashed[1]) is not None  # "I - Lý thuyết", not "V - League"
    return text[end : end + 1] in (".", ")", ":", "/") and text[end + 1 : end + 2] in ("", " ")


def _after_name(work: Workspace, start: int) -> bool:
    """Returns whether a foreign ruler's or title's name stands before: Louis XIV, Elizabeth II."""
    found = work.preceded(start, r"([^\W\d_]+) ", 20)
    return found is not None and found[1][0].isupper() and syllable(found[1]) is None


RULES = (
    Rule("crossroads", r"(?<=[Nn]gã )4(?!\w|[.,/]\d)", lambda m, w: "tư"),
    Rule(
        "ordinal",
        r"(?<![\w])thứ (?P<n>\d{1,4})(?![\w/]|[.,]\d)",
        lambda m, w: Replacement(*m.span("n"), _ordinal(int(m["n"]), w), "ordinal"),
        flags=re.IGNORECASE,
    ),
    Rule(
        "century",
        r"(?<!\w)TK(?= (?:thứ )?(?:[IVX]{1,5}|[1-9]|1\d|2[01])(?![\w.]))",
        lambda m, w: "thế kỷ",
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule("roman numeral", r"(?<![\w.&])[IVXLCDM]{1,9}(?![\w&]|\.\p{L})", _roman, kind="capital"),
)
