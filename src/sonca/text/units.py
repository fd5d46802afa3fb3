"""Units of measure and percentages behind numbers."""

from __future__ import annotations

import re

from sonca.text.sheet import NUMBER, NUMBER_START, Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import mapping, units_alone, word_set

_COUNTED = word_set("người lượt học khách hộ sinh em ca con chiếc cái cây bài vé ghế phiếu điểm")


def unit_name(symbol: str) -> str | None:
    """The unit in words; compounds such as ``km/h`` piece by piece; None if unknown."""
    found = mapping("units.tsv").get(symbol)
    if found is not None:
        return found
    if "/" in symbol:
        parts = [unit_name(p) or (syllable(p) if len(p) > 2 else None) for p in symbol.split("/")]
        if all(parts):
            return " trên ".join(p for p in parts if p)
    return None


_SYMBOL = r"(?:[°]?[A-Za-zμΩ°℃Å]{1,5}[²³23]?(?:/[A-Za-zÀ-ỹμ]{1,7}[²³23]?)?|lít/[^\W\d_]{1,7}|°)"


def _measured(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    symbol = match["unit"]
    name = unit_name(symbol)
    if name is None or _denied(symbol, match, sheet):
        return None
    if _age(match, sheet):
        name = "" if sheet.after(match.end()) == "tuổi" else "tuổi"
    elif symbol == "T" and sheet.before(match.start()) in _TERM_BEFORE:
        name = "tháng"
    elif symbol in ("l/p", "l/ph") and re.search(
        "mạch|nhịp|tim|thở", sheet.text[: match.start()][-30:].lower()
    ):
        name = "lần trên phút"
    return _number_and(match, "unit", name, "unit", sheet)


def _number_and(
    match: re.Match[str], group: str, said: str, rule: str, sheet: Sheet
) -> list[Claim]:
    """The number of a match, and what its `group` is called."""
    number = Claim(*match.span("n"), sheet.number(match["n"]), "number")
    return [number, Claim(*match.span(group), said, rule)]


_FORCE = r"(?i:lực|trọng lượng|công|năng lượng|nhiệt lượng|động năng|thế năng)\b"
_ROOMS = word_set("lớp số phòng nhà tổ khu dãy tầng hẻm ngõ lô tòa size")
_CARGO_BEFORE = word_set("xe tải nặng chở container cẩu trọng")
_TERM_BEFORE = word_set("hạn vay góp hành")
_CARGO = word_set(
    "hàng gạo lúa thóc thép xi cát đá phân than cà tôm cá rau muối đường sắt gỗ ngô sắn mía quặng"
)
_AGED = word_set("bn bé cháu em nam nữ bà ông trai gái")


def _age(match: re.Match[str], sheet: Sheet) -> bool:
    """``bé 3t``: years, not tons."""
    after = sheet.after(match.end())
    return (
        match["unit"] == "t"
        and not match["gap"]
        and (sheet.before(match.start()) in _AGED or after == "tuổi")
    )


_ANSWERS = r"(?i:đáp án|(?<!\w)\d{1,3}[ABD](?=[,;. ]|\Z)|chọn)"


def _denied(symbol: str, match: re.Match[str], sheet: Sheet) -> bool:
    """Symbols that are often something else."""
    if symbol == "C" and not match["gap"] and re.search(_ANSWERS, sheet.text):
        return True  # 1C, 2D, 3A
    last = sheet.before(match.start())
    if symbol == "v":
        return not re.search(r"uống|thuốc|ngậm", sheet.text.lower())
    if symbol == "A":
        return not re.search(
            r"dòng|điện|cầu chì|ampe|aptomat|sạc|nguồn|cường độ|\d ?V", sheet.text[: match.start()]
        )
    if symbol in ("C", "F", "K", "L", "N", "J", "T", "B", "Pa", "M", "g", "h", "l", "t", "m"):
        if symbol in ("N", "J"):
            return not re.search(_FORCE, sheet.text[max(0, match.start() - 40) : match.start()])
        if match["gap"] and symbol in ("C", "F", "K", "T", "B", "M"):
            return True
        if last in _ROOMS:
            return symbol not in ("m", "g")
        if symbol == "T":
            return (
                last not in _CARGO_BEFORE | _TERM_BEFORE and sheet.after(match.end()) not in _CARGO
            )
        if symbol in ("B", "K", "T", "N", "M"):
            return True
    return symbol in ("G", "D")


def _height(match: re.Match[str], sheet: Sheet) -> str | None:
    """``1m70``, ``2m5``, ``1m2`` of somebody's height."""
    rest = match["rest"]
    measured = r"(?i:cao|dài|rộng|sâu|dày|chiều|khoảng cách|ngang)[^.;]{0,24}"
    if rest in ("2", "3") and not sheet.preceded(match.start(), measured):
        return None
    zero = "không " if rest[0] == "0" else ""
    tail = zero + sheet.cardinal(rest[1:] or "0" if zero else rest)
    return f"{sheet.cardinal(match['n'])} {unit_name(match['unit'])} {tail}"


def _percent(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    said = "phần trăm" if match["sign"] == "%" else f"phần {sheet.reading.thousand}"
    return _number_and(match, "sign", said, "percent", sheet)


def _alone_unit(match: re.Match[str], sheet: Sheet) -> str | None:
    symbol, first = match[0], match[0].partition("/")[0]
    alone = first in units_alone() or (first != symbol and first in ("m", "g", "mg"))
    return unit_name(symbol) if alone or symbol in units_alone() else None


_MONEY = word_set("nghìn ngàn triệu tỷ tỉ đồng usd vnđ")


def _per(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """The slash of ``5 lít/ngày``: after an amount it is "trên", after money "một"."""
    amount = re.search(
        r"(?:\d|\x01|trăm|mươi|mười)(?: ?[^\W\d_]{0,8}){0,2}[²³]?\Z",
        sheet.work[max(0, match.start() - 20) : match.start()],
    )
    if not amount and match["unit"] not in _TIMES:
        return None
    said = "một" if sheet.before(match.start()) in _MONEY else "trên"
    claims = [Claim(*match.span("s"), said, "per")]
    unit = match["unit"]
    name = unit_name(unit) if unit else None
    if name is not None and (len(unit) > 1 or unit in "lmgsh"):
        claims.append(Claim(*match.span("unit"), name, "unit"))
    return claims


_TIMES = word_set("giây phút giờ ngày tháng năm tuần lần")


_ANGLE = r"(?i:góc|cồn|nghiêng|xoay|quay|độ|sin|cos|tan|lệch|=)[^.;]{0,20}"


def _look_alike(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``37,5oC``, ``20⁰C``, ``góc 30o``: another sign in the degree's place."""
    angle = match["d"][0] != "⁰" and sheet.preceded(match.start(), _ANGLE, 30)
    if match["u"] is None and not angle:
        return None
    said = {"C": "độ xê", "F": "độ ép"}.get(match["u"], "độ")
    return _number_and(match, "d", said, "unit", sheet)


def _grouped(match: re.Match[str], sheet: Sheet) -> str | None:
    """``12,500 người``: a comma groups where people or things are counted."""
    counted = sheet.after(match.end()) in _COUNTED
    return sheet.number(match[0], grouped=True) if counted else None


def _inches(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    quoted = sheet.text.count('"') > 1
    return None if quoted else _number_and(match, "sign", "in", "unit", sheet)


_LEFT = rf"(?<![\w]){NUMBER_START}"

RULES = (
    Rule("percent", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<sign>[%‰])", _percent, when="symbol"),
    Rule(
        "length",
        rf"{_LEFT}(?P<n>\d{{1,3}})(?P<unit>m|km|kg)(?P<rest>\d{{1,3}})(?![\w²³]|[.,]\d)",
        _height,
    ),
    Rule("unit", rf"{_LEFT}(?P<n>{NUMBER})(?P<gap> ?)(?P<unit>{_SYMBOL})(?![\w²³])", _measured),
    Rule("degree", rf"{_LEFT}(?P<n>{NUMBER})(?P<d>[o⁰˚] ?(?P<u>[CF])?)(?![\w])", _look_alike),
    Rule("unit", r"(?<=độ )[CF](?![\w])", lambda m, s: {"C": "xê", "F": "ép"}[m[0]]),
    Rule("inches", rf"{_LEFT}(?P<n>\d{{1,3}}(?:[.,]\d{{1,2}})?)(?P<sign>[\"″])(?!\w)", _inches),
    Rule("grouped number", rf"{_LEFT}\d{{1,3}},\d{{3}}(?![\w]|[.,]\d)", _grouped),
)

LATE_RULES = (
    *(
        Rule(
            "unit",
            r"(?<![\w/])(?:[kcdmMG]?[mgWVHhBbl][A-Za-z]{0,3}[²³23]?(?:/[A-Za-z]{1,3}[²³23]?)?)"
            r"(?![\w/])",
            _alone_unit,
            when=kind,
        )
        for kind in ("symbol", "digit")
    ),
    Rule(
        "per",
        r"(?:(?<=[\x01²³])|(?<=\p{L}))(?P<s>/)(?P<unit>\p{L}{1,7}[²³23]?(?![\w])|(?=\x01))",
        _per,
    ),
    Rule(
        "per",
        r"(?:(?<=mét)|(?<=lít)|(?<=gam)|(?<=tấn)|(?<=lần)|(?<=vòng)|(?<=người)|(?<=viên))(?P<s>/)"
        r"(?P<unit>\p{L}{1,7}[²³23]?)(?![\w])",
        _per,
        when="symbol",
    ),
)
