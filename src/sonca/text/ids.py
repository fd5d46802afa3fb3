"""Things that are named by digits: phones, accounts, codes, plates, versions, documents."""

from __future__ import annotations

import re

from sonca.text.letters import name, spell
from sonca.text.numbers import MAX_CARDINAL_DIGITS, cardinal, digits
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import mapping, word_set

_SEP = "[ .\u00b7–-]"
_PHONE_WORDS = (
    "gọi|tổng đài|hotline|điện thoại|đt|sđt|đtdđ|dđ|số máy|fax|tel|zalo|liên hệ|di động|viber|phone"
    "|cskh|nóng|whatsapp|alo|call|mobile|sim|máy bàn|bàn|nhắn tin"
)
_CODE_WORDS = (
    r"stk|số tk|tài khoản|mã|cmnd|cccd|cmt|mst|otp|(?-i:PIN)|mật khẩu|imei|serial|số thẻ|căn cước"
    r"|passcode|pass"
    r"|hộ chiếu|chứng minh thư|chứng minh nhân dân|căn cước công dân|mã số thuế|bưu chính|vận đơn"
    r"|zip|seri|số seri|password|biên nhận|hợp đồng|isbn|issn"
)


def _phone(match: re.Match[str], sheet: Sheet) -> str | None:
    text = match[0]
    said = digits(text)
    if "+" in text and sum(c.isdigit() for c in text) < 9:
        return None
    return f"cộng {said}" if text.lstrip("(").startswith("+") else said


