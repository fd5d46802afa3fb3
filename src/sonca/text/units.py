"""Units of measure and percentages behind numbers."""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.numbers import cardinal, number
from sonca.text.patterns import NUMBER, NUMBER_START
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import rows, word_set

_COUNTED = word_set("người lượt học khách hộ sinh em ca con chiếc cái cây bài vé ghế phiếu điểm")


@lru_cache(maxsize=1)
def _units() -> dict[str, str]:
    return {key: row[1] for row in rows("units.tsv") for key in row[0].split("|")}


@lru_cache(maxsize=1)
def _alone() -> frozenset[str]:
    """Units that mean nothing else, and so are read without a number too."""
    return frozenset(
        key
        for row in rows("units.tsv")
        if len(row) > 2 and "alone" in row[2]
        for key in row[0].split("|")
    )


def unit_name(symbol: str) -> str | None:
    """The unit in words; compounds such as ``km/h`` piece by piece; None if unknown."""
    found = _units().get(symbol)
    if found is not None:
        return found
    if "/" in symbol:
        parts = [unit_name(p) or (syllable(p) if len(p) > 2 else None) for p in symbol.split("/")]
        if all(parts):
            return " trên ".join(p for p in parts if p)
    return None


_SYMBOL = r"(?:[°]?[A-Za-zμΩ°℃Å]{1,5}[²³23]?(?:/[A-Za-zÀ-ỹμ]{1,7}[²³23]?)?|lít/[^\W\d_]{1,7}|°)"


_PULSE = re.compile(r"mạch|nhịp|tim|thở")


