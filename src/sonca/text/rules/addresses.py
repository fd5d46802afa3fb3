"""Reads house numbers, classes and flats: figures with slashes and letters."""

from __future__ import annotations

import re

from sonca.text.rules.identifiers import say_part
from sonca.text.rules.rule import Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.wordlists import word_set

_BEFORE = word_set(
    "số nhà hẻm ngõ ngách kiệt lô căn chỉ kho phòng xóm tổ ấp hẻm: block xẹt địa hộ lớp khối"
)
_DATED = word_set("ngày mùng mồng đêm sáng trưa chiều tối dịp lễ hôm từ đến tới trước sau")
_TERMS = re.compile(r"\d+[VW]/\d+[AW]|\d+Y/\d+Y|(?:T\d{1,2}|[QH][1-4]|\d{1,2}[TM])/\d{4}")
"""Voltages, terms of bonds, months, quarters and halves of a year."""
_STREET = r" (?:đường |phố |[A-ZĐ][^\W\d_A-Z]{1,7} [A-ZĐ])"


def _address(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    text, start = match[0], match.start()
    before = "" if work.text[:start].endswith((", ", "; ")) else work.before(start)
    if _TERMS.fullmatch(text):
        return None
    if before == "số" and work.before(start, 2) == "phân số":
        return None
    if before == "chỉ" and work.before(start, 2) != "địa chỉ":
        return None  # "chỉ 1/4 lớp"
    placed = before in _BEFORE or any(c.isalpha() for c in text)
    if not placed:
        if re.fullmatch(r"\d\d?/\d\d?/\d{2,4}", text):
            return None  # a date
        if text.count("/") < 2 and (before in _DATED or not work.followed(match.end(), _STREET)):
            return None
    return read_parts(match, r"\d+|[A-Za-zĐđ]+|/|-", lambda part: say_part(part, work), "address")


RULES = (
    Rule(
        "address",
        r"(?<![\w/.,-])[A-ZĐ]?\d{1,5}[A-ZĐa-d]?(?:/[A-ZĐ]?\d{1,5}[A-ZĐa-d]?){1,5}(?![\w/]|[.,]\d)",
        _address,
    ),
)
