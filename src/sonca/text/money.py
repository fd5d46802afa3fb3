"""Amounts of money, in signs, codes and everyday shorthand (``25k``, ``1tr5``)."""

from __future__ import annotations

import re

from sonca.text.numbers import cardinal, number, split
from sonca.text.patterns import NUMBER, NUMBER_START
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.tables import mapping
from sonca.text.units import unit_name

_SIGNS = r"US\$|A\$|S\$|HK\$|[$€£¥₫฿₩₽₹₿]"
_CODES = (
    "VNĐ|VND|vnđ|vnd|Vnđ|USD|usd|EUR|GBP|JPY|CNY|KRW|THB|AUD|SGD|CAD|HKD|CHF|RUB|NDT|đồng|đ|₫|Đ"
    "|¢|元|won|baht|yên|BTC|ETH|euro|Euro|EURO|US\\$|[$€£¥₩฿₽₹]"
)
_WORLD = {"million": "triệu", "billion": "tỷ", "thousand": "nghìn", "trillion": "nghìn tỷ"}
_SCALES = "million|billion|thousand|trillion|nghìn|ngàn|triệu|tỷ|tỉ|trăm"


def _currency(code: str) -> str:
    return mapping("currencies.tsv").get(code, "")


def _amount(text: str, sheet: Sheet) -> str:
    return number(text, sheet.reading, grouped=True)


def _scale(text: str, sheet: Sheet) -> str:
    key = text.strip().lower()
    if key in ("k", "nghìn", "ngàn"):
        return sheet.reading.thousand if key == "k" else key
    if key in _WORLD:
        return _WORLD[key]
    return {"m": "triệu", "tr": "triệu", "b": "tỷ", "bn": "tỷ", "ty": "tỷ"}.get(key, key)


def _signed(match: re.Match[str], sheet: Sheet) -> str | None:
    """``$12.50``: dollars and cents; everything else as a decimal."""
    currency = _currency(match["sign"])
    whole, fraction, _ = split(match["n"], grouped=True)
    if len(fraction) == 2 and int(whole) and currency == "đô la" and not match["scale"]:
        said = f"{cardinal(whole, sheet.reading)} {currency}"
        return f"{said} {cardinal(fraction, sheet.reading)} xu" if int(fraction) else said
    scale = _scale(match["scale"], sheet) if match["scale"] else ""
    return " ".join(filter(None, (_amount(match["n"], sheet), scale, currency)))


