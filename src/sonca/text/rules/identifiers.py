"""Reads what is named by digits: phones, accounts, codes, plates, versions, documents."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.letters import letter_name, spell
from sonca.text.vietnamese.numbers import digits
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import mapping, word_set

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


def _phone(match: re.Match[str], work: Workspace) -> str | None:
    text = match[0]
    if "+" in text and sum(c.isdecimal() for c in text) < 9:
        return None
    return ("cộng " if text.lstrip("(").startswith("+") else "") + digits(text)


def _called(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    number = match["number"].rstrip(" .–-")
    count = sum(c.isdecimal() for c in number)
    road = match[0].upper().startswith("ĐT") and ":" not in match[0]  # ĐT.743
    if count < 3 or count > 15 or (count == 3 and number[:2] != "11" and road):
        return None
    following = work.after(match.start("number") + len(number))
    if count <= 4 and following in _COUNTED and "số" not in match[0].lower():
        return None
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", number) and count < 7:
        return None
    start = match.start("number")
    plus = "cộng " if number.startswith("+") else ""
    return [Replacement(start, start + len(number), plus + digits(number), "phone")]


_COUNTED = word_set("người lần cuộc bạn học phút giờ đồng nghìn ngàn triệu khách sinh xe")


def _code(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    text = match["code"]
    figures = sum(c.isdecimal() for c in text)
    if figures < 3 or (figures == 3 and text[0] != "0" and text.isdecimal()):
        return None
    return read_parts(
        match, r"\d+|[A-ZĐ]+|-", lambda p: digits(p) if p.isdecimal() else spell(p), "code", "code"
    )


CHAPTERS = word_set("chương tập hồi phần chap chapter quyển")
"""Parts of a story; their numbers may be filled up with zeros."""


_MAX_PLAIN = 18
"""Digits without groups: nobody counts more."""


def _long(match: re.Match[str], work: Workspace) -> str | None:
    text = match[0]
    if len(text) > _MAX_PLAIN:
        return digits(text)
    if work.before(match.start()) in CHAPTERS and int(text) < 10_000:
        return work.cardinal(int(text))
    if len(text) == 3 and work.preceded(match.start(), r"\d "):
        return None  # the end of "3 000"
    zeros = len(text) - len(text.rstrip("0"))
    if (text[0] == "0" and len(text) >= 3) or (len(text) >= 12 and zeros < 6):
        return digits(text)
    return None


def _plate(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    if int(match["region"]) < 11:
        return None
    letters = " ".join(letter_name(c) if c.isalpha() else digits(c) for c in match["series"])
    region = Replacement(*match.span("region"), work.cardinal(match["region"]), "plate")
    series = Replacement(*match.span("series"), letters, "plate")
    serial = Replacement(*match.span("serial"), digits(match["serial"]), "plate")
    dash = [Replacement(region.end, series.start, "", "plate")] if region.end < series.start else []
    return [region, *dash, series, Replacement(series.end, serial.start, "", "plate"), serial]


def _component(text: str, work: Workspace) -> str:
    return digits(text) if len(text) > 4 else work.padded(text)


def _dotted(text: str, work: Workspace) -> str:
    return " chấm ".join(_component(part, work) for part in text.split("."))


def _chain(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``2.15.0``, ``192.168.1.1``: dots that neither group digits nor separate a date."""
    first, *rest = match[0].split(".")
    if all(len(p) == 3 for p in rest) and len(first) <= 3 and first != "0":
        return None
    if len(rest) == 2 and len(rest[1]) == 4 and int(rest[0]) <= 12 and int(first) <= 31:
        return None
    return _dotted(match[0], work)


