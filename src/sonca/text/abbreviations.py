"""Abbreviations that are read in full: titles, offices, places."""

from __future__ import annotations

import re

from sonca.text.capitals import among_capitals, shouting
from sonca.text.initials import before_name, before_province
from sonca.text.sheet import WORD_BLOT, Claim, Rule, Sheet, compiled
from sonca.text.syllables import syllable
from sonca.text.tables import abbreviations, mapping, section, word_set, words


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
            skip = compiled(r"[^\W\d_]+[^\w]*").match(sheet.work, start, end)
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
    if not (shouting(sheet.text) or among_capitals(sheet.text, start, stop)):
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
        if key.endswith(".") and not text[stop:].strip() and key[:-1] in abbreviations():
            continue  # the dot of "TS." is the abbreviation's own; a sentence's end is not
        found = abbreviations().get(key)
        if found and key.isupper() and _is_word(key, start, stop, sheet):
            continue
        for reading, near in found or ():
            if not near or _near(sheet, match, near):
                return Claim(start, stop, reading, "abbreviation")
    return None


_HIGHLAND = r" ?(?:Ea|Ia|Kon|Krong|Krông|Dak|Đak|Đắk|Buon|\w{1,4}['’]|\w*[À-ỹ])"


def _initial(match: re.Match[str], sheet: Sheet) -> bool:
    """Whether the letter is a person's: "bà P. Hôm đó", "Nguyễn Thị H. Sau đó"."""
    text, start, end = sheet.text, match.start(), match.end("dot")
    if match["n"] or len(match["kind"]) > 1:
        return False
    if before_name(text, end - 1) and not sheet.followed(end, _HIGHLAND):
        return True  # H. Kane
    if match["kind"] == "T":
        listed = text[:start].rstrip().endswith(",")
        return not listed and not before_province(text, end - 1)
    if not start or text[start - 1] != " ":
        return False
    if sheet.before(start) in words("persons.tsv"):
        return True
    before = text[:start].split()[-1]
    named = sheet.followed(end, r" ?([A-ZĐÀ-Ỵ]\w+) ([A-ZĐÀ-Ỵ]\w+)")
    return not named and before.istitle() and syllable(before) is not None


