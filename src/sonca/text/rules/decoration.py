"""Silences signs that only decorate: frames around a heading, runs of stars."""

from __future__ import annotations

import re

from sonca.text.rules.rule import SILENT_MASK, Replacement, Rule, Workspace

_STAR = "[•·∘∙⋆⊰⊱⊹¤※¯¨¸´˖˚➳❀-❧ღ\u2500-\u25b1\u25b4-\u25bb\u25be-\u27bf\u2900-\u2bff꧁꧂༺༻]"
_NOISE = "[°*~=+.:;,'`’‘^_<>|\\\\/#$%&@«»‹›—–―()\\[\\]{}-]"
_PLAIN = re.compile(r"[\"“”‘’'().,;:!?…\\-–—―\\[\\]#]+")
_PAIRS = str.maketrans("()[]{}<>«»‹›【】《》〈〉/\\\\¸", ")(][}{><»«›‹】【》《〉〈\\\\/¸")
_TAIL = re.compile(r"(?<= )[^\w\s]{1,20}\Z|(?<=\w)[^\w\s]{2,20}\Z")
_LETTERS = r"[~*=-]{0,3}(?:[oO0](?:[oO0]){2,5}|x\.?X\.?x|X\.?x\.?X)[~*=-]{0,3}"


def _frame(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Silences the same signs before and after a heading: "☆ Chương 1 ☆", "-=[ Hết ]=-"."""
    lead = match[0]
    tail = _TAIL.search(work.text, match.end())
    if tail is None or _PLAIN.fullmatch(lead):
        return None
    if tail[0] not in (lead, lead[::-1].translate(_PAIRS), lead.translate(_PAIRS)):
        return None
    return [Replacement(*m.span(), "", "decoration") for m in (match, tail)]


def _face(match: re.Match[str], work: Workspace) -> str | None:
    """Silences faces made of rare signs, "(๑•̀ㅂ•́)و": words and numbers of other scripts stay."""
    inside = match[0][1:].partition(")")[0]
    odd = sum(not c.isalpha() and not c.isspace() for c in inside)
    return "" if odd * 2 > len(inside) else None


RULES = (
    Rule(
        "decoration",
        r"\A(?:[^\w\s]{1,20}(?= )|[^\w\s]{2,20}(?=\w))",
        _frame,
        kind="symbol",
        mask=SILENT_MASK,
    ),
    Rule(
        "decoration",
        rf"(?:(?<!\w){_NOISE}{{1,20}})?(?<!\d)(?!(?<=\w)[•·∘∙]){_STAR}"
        rf"(?:{_STAR}|{_NOISE}){{1,60}}(?<![.?!…])(?!\w)"
        rf"|(?<!\w){_NOISE}{{1,20}}{_STAR}(?!\w)|(?<![\w*]){_NOISE}?([°$%+=&@])\1{{2,40}}(?!\w)"
        r"|(?<!\w)(?:°[.~*-]?){3,20}(?!\w)",
        lambda m, w: "",
        kind="symbol",
        mask=SILENT_MASK,
    ),
    Rule(
        "decoration",
        r"\((?=[^()]{0,16}[^\x00-\u024f\u1e00-\u1eff\s()])[^()A-Za-z+∞=<>≤≥;\u00c0-\u024f\u1e00-\u1eff\u4e00-\u9fff\uac00-\ud7a3]"
        r"{1,16}\)[^\s\w,.;:?!]{0,2}(?:[^\s\x00-\u024f\u1e00-\u1eff]{1,2}[^\s\w,.;:?!]{0,2})?",
        _face,
        kind="symbol",
        mask=SILENT_MASK,
    ),
    *(
        Rule(
            "decoration",
            rf"\A{_LETTERS}(?= )|(?<= ){_LETTERS}\Z",
            lambda m, w: "" if len(set(m[0])) > 1 else None,
            kind=kind,
            mask=SILENT_MASK,
        )
        for kind in ("drawn", "digit", "dotted")
    ),
)
