"""House numbers, classes and flats: figures with slashes and letters."""

from __future__ import annotations

import re

from sonca.text.letters import spell
from sonca.text.numbers import cardinal, digits
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.tables import word_set

_BEFORE = word_set(
    "số nhà hẻm ngõ ngách kiệt lô căn chỉ kho phòng xóm tổ ấp hẻm: block xẹt địa hộ lớp khối"
)
_DATED = word_set("ngày mùng mồng đêm sáng trưa chiều tối dịp lễ hôm từ đến tới trước sau")
_STREET = re.compile(r" (?:đường |phố |[A-ZĐ][^\W\d_A-Z]{1,7} [A-ZĐ])")
_PART = re.compile(r"\d+|[A-Za-zĐđ]+|/|-")


def _address(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    text = match[0]
    parts = text.count("/")
    before = sheet.before(match.start())
    lettered = any(c.isalpha() for c in text)
    if re.fullmatch(r"\d+[VW]/\d+[AW]|T\d{1,2}/\d{4}|Q[1-4]/\d{4}|\d{1,2}T/\d{4}", text):
        return None
    if before == "số" and sheet.before(match.start(), 2) == "phân số":
        return None
    street = before not in _DATED and _STREET.match(sheet.text, match.end())
    if not (lettered or parts >= 2 or before in _BEFORE or street):
        return None
    if (
        parts == 2
        and not lettered
        and before not in _BEFORE
        and re.fullmatch(r"\d\d?/\d\d?/\d{2,4}", text)
    ):
        return None
    return _read(match, sheet)


def _read(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    claims = []
    for part in _PART.finditer(match[0]):
        start = match.start() + part.start()
        piece = part[0]
        if piece == "/":
            said = "trên"
        elif piece == "-":
            said = ""
        elif piece.isdigit():
            said = (
                digits(piece)
                if piece[0] == "0" and len(piece) > 1
                else cardinal(piece, sheet.reading)
            )
        else:
            said = spell(piece)
        claims.append(Claim(start, start + len(piece), said, "address"))
    return claims


RULES = (
    Rule(
        "address",
        "digit",
        r"(?<![\w/.,-])[A-ZĐ]?\d{1,5}[A-ZĐa-d]?(?:/[A-ZĐ]?\d{1,5}[A-ZĐa-d]?){1,5}(?![\w/]|[.,]\d)",
        _address,
    ),
)