def _place(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``Q.1``, ``P. Bến Nghé``, ``TX. Sơn Tây``: a kind of place before its name or number."""
    kind = section("places.tsv", "place").get(match["kind"])
    if kind is None:
        return None
    number = match["n"]
    if (match["kind"] in ("K", "F") and not number) or _initial(match, sheet):
        return None
    if match["kind"] == "P" and number and int(number) >= 100:
        kind = "phòng"
    claims = [Claim(match.start("kind"), match.end("dot"), kind, "place")]
    return [*claims, Claim(*match.span("n"), sheet.cardinal(number), "place")] if number else claims


def _glued(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``Q1``, ``QL1A``, ``P12``: only where they can be nothing else."""
    kind, number = match["kind"], match["n"]
    said = section("places.tsv", "road")[kind]
    if kind == "Q" and "." not in match[0] and int(number) <= 4:
        district = re.search(r"TP|HCM|phường|P\.|đường", sheet.text)
        said = said if district and not sheet.followed(match.end(), "/") else "quý"
    kind_end = len(sheet.text[: match.start("n")].rstrip(" "))
    return [
        Claim(match.start("kind"), kind_end, said, "road"),
        Claim(*match.span("n"), sheet.cardinal(number), "road"),
    ]


def _elder(match: re.Match[str], sheet: Sheet) -> str | None:
    """``Ô. Ba và B. Tư``; a B. by itself is an initial."""
    if match[0] == "Ô.":
        return "ông"
    return "bà" if "Ô." in sheet.text else None


def _ward(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``P1, P2, Q.3``: wards in the company of a district or a city."""
    if not re.search(r"Q\.? ?\d|[Qq]uận|TP", sheet.text):
        return None
    return [
        Claim(match.start(), match.start("n"), "phường", "place"),
        Claim(*match.span("n"), sheet.cardinal(match["n"]), "place"),
    ]


RULES = (
    Rule(
        "document",
        r"(?<!\w)(?:(?:NQ|NĐ|TTr)(?= (?:số )?[\d\x01])|(?:CV|KH|TB|TT|CT|QĐ|BC|HD)"
        r"(?= (?:số )?\x01{2,12}(?:\x03|/\p{L})))",
        lambda m, s: mapping("documents.tsv").get(m[0]),
        blot=WORD_BLOT,
    ),
    Rule(
        "elder",
        r"(?<![\w.])[ÔB]\.(?= ?[A-ZĐÀ-Ỵ][^\W\d_A-Z])",
        _elder,
        when="capital",
        blot=WORD_BLOT,
    ),
    Rule("ward", r"(?<![\w.])P(?P<n>[1-9]\d?)(?=,|;| |\Z)", _ward),
    Rule("abbreviation", r"(?<!\w)[Đđ][Cc](?= ?:)", lambda m, s: "địa chỉ", blot=WORD_BLOT),
    Rule(
        "abbreviation", r"(?<!\w)LH(?= ?:|(?: ngay)? 0\d)", lambda m, s: "liên hệ", blot=WORD_BLOT
    ),
    Rule(
        "abbreviation",
        r"(?<!\w)TMĐT(?=(?: là| khoảng| hơn| gần)?:? [\d\x01])",
        lambda m, s: "tổng mức đầu tư",
        blot=WORD_BLOT,
    ),
    Rule("abbreviation", r"(?<=\d)PN(?!\w)", lambda m, s: "phòng ngủ", blot=WORD_BLOT),
    Rule("abbreviation", r"(?<=\d)WC(?!\w)", lambda m, s: "nhà vệ sinh", blot=WORD_BLOT),
    Rule(
        "abbreviation",
        r"(?<!\w)HA(?= [\d\x01]{2,3}[/\x01])",
        lambda m, s: "huyết áp",
        blot=WORD_BLOT,
    ),
    Rule(
        "abbreviation",
        r"(?<=\()TL(?=\))",
        lambda m, s: "thương lượng",
        when="capital",
        blot=WORD_BLOT,
    ),
    Rule("number sign", r"(?<![\w])(?:No|Nº|N°)\.? ?(?=\d)", lambda m, s: "số", when="capital"),
    Rule(
        "road",
        r"(?<![\w])(?P<kind>QL|TL|ĐT|HL|KP|HK(?=[12I])|Q|KM|Km) ?\.?(?P<n>\d{1,4})(?!\d|[.,]\d)",
        _glued,
        when="capital",
    ),
    Rule(
        "place",
        r"(?<![\w.])(?P<kind>[QPHXTKFĐ]|TX|Tx|TT|KP|Kp|TP|Tp)(?P<dot>\.) ?(?:(?P<n>\d{1,4})"
        r"(?![\w]|[.,]\d)|(?=[A-ZĐÀ-Ỵ][^\W\d_A-Z]))",
        _place,
        when="capital",
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])\p{L}{1,10}(?:[.&/–-] ?[A-ZĐÀ-Ỵ]\p{L}{0,9}){0,5}\.?",
        _read,
        when="capital",
        blot=WORD_BLOT,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])v\.\s?v(?:\.{1,3}|…)?(?![\w])",
        lambda m, s: "vân vân",
        when="dotted",
        blot=WORD_BLOT,
        flags=re.IGNORECASE,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])(?:v/v|đ/c|k/g|t/m|đ/v)(?![\w])",
        lambda m, s: mapping("shorthand.tsv")[m[0].lower()],
        when="symbol",
        blot=WORD_BLOT,
        flags=re.IGNORECASE,
    ),
    Rule("abbreviation", r"(?<![\w])[Tt]r\.(?= ?\d)", lambda m, s: "trang", blot=WORD_BLOT),
)
