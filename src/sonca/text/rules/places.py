"""Reads kinds of places before a name or a number: ``Q.1``, ``QL1A``, ``12 đ. Lê Lợi``."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.initials import before_name, before_province
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.titles import is_place
from sonca.text.vietnamese.wordlists import section, words

_HIGHLAND = r" ?(?:Ea|Ia|Kon|Krong|Krông|Dak|Đak|Đắk|Buon|\w{1,4}['’]|\w*[À-ỹ])"


_IN_ADDRESS = r"(?<!\w)(?:q\.|p\.|đ\.|quận|đường|phố|tp|hẻm|đ/c|địa chỉ)"
_LANES = {"ng": "ngõ", "ngh": "ngách"}


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
    if kind in _LANES and not number:
        return None
    addressed = number and (kind == "q" or re.search(_IN_ADDRESS, work.text.lower()))
    if not addressed and not is_place(work.text, dot):
        return None
    said = _LANES.get(kind) or section("places.tsv", "place").get(kind.upper(), "")
    out = [Replacement(match.start("kind"), match.end("dot"), said, "place")]
    return [*out, Replacement(*match.span("n"), work.cardinal(number), "place")] if number else out


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
        r"(?<![\w.])(?P<kind>[đpqxht]|t[xt]|kp|ngh?)(?P<dot>\.) ?(?:(?P<n>\d{1,2})(?![\w]|[.,]\d)"
        r"|(?=[A-ZĐÀ-Ỵ]|số \d))",
        _small_place,
        kind="dotted",
        mask=WORD_MASK,
    ),
    Rule("ward", r"(?<![\w.])P(?P<n>[1-9]\d?)(?=,|;| |\Z)", _ward),
    Rule(
        "road",
        r"(?<![\w])(?P<kind>QL|TL|ĐT|HL|KP|HK(?=[12I])|Q|KM|Km) ?\.?(?P<n>\d{1,4})(?!\d|[.,]\d)",
        _glued,
        kind="capital",
    ),
    Rule(
        "place",
        r"(?<![\w.])(?P<kind>[QPHXTKFĐ]|TX|Tx|TT|KP|Kp|TP|Tp)(?P<dot>\.) ?(?:(?P<n>\d{1,4})"
        r"(?![\w]|[.,]\d)|(?=[A-ZĐÀ-Ỵ][^\W\d_A-Z]|(?<=Đ\.)\x01|(?<=Đ\. )\x01))",
        _place,
        kind="capital",
    ),
)
