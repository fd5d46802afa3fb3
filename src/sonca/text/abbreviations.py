"""Abbreviations that are read in full: titles, offices, places."""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.acronyms import among_capitals
from sonca.text.initials import before_name, before_province
from sonca.text.numbers import cardinal
from sonca.text.sheet import WORD_BLOT, Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import mapping, rows, word_set, words


@lru_cache(maxsize=1)
def _table() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Abbreviation to its readings, each with the words of which one must stand near, if any."""
    table: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for row in rows("abbreviations.tsv"):
        near = tuple(row[2].split()) if len(row) > 2 else ()
        for key in row[0].split("|"):
            table.setdefault(key, []).append((row[1], near))
    for readings in table.values():
        readings.sort(key=lambda r: not r[1])  # those that ask for company first
    return table


def lookup(key: str) -> str | None:
    """The reading of an abbreviation that needs no company."""
    found = _table().get(key)
    return found[-1][0] if found and not found[-1][1] else None


def _near(sheet: Sheet, match: re.Match[str], words: tuple[str, ...]) -> bool:
    low = sheet.text[max(0, match.start() - 60) : match.end() + 60].lower()
    return any(re.search(rf"(?<!\w){re.escape(w.replace('_', ' '))}(?!\w)", low) for w in words)


def _read(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """The longest known head of a dotted or joined token, then the rest of it."""
    claims: list[Claim] = []
    start, end = match.span()
    while start < end:
        step = _longest(start, end, match, sheet)
        if step is None:
            skip = re.compile(r"[^\W\d_]+[^\w]*").match(sheet.work, start, end)
            if skip is None or skip.end() >= end:
                break
            start = skip.end()
            continue
        if step.end - step.start <= 2 and "-" in sheet.work[match.start() : match.end()]:
            return None  # VN-Index and TP-Link are names
        claims.append(step)
        start = step.end
        while start < end and not sheet.work[start].isalpha():
            start += 1
    return claims or None


_CENTRAL = word_set("bch thư chức viện giáo vận chính hành đảng ủy uỷ")
"""Last words of offices of the party and the state that take TƯ."""


def _is_word(key: str, start: int, stop: int, sheet: Sheet) -> bool:
    """Among words in capitals TƯ and CA are words themselves, not abbreviations."""
    if syllable(key) is None:
        return False
    if not (sheet.shouting or among_capitals(sheet, start, stop)):
        return False
    office = key == "TƯ" and sheet.before(start) in _CENTRAL
    return not office or sheet.after(stop) in ("nhân", "thục", "vấn")


def _longest(start: int, end: int, match: re.Match[str], sheet: Sheet) -> Claim | None:
    text = sheet.work
    if text[end : end + 1].isdigit() and text[end - 1].isalpha():
        return None  # VN123 is a flight
    for stop in range(end, start, -1):
        if stop < end and text[stop - 1].isalpha() and text[stop].isalpha():
            continue
        key = text[start:stop]
        if key.endswith(".") and not text[stop:].strip() and key[:-1] in _table():
            continue  # the dot of "TS." is the abbreviation's own; a sentence's end is not
        found = _table().get(key)
        if found and key.isupper() and _is_word(key, start, stop, sheet):
            continue
        for reading, near in found or ():
            if not near or _near(sheet, match, near):
                return Claim(start, stop, reading, "abbreviation")
    return None


_PLACES = {
    "Q": "quận",
    "P": "phường",
    "H": "huyện",
    "X": "xã",
    "T": "tỉnh",
    "Đ": "đường",
    "K": "khu",
    "F": "phường",
    "TX": "thị xã",
    "Tx": "thị xã",
    "TT": "thị trấn",
    "KP": "khu phố",
    "Kp": "khu phố",
    "TP": "thành phố",
    "Tp": "thành phố",
}


_HIGHLAND = re.compile(r" ?(?:Ea|Ia|Kon|Krong|Krông|Dak|Đak|Đắk|Buon|\w{1,4}['’]|\w*[À-ỹ])")
_TWO_NAMES = re.compile(r" ?([A-ZĐÀ-Ỵ]\w+) ([A-ZĐÀ-Ỵ]\w+)")


def _initial(match: re.Match[str], sheet: Sheet) -> bool:
    """Whether the letter is a person's: "bà P. Hôm đó", "Nguyễn Thị H. Sau đó"."""
    text, start = sheet.text, match.start()
    if match["n"] or len(match["kind"]) > 1:
        return False
    names = _TWO_NAMES.match(text, match.end("dot"))
    if before_name(text, match.end("dot") - 1) and not _HIGHLAND.match(text, match.end("dot")):
        return True  # H. Kane
    if match["kind"] == "T":
        listed = text[:start].rstrip().endswith(",")
        return not listed and not before_province(text, match.end("dot") - 1)
    if text[start - 1 : start] != " " or not start:
        return False
    if sheet.before(start) in words("persons.tsv"):
        return True
    before = text[:start].split()[-1]
    return names is None and before.istitle() and syllable(before) is not None


