"""The table of passes, in the order in which they read a sentence."""

from __future__ import annotations

import re

from sonca.text.numbers import cardinal, digits
from sonca.text.sheet import Rule, Sheet


def _cardinal(match: re.Match[str], sheet: Sheet) -> str:
    if len(match[0]) > 1 and match[0][0] == "0":
        return digits(match[0])
    return cardinal(match[0], sheet.reading)


PASSES: tuple[Rule, ...] = (Rule("cardinal", "digit", r"\d+", _cardinal),)


def apply(sheet: Sheet, kinds: frozenset[str], *, head: bool) -> None:
    """Run every pass that can find anything."""
    for rule in PASSES:
        if rule.when in kinds:
            rule.apply(sheet)
