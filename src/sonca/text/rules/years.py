"""Reads years that are not certain, and decades: `(1766?–1820)`, `(k. 1380 – 1442)`, `1990s`."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Rule, Workspace

_YEAR = r"(?:(?P<about{0}>(?:k|kh|ca?)\. ?)?(?P<{0}>\d{{3,4}})(?P<doubt{0}>\??)|(?P<none{0}>\?))"


def _life(match: re.Match[str], work: Workspace) -> str | None:
    """Reads a life of which a year is not certain or not known."""
    if match["nonea"] and match["noneb"]:
        return None
    if not any(match[f"{kind}{end}"] for kind in ("about", "doubt", "none") for end in "ab"):
        return None
    return f"{_year(match, 'a', work)} đến {_year(match, 'b', work)}"


def _year(match: re.Match[str], end: str, work: Workspace) -> str:
    if match[f"none{end}"]:
        return "không rõ"
    return ("khoảng " if match[f"about{end}"] else "") + work.cardinal(match[end])


def _decade(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``1990s``, and ``90s`` after a word such as "thập niên"."""
    if (
        len(match["y"]) == 2
        and match[0][0] not in "'’"
        and not work.preceded(
            match.start(), r"(?i:năm|niên|thời|nhạc|thế hệ|phong cách|style)(?: những| các)? ['’]?"
        )
    ):
        return None
    return work.cardinal(match["y"])


RULES = (
    Rule(
        "life",
        r"(?<![\w.,?/-])" + _YEAR.format("a") + " ?[-–—] ?" + _YEAR.format("b") + r"(?![\w?])",
        _life,
        kind="doubtful",
    ),
    Rule(
        "decade",
        r"(?<![\w.,])['’]?(?P<y>1[0-9]\d0|20\d0|[1-9]0)['’]?s(?!\w)",
        _decade,
        kind="doubtful",
    ),
    Rule(
        "era range",
        r"(?<=TCN|SCN) ?[-–—] ?(?=(?:khoảng )?\d)",
        lambda m, w: "đến",
        kind="capital",
    ),
    Rule(
        "uncertain year",
        r"(?<=[(\s])(?P<y>\d{3,4})\?(?=\))",
        lambda m, w: f"khoảng {w.cardinal(m['y'])}",
        kind="doubtful",
    ),
)
