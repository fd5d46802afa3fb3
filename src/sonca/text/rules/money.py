"""Reads amounts of money, in signs, codes and everyday shorthand (``25k``, ``1tr5``)."""

from __future__ import annotations

import re

from sonca.text.rules.rule import NUMBER, NUMBER_START, Replacement, Rule, Workspace
from sonca.text.rules.units import unit_name
from sonca.text.vietnamese.numbers import split_number
from sonca.text.vietnamese.wordlists import mapping

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


def _scale(text: str, work: Workspace) -> str:
    key = text.strip().lower()
    return work.reading.thousand if key == "k" else _SHORT_SCALES.get(key, key)


def _signed(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``$12.50`` as dollars and cents, everything else as a decimal."""
    currency = _currency(match["sign"])
    whole, fraction = split_number(match["n"], grouped=True)
    if len(fraction) == 2 and int(whole) and currency == "đô la" and not match["scale"]:
        said = f"{work.cardinal(whole)} {currency}"
        return f"{said} {work.cardinal(fraction)} xu" if int(fraction) else said
    scale = _scale(match["scale"] or "", work)
    return " ".join(filter(None, (work.number(match["n"], grouped=True), scale, currency)))


def _coded(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    code = match["code"]
    if code in ("đ", "Đ") and work.text[match.end() : match.end() + 1] == ".":
        after = work.text[match.end() + 1 : match.end() + 3].strip()
        named = after[:1].isupper() or work.followed(match.end(), r"\. ?\d{1,2}/\d{1,2}(?!\d)")
        if named and match["gap"]:
            return None  # "số 5 Đ. Lê Lợi", "số 1 Đ. 3/2" are streets
    out = [Replacement(*match.span("n"), work.number(match["n"], grouped=True), "money")]
    if match["scale"]:
        out.append(Replacement(*match.span("scale"), _scale(match["scale"], work), "money"))
    out.append(Replacement(*match.span("code"), _currency(code), "money"))
    return out + _per(match)


_COUNTERS = {"th": "tháng", "cp": "cổ phiếu", "ng": "người", "sp": "sản phẩm", "n": "ngày"}


def _per(match: re.Match[str]) -> list[Replacement]:
    """Reads what an amount is paid for: ``/kg``, ``/tháng``."""
    if not match["per"]:
        return []
    start, end = match.span("per")
    said = _COUNTERS.get(match["per"]) or unit_name(match["per"])
    out = [Replacement(start - 1, start, "một", "per")]
    return [*out, Replacement(start, end, said, "per")] if said else out


_VIDEO = "màn|hình|phim|video|clip|tivi|tv|giải|quay|chuẩn|nét|ảnh|camera"


def _thousands(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    before = work.before(match.start(), 2)
    if match["n"] in ("2", "4", "8") and (
        re.search(_VIDEO, before) or work.after(match.end()) in ("uhd", "hdr", "hd")
    ):
        return None
    out = [
        Replacement(*match.span("n"), work.number(match["n"]), "money"),
        Replacement(*match.span("k"), work.reading.thousand, "money"),
    ]
    return out + _per(match)


def _millions(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``15tr``, ``1tr5``, ``2tỷ3``: what follows the scale continues it."""
    scale, rest = _scale(match["scale"], work), match["rest"]
    said = f"{work.number(match['n'])} {scale}"
    if rest:
        smaller = work.reading.thousand if scale == "triệu" else "triệu"
        more = f"{work.cardinal(rest)} trăm" if len(rest) == 1 else work.cardinal(f"{rest:0<3}")
        said += f" {more} {smaller}"
    end = match.end("rest" if rest else "scale")
    return [Replacement(match.start("n"), end, said, "money"), *_per(match)]


_LEFT = rf"(?<![\w]){NUMBER_START}"
_PER = r"(?:/(?P<per>\p{L}{1,7}[²³23]?)(?![\w]))?"


def _signed_range(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads ``$100-200``: the sign is said once, at the end."""
    scale = _scale(match["scale"] or "", work)
    last = filter(None, (work.number(match["m"], grouped=True), scale, _currency(match["sign"])))
    return [
        Replacement(match.start(), match.end("n"), work.number(match["n"], grouped=True), "money"),
        Replacement(*match.span("dash"), "đến", "range"),
        Replacement(match.start("m"), match.end(), " ".join(last), "money"),
    ]


def _code_first(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``USD 500``; in "2 triệu USD 3 lần" the code belongs to what stands before it."""
    text = work.text[: match.start()].rstrip()
    if len(match["n"]) == 1 and not match["scale"]:
        return None  # "mua USD 3 lần"
    if text[-1:].isdecimal() or work.before(match.start()) in _SCALES.split("|"):
        return None
    return _signed(match, work)


RULES = (
    Rule(
        "money",
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})(?P<dash> ?[-–] ?)(?P<m>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKMB])(?![\w]))?(?![\w$/-])",
        _signed_range,
        kind="symbol",
    ),
    Rule(
        "money",
        rf"(?<![\w])(?P<sign>{_SIGNS}) ?(?P<n>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALES}|tr|bn|[kKmMB])(?![\w]))?(?: ?(?:USD|đô la)(?!\w))?",
        _signed,
        kind="symbol",
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
        lambda m, w: (
            f"{w.cardinal(m['n'])} triệu {w.cardinal(int(m['rest']))} {w.reading.thousand}"
        ),
    ),
    Rule(
        "money",
        rf"{_LEFT}(?P<n>\d{{1,3}})[kK](?P<rest>\d)(?![\w])",
        lambda m, w: f"{w.cardinal(m['n'])} {w.reading.thousand} {w.cardinal(m['rest'])}",
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
        lambda m, w: f"{w.number(m['n'])} triệu",
    ),
    Rule("money", rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<k>[kK])(?!\w|-\p{{L}}){_PER}", _thousands),
)
