"""Reads abbreviations in full: titles, offices, places."""

from __future__ import annotations

import re

from sonca.text.rules.capitals import among_capitals, is_all_capitals
from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace, compiled
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import abbreviations, mapping, word_set


def _near(work: Workspace, match: re.Match[str], words: tuple[str, ...]) -> bool:
    low = work.text[max(0, match.start() - 60) : match.end() + 60].lower()
    return any(re.search(rf"(?<!\w){re.escape(w.replace('_', ' '))}(?!\w)", low) for w in words)


def _read(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads the longest known head of a dotted or joined token, then the rest of it."""
    out: list[Replacement] = []
    start, end = match.span()
    while start < end:
        step = _longest(start, end, match, work)
        if step is None:
            skip = compiled(r"[^\W\d_]+[^\w]*").match(work.masked, start, end)
            if skip is None or skip.end() >= end:
                break
            start = skip.end()
            continue
        if step.end - step.start <= 2 and "-" in work.masked[match.start() : match.end()]:
            return None  # VN-Index and TP-Link are names
        out.append(step)
        start = step.end
        while start < end and not work.masked[start].isalpha():
            start += 1
    return out or None


_CENTRAL = word_set("bch thư chức viện giáo vận chính hành đảng ủy uỷ")
"""Last words of the names of state and party offices after which TƯ is "trung ương"."""


def _is_word(key: str, start: int, stop: int, work: Workspace) -> bool:
    """Returns whether TƯ or CA is a word in capitals here and not an abbreviation."""
    if syllable(key) is None:
        return False
    if not (is_all_capitals(work.text) or among_capitals(work.text, start, stop)):
        return False
    office = key == "TƯ" and work.before(start) in _CENTRAL
    return not office or work.after(stop) in ("nhân", "thục", "vấn")


def _longest(start: int, end: int, match: re.Match[str], work: Workspace) -> Replacement | None:
    text = work.masked
    if text[end : end + 1].isdecimal() and text[end - 1].isalpha():
        return None  # VN123 is a flight
    flown = text[end : end + 1] == "-" or work.before(start) in ("bay", "hiệu")
    if text[start:end] == "VN" and flown and re.match(r"[- ]\d{3,4}(?!\d)", text[end:]):
        return None  # so is VN-215
    for stop in range(end, start, -1):
        if stop < end and text[stop - 1].isalpha() and text[stop].isalpha():
            continue
        key = text[start:stop]
        if key.endswith(".") and not text[stop:].strip() and key[:-1] in abbreviations():
            continue  # the dot of "TS." is the abbreviation's own; a sentence's end is not
        found = abbreviations().get(key)
        if found and key.isupper() and _is_word(key, start, stop, work):
            continue
        for reading, near in found or ():
            if not near or _near(work, match, near):
                return Replacement(start, stop, reading, "abbreviation")
    return None


_HOUSED = (
    r"(?i)\.? ?(?::|\d|(?:số|nhà|phố|đường|ngõ|ngách|hẻm|xã|phường|quận|huyện|thôn|tổ|ấp|kđt|kcn"
    r"|khu|chung cư|tòa|toà|lô|tại|ở|cũ|mới|liên hệ|giao|nhận|email|công ty|cửa hàng|cụ thể"
    r"|chính xác|thường trú|của|trên|như|dưới|bên)(?!\w))"
)
_ADDRESSED = word_set(
    "rõ lấy hỏi chỉ ở tại theo ghi xin gửi đổi sai đúng nhập cần giao tới đến cùng có"
)


def _address(match: re.Match[str], work: Workspace) -> str:
    """Reads ``đ/c`` as an address before a house or a colon, as a comrade before a name."""
    named = work.followed(match.end(), r" [A-ZĐÀ-Ỵ][^\W\d_A-Z]")
    housed = work.followed(match.end(), _HOUSED)
    placed = not named and work.before(match.start()) in _ADDRESSED
    return "địa chỉ" if housed or placed else "đồng chí"


RULES = (
    Rule(
        "document",
        r"(?<!\w)(?:(?:NQ|NĐ|TTr)(?= (?:số )?[\d\x01])|(?:CV|KH|TB|TT|CT|QĐ|BC|HD)"
        r"(?= (?:số )?\x01{2,12}(?:\x03|/\p{L})))",
        lambda m, w: mapping("documents.tsv").get(m[0]),
        mask=WORD_MASK,
    ),
    Rule("abbreviation", r"(?<![\w/])[Đđ]/[Cc](?![\w/])", _address, kind="symbol", mask=WORD_MASK),
    Rule("abbreviation", r"(?<!\w)ĐC(?= ?:)", lambda m, w: "địa chỉ", kind="capital"),
    Rule("abbreviation", r"(?<!\w)[Đđ][Cc](?= ?:)", lambda m, w: "địa chỉ", mask=WORD_MASK),
    Rule(
        "abbreviation",
        r"(?<!\w)LH(?= ?:|(?: ngay)? 0\d)",
        lambda m, w: "liên hệ",
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "abbreviation",
        r"(?<!\w)TMĐT(?=(?: là| khoảng| hơn| gần)?:? [\d\x01])",
        lambda m, w: "tổng mức đầu tư",
        mask=WORD_MASK,
    ),
    Rule("abbreviation", r"(?<=\d)PN(?!\w)", lambda m, w: "phòng ngủ", mask=WORD_MASK),
    Rule("abbreviation", r"(?<=\d)WC(?!\w)", lambda m, w: "nhà vệ sinh", mask=WORD_MASK),
    Rule(
        "abbreviation",
        r"(?<=\()TL(?=\))",
        lambda m, w: "thương lượng",
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule("number sign", r"(?<![\w])(?:No|Nº|N°)\.? ?(?=\d)", lambda m, w: "số", kind="capital"),
    Rule(
        "abbreviation",
        r"(?<![\w])\p{L}{1,10}(?:[.&/–-] ?[A-ZĐÀ-Ỵ]\p{L}{0,9}){0,5}\.?",
        _read,
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])v\.\s?v(?:\.{1,3}|…)?(?![\w])",
        lambda m, w: "vân vân",
        kind="dotted",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])(?:v/v|k/g|t/m|đ/v)(?![\w])",
        lambda m, w: mapping("shorthand.tsv")[m[0].lower()],
        kind="symbol",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule("abbreviation", r"(?<![\w])[Tt]r\.(?= ?\d)", lambda m, w: "trang", mask=WORD_MASK),
    Rule("abbreviation", r"(?<![\w])[Cc]h\.(?= ?\d)", lambda m, w: "chương", mask=WORD_MASK),
)
