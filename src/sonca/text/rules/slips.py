"""Reads misspelled words and words that were broken up as they are meant."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Rule, Workspace
from sonca.text.vietnamese import broken
from sonca.text.vietnamese.slips import mended


def _slip(match: re.Match[str], work: Workspace) -> str | None:
    return mended(match[0])


def _glued(match: re.Match[str], work: Workspace) -> str | None:
    if "/" in match[0] and work.text[: match.start()].rstrip()[-1:].isdecimal():
        return None  # 5 t/ạ is no word
    sure = match[0].islower() and broken.beside(work.text, *match.span())
    return broken.join_glued(match[0], sure=sure)


def _masked(match: re.Match[str], work: Workspace) -> str | None:
    before = re.findall(r"[\w*]+", work.text[max(0, match.start() - 12) : match.start()])
    after = re.findall(r"[\w*]+", work.text[match.end() : match.end() + 12])
    return broken.unmask(match[0], before[-1:] + after[:1])


def _pair(match: re.Match[str], work: Workspace) -> str | None:
    capital = match[0][0].isupper() and match[0][1] == " "
    return None if capital and match.start() else broken.join_pair(match[0])  # hạng B ổn


RULES = (
    Rule(
        "masked word",
        broken.MASKED.pattern,
        _masked,
        kind="glued",
        mask=WORD_MASK,
    ),
    Rule("broken word", broken.GLUED.pattern, _glued, kind="glued", mask=WORD_MASK),
    Rule(
        "broken word",
        broken.LETTERS.pattern,
        lambda m, w: broken.join_letters(m[0]),
        kind="apart",
        mask=WORD_MASK,
    ),
    Rule(
        "broken word",
        broken.PAIR.pattern,
        _pair,
        kind="apart",
        mask=WORD_MASK,
    ),
)
"""Words that were broken up, before their signs mean anything else."""

LATE_RULES = (
    Rule("typing slip", r"(?<![\w'’])\p{L}{2,10}(?![\w'’])", _slip, kind="slip", mask=WORD_MASK),
)
