"""Reads initials and titles: ``chị Ph.``, ``Ng. V. A.``, ``gặp A. Hùng``, ``Ô. Ba``."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.initials import DIGRAPHS
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.titles import TITLES, is_title
from sonca.text.vietnamese.wordlists import abbreviations, words

_CALLED = r"(?i:(?<!\w)(?:liên hệ|gặp|gọi|hỏi|nhắn|nhờ|tìm|mời|lh|alo|thưa|chào)(?: cho)?:? )"


def _typed_title(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``gặp a Hùng hoặc c Lan``, as people type without dots."""
    start = match.start()
    other = match[0] == "c" and work.preceded(
        start, r"(?<!\w)a [A-ZĐÀ-Ỵ]\p{L}{0,6}(?:,| và| hoặc) "
    )
    named = work.followed(match.end(), r" ([A-ZĐÀ-Ỵ]\p{L}{0,6})(?!\p{L})")
    if named is None or named[1] not in words("given_names.tsv"):
        return None
    return TITLES[match[0]] if other or work.preceded(start, _CALLED, 16) else None


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


def _elder(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``Ô. Ba và B. Tư``; a B. by itself is an initial."""
    if match[0] == "Ô.":
        return "ông"
    return "bà" if "Ô." in work.text else None


RULES = (
    Rule("title", r"(?<![\w.])[ace](?= [A-ZĐÀ-Ỵ])", _typed_title, kind="typed", mask=WORD_MASK),
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
        "elder",
        r"(?<![\w.])[ÔB]\.(?= ?[A-ZĐÀ-Ỵ][^\W\d_A-Z])",
        _elder,
        kind="capital",
        mask=WORD_MASK,
    ),
)
