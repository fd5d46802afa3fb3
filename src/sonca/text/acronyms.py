"""Capital letters in a row: acronyms by letter, acronyms as words, and words that shout."""

from __future__ import annotations

import re

from sonca.text.letters import spell
from sonca.text.sheet import WORD_BLOT, Claim, Rule, Sheet
from sonca.text.syllables import split_tone, syllable
from sonca.text.tables import mapping

_MAX_SPELLED = 4
_VOWEL = re.compile("[AEIOUY]")


def _acronym(match: re.Match[str], sheet: Sheet) -> Claim | str | None:
    token = match[0]
    known = syllable(token)
    if known and (sheet.shouting or among_capitals(sheet, *match.span()) or not token.isascii()):
        return None
    listed = mapping("acronyms.tsv").get(token)
    if listed is not None:
        foreign = token if " " not in token and _is_word(listed) else None
        return Claim(match.start(), match.end(), listed.lstrip("="), "acronym", foreign)
    if known and (
        len(token) >= 3
        or (
            not sheet.text[: match.start()].strip('-–—"“ ')
            and (not any(c.isalnum() for c in sheet.text[match.end() :]))
        )
    ):
        return None
    from sonca.text.foreign import known_foreign

    if known_foreign(token) is not None or _sayable(token):
        return None
    return spell(token)


def _is_word(listed: str) -> bool:
    """Table entries that begin with ``=`` are said as words, in their own language."""
    return listed.startswith("=")


def _sayable(token: str) -> bool:
    """Whether capitals are a word to say, not letters to spell: long, with vowels all along."""
    if not token.isascii():
        return split_tone(token.lower())[1] != ""
    if len(token) <= _MAX_SPELLED:
        return False
    return not re.search("[^AEIOUY]{4}", token) and len(_VOWEL.findall(token)) * 4 >= len(token)


def among_capitals(sheet: Sheet, start: int, end: int) -> bool:
    """Whether a neighbour of ``text[start:end]`` is a Vietnamese word in capitals."""
    text = sheet.text
    before = re.search(r"([^\W\d_]{2,})[ ,:]{1,3}\Z", text[max(0, start - 12) : start])
    after = re.match(r"[ ,:]{1,3}([^\W\d_]{2,})", text[end : end + 12])
    for found in (before, after):
        if found and found[1].isupper() and not found[1].isascii() and syllable(found[1]):
            return True
    return False


def _listed(word: str) -> bool:
    from sonca.text.foreign import known_foreign

    return known_foreign(word) is not None


_ELEMENTS = "Na|Ca|Cl|Fe|Cu|Mg|Al|Zn|Ag|Si|Ba|Mn|Pb|Br|Hg"


def _chemical(match: re.Match[str], sheet: Sheet) -> str | None:
    """``NaCl``, ``CaO``: symbols of elements, letter by letter."""
    capitals = sum(c.isupper() for c in match[0])
    return spell(match[0]) if capitals >= 2 and not match[0].isupper() else None


RULES = (
    Rule(
        "chemical formula",
        "capital",
        rf"(?<!\p{{L}})(?:{_ELEMENTS}|[HCNOFPSKI]){{2,8}}(?!\p{{L}})",
        _chemical,
        WORD_BLOT,
    ),
    Rule("acronym", "capital", r"(?<!\p{L})[A-ZĐĂÂÊÔƠƯ]{2,}(?!\p{L})", _acronym, WORD_BLOT),
    Rule(
        "chemical formula",
        "digit",
        rf"(?<!\p{{L}})(?:{_ELEMENTS})(?=[\d₀-₉]{{1,2}}[A-Z(])",
        lambda m, s: spell(m[0]),
        WORD_BLOT,
    ),
    Rule(
        "acronym",
        "capital",
        r"(?<!\p{L})[a-z][A-Z]{2,5}(?!\p{L})",
        lambda m, s: None if _listed(m[0]) else spell(m[0]),
        WORD_BLOT,
    ),
    Rule(
        "acronym",
        "capital",
        r"(?<!\p{L})(?:[A-ZĐ]\.){2,6}[A-ZĐ]?(?!\p{L})",
        lambda m, s: spell(m[0].replace(".", "")),
        WORD_BLOT,
    ),
    Rule(
        "acronym",
        "capital",
        r"(?<!\p{L})[A-ZĐ]{1,4}(?:&[A-ZĐ]{1,4}){1,2}(?!\p{L})",
        lambda m, s: " và ".join(spell(p) for p in m[0].split("&")),
        WORD_BLOT,
    ),
    Rule(
        "letter",
        "digit",
        r"(?<=[\d\x01₀-₉])(?P<letters>[A-Za-zĐđ]{1,3})(?!\p{L})|(?<!\p{L})"
        r"(?P<l2>[B-DF-HJ-NP-TV-ZĐ])(?=[\d\x01₀-₉])",
        lambda m, s: _figure_letter(m, s),
    ),
)


def _figure_letter(match: re.Match[str], sheet: Sheet) -> str | None:
    letters = match["letters"] or match["l2"]
    if len(letters) > 1 and letters.islower():
        return None
    if match["letters"] and sheet.text[match.start() - 1] == ".":
        return None  # P.An Phú
    if letters == "G" and sheet.text[match.start() - 1].isdigit():
        return "gờ"
    return spell(letters)