def _named_version(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads a number right after a product's name: ``Python 3.11``, ``iOS 17.5``."""
    product = match["name"]
    if product in mapping("currencies.tsv") or re.fullmatch(r"[1-9]\d{0,2}\.\d00", match["number"]):
        return None  # USD 3.50, KH 3.000
    if syllable(product) is not None or product.lower() in mapping("plain_foreign.tsv"):
        return None
    if work.after(match.end()) in _MEASURED:
        return None
    start = match.start("number")
    return [Replacement(start, match.end(), _dotted(match["number"], work), "version")]


_MEASURED = word_set(
    "triệu tỷ tỉ nghìn ngàn đồng usd km kg m cm mm g lít độ phần điểm giờ inch vnd gb tb ghz mhz hz"
    " w kw mah lần tấn %"
)


def _document(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads ``100/2019/NĐ-CP``: numbers and known offices, with "trên" between them."""
    codes = mapping("documents.tsv")
    return read_parts(
        match,
        r"\d+|[^\W\d_]+|[/-]",
        lambda part: codes.get(part) or say_part(part, work),
        "document number",
    )


def say_part(part: str, work: Workspace) -> str:
    """Says figures, letters or a slash of a number that names something; a dash is silent."""
    if part.isdecimal():
        return work.padded(part)
    return "trên" if part == "/" else spell(part)


def _model(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads ``i9-14900K``: letters, and numbers as they are called; the dash is silent."""

    def say(part: str) -> str:
        if part.isdecimal():
            return work.padded(part)
        return "" if part == "-" else spell(part)

    return read_parts(match, r"\d+|[^\W\d_]+|-", say, "model")


def _port(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads the port of ``192.168.1.10:8080`` digit by digit."""
    host, colon = match["host"], match.start("port") - 1
    said = _dotted(host, work) if host[0].isdecimal() else "lô cồ hốt"
    return [
        Replacement(match.start(), colon, said, "port", None if host[0].isdecimal() else host),
        Replacement(colon, colon + 1, "hai chấm", "port"),
        Replacement(colon + 1, match.end(), digits(match["port"]), "port"),
    ]


RULES = (
    Rule(
        "port",
        r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3}|localhost):(?P<port>\d{2,5})(?![\w:])",
        _port,
        kind="clock",
    ),
    Rule("model", r"(?<![\w-])i[3579]-\d{4,5}[A-Z]{0,3}(?![\w-])", _model),
    Rule(
        "phone",
        r"(?:(?<=cảnh sát )|(?<=cứu hỏa )|(?<=cứu hoả )|(?<=cứu thương )|(?<=cấp cứu )|"
        r"(?<=cứu nạn ))11[1-5](?!\w)",
        lambda m, w: digits(m[0]),
        flags=re.IGNORECASE,
    ),
    Rule(
        "document number",
        r"(?<![\w/])\d{1,5}(?:/\d{4})?/[A-ZĐ][A-ZĐa-zƯ]{1,9}\d{0,2}"
        r"(?:-[A-ZĐ][A-ZĐa-zƯ]{0,9}){0,4}(?![\w])",
        _document,
    ),
    Rule(
        "document number",
        r"(?<![\w/.,-])\d{1,4}-[A-ZĐ]{2,4}/[A-ZĐ][A-ZĐa-zƯ]{1,7}(?![\w/])",
        _document,
    ),
    Rule(
        "plate",
        r"(?<![\w.,])(?P<region>\d{2})[ -]?(?P<series>[A-ZĐ]{1,2}\d?|[A-Z]\d)(?:[ -]{1,3})"
        r"(?P<serial>\d{3}\.?\d{2}|\d{4})(?![\w])",
        _plate,
    ),
    Rule(
        "phone",
        rf"(?<![\w+.,/])(?:\(?\+\d{{1,3}}\)?(?:{_SEP}?\(?\d{{1,4}}\)?){{2,6}}"
        rf"|\(0\d{{1,3}}\){_SEP}?\d{{3,4}}{_SEP}?\d{{3,4}}"
        rf"|0\d{{1,3}}{_SEP}\d{{6,8}}|84{_SEP}\d{{2,3}}(?:{_SEP}\d{{3,4}}){{2}}"
        rf"|0\d{{2,4}}(?:{_SEP}\d{{2,4}}){{2,3}}|0\d{{9,10}}|1[89]00{_SEP}?\d{{4}}(?:\d\d)?"
        rf"|1[89]00(?:{_SEP}\d{{2,4}}){{1,3}})(?![\w/]|[.,]\d)",
        _phone,
    ),
    Rule(
        "phone",
        rf"(?<![\w])(?:{_PHONE_WORDS})(?: số)?[ :.]{{1,3}}(?:số )?"
        rf"(?P<number>[+(]?\d[\d .)–-]{{1,18}}\d)(?![\w/%]|[.,]\d)",
        _called,
        flags=re.IGNORECASE,
    ),
    Rule(
        "code",
        rf"(?<![\w])(?:{_CODE_WORDS})(?: \p{{L}}{{1,7}}){{0,4}}[ :.#]{{1,3}}"
        r"(?P<code>(?:[A-ZĐ]{1,5}-?)?\d[\dA-Z-]{1,24}(?:[ .]\d{2,5}){0,6})(?![\w/%]|[.,:]\d)",
        _code,
        flags=re.IGNORECASE,
    ),
    Rule("card number", r"(?<![\w.,])\d{4}(?:[ -]\d{4}){2,4}(?![\w])", lambda m, w: digits(m[0])),
    Rule("long number", r"(?<![\w.,])\d{3,}(?![\w]|[.,]\d)", _long),
    Rule(
        "version",
        r"(?<![\w.])[vV]\.?(?P<number>\d{1,4}(?:\.\d{1,5}){0,4})(?![\w]|\.\d)",
        lambda m, w: f"vê {_dotted(m['number'], w)}",
    ),
    Rule(
        "version",
        r"(?<![\w.,])(?:(?<=phiên bản )|(?<=bản )|(?<=version )|(?<=ver )|(?<=cập nhật ))"
        r"(?P<number>\d{1,4}(?:\.\d{1,5}){1,4})(?![\w]|\.\d)",
        lambda m, w: _dotted(m["number"], w),
        flags=re.IGNORECASE,
    ),
    Rule("version", r"(?<![\w.,])\d{1,5}(?:\.\d{1,5}){2,6}(?![\w]|[.,]\d)", _chain),
    Rule(
        "version",
        r"(?<![\w])(?P<name>[A-Za-z][A-Za-z]{1,15})[ -](?P<number>\d{1,3}\.\d{1,3})(?![\w.,/%]"
        r"|[.,]\d| ?%)",
        _named_version,
    ),
)
