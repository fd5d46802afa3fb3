"""Reads paths of files, names with underscores, IPv6 and hardware addresses."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.rules.web import FILE_ENDINGS, read_label
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.numbers import digits
from sonca.text.vietnamese.wordlists import mapping, word_set

_PIECE = re.compile(r"\d+|[^\W\d_]+|.", re.DOTALL)
_ROOTS = word_set(
    "bin boot data dev etc home lib media mnt opt proc root run sbin srv sys tmp usr users var app"
    " api src docs static assets www"
)
"""Folders with which a path begins."""


def _read(match: re.Match[str], work: Workspace, rule: str = "path") -> list[Replacement]:
    """Reads names, figures and marks one after the other."""
    out = []
    for found in _PIECE.finditer(match[0].rstrip(".")):
        piece, at, foreign = found[0], match.start() + found.start(), None
        if piece.isdecimal():
            said = digits(piece) if len(piece) > 2 else work.padded(piece)
        elif piece.isalpha():
            said = spell(piece) if len(piece) == 1 else read_label(piece)
            foreign = piece if said != piece.lower() else None
        else:
            said = mapping("web.tsv").get(piece, "")
        out.append(Replacement(at, at + len(piece), said, rule, foreign))
    return out


def _unix(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    first = match["first"].lower()
    nested = match[0].isascii() and match[0].strip("/").count("/") > 0
    known = match["lead"] or first in _ROOTS or nested
    return _read(match, work) if known or re.search(r"/[\w.-]*[._]\w", match[0]) else None


def _identifier(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``user_2024_dev``; a letter with an index is a formula's (``x_1``)."""
    head = match[0].partition("_")[0]
    return _read(match, work, "identifier") if len(head) > 1 or head.isdecimal() else None


def _colons(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``2001:0db8::1`` and ``00:1A:2B:3C:4D:5E`` digit by digit and letter by letter."""
    groups = match[0].split(":")
    if not any(c.isdecimal() for c in match[0]) or ":::" in match[0] or match[0][-2:] == "::":
        return None
    lettered = any(not g.isdecimal() for g in groups if g)
    if "::" not in match[0] and not (
        len(groups) == 8 or (lettered and len(groups) >= 6 and all(groups))
    ):
        return None
    out = []
    for found in re.finditer(r"\d+|[A-Fa-f]+|:", match[0]):
        piece, at = found[0], match.start() + found.start()
        said = "hai chấm" if piece == ":" else digits(piece) or spell(piece)
        out.append(Replacement(at, at + len(piece), said, "network address"))
    return out


_NAME = r"[.\w][\w.+-]{0,99}"
_ENDING = rf"\.(?:{FILE_ENDINGS})"
_FOLDER = r"[^\s\\/:*?\"<>|“”,;()]"

RULES = (
    Rule(
        "network address",
        r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f]{0,4}(?![\w:])",
        _colons,
        mask=WORD_MASK,
        kind="clock",
    ),
    Rule(
        "path",
        rf"(?<![\w/.])(?P<lead>~|\.{{1,2}})?/(?P<first>{_NAME})"
        rf"(?:/{_NAME}){{0,20}}/?(?![\w/])",
        _unix,
        kind="symbol",
        mask=WORD_MASK,
    ),
    Rule(
        "path",
        rf"(?<![\w\\])(?:[A-Za-z]:|\\)(?:\\{_FOLDER}{{1,100}}"
        rf"(?:(?: {_FOLDER}{{1,40}}){{1,3}}(?=\\))?){{1,20}}\\?",
        _read,
        kind="symbol",
        mask=WORD_MASK,
    ),
    Rule(
        "path",
        rf"(?<![\w/.@])(?:[A-Za-z0-9][A-Za-z0-9_-]{{0,60}}/){{1,12}}"
        rf"[A-Za-z0-9_-]{{1,60}}(?:\.[A-Za-z0-9_-]{{1,60}}){{0,3}}{_ENDING}(?![\w/])",
        _read,
        kind="symbol",
        mask=WORD_MASK,
        flags=re.ASCII,
    ),
    Rule(
        "path",
        rf"(?<![\w/.@])[A-Za-z0-9-]{{1,60}}(?:\.[A-Za-z0-9-]{{1,30}}){{1,4}}{_ENDING}(?![\w.])",
        _read,
        kind="dotted",
        mask=WORD_MASK,
        flags=re.ASCII,
    ),
    Rule(
        "identifier",
        r"(?<![\w.@#%/\\-])[A-Za-z0-9]{1,60}(?:_[A-Za-z0-9]{1,60}){1,12}"
        r"(?:[.-][A-Za-z0-9]{1,60}){0,8}(?![\w@])",
        _identifier,
        kind="symbol",
        mask=WORD_MASK,
    ),
)
