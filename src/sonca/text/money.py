"""Amounts of money, in signs, codes and everyday shorthand (``25k``, ``1tr5``)."""

from __future__ import annotations

import re

from sonca.text.numbers import split
from sonca.text.sheet import NUMBER, NUMBER_START, Claim, Rule, Sheet
from sonca.text.tables import mapping
from sonca.text.units import unit_name

_SIGNS = r"US\$|A\$|S\$|HK\$|[$€£¥₫฿₩₽₹₿]"
_CODES = (
    "VNĐ|VND|vnđ|vnd|Vnđ|USD|usd|EUR|GBP|JPY|CNY|KRW|THB|AUD|SGD|CAD|HKD|CHF|RUB|NDT|đồng|đ|₫|Đ"
    "|¢|元|won|baht|yên|BTC|ETH|euro|Euro|EURO|US\\$|[$€£¥₩฿₽₹]"
)
_SHORT_SCALES = {"m": "triệu", "tr": "triệu", "b": "tỷ", "bn": "tỷ", "ty": "tỷ"} | {
    "thousand": "nghìn",
    "million": "triệu",
    "billion": "tỷ",
    "trillion": "nghìn tỷ",
}
_SCALES = "million|billion|thousand|trillion|nghìn|ngàn|triệu|tỷ|tỉ|trăm"


def _currency(code: str) -> str:
    return mapping("currencies.tsv").get(code, "")


def _scale(text: str, sheet: Sheet) -> str:
    key = text.strip().lower()
    return sheet.reading.thousand if key == "k" else _SHORT_SCALES.get(key, key)


def _signed(match: re.Match[str], sheet: Sheet) -> str | None:
    """``$12.50``: dollars and cents; everything else as a decimal."""
    currency = _currency(match["sign"])
    whole, fraction = split(match["n"], grouped=True)
    if len(fraction) == 2 and int(whole) and currency == "đô la" and not match["scale"]:
        said = f"{sheet.cardinal(whole)} {currency}"
        return f"{said} {sheet.cardinal(fraction)} xu" if int(fraction) else said
    scale = _scale(match["scale"] or "", sheet)
    return " ".join(filter(None, (sheet.number(match["n"], grouped=True), scale, currency)))


def _coded(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    code = match["code"]
    if code in ("đ", "Đ") and sheet.text[match.end() : match.end() + 1] == ".":
        after = sheet.text[match.end() + 1 : match.end() + 3].strip()
        if after[:1].isupper() and match["gap"]:
            return None  # "số 5 Đ. Lê Lợi" is a street
    claims = [Claim(*match.span("n"), sheet.number(match["n"], grouped=True), "money")]
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
        re.search(_VIDEO, before) or sheet.after(match.end()) in ("uhd", "hdr", "hd")
    ):
        return None
    claims = [
        Claim(*match.span("n"), sheet.number(match["n"]), "money"),
        Claim(*match.span("k"), sheet.reading.thousand, "money"),
    ]
    return claims + _per(match)


_VIDEO = "hình|phim|video|tivi|tv|giải|quay|chuẩn|nét|ảnh|camera"


def _millions(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``15tr``, ``1tr5``, ``2tỷ3``: what follows the scale continues it."""
    scale, rest = _scale(match["scale"], sheet), match["rest"]
    said = f"{sheet.number(match['n'])} {scale}"
    if rest:
        smaller = sheet.reading.thousand if scale == "triệu" else "triệu"
        more = f"{sheet.cardinal(rest)} trăm" if len(rest) == 1 else sheet.cardinal(f"{rest:0<3}")
        said += f" {more} {smaller}"
    end = match.end("rest" if rest else "scale")
    return [Claim(match.start("n"), end, said, "money"), *_per(match)]


_LEFT = rf"(?<![\w]){NUMBER_START}"
_PER = r"(?:/(?P<per>\p{L}{1,7}[²³23]?)(?![\w]))?"


def _signed_range(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    """``$100-200``: the sign is said once, at the end."""
    scale = _scale(match["scale"] or "", sheet)
    last = filter(None, (sheet.number(match["m"], grouped=True), scale, _currency(match["sign"])))
    return [
        Claim(match.start(), match.end("n"), sheet.number(match["n"], grouped=True), "money"),
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
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})(?P<dash> ?[-–] ?)(?P<m>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?![\w$/-])",
        _signed_range,
        when="symbol",
    ),
    Rule(
        "money",
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?: ?(?:USD|đô la)(?!\w))?",
        _signed,
        when="symbol",
    ),
    Rule(
        "money",
        rf"(?<![\w])(?P<sign>USD|EUR|GBP|JPY|VND|VNĐ|CNY|KRW|THB|SGD|AUD) (?P<n>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?![\w/]| ?(?:{_CODES})(?!\w))",
        _code_first,
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>\d{{1,3}})(?:tr|triệu)(?P<rest>\d{{2,3}})[kK](?![\w])",
        lambda m, s: (
            f"{s.cardinal(m['n'])} triệu {s.cardinal(int(m['rest']))} {s.reading.thousand}"
        ),
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>\d{{1,3}})[kK](?P<rest>\d)(?![\w])",
        lambda m, s: f"{s.cardinal(m['n'])} {s.reading.thousand} {s.cardinal(m['rest'])}",
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER})(?: ?(?P<scale>{_SCALES}|tr|[kK])(?= |[^\w]))?"
        rf"(?P<gap> ?)(?P<code>{_CODES})(?![\w]){_PER}",
        _coded,
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<scale>triệu|tr|Tr|TR|tỷ|tỉ|ty|Tỷ)"
        rf"(?P<rest>\d{{1,3}})?(?![\w.]|,\d){_PER}",
        _millions,
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<scale>triệu|tr|Tr|TR|tỷ|tỉ|ty|Tỷ)(?P<rest>)(?=\."
        rf"(?!\d)){_PER}",
        _millions,
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER})M(?= (?:view|lượt|sub|follow|like|người|đồng|USD))",
        lambda m, s: f"{s.number(m['n'])} triệu",
    ),
    Rule("money", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<k>[kK])(?!\w|-\p{{L}}){_PER}", _thousands),
)