def _measured(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    symbol = match["unit"]
    name = unit_name(symbol)
    if name is None and symbol[-1] in "23" and match["gap"] == "":
        return None
    last = sheet.before(match.start())
    if name is None or _denied(symbol, match, sheet):
        return None
    if _age(match, sheet):
        name = "" if sheet.after(match.end()) == "tuổi" else "tuổi"
    elif symbol == "T" and last in _TERM_BEFORE:
        name = "tháng"
    elif symbol in ("l/p", "l/ph") and _PULSE.search(sheet.text[: match.start()][-30:].lower()):
        name = "lần trên phút"
    written = match["n"]
    said = number(written, sheet.reading)
    return [
        Claim(*match.span("n"), said, "number"),
        Claim(*match.span("unit"), name, "unit"),
    ]


_FORCE = re.compile(r"(?:lực|trọng lượng|công|năng lượng|nhiệt lượng|động năng|thế năng)\b", re.I)
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


_ANSWERS = re.compile(r"đáp án|(?<!\w)\d{1,3}[ABD](?=[,;. ]|\Z)|chọn", re.IGNORECASE)


def _denied(symbol: str, match: re.Match[str], sheet: Sheet) -> bool:
    """Symbols that are often something else."""
    if symbol == "C" and not match["gap"] and _ANSWERS.search(sheet.text):
        return True  # 1C, 2D, 3A
    before = sheet.before(match.start(), 2)
    last = before.rpartition(" ")[2]
    if symbol == "v":
        return not re.search(r"uống|thuốc|ngậm", sheet.text.lower())
    if symbol == "A":
        return not re.search(
            r"dòng|điện|cầu chì|ampe|aptomat|sạc|nguồn|cường độ|\d ?V", sheet.text[: match.start()]
        )
    if symbol in ("C", "F", "K", "L", "N", "J", "T", "B", "Pa", "M", "g", "h", "l", "t", "m"):
        if symbol in ("N", "J"):
            return not _FORCE.search(sheet.text[max(0, match.start() - 40) : match.start()])
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
    if rest in ("2", "3") and not re.search(
        r"(?:cao|dài|rộng|sâu|dày|chiều|khoảng cách|ngang)[^.;]{0,24}\Z",
        sheet.text[: match.start()].lower(),
    ):
        return None
    first = cardinal(match["n"], sheet.reading)
    name = {"m": "mét", "km": "ki lô mét", "kg": "ki lô gam"}[match["unit"]]
    return f"{first} {name} {_tail(rest, sheet)}"


def _tail(rest: str, sheet: Sheet) -> str:
    if rest[0] == "0":
        return f"không {cardinal(rest[1:] or '0', sheet.reading)}"
    return cardinal(rest, sheet.reading)


def _percent(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    return [
        Claim(*match.span("n"), number(match["n"], sheet.reading), "number"),
        Claim(*match.span("sign"), _sign(match["sign"], sheet), "percent"),
    ]


def _sign(sign: str, sheet: Sheet) -> str:
    if sign == "‰":
        return f"phần {sheet.reading.thousand}"
    return "phần trăm"


def _alone_unit(match: re.Match[str], sheet: Sheet) -> str | None:
    symbol = match[0]
    if symbol in _alone() or (
        "/" in symbol and symbol.split("/")[0] in _alone() | {"m", "g", "mg"}
    ):
        return unit_name(symbol)
    return None


_MONEY = word_set("nghìn ngàn triệu tỷ tỉ đồng usd vnđ")


def _per(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """The slash of ``5 lít/ngày``: after an amount it is "trên", after money "một"."""
    if (
        match.re.groups
        and not re.search(
            r"(?:\d|\x01|trăm|mươi|mười)(?: ?[^\W\d_]{0,8}){0,2}[²³]?\Z",
            sheet.work[max(0, match.start() - 20) : match.start()],
        )
        and match["unit"] not in _TIMES
    ):
        return None
    said = "một" if sheet.before(match.start()) in _MONEY else "trên"
    claims = [Claim(*match.span("s"), said, "per")]
    unit = match["unit"]
    name = unit_name(unit) if unit else None
    if name is not None and (len(unit) > 1 or unit in "lmgsh"):
        claims.append(Claim(*match.span("unit"), name, "unit"))
    return claims


_TIMES = word_set("giây phút giờ ngày tháng năm tuần lần")


def _degree(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    letter = "xê" if match["u"] in "Cc" else "ép"
    return [Claim(match.start("u"), match.end("u"), letter, "unit")]


_ANGLE = re.compile(r"(?:góc|cồn|nghiêng|xoay|quay|độ|sin|cos|tan|lệch|=)[^.;]{0,20}\Z", re.I)


def _look_alike(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``37,5oC``, ``20⁰C``, ``góc 30o``: another sign in the degree's place."""
    letter = match["u"]
    if letter is None and (
        not _ANGLE.search(sheet.text[: match.start()][-30:]) or match["d"][0] == "⁰"
    ):
        return None
    said = "độ" + {"C": " xê", "F": " ép"}.get(letter or "", "")
    return [
        Claim(*match.span("n"), number(match["n"], sheet.reading), "number"),
        Claim(*match.span("d"), said, "unit"),
    ]


def _grouped(match: re.Match[str], sheet: Sheet) -> str | None:
    """``12,500 người``: a comma groups where people or things are counted."""
    if sheet.after(match.end()) not in _COUNTED:
        return None
    return number(match[0], sheet.reading, grouped=True)


def _inches(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    if sheet.text.count('"') > 1:
        return None
    return [
        Claim(*match.span("n"), number(match["n"], sheet.reading), "number"),
        Claim(match.end("n"), match.end(), "in", "unit"),
    ]


_LEFT = rf"(?<![\w]){NUMBER_START}"

RULES = (
    Rule("percent", "symbol", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<sign>[%‰])", _percent),
    Rule(
        "length",
        "digit",
        rf"{_LEFT}(?P<n>\d{{1,3}})(?P<unit>m|km|kg)(?P<rest>\d{{1,3}})(?![\w²³]|[.,]\d)",
        _height,
    ),
    Rule(
        "unit",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})(?P<gap> ?)(?P<unit>{_SYMBOL})(?![\w²³])",
        _measured,
    ),
    Rule(
        "degree",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})(?P<d>[o⁰˚] ?(?P<u>[CF])?)(?![\w])",
        _look_alike,
    ),
    Rule("unit", "digit", r"(?<=độ )(?P<u>[CF])(?![\w])", _degree),
    Rule("inches", "digit", rf"{_LEFT}(?P<n>\d{{1,3}}(?:[.,]\d{{1,2}})?)(?:[\"″])(?!\w)", _inches),
    Rule("grouped number", "digit", rf"{_LEFT}\d{{1,3}},\d{{3}}(?![\w]|[.,]\d)", _grouped),
)

LATE_RULES = (
    Rule(
        "unit",
        "symbol",
        r"(?<![\w/])(?:[kcdmMG]?[mgWVHhBbl][A-Za-z]{0,3}[²³23]?(?:/[A-Za-z]{1,3}[²³23]?)?)"
        r"(?![\w/])",
        _alone_unit,
    ),
    Rule(
        "unit",
        "digit",
        r"(?<![\w/])(?:[kcdmMG]?[mgWVHhBbl][A-Za-z]{0,3}[²³23]?(?:/[A-Za-z]{1,3}[²³23]?)?)"
        r"(?![\w/])",
        _alone_unit,
    ),
    Rule(
        "per",
        "digit",
        r"(?:(?<=[\x01²³])|(?<=\p{L}))(?P<s>/)(?P<unit>\p{L}{1,7}[²³23]?(?![\w])|(?=\x01))",
        _per,
    ),
    Rule(
        "per",
        "symbol",
        r"(?:(?<=mét)|(?<=lít)|(?<=gam)|(?<=tấn)|(?<=lần)|(?<=vòng)|(?<=người)|(?<=viên))(?P<s>/)"
        r"(?P<unit>\p{L}{1,7}[²³23]?)(?![\w])",
        _per,
    ),
)


def unit_alone(word: str) -> str | None:
    """A unit's symbol that stands as a word of its own ("tính bằng km")."""
    return _units().get(word) if word in _alone() else None
