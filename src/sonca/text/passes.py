"""The table of passes, in the order in which they read a sentence.

Order decides: what a rule claims, no later rule sees. First the user's own words, then what
has a form of its own (addresses, codes, dates, times), then what needs a neighbour (money,
units, Roman numerals), then plain numbers, and last the signs that are left between them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text import (
    abbreviations,
    acronyms,
    addresses,
    arithmetic,
    dates,
    foreign,
    formulas,
    ids,
    money,
    novel,
    ranges,
    romans,
    slashes,
    symbols,
    times,
    units,
    web,
)
from sonca.text.numbers import cardinal, digits, number
from sonca.text.patterns import NUMBER, NUMBER_START
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.syllables import syllable
from sonca.text.tables import word_set

_NAMED = word_set("số mã lô phòng khu ca bàn đội tổ nhà")


_SPELLED = re.compile(r" \((?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)")


def _number(match: re.Match[str], sheet: Sheet) -> str | None:
    text = match[0]
    if text[0] == "0" and len(text) > 1 and text.isdigit():
        if sheet.before(match.start()) in ids.CHAPTERS or _SPELLED.match(sheet.text, match.end()):
            return cardinal(int(text), sheet.reading)
        if (
            len(text) == 2
            and sheet.after(match.end())
            and sheet.before(match.start()) not in _NAMED
        ):
            return cardinal(text, sheet.reading)
        return digits(text)
    point = "phẩy" if "," in text else "chấm"
    return number(text, sheet.reading, point=point)


PLAIN_NUMBERS = (
    Rule("number", "digit", rf"{NUMBER_START}{NUMBER}", _number),
    Rule("digits", "digit", r"\d+", lambda m, s: digits(m[0])),
)

PASSES: tuple[Rule, ...] = (
    *web.RULES,
    *symbols.EARLY_RULES,
    *novel.RULES,
    *ids.RULES,
    *addresses.RULES,
    *arithmetic.RULES,
    *dates.RULES,
    *slashes.RULES,
    *times.RULES,
    *ranges.RULES,
    *formulas.EARLY_RULES,
    *money.RULES,
    *units.RULES,
    *romans.RULES,
    *abbreviations.RULES,
    *acronyms.RULES,
    *foreign.RULES,
    *units.LATE_RULES,
    *PLAIN_NUMBERS,
    *formulas.RULES,
    *ranges.LATE_RULES,
    *symbols.LATE_RULES,
)


_WORD = re.compile(r"[^\W\d_]{2,}")


def _shouting(text: str) -> bool:
    """All in capitals, with at least one Vietnamese word that shows it."""
    if text != text.upper() or not any(c.isalpha() for c in text):
        return False
    words = _WORD.findall(text)
    return len(words) >= 2 and sum(syllable(w) is not None for w in words) * 2 > len(words)


def apply(sheet: Sheet, kinds: frozenset[str]) -> None:
    """Run every pass that can find anything."""
    if "capital" in kinds:
        sheet.shouting = _shouting(sheet.text)
    if sheet.reading.lexicon is not None:
        sheet.claim(
            [
                Claim(start, end, said, "lexicon")
                for start, end, said in sheet.reading.lexicon.find(sheet.text)
            ]
        )
    for rule in _rules(kinds):
        rule.apply(sheet)


@lru_cache(maxsize=256)
def _rules(kinds: frozenset[str]) -> tuple[Rule, ...]:
    return tuple(rule for rule in PASSES if rule.when in kinds)
