"""Reads abbreviations in full: titles, offices, places."""

from __future__ import annotations

import re

from sonca.text.rules.capitals import among_capitals, is_all_capitals
from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace, compiled
from sonca.text.vietnamese.initials import DIGRAPHS, before_name, before_province
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.titles import TITLES, is_place, is_title
from sonca.text.vietnamese.wordlists import abbreviations, mapping, section, word_set, words


def _near(work: Workspace, match: re.Match[str], words: tuple[str, ...]) -> bool:
    low = work.text[max(0, match.start() - 60) : match.end() + 60].lower()
    return any(re.search(rf"(?<!\w){re.escape(w.replace('_', ' '))}(?!\w)", low) for w in words)


def _read(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads the longest known head of a dotted or joined token, then the rest of it."""
    out: list[Replacement] = []
    start, end = match.span()
    while start < end:
        step = _longest(start, end, match, work)
        if step is None:
            skip = compiled(r"[^\W\d_]+[^\w]*").match(work.masked, start, end)
            if skip is None or skip.end() >= end:
                break
            start = skip.end()
            continue
        if step.end - step.start <= 2 and "-" in work.masked[match.start() : match.end()]:
            return None  # VN-Index and TP-Link are names
        out.append(step)
        start = step.end
        while start < end and not work.masked[start].isalpha():
            start += 1
    return out or None


_CENTRAL = word_set("bch thư chức viện giáo vận chính hành đảng ủy uỷ")
"""Last words of the names of state and party offices after which TƯ is "trung ương"."""


def _is_word(key: str, start: int, stop: int, work: Workspace) -> bool:
    """Returns whether TƯ or CA is a word in capitals here and not an abbreviation."""
    if syllable(key) is None:
        return False
    if not (is_all_capitals(work.text) or among_capitals(work.text, start, stop)):
        return False
    office = key == "TƯ" and work.before(start) in _CENTRAL
    return not office or work.after(stop) in ("nhân", "thục", "vấn")


def _longest(start: int, end: int, match: re.Match[str], work: Workspace) -> Replacement | None:
    text = work.masked
    if text[end : end + 1].isdecimal() and text[end - 1].isalpha():
        return None  # VN123 is a flight
    flown = text[end : end + 1] == "-" or work.before(start) in ("bay", "hiệu")
    if text[start:end] == "VN" and flown and re.match(r"[- ]\d{3,4}(?!\d)", text[end:]):
        return None  # so is VN-215
    for stop in range(end, start, -1):
        if stop < end and text[stop - 1].isalpha() and text[stop].isalpha():
            continue
        key = text[start:stop]
        if key.endswith(".") and not text[stop:].strip() and key[:-1] in abbreviations():
            continue  # the dot of "TS." is the abbreviation's own; a sentence's end is not
        found = abbreviations().get(key)
        if found and key.isupper() and _is_word(key, start, stop, work):
            continue
        for reading, near in found or ():
            if not near or _near(work, match, near):
                return Replacement(start, stop, reading, "abbreviation")
    return None


_HIGHLAND = r" ?(?:Ea|Ia|Kon|Krong|Krông|Dak|Đak|Đắk|Buon|\w{1,4}['’]|\w*[À-ỹ])"


def _initial(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether the letter is a person's: "bà P. Hôm đó", "Nguyễn Thị H. Sau đó"."""
    text, start, end = work.text, match.start(), match.end("dot")
    if match["n"] or len(match["kind"]) > 1:
        return False
    if before_name(text, end - 1) and not work.followed(end, _HIGHLAND):
        return True  # H. Kane
    if match["kind"] == "T":
        listed = text[:start].rstrip().endswith(",")
        return not listed and not before_province(text, end - 1)
    if not start or text[start - 1] != " ":
        return False
    if work.before(start) in words("persons.tsv"):
        return True
    before = text[:start].split()[-1]
    named = work.followed(end, r" ?([A-ZĐÀ-Ỵ]\w+) ([A-ZĐÀ-Ỵ]\w+)")
    return not named and before.istitle() and syllable(before) is not None


def _place(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads a kind of place before a name or number: ``Q.1``, ``P. Bến Nghé``, ``TX. Sơn Tây``."""
    kind = section("places.tsv", "place").get(match["kind"])
    if kind is None:
        return None
    number = match["n"]
    if (match["kind"] in ("K", "F") and not number) or _initial(match, work):
        return None
    if match["kind"] == "P" and number and int(number) >= 100:
        kind = "phòng"
    out = [Replacement(match.start("kind"), match.end("dot"), kind, "place")]
    return [*out, Replacement(*match.span("n"), work.cardinal(number), "place")] if number else out


def _glued(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``Q1``, ``QL1A``, ``P12`` where they can be nothing else."""
    kind, number = match["kind"], match["n"]
    said = section("places.tsv", "road")[kind]
    if kind == "Q" and "." not in match[0] and int(number) <= 4:
        district = re.search(r"TP|HCM|phường|P\.|đường", work.text)
        said = said if district and not work.followed(match.end(), "/") else "quý"
    kind_end = len(work.text[: match.start("n")].rstrip(" "))
    return [
        Replacement(match.start("kind"), kind_end, said, "road"),
        Replacement(*match.span("n"), work.cardinal(number), "road"),
    ]


def _small_place(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``12 đ.Lê Lợi, x.Tân Phú, q.1``, as people write in small letters."""
    kind, dot, number = match["kind"], match.start("dot"), match["n"]
    addressed = number and (
        kind == "q" or re.search(r"(?<!\w)(?:q\.|đ\.|quận|đường|tp|hẻm)", work.text.lower())
    )
    if not addressed and not is_place(work.text, dot):
        return None
    said = section("places.tsv", "place").get(kind.upper(), "")
    out = [Replacement(match.start("kind"), match.end("dot"), said, "place")]
    return [*out, Replacement(*match.span("n"), work.cardinal(number), "place")] if number else out


def _titled(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``A. Hùng`` and ``C. Lan`` as anh and chị."""
    return TITLES[match[0][:-1]] if is_title(work.text, match.end() - 1) else None


_INITIAL = rf"(?:{DIGRAPHS}|[A-ZĐÂÊÔƠƯ])"


def _initials(match: re.Match[str], work: Workspace) -> list[Replacement] | str | None:
    """Spells initials of two letters: ``bé Ng.``, ``chị Ph. đi``, ``Ng. V. A.``."""
    parts = list(re.finditer(_INITIAL, match[0]))
    if match[0].rstrip(".") in abbreviations() or all(len(p[0]) == 1 for p in parts):
        return None
    if len(parts) == 1:
        named = work.followed(match.end(), r" ?[A-ZĐÀ-Ỵ][^\W\d_A-Z]")
        if match[0] == "Ng." and named and work.before(match.start()) not in words("persons.tsv"):
            return "nguyễn"
        if not _is_person(match, work, named is not None):
            return None
    left = work.text[match.end() :]
    ended = match[0].endswith(".") and (not left.strip() or left.startswith(" ("))
    stops = [*(p.start() for p in parts[1:]), len(match[0]) - ended]
    out = []
    for part, stop in zip(parts, stops, strict=True):
        start, written = part.start(), match[0][part.start() : stop].rstrip()
        at = match.start() + start
        out.append(Replacement(at, at + len(written), spell(part[0]), "initial"))
    return out


def _is_person(match: re.Match[str], work: Workspace, named: bool) -> bool:
    """Returns whether two letters are somebody: after "chị" or a surname, or before a deed."""
    start, end = match.span()
    if work.before(start) in words("persons.tsv"):
        return True
    if not match[0].endswith(".") or work.followed(end, r" ?\d"):
        return False
    surname = work.preceded(start, r"[A-ZĐÀ-Ỵ][^\W\d_A-Z]{1,7} ", 10)
    if surname and syllable(surname[0].strip()) is not None:
        return True
    return match[0] != "Tr." and (named or bool(work.followed(end, r"(?: \p{L}|[,;:)]| \()")))


_HOUSED = (
    r"(?i)\.? ?(?::|\d|(?:số|nhà|phố|đường|ngõ|ngách|hẻm|xã|phường|quận|huyện|thôn|tổ|ấp|kđt|kcn"
    r"|khu|chung cư|tòa|toà|lô|tại|ở|cũ|mới|liên hệ|giao|nhận|email|công ty|cửa hàng|cụ thể"
    r"|chính xác|thường trú|của|trên|như|dưới|bên)(?!\w))"
)
_ADDRESSED = word_set("ở tại theo ghi xin gửi đổi sai đúng nhập cần giao tới đến cùng có")


def _address(match: re.Match[str], work: Workspace) -> str:
    """Reads ``đ/c`` as an address before a house or a colon, as a comrade before a name."""
    named = work.followed(match.end(), r" [A-ZĐÀ-Ỵ][^\W\d_A-Z]")
    housed = work.followed(match.end(), _HOUSED)
    placed = not named and work.before(match.start()) in _ADDRESSED
    return "địa chỉ" if housed or placed else "đồng chí"


def _elder(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``Ô. Ba và B. Tư``; a B. by itself is an initial."""
    if match[0] == "Ô.":
        return "ông"
    return "bà" if "Ô." in work.text else None


def _ward(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads wards where a district or a city is named too: ``P1, P2, Q.3``."""
    if not re.search(r"Q\.? ?\d|[Qq]uận|TP", work.text):
        return None
    return [
        Replacement(match.start(), match.start("n"), "phường", "place"),
        Replacement(*match.span("n"), work.cardinal(match["n"]), "place"),
    ]


RULES = (
    Rule(
        "place",
        r"(?<![\w.])(?P<kind>[đpqxht]|t[xt]|kp)(?P<dot>\.) ?(?:(?P<n>\d{1,2})(?![\w]|[.,]\d)"
        r"|(?=[A-ZĐÀ-Ỵ]))",
        _small_place,
        kind="dotted",
        mask=WORD_MASK,
    ),
    Rule(
        "title",
        r"(?<![\w.])(?:[ACEace]|Ch)\.(?= ?[A-ZĐÀ-Ỵ])",
        _titled,
        kind="dotted",
        mask=WORD_MASK,
    ),
    Rule(
        "initial",
        rf"(?<![\w.])(?:{_INITIAL}\. ?){{0,5}}{_INITIAL}(?![\w])\.?",
        _initials,
        kind="initial",
        mask=WORD_MASK,
    ),
    Rule(
        "document",
        r"(?<!\w)(?:(?:NQ|NĐ|TTr)(?= (?:số )?[\d\x01])|(?:CV|KH|TB|TT|CT|QĐ|BC|HD)"
        r"(?= (?:số )?\x01{2,12}(?:\x03|/\p{L})))",
        lambda m, w: mapping("documents.tsv").get(m[0]),
        mask=WORD_MASK,
    ),
    Rule(
        "elder",
        r"(?<![\w.])[ÔB]\.(?= ?[A-ZĐÀ-Ỵ][^\W\d_A-Z])",
        _elder,
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule("ward", r"(?<![\w.])P(?P<n>[1-9]\d?)(?=,|;| |\Z)", _ward),
    Rule("abbreviation", r"(?<![\w/])[Đđ]/[Cc](?![\w/])", _address, kind="symbol", mask=WORD_MASK),
    Rule("abbreviation", r"(?<!\w)[Đđ][Cc](?= ?:)", lambda m, w: "địa chỉ", mask=WORD_MASK),
    Rule(
        "abbreviation", r"(?<!\w)LH(?= ?:|(?: ngay)? 0\d)", lambda m, w: "liên hệ", mask=WORD_MASK
    ),
    Rule(
        "abbreviation",
        r"(?<!\w)TMĐT(?=(?: là| khoảng| hơn| gần)?:? [\d\x01])",
        lambda m, w: "tổng mức đầu tư",
        mask=WORD_MASK,
    ),
    Rule("abbreviation", r"(?<=\d)PN(?!\w)", lambda m, w: "phòng ngủ", mask=WORD_MASK),
    Rule("abbreviation", r"(?<=\d)WC(?!\w)", lambda m, w: "nhà vệ sinh", mask=WORD_MASK),
    Rule(
        "abbreviation",
        r"(?<!\w)HA(?= [\d\x01]{2,3}[/\x01])",
        lambda m, w: "huyết áp",
        mask=WORD_MASK,
    ),
    Rule(
        "abbreviation",
        r"(?<=\()TL(?=\))",
        lambda m, w: "thương lượng",
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule("number sign", r"(?<![\w])(?:No|Nº|N°)\.? ?(?=\d)", lambda m, w: "số", kind="capital"),
    Rule(
        "road",
        r"(?<![\w])(?P<kind>QL|TL|ĐT|HL|KP|HK(?=[12I])|Q|KM|Km) ?\.?(?P<n>\d{1,4})(?!\d|[.,]\d)",
        _glued,
        kind="capital",
    ),
    Rule(
        "place",
        r"(?<![\w.])(?P<kind>[QPHXTKFĐ]|TX|Tx|TT|KP|Kp|TP|Tp)(?P<dot>\.) ?(?:(?P<n>\d{1,4})"
        r"(?![\w]|[.,]\d)|(?=[A-ZĐÀ-Ỵ][^\W\d_A-Z]))",
        _place,
        kind="capital",
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])\p{L}{1,10}(?:[.&/–-] ?[A-ZĐÀ-Ỵ]\p{L}{0,9}){0,5}\.?",
        _read,
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])v\.\s?v(?:\.{1,3}|…)?(?![\w])",
        lambda m, w: "vân vân",
        kind="dotted",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule(
        "abbreviation",
        r"(?<![\w])(?:v/v|k/g|t/m|đ/v)(?![\w])",
        lambda m, w: mapping("shorthand.tsv")[m[0].lower()],
        kind="symbol",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule("abbreviation", r"(?<![\w])[Tt]r\.(?= ?\d)", lambda m, w: "trang", mask=WORD_MASK),
    Rule("abbreviation", r"(?<![\w])[Cc]h\.(?= ?\d)", lambda m, w: "chương", mask=WORD_MASK),
)