def _called(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    number = match["number"].rstrip(" .–-")
    count = sum(c.isdigit() for c in number)
    if count < 3 or count > 15 or (count == 3 and number[:2] != "11" and _named_road(match)):
        return None
    following = sheet.after(match.start("number") + len(number))
    if count <= 4 and following in _COUNTED and "số" not in match[0].lower():
        return None
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", number) and count < 7:
        return None
    start = match.start("number")
    said = digits(number)
    said = f"cộng {said}" if number.startswith("+") else said
    return [Claim(start, start + len(number), said, "phone")]


def _named_road(match: re.Match[str]) -> bool:
    """``ĐT.743`` is a provincial road."""
    return match[0].upper().startswith("ĐT") and ":" not in match[0]


_COUNTED = word_set("người lần cuộc bạn học phút giờ đồng nghìn ngàn triệu khách sinh xe")


def _code(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    text = match["code"]
    figures = sum(c.isdigit() for c in text)
    if figures < 3 or (figures == 3 and text[0] != "0" and text.isdigit()):
        return None
    claims = []
    for part in re.finditer(r"\d+|[A-ZĐ]+|-", text):
        start = match.start("code") + part.start()
        said = digits(part[0]) if part[0].isdigit() else spell(part[0])
        claims.append(Claim(start, start + len(part[0]), said, "code"))
    return claims


CHAPTERS = word_set("chương tập hồi phần chap chapter quyển")
"""Parts of a story; their numbers may be filled up with zeros."""


def _long(match: re.Match[str], sheet: Sheet) -> str | None:
    text = match[0]
    if len(text) > MAX_CARDINAL_DIGITS:
        return digits(text)
    if sheet.before(match.start()) in CHAPTERS and int(text) < 10_000:
        return cardinal(int(text), sheet.reading)
    if len(text) == 3 and re.search(r"\d \Z", sheet.text[: match.start()]):
        return None  # the end of "3 000"
    zeros = len(text) - len(text.rstrip("0"))
    if (text[0] == "0" and len(text) >= 3) or (len(text) >= 12 and zeros < 6):
        return digits(text)
    return None


def _plate(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    start = match.start()
    region, series, serial = match["region"], match["series"], match["serial"]
    if not 11 <= int(region) <= 99:
        return None
    letters = " ".join(name(c) if c.isalpha() else digits(c) for c in series)
    claims = [
        Claim(start, start + 2, cardinal(region, sheet.reading), "plate"),
        Claim(match.start("series"), match.end("series"), letters, "plate"),
        Claim(match.start("serial"), match.end("serial"), digits(serial), "plate"),
    ]
    for gap_start, gap_end in (
        (start + 2, match.start("series")),
        (match.end("series"), match.start("serial")),
    ):
        if gap_end > gap_start:
            claims.append(Claim(gap_start, gap_end, "", "plate"))
    return sorted(claims, key=lambda c: c.start)


def _component(text: str, sheet: Sheet) -> str:
    if (len(text) > 1 and text[0] == "0") or len(text) > 4:
        return digits(text)
    return cardinal(text, sheet.reading)


def _dotted(text: str, sheet: Sheet) -> str:
    return " chấm ".join(_component(part, sheet) for part in text.split("."))


def _version(match: re.Match[str], sheet: Sheet) -> str | None:
    prefix = match["v"]
    if not prefix and "." not in match["number"]:
        return None
    said = _dotted(match["number"], sheet)
    return f"vê {said}" if prefix else said


def _chain(match: re.Match[str], sheet: Sheet) -> str | None:
    """``2.15.0``, ``192.168.1.1``, ``1.2.3``: dots that neither group nor separate a date."""
    parts = match[0].split(".")
    if all(len(p) == 3 for p in parts[1:]) and len(parts[0]) <= 3 and parts[0] != "0":
        return None
    if len(parts) == 3 and len(parts[2]) == 4 and int(parts[1]) <= 12 and int(parts[0]) <= 31:
        return None
    return _dotted(match[0], sheet)


_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d00")


def _named_version(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """A number right after a product's name: ``Python 3.11``, ``iOS 17.5``."""
    product = match["name"]
    if product in mapping("currencies.tsv") or _GROUPED.fullmatch(match["number"]):
        return None  # USD 3.50, KH 3.000
    if syllable(product) is not None or product.lower() in mapping("plain_foreign.tsv"):
        return None
    if sheet.after(match.end()) in _MEASURED:
        return None
    start = match.start("number")
    return [Claim(start, match.end(), _dotted(match["number"], sheet), "version")]


_MEASURED = word_set(
    "triệu tỷ tỉ nghìn ngàn đồng usd km kg m cm mm g lít độ phần điểm giờ inch vnd gb tb ghz mhz hz"
    " w kw mah lần tấn %"
)


def _document(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    """``100/2019/NĐ-CP``: numbers and known offices, with "trên" between them."""
    codes = mapping("documents.tsv")
    claims = []
    for part in re.finditer(r"\d+|[^\W\d_]+|[/-]", match[0]):
        text, start = part[0], match.start() + part.start()
        if text == "/":
            said = "trên"
        elif text == "-":
            said = ""
        elif text.isdigit():
            said = digits(text) if text[0] == "0" else cardinal(text, sheet.reading)
        else:
            said = codes.get(text) or spell(text)
        claims.append(Claim(start, start + len(text), said, "document number"))
    return claims


RULES = (
    Rule(
        "phone",
        "digit",
        r"(?:(?<=cảnh sát )|(?<=cứu hỏa )|(?<=cứu hoả )|(?<=cứu thương )|(?<=cấp cứu )|"
        r"(?<=cứu nạn ))11[1-5](?!\w)",
        lambda m, s: digits(m[0]),
        flags=re.IGNORECASE,
    ),
    Rule(
        "document number",
        "digit",
        r"(?<![\w/])\d{1,5}(?:/\d{4})?/[A-ZĐ][A-ZĐa-zƯ]{1,9}\d{0,2}"
        r"(?:-[A-ZĐ][A-ZĐa-zƯ]{0,9}){0,4}(?![\w])",
        _document,
    ),
    Rule(
        "document number",
        "digit",
        r"(?<![\w/.,-])\d{1,4}-[A-ZĐ]{2,4}/[A-ZĐ][A-ZĐa-zƯ]{1,7}(?![\w/])",
        _document,
    ),
    Rule(
        "plate",
        "digit",
        r"(?<![\w.,])(?P<region>\d{2})[ -]?(?P<series>[A-ZĐ]{1,2}\d?|[A-Z]\d)(?:[ -]{1,3})"
        r"(?P<serial>\d{3}\.?\d{2}|\d{4})(?![\w])",
        _plate,
    ),
    Rule(
        "phone",
        "digit",
        rf"(?<![\w+.,/])(?:\(?\+\d{{1,3}}\)?(?:{_SEP}?\(?\d{{1,4}}\)?){{2,6}}"
        rf"|\(0\d{{1,3}}\){_SEP}?\d{{3,4}}{_SEP}?\d{{3,4}}"
        rf"|0\d{{1,3}}{_SEP}\d{{6,8}}|84{_SEP}\d{{2,3}}(?:{_SEP}\d{{3,4}}){{2}}"
        rf"|0\d{{2,4}}(?:{_SEP}\d{{2,4}}){{2,3}}|0\d{{9,10}}|1[89]00{_SEP}?\d{{4}}(?:\d\d)?"
        rf"|1[89]00(?:{_SEP}\d{{2,4}}){{1,3}})(?![\w/]|[.,]\d)",
        _phone,
    ),
    Rule(
        "phone",
        "digit",
        rf"(?<![\w])(?:{_PHONE_WORDS})(?: số)?[ :.]{{1,3}}(?:số )?"
        rf"(?P<number>[+(]?\d[\d .)–-]{{1,18}}\d)(?![\w/%]|[.,]\d)",
        _called,
        flags=re.IGNORECASE,
    ),
    Rule(
        "code",
        "digit",
        rf"(?<![\w])(?:{_CODE_WORDS})(?: \p{{L}}{{1,7}}){{0,4}}[ :.#]{{1,3}}"
        r"(?P<code>(?:[A-ZĐ]{1,5}-?)?\d[\dA-Z-]{1,24}(?:[ .]\d{2,5}){0,6})(?![\w/%]|[.,:]\d)",
        _code,
        flags=re.IGNORECASE,
    ),
    Rule(
        "card number",
        "digit",
        r"(?<![\w.,])\d{4}(?:[ -]\d{4}){2,4}(?![\w])",
        lambda m, s: digits(m[0]),
    ),
    Rule("long number", "digit", r"(?<![\w.,])\d{3,}(?![\w]|[.,]\d)", _long),
    Rule(
        "version",
        "digit",
        r"(?<![\w.])(?P<v>[vV])\.?(?P<number>\d{1,4}(?:\.\d{1,5}){0,4})(?![\w]|\.\d)",
        lambda m, s: f"vê {_dotted(m['number'], s)}",
    ),
    Rule(
        "version",
        "digit",
        r"(?<![\w.,])(?:(?<=phiên bản )|(?<=bản )|(?<=version )|(?<=ver )|(?<=cập nhật ))"
        r"(?P<v>)(?P<number>\d{1,4}(?:\.\d{1,5}){1,4})(?![\w]|\.\d)",
        _version,
        flags=re.IGNORECASE,
    ),
    Rule("version", "digit", r"(?<![\w.,])\d{1,5}(?:\.\d{1,5}){2,6}(?![\w]|[.,]\d)", _chain),
    Rule(
        "version",
        "digit",
        r"(?<![\w])(?P<name>[A-Za-z][A-Za-z]{1,15})[ -](?P<number>\d{1,3}\.\d{1,3})(?![\w.,/%]"
        r"|[.,]\d| ?%)",
        _named_version,
    ),
)
