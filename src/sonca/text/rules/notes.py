"""Silences the marks of notes, which are glued to words and numbers: `1990[6]`, `bến lạc²`."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Rule, Workspace
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import word_set

_INDEXED = re.compile(r"(?<!\w)[A-Za-z]\d?\Z|[=_]")
_MEASURES = word_set("mét lít phân ly dặm hải lý công")


def _bracketed(match: re.Match[str], work: Workspace) -> str | None:
    """Silences ``[6]``, ``[a]``, ``[cần dẫn nguồn]`` right after a word; not an index ``a[1]``."""
    before = work.text[max(0, match.start() - 12) : match.start()]
    return None if _INDEXED.search(before) or re.search(r"\[0\d?\]", match[0]) else ""


def _after_word(match: re.Match[str], work: Workspace) -> str | None:
    """Silences a raised figure or one in brackets after a Vietnamese word, where nothing is
    computed: ``bến lạc²``, ``bến lạc(1)``, but ``f(2)``."""
    word = work.before(match.start())
    known = len(word) > 1 and syllable(word) is not None and word not in _MEASURES
    return "" if known and not re.search(r"[=+×÷<>]", work.text) else None


def _after_year(match: re.Match[str], work: Workspace) -> str | None:
    """Silences the mark of ``năm 1945(1)``."""
    return "" if work.preceded(match.start(), r"(?<![\w.,/-])(?:1\d|20)\d\d", 6) else None


RULES = (
    Rule(
        "note mark",
        r"(?<=[\w.,;:!?…%\"”’»)])(?:\[(?:\d{1,3}|[a-z]|[A-Za-z]{1,4} \d{1,3}|cần dẫn nguồn"
        r"|nguồn\?|citation needed|\d{1,3}[-–,] ?\d{1,3})\]){1,8}",
        _bracketed,
        kind="symbol",
    ),
    Rule("note mark", r"(?<=\d)(?<![\w.,]\d{4})\(\d{1,2}\)(?![\w(=])", _after_year),
    Rule("note mark", r"(?<=\p{L}\p{L})\(\d{1,2}\)(?![\w(=])", _after_word),
    Rule("note mark", r"(?<=\p{L}\p{L})⁽?[¹²³⁰⁴-⁹]{1,3}⁾?(?![\w⁺⁻])", _after_word, kind="raised"),
)
