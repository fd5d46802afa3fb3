"""Ordinals and Roman numerals: what stands before them says what they are."""

from __future__ import annotations

import re

from sonca.text.numbers import cardinal, from_roman
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.tables import word_set

_BEFORE = word_set(
    "kỷ kỉ hội quý thứ chương phần quyển tập hồi mục khóa khoá kỳ kì đoạn cấp loại hạng chiến giới"
    " điều khoản bài bảng vòng vùng nhóm lần độ đợt tầng chi phái tuyến lục màn cảnh sổ bậc dạng"
    " trung ương vua vận type mức khối pháp"
)
_NUMBERED = word_set("thế kỷ kỉ đại hội quý chương phần hồi mục quyển tập thứ kỳ kì khóa khoá")


def _roman(match: re.Match[str], sheet: Sheet) -> str | None:
    value = from_roman(match[0].upper()) if match[0].isupper() or match[0].islower() else None
    if value is None:
        return None
    text, start, end = sheet.text, match.start(), match.end()
    before = sheet.before(start)
    adjacent = text[start - 1 : start] == " "
    if text[start - 1 : start] in ("-", "–") and from_roman(_previous_roman(text, start)):
        return _say(value, sheet, _context(text, start), start)
    if match[0].islower():
        return None
    if adjacent and before in _BEFORE:
        if before in ("loại", "nhóm", "hạng", "bảng", "khối", "mức") and match[0] in "CDLM":
            return None
        if (
            before in ("hội", "giới", "vùng", "độ", "thứ", "cấp")
            and len(match[0]) == 1
            and match[0] in "CDLM"
        ):
            return None
        return _say(value, sheet, before, start)
    if _heads_line(text, start, end):
        return cardinal(value, sheet.reading)
    if len(match[0]) >= 2 and not set(match[0]) - set("IVX") and not sheet.shouting:
        return _say(value, sheet, before, start)
    if (
        adjacent
        and set(match[0]) <= set("IVX")
        and value > 1
        and _after_name(text, start)
        and match[0] not in "VX"
    ):
        return cardinal(value, sheet.reading)
    return None


def _previous_roman(text: str, start: int) -> str:
    found = re.search(r"([IVXLC]{1,7}) ?[-–]\Z", text[max(0, start - 10) : start])
    return found[1] if found else ""


def _context(text: str, start: int) -> str:
    """The word before the first numeral of a range."""
    found = re.search(r"([^\W\d_]+) [IVXLC]{1,7} ?[-–] ?\Z", text[max(0, start - 24) : start])
    return found[1].lower() if found else ""


def _say(value: int, sheet: Sheet, before: str, start: int) -> str:
    if before in ("kỷ", "kỉ") and sheet.text[:start].lower().rstrip().endswith(
        ("thế kỷ", "thế kỉ")
    ):
        return f"thứ {_ordinal(value, sheet)}"
    if before == "thứ":
        return _ordinal(value, sheet)
    if before == "hội" and sheet.before(start, 2) == "đại hội":
        return f"lần thứ {_ordinal(value, sheet)}"
    if before in ("kỷ", "kỉ"):
        return f"thứ {_ordinal(value, sheet)}"
    return cardinal(value, sheet.reading)


def _ordinal(value: int, sheet: Sheet) -> str:
    return {1: "nhất", 4: "tư"}.get(value) or cardinal(value, sheet.reading)


def _heads_line(text: str, start: int, end: int) -> bool:
    return (
        not text[:start].strip(" -–—*#")
        and text[end : end + 1] in (".", ")", ":", "/")
        and (text[end + 1 : end + 2] in ("", " "))
    )


def _after_name(text: str, start: int) -> bool:
    """After a foreign ruler's or title's name: Louis XIV, Elizabeth II."""
    from sonca.text.syllables import syllable

    found = re.search(r"([^\W\d_]+) \Z", text[max(0, start - 20) : start])
    return found is not None and found[1][0].isupper() and syllable(found[1]) is None


def _thu(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """After "thứ": first is "nhất", fourth "tư"."""
    value = int(match["n"])
    said = _ordinal(value, sheet) if value in (1, 4) else cardinal(value, sheet.reading)
    return [Claim(*match.span("n"), said, "ordinal")]


RULES = (
    Rule(
        "ordinal",
        "digit",
        r"(?<![\w])thứ (?P<n>\d{1,4})(?![\w/]|[.,]\d)",
        _thu,
        flags=re.IGNORECASE,
    ),
    Rule("roman numeral", "capital", r"(?<![\w.&])[IVXLCDM]{1,9}(?![\w&]|\.\p{L})", _roman),
)
