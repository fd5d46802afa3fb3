"""Reads units of measure and percentages behind numbers."""

from __future__ import annotations

import re

from sonca.text.rules.rule import NUMBER, NUMBER_START, Replacement, Rule, Workspace
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import mapping, units_alone, word_set

_COUNTED = word_set("người lượt học khách hộ sinh em ca con chiếc cái cây bài vé ghế phiếu điểm")


def unit_name(symbol: str) -> str | None:
    """Returns the unit in words; compounds such as ``km/h`` by their parts; None if unknown."""
    found = mapping("units.tsv").get(symbol)
    if found is not None:
        return found
    if "/" in symbol:
        parts = [unit_name(p) or (syllable(p) if len(p) > 2 else None) for p in symbol.split("/")]
        if all(parts):
            return " trên ".join(p for p in parts if p)
    return None


_SYMBOL = r"(?:[°]?[A-Za-zμΩ°℃Å]{1,5}[²³23]?(?:/[A-Za-zÀ-ỹμ]{1,7}[²³23]?)?|lít/[^\W\d_]{1,7}|°)"


def _measured(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    symbol = match["unit"]
    name = unit_name(symbol)
    if name is None or _is_no_unit(symbol, match, work):
        return None
    if _age(match, work):
        name = "" if work.after(match.end()) == "tuổi" else "tuổi"
    elif symbol == "T" and work.before(match.start()) in _TERM_BEFORE:
        name = "tháng"
    elif symbol in ("l/p", "l/ph") and re.search(
        r"mạch|nhịp|tim|thở|\b(?:m|nt|hr):? ?\Z", work.text[: match.start()][-30:].lower()
    ):
        name = "lần trên phút"
    elif symbol in ("l/ngày", "l/tuần", "l/ng") and work.preceded(match.start(), _DOSES):
        name = "lần trên tuần" if symbol == "l/tuần" else "lần trên ngày"
    return _number_and(match, "unit", name, "unit", work)


def _number_and(
    match: re.Match[str], group: str, said: str, rule: str, work: Workspace
) -> list[Replacement]:
    """Reads the number of a match and, as `said`, its `group`."""
    number = Replacement(*match.span("n"), work.number(match["n"]), "number")
    return [number, Replacement(*match.span(group), said, rule)]


_FORCE = r"(?i:lực|trọng lượng|công|năng lượng|nhiệt lượng|động năng|thế năng)\b"
_ROOMS = word_set("lớp số phòng nhà tổ khu dãy tầng hẻm ngõ lô tòa size")
_CARGO_BEFORE = word_set("xe tải nặng chở container cẩu trọng")
_TERM_BEFORE = word_set("hạn vay góp hành")
_CARGO = word_set(
    "hàng gạo lúa thóc thép xi cát đá phân than cà tôm cá rau muối đường sắt gỗ ngô sắn mía quặng"
)
_AGED = word_set("bn bé cháu em nam nữ bà ông trai gái")


def _age(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether years are meant, not tons: ``bé 3t``."""
    if match["unit"] != "t":
        return False
    start, end = match.span()
    if work.before(start) in _AGED or work.after(end) == "tuổi":
        return True
    if match["gap"]:
        return False
    cargo = work.before(start) in _CARGO | _CARGO_BEFORE
    if cargo or not match["n"].isdecimal() or int(match["n"]) > 119:
        return False
    ranged = work.preceded(start, r"(?<![\d.,])\d{1,2} ?[-–] ?")
    if ranged and re.search(_OF_AGE, work.text[max(0, start - 40) : start]):
        return True
    bracketed = work.text[start - 1 : start] == "(" and work.text[end : end + 1] in (")", ",")
    return bracketed or bool(work.preceded(start, _PERSON))


_PERSON = (
    r"(?i:ông|bà|anh|chị|em|cô|chú|bác|cậu|mợ|dì|bé|cháu|thầy|bạn|nạn nhân|bệnh nhân)"
    r"(?: [A-ZĐÀ-Ỹ][^\W\d_]{0,8}\.?){1,4},? ?"
)
_OF_AGE = r"(?i)(?<!\w)(?:tuyển|tuổi|nam|nữ|trẻ|bé|người|khách|đối tượng|dành cho|phù hợp)(?!\w)"
_DOSES = r"\d ?(?:v|viên|gói|ống|muỗng|thìa|giọt|ml|mL|mg|g) ?[x×*] ?"
_ANSWERS = r"(?i:đáp án|(?<!\w)\d{1,3}[ABD](?=[,;. ]|\Z)|chọn)"


def _is_no_unit(symbol: str, match: re.Match[str], work: Workspace) -> bool:
    """Returns whether a symbol that is often something else is no unit here."""
    if symbol == "C" and not match["gap"] and re.search(_ANSWERS, work.text):
        return True  # 1C, 2D, 3A
    last = work.before(match.start())
    if symbol == "v":
        return not re.search(r"uống|thuốc|ngậm", work.text.lower())
    if symbol == "A":
        return not re.search(
            r"dòng|điện|cầu chì|ampe|aptomat|sạc|nguồn|cường độ|\d ?V", work.text[: match.start()]
        )
    if symbol in ("C", "F", "K", "L", "N", "J", "T", "B", "Pa", "M", "g", "h", "l", "t", "m"):
        if symbol in ("N", "J"):
            return not re.search(_FORCE, work.text[max(0, match.start() - 40) : match.start()])
        if match["gap"] and symbol in ("C", "F", "K", "T", "B", "M"):
            return True
        if last in _ROOMS:
            return symbol not in ("m", "g")
        if symbol == "T":
            return (
                last not in _CARGO_BEFORE | _TERM_BEFORE and work.after(match.end()) not in _CARGO
            )
        if symbol in ("B", "K", "T", "N", "M"):
            return True
    return symbol in ("G", "D")


def _height(match: re.Match[str], work: Workspace) -> str | None:
    """Reads lengths and weights with a tail: ``1m70``, ``2m5``, ``1m2``."""
    rest = match["rest"]
    measured = r"(?i:cao|dài|rộng|sâu|dày|chiều|khoảng cách|ngang)[^.;]{0,24}"
    if rest in ("2", "3") and not work.preceded(match.start(), measured):
        return None
    zero = "không " if rest[0] == "0" else ""
    tail = zero + work.cardinal(rest[1:] or "0" if zero else rest)
    return f"{work.cardinal(match['n'])} {unit_name(match['unit'])} {tail}"


def _percent(match: re.Match[str], work: Workspace) -> list[Replacement]:
    said = "phần trăm" if match["sign"] == "%" else f"phần {work.reading.thousand}"
    return _number_and(match, "sign", said, "percent", work)


def _alone_unit(match: re.Match[str], work: Workspace) -> str | None:
    symbol, first = match[0], match[0].partition("/")[0]
    alone = first in units_alone() or (first != symbol and first in ("m", "g", "mg"))
    return unit_name(symbol) if alone or symbol in units_alone() else None


_TIMES = word_set("giây phút giờ ngày tháng năm tuần lần")
_MONEY = word_set("nghìn ngàn triệu tỷ tỉ đồng usd vnđ")


def _per(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads the slash of ``5 lít/ngày``: after an amount "trên", after money "một"."""
    amount = re.search(
        r"(?:\d|\x01|trăm|mươi|mười)(?: ?[^\W\d_]{0,8}){0,2}[²³]?\Z",
        work.masked[max(0, match.start() - 20) : match.start()],
    )
    if not amount and match["unit"] not in _TIMES:
        return None
    said = "một" if work.before(match.start()) in _MONEY else "trên"
    out = [Replacement(*match.span("s"), said, "per")]
    unit = match["unit"]
    name = unit_name(unit) if unit else None
    if name is not None and (len(unit) > 1 or unit in "lmgsh"):
        out.append(Replacement(*match.span("unit"), name, "unit"))
    return out


_ANGLE = r"(?i:góc|cồn|nghiêng|xoay|quay|độ|sin|cos|tan|lệch|=)[^.;]{0,20}"


def _look_alike(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads another sign in the degree's place: ``37,5oC``, ``20⁰C``, ``góc 30o``."""
    angle = match["d"][0] != "⁰" and work.preceded(match.start(), _ANGLE, 30)
    if match["u"] is None and not angle:
        return None
    said = {"C": "độ xê", "F": "độ ép"}.get(match["u"], "độ")
    return _number_and(match, "d", said, "unit", work)


def _grouped(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``12,500 người``: a comma groups where people or things are counted."""
    counted = work.after(match.end()) in _COUNTED
    return work.number(match[0], grouped=True) if counted else None


def _inches(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    quoted = work.text.count('"') > 1
    return None if quoted else _number_and(match, "sign", "in", "unit", work)


_LEFT = rf"(?<![\w]){NUMBER_START}"

RULES = (
    Rule("percent", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<sign>[%‰])", _percent, kind="symbol"),
    Rule(
        "length",
        rf"{_LEFT}(?P<n>\d{{1,3}})(?P<unit>m|km|kg)(?P<rest>\d{{1,3}})(?![\w²³]|[.,]\d)",
        _height,
    ),
    Rule(
        "unit",
        rf"{_LEFT}(?P<n>{NUMBER})(?P<gap> ?)(?P<unit>{_SYMBOL})(?![\w²³])(?!-[A-Za-z]{{3}})",
        _measured,
    ),
    Rule("degree", rf"{_LEFT}(?P<n>{NUMBER})(?P<d>[o⁰˚] ?(?P<u>[CF])?)(?![\w])", _look_alike),
    Rule("unit", r"(?<=độ )[CF](?![\w])", lambda m, w: {"C": "xê", "F": "ép"}[m[0]]),
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
            kind=kind,
        )
        for kind in ("symbol", "digit")
    ),
    Rule(
        "per",
        r"(?:(?<=[\x01²³])|(?<=\p{L}))(?P<s>/)(?P<unit>\p{L}{1,7}[²³23]?(?![\w])|(?=\x01))",
        _per,
    ),
    Rule("per", r"(?<=\x01 )(?P<s>/)(?= ?\p{L}) ?(?P<unit>\p{L}{1,9}(?![\w]))", _per),
    Rule(
        "per",
        r"(?:(?<=mét)|(?<=lít)|(?<=gam)|(?<=tấn)|(?<=lần)|(?<=vòng)|(?<=người)|(?<=viên))(?P<s>/)"
        r"(?P<unit>\p{L}{1,7}[²³23]?)(?![\w])",
        _per,
        kind="symbol",
    ),
)
