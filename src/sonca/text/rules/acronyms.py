"""Reads capital letters in a row: acronyms by letter or as words, formulas of chemistry."""

from __future__ import annotations

import re

from sonca.text.rules.capitals import among_capitals, is_all_capitals
from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.syllables import split_tone, syllable
from sonca.text.vietnamese.wordlists import known_foreign, mapping

_MAX_SPELLED = 4


def _acronym(match: re.Match[str], work: Workspace) -> Replacement | str | None:
    token = match[0]
    known = syllable(token)
    if known and (
        is_all_capitals(work.text)
        or among_capitals(work.text, *match.span())
        or not token.isascii()
    ):
        return None
    listed = mapping("acronyms.tsv").get(token)
    if listed is not None:
        foreign = token if listed.startswith("=") else None  # said as a word of its language
        return Replacement(match.start(), match.end(), listed.lstrip("="), "acronym", foreign)
    if known and (len(token) >= 3 or _alone(match, work.text)):
        return None
    if known_foreign(token) is not None or _sayable(token):
        return None
    return spell(token)


def _alone(match: re.Match[str], text: str) -> bool:
    """Returns whether the match is all that the sentence says."""
    before, after = text[: match.start()], text[match.end() :]
    return not before.strip('-–—"“ ') and not any(c.isalnum() for c in after)


def _sayable(token: str) -> bool:
    """Returns whether capitals are a word to say, not letters to spell: long and with vowels."""
    if not token.isascii():
        return split_tone(token.lower())[1] != ""
    if len(token) <= _MAX_SPELLED or re.search("[^AEIOUY]{4}", token):
        return False
    return sum(c in "AEIOUY" for c in token) * 4 >= len(token)


_ELEMENTS = "Na|Ca|Cl|Fe|Cu|Mg|Al|Zn|Ag|Si|Ba|Mn|Pb|Br|Hg"


def _chemical(match: re.Match[str], work: Workspace) -> str | None:
    """Spells symbols of elements: ``NaCl``, ``CaO``."""
    capitals = sum(c.isupper() for c in match[0])
    return spell(match[0]) if capitals >= 2 and not match[0].isupper() else None


def _figure_letter(match: re.Match[str], work: Workspace) -> str | None:
    letters = match["letters"] or match["l2"]
    if len(letters) > 1 and letters.islower():
        return None
    if match["letters"] and work.text[match.start() - 1] == ".":
        return None  # P.An Phú
    if letters == "G" and work.text[match.start() - 1].isdecimal():
        return "gờ"
    return spell(letters)


def _named(match: re.Match[str], work: Workspace) -> str | None:
    """Reads listed tokens of mixed letters and figures: ``pH``, ``SpO2``, ``HbA1c``, ``YoY``."""
    if match[0].isalpha() and match[0].isupper():
        return None
    listed = mapping("acronyms.tsv").get(match[0], "=")
    return None if listed[0] == "=" else listed


_GAME = re.compile(
    r"(?i)(?<!\w)(?:máu|mana|quái|boss|skill|kỹ năng|kĩ năng|nhân vật|level|lv|lvl|exp|atk|def"
    r"|str|tướng|sát thương|game|buff|đòn|hồi|pokémon|pokemon|phép|kiếm|giáp|npc|hp[ :+-])(?!\w)"
)


def _points(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``200 HP`` in a game as points; elsewhere it is horsepower."""
    around = work.text[: match.start("p")] + work.text[match.end("p") :]
    if not _GAME.search(around):
        return None
    return spell(match["p"])


EARLY_RULES = (
    Rule(
        "game",
        r"(?<=\d)(?P<gap> ?)(?P<p>HP|MP)(?![\w])",
        lambda m, w: Replacement(*m.span("p"), said, "game") if (said := _points(m, w)) else None,
        mask=WORD_MASK,
        kind="capital",
    ),
    Rule(
        "prime",
        r"(?<![\w'’‘])(?:[A-Z]['’′]){1,4}(?![\w'’]| [A-ZĐ][^\W\d_A-Z])",
        lambda m, w: " ".join(f"{spell(letter)} phẩy" for letter in m[0][::2]),
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "acronym",
        r"(?<![\w-])[A-Za-z]{1,5}[A-Z0-9₀-₉][A-Za-z0-9]{0,2}(?![\w])",
        _named,
        kind="capital",
        mask=WORD_MASK,
    ),
)

RULES = (
    Rule(
        "chemical formula",
        rf"(?<!\p{{L}})(?:{_ELEMENTS}|[HCNOFPSKI]){{2,8}}(?!\p{{L}})",
        _chemical,
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "acronym", r"(?<!\p{L})[A-ZĐĂÂÊÔƠƯ]{2,}(?!\p{L})", _acronym, kind="capital", mask=WORD_MASK
    ),
    Rule(
        "chemical formula",
        rf"(?<!\p{{L}})(?:{_ELEMENTS})(?=[\d₀-₉]{{1,2}}[A-Z(])",
        lambda m, w: spell(m[0]),
        mask=WORD_MASK,
    ),
    Rule(
        "acronym",
        r"(?<!\p{L})[a-z][A-Z]{1,5}(?!\p{L})",
        lambda m, w: None if known_foreign(m[0]) is not None else spell(m[0]),
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "acronym",
        r"(?<!\p{L})(?:[A-ZĐ]\.){2,6}[A-ZĐ]?(?!\p{L})",
        lambda m, w: spell(m[0].replace(".", "")),
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "acronym",
        r"(?<!\p{L})[A-ZĐ]{1,4}(?:&[A-ZĐ]{1,4}){1,2}(?!\p{L})",
        lambda m, w: " và ".join(spell(p) for p in m[0].split("&")),
        kind="capital",
        mask=WORD_MASK,
    ),
    Rule(
        "letter",
        r"(?<=[\d\x01₀-₉])(?P<letters>[A-Za-zĐđ]{1,3})(?!\p{L})|(?<!\p{L})"
        r"(?P<l2>[B-DF-HJ-NP-TV-ZĐ])(?=[\d\x01₀-₉])",
        _figure_letter,
    ),
)