def _place(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``Q.1``, ``P. Bến Nghé``, ``TX. Sơn Tây``: a kind of place before its name or number."""
    kind = _PLACES.get(match["kind"])
    if kind is None:
        return None
    number = match["n"]
    if (match["kind"] in ("K", "F") and not number) or _initial(match, sheet):
        return None
    if match["kind"] == "P" and number and int(number) >= 100:
        kind = "phòng"
    claims = [Claim(match.start("kind"), match.end("dot"), kind, "place")]
    if number:
        said = cardinal(number, sheet.reading)
        claims.append(Claim(*match.span("n"), said, "place"))
    return claims


def _glued(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``Q1``, ``QL1A``, ``P12``: only where they can be nothing else."""
    kind = {
        "QL": "quốc lộ",
        "TL": "tỉnh lộ",
        "ĐT": "đường tỉnh",
        "HL": "hương lộ",
        "KP": "khu phố",
        "HK": "học kỳ",
        "Q": "quận",
        "KM": "ki lô mét",
        "Km": "ki lô mét",
    }[match["kind"]]
    value = int(match["n"])
    if match["kind"] == "Q" and "." not in match[0]:
        text = sheet.text
        if text[match.end() : match.end() + 1] == "/" or (
            value <= 4 and not re.search(r"TP|HCM|phường|P\.|đường", text)
        ):
            kind = "quý" if value <= 4 else kind
    said = cardinal(match["n"], sheet.reading)
    kind_end = match.start("n")
    while sheet.text[kind_end - 1] == " ":
        kind_end -= 1
    return [
        Claim(match.start("kind"), kind_end, kind, "road"),
        Claim(*match.span("n"), said, "road"),
    ]


_SLASHED = {
    "v/v": "về việc", "đ/c": "đồng chí", "k/g": "kính gửi", "t/m": "thay mặt", "đ/v": "đối với",
}  # fmt: skip


def _office(match: re.Match[str], sheet: Sheet) -> str | None:
    """``NQ số 18``, ``CV 123/UBND``: a kind of document before its number."""
    return mapping("documents.tsv").get(match[0])


def _elder(match: re.Match[str], sheet: Sheet) -> str | None:
    """``Ô. Ba và B. Tư``; a B. by itself is an initial."""
    if match[0] == "Ô.":
        return "ông"
    return "bà" if "Ô." in sheet.text else None


def _ward(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``P1, P2, Q.3``: wards in the company of a district or a city."""
    if not re.search(r"Q\.? ?\d|[Qq]uận|TP", sheet.text):
        return None
    said = cardinal(match["n"], sheet.reading)
    return [
        Claim(match.start(), match.start("n"), "phường", "place"),
        Claim(*match.span("n"), said, "place"),
    ]


RULES = (
    Rule(
        "document",
        "digit",
        r"(?<!\w)(?:(?:NQ|NĐ|TTr)(?= (?:số )?[\d\x01])|(?:CV|KH|TB|TT|CT|QĐ|BC|HD)"
        r"(?= (?:số )?\x01{2,12}(?:\x03|/\p{L})))",
        _office,
        WORD_BLOT,
    ),
    Rule("elder", "capital", r"(?<![\w.])[ÔB]\.(?= ?[A-ZĐÀ-Ỵ][^\W\d_A-Z])", _elder, WORD_BLOT),
    Rule(
        "ward",
        "digit",
        r"(?<![\w.])P(?P<n>[1-9]\d?)(?=,|;| |\Z)",
        _ward,
    ),
    Rule("abbreviation", "digit", r"(?<!\w)[Đđ][Cc](?= ?:)", lambda m, s: "địa chỉ", WORD_BLOT),
    Rule(
        "abbreviation",
        "digit",
        r"(?<!\w)LH(?= ?:|(?: ngay)? 0\d)",
        lambda m, s: "liên hệ",
        WORD_BLOT,
    ),
    Rule(
        "abbreviation",
        "digit",
        r"(?<!\w)TMĐT(?=(?: là| khoảng| hơn| gần)?:? [\d\x01])",
        lambda m, s: "tổng mức đầu tư",
        WORD_BLOT,
    ),
    Rule("abbreviation", "digit", r"(?<=\d)PN(?!\w)", lambda m, s: "phòng ngủ", WORD_BLOT),
    Rule("abbreviation", "digit", r"(?<=\d)WC(?!\w)", lambda m, s: "nhà vệ sinh", WORD_BLOT),
    Rule(
        "abbreviation",
        "digit",
        r"(?<!\w)HA(?= [\d\x01]{2,3}[/\x01])",
        lambda m, s: "huyết áp",
        WORD_BLOT,
    ),
    Rule("abbreviation", "capital", r"(?<=\()TL(?=\))", lambda m, s: "thương lượng", WORD_BLOT),
    Rule("number sign", "capital", r"(?<![\w])(?:No|Nº|N°)\.? ?(?=\d)", lambda m, s: "số"),
    Rule(
        "road",
        "capital",
        r"(?<![\w])(?P<kind>QL|TL|ĐT|HL|KP|HK(?=[12I])|Q|KM|Km) ?\.?(?P<n>\d{1,4})(?!\d|[.,]\d)",
        _glued,
    ),
    Rule(
        "place",
        "capital",
        r"(?<![\w.])(?P<kind>[QPHXTKFĐ]|TX|Tx|TT|KP|Kp|TP|Tp)(?P<dot>\.) ?(?:(?P<n>\d{1,4})"
        r"(?![\w]|[.,]\d)|(?=[A-ZĐÀ-Ỵ][^\W\d_A-Z]))",
        _place,
    ),
    Rule(
        "abbreviation",
        "capital",
        r"(?<![\w])\p{L}{1,10}(?:[.&/–-] ?[A-ZĐÀ-Ỵ]\p{L}{0,9}){0,5}\.?",
        _read,
        WORD_BLOT,
    ),
    Rule(
        "abbreviation",
        "dotted",
        r"(?<![\w])v\.\s?v(?:\.{1,3}|…)?(?![\w])",
        lambda m, s: "vân vân",
        WORD_BLOT,
        re.IGNORECASE,
    ),
    Rule(
        "abbreviation",
        "symbol",
        r"(?<![\w])(?:v/v|đ/c|k/g|t/m|đ/v)(?![\w])",
        lambda m, s: _SLASHED[m[0].lower()],
        WORD_BLOT,
        re.IGNORECASE,
    ),
    Rule("abbreviation", "digit", r"(?<![\w])[Tt]r\.(?= ?\d)", lambda m, s: "trang", WORD_BLOT),
)
