"""Reads misspelled words and words that were broken up as they are meant."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Rule, Workspace
from sonca.text.vietnamese.slips import mended


def _slip(match: re.Match[str], work: Workspace) -> str | None:
    return mended(match[0])


RULES = (
    Rule("typing slip", r"(?<![\w'’-])\p{L}{2,10}(?![\w'’])", _slip, kind="slip", mask=WORD_MASK),
)