def _coded(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    code = match["code"]
    if code in ("đ", "Đ") and sheet.text[match.end() : match.end() + 1] == ".":
        after = sheet.text[match.end() + 1 : match.end() + 3].strip()
        if after[:1].isupper() and match["gap"]:
            return None  # "số 5 Đ. Lê Lợi" is a street
    claims = [Claim(*match.span("n"), _amount(match["n"], sheet), "money")]
    if match["scale"]:
        claims.append(Claim(*match.span("scale"), _scale(match["scale"], sheet), "money"))
    claims.append(Claim(*match.span("code"), _currency(code), "money"))
    return claims + _per(match)


_COUNTERS = {"th": "tháng", "cp": "cổ phiếu", "ng": "người", "sp": "sản phẩm", "n": "ngày"}


def _per(match: re.Match[str]) -> list[Claim]:
    """``/kg``, ``/tháng``: for one of what."""
    if not match["per"]:
        return []
    start, end = match.span("per")
    said = _COUNTERS.get(match["per"]) or unit_name(match["per"])
    claims = [Claim(start - 1, start, "một", "per")]
    return [*claims, Claim(start, end, said, "per")] if said else claims


def _thousands(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    before = sheet.before(match.start(), 2)
    if match["n"] in ("2", "4", "8") and (
        _VIDEO.search(before) or sheet.after(match.end()) in ("uhd", "hdr", "hd")
    ):
        return None
    claims = [
        Claim(*match.span("n"), number(match["n"], sheet.reading), "money"),
        Claim(*match.span("k"), sheet.reading.thousand, "money"),
    ]
    return claims + _per(match)


_VIDEO = re.compile(r"hình|phim|video|tivi|tv|giải|quay|chuẩn|nét|ảnh|camera")


def _millions(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``15tr``, ``1tr5``, ``2tỷ3``: what follows the scale continues it."""
    scale = _scale(match["scale"], sheet)
    if match["scale"].lower() == "m" and not match["rest"]:
        return None
    if match["gap"] and match["scale"].lower() in ("tỷ", "tỉ", "triệu") and not match["rest"]:
        scale = match["scale"].lower()
    said = f"{number(match['n'], sheet.reading)} {scale}"
    rest = match["rest"]
    if rest:
        said += " " + _rest(rest, scale, sheet)
    claims = [
        Claim(match.start("n"), match.end("rest") if rest else match.end("scale"), said, "money")
    ]
    return claims + _per(match)


def _rest(rest: str, scale: str, sheet: Sheet) -> str:
    smaller = sheet.reading.thousand if scale == "triệu" else "triệu"
    if len(rest) == 1:
        return f"{cardinal(rest, sheet.reading)} trăm {smaller}"
    if len(rest) == 2:
        rest += "0"
    return f"{cardinal(rest, sheet.reading)} {smaller}"


_LEFT = rf"(?<![\w]){NUMBER_START}"
_PER = r"(?:/(?P<per>\p{L}{1,7}[²³23]?)(?![\w]))?"


def _signed_range(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    """``$100-200``: the sign is said once, at the end."""
    scale = _scale(match["scale"], sheet) if match["scale"] else ""
    last = filter(None, (_amount(match["m"], sheet), scale, _currency(match["sign"])))
    return [
        Claim(match.start(), match.end("n"), _amount(match["n"], sheet), "money"),
        Claim(*match.span("dash"), "đến", "range"),
        Claim(match.start("m"), match.end(), " ".join(last), "money"),
    ]


def _code_first(match: re.Match[str], sheet: Sheet) -> str | None:
    """``USD 500``; in "2 triệu USD 3 lần" the code belongs to what stands before it."""
    text = sheet.text[: match.start()].rstrip()
    if len(match["n"]) == 1 and not match["scale"]:
        return None  # "mua USD 3 lần"
    if text[-1:].isdigit() or sheet.before(match.start()) in _SCALES.split("|"):
        return None
    return _signed(match, sheet)


RULES = (
    Rule(
        "money",
        "symbol",
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})(?P<dash> ?[-–] ?)(?P<m>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?![\w$/-])",
        _signed_range,
    ),
    Rule(
        "money",
        "symbol",
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?: ?(?:USD|đô la)(?!\w))?",
        _signed,
    ),
    Rule(
        "money",
        "digit",
        rf"(?<![\w])(?P<sign>USD|EUR|GBP|JPY|VND|VNĐ|CNY|KRW|THB|SGD|AUD) (?P<n>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?![\w/]| ?(?:{_CODES})(?!\w))",
        _code_first,
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>\d{{1,3}})(?:tr|triệu)(?P<rest>\d{{2,3}})[kK](?![\w])",
        lambda m, s: (
            f"{cardinal(m['n'], s.reading)} triệu {cardinal(int(m['rest']), s.reading)}"
            f" {s.reading.thousand}"
        ),
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>\d{{1,3}})[kK](?P<rest>\d)(?![\w])",
        lambda m, s: (
            f"{cardinal(m['n'], s.reading)} {s.reading.thousand} {cardinal(m['rest'], s.reading)}"
        ),
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})(?: ?(?P<scale>{_SCALES}|tr|[kK])(?= |[^\w]))?"
        rf"(?P<gap> ?)(?P<code>{_CODES})(?![\w]){_PER}",
        _coded,
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})(?P<gap> ?)(?P<scale>triệu|tr|Tr|TR|tỷ|tỉ|ty|Tỷ)"
        rf"(?P<rest>\d{{1,3}})?(?![\w.]|,\d){_PER}",
        _millions,
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})(?P<gap> ?)(?P<scale>triệu|tr|Tr|TR|tỷ|tỉ|ty|Tỷ)(?P<rest>)(?=\."
        rf"(?!\d)){_PER}",
        _millions,
    ),
    Rule(
        "money",
        "digit",
        rf"{_LEFT}(?P<n>{NUMBER})M(?= (?:view|lượt|sub|follow|like|người|đồng|USD))",
        lambda m, s: f"{number(m['n'], s.reading)} triệu",
    ),
    Rule(
        "money", "digit", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<k>[kK])(?!\w|-\p{{L}}){_PER}", _thousands
    ),
)
