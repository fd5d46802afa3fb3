"""Says which rules read a sentence, and in which order.

What one rule replaces, no later rule sees. First come the user's own words, then what has a form
of its own (addresses, codes, dates, times), then what needs a neighbour (money, units, Roman
numerals), then plain numbers, and last the signs that are left between them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.rules.rule import Rule
from sonca.text.vietnamese import broken
from sonca.text.vietnamese import slips as typing

_KINDS = {
    "short": re.compile(r"\A.{1,24}\Z"),
    "digit": re.compile(r"[0-9²³¹⁰⁴-⁹₀-₉ₙⁿⁱ½⅓⅔¼-¾⅕-⅞⅐-⅒^]"),
    "capital": re.compile(
        r"[A-ZĐÀ-ÖØ-Þ](?:[^\W\d_]*[A-ZĐÀ-ÖØ-ÞĂĨŨƠƯ]|\b|\w{0,5}\.(?!\W*\Z)|[A-ZĐ]{0,3}\d)"
    ),
    "symbol": re.compile(r"[^\w\s.,?!;:…\"“”‘’()'–—-]|_"),
    "clock": re.compile(r":(?<=[0-9A-Fa-f:].)"),
    "dotted": re.compile(r"\.(?= ?[^\W_])(?<=[^\W_].)"),
    "chat": re.compile(r"[eErzjk][ ,.?!](?<![^ ]..)|[Mm]ún"),
    "typed": re.compile(r" [ac] [A-ZĐÀ-Ỵ]"),
    "bracketed numeral": re.compile(r"\)(?<=[ivxIVX].)"),
    "small numeral": re.compile(r"i[ivx]|x[vx]"),
    "initial": re.compile(r"[A-Z][ghiru]h?[. ,]"),
    "broken": re.compile(r"[-–—~…→]|\.\."),
    "drawn": re.compile(r"([A-Za-zÀ-ỹ])\1\1", re.IGNORECASE),
    "smile": re.compile(r"[:;=xX^][)(\]\[DPpOov3|^*'/\\-]|_|<3|\(:|\(y\)|T\.T|@@"),
    "apostrophe": re.compile(r"[’'](?=[^\W\d_])(?<=[^\W\d_].)"),
    "degree": re.compile("[°º]"),
    "power": re.compile(r"10[\^({⁰¹²³⁴-⁹⁻⁺]|\d[eE][-−+]?\d"),
    "ion": re.compile("[⁺⁻]"),
    "raised": re.compile("[¹²³⁰⁴-⁹⁽]"),
    "doubtful": re.compile(r"\?|[kca]h?\. ?\d|0['’]?s\b"),
    "divided": re.compile(r"\d[/–-]\d"),
    "slip": typing.POSSIBLE,
    "glued": broken.GLUED_SIGN,
    "apart": broken.APART,
}
"""What a sentence holds if rules of a kind can find anything in it. Plain prose holds nothing."""


@lru_cache(maxsize=1)
def ordered_rules() -> tuple[Rule, ...]:
    """Returns every rule, in the order in which they read.

    They load with the first sentence, not with the package: starting takes 15 ms less.
    """
    from sonca.text.rules import (
        abbreviations,
        acronyms,
        addresses,
        arithmetic,
        chat,
        dates,
        decoration,
        fiction,
        finance,
        foreign,
        formulas,
        identifiers,
        medicine,
        money,
        notes,
        paths,
        persons,
        places,
        plain_numbers,
        ranges,
        romans,
        science,
        slashes,
        slips,
        symbols,
        times,
        units,
        web,
        years,
    )

    return (
        *slips.RULES,
        *web.RULES,
        *paths.RULES,
        *web.FILE_RULES,
        *notes.RULES,
        *science.RULES,
        *years.RULES,
        *slips.LATE_RULES,
        *decoration.RULES,
        *symbols.EARLY_RULES,
        *romans.EARLY_RULES,
        *medicine.EARLY_RULES,
        *chat.RULES,
        *fiction.RULES,
        *acronyms.EARLY_RULES,
        *identifiers.RULES,
        *addresses.RULES,
        *arithmetic.RULES,
        *dates.RULES,
        *slashes.RULES,
        *times.RULES,
        *ranges.RULES,
        *formulas.EARLY_RULES,
        *finance.RULES,
        *money.RULES,
        *units.RULES,
        *medicine.RULES,
        *romans.RULES,
        *persons.RULES,
        *places.RULES,
        *abbreviations.RULES,
        *acronyms.RULES,
        *foreign.RULES,
        *units.LATE_RULES,
        *plain_numbers.RULES,
        *formulas.RULES,
        *ranges.LATE_RULES,
        *symbols.LATE_RULES,
    )


def rules_for(text: str) -> tuple[Rule, ...]:
    """Returns the rules that can find anything in the text, in their order."""
    return _rules(frozenset(kind for kind, sign in _KINDS.items() if sign.search(text)))


@lru_cache(maxsize=4096)
def _rules(kinds: frozenset[str]) -> tuple[Rule, ...]:
    return tuple(rule for rule in ordered_rules() if rule.kind in kinds)
