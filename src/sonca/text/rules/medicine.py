"""Reads the shorthand of wards and laboratories: ``M: 80 l/ph``, ``HBsAg (+)``, ``IIIB``."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.numbers import from_roman

_VITALS = {
    "HA": ("huyết áp", ""),
    "M": ("mạch", r":? ?\d{2,3} ?(?:l/p|lần)"),
    "NT": ("nhịp thở", r":? ?\d{2} ?(?:l/p|lần)"),
    "T": ("nhiệt độ", r":? ?[34]\d(?:[.,]\d)? ?(?:[°ºo]|độ)"),
}


def _vital(match: re.Match[str], work: Workspace) -> str | None:
    """Reads what nurses write: ``M: 80 l/ph, T: 37,5°C, HA: 120/80``."""
    said, measured = _VITALS[match[0]]
    return said if work.followed(match.end(), measured) else None


_TESTED = re.compile(
    r"(?i)(?<!\w)(?:hiv|hbv|hcv|hbsag|hbeag|anti|pcr|test|xét nghiệm|xn|ns1|dengue|rh|giang mai"
    r"|igm|igg|covid|cúm|phản ứng|que thử)(?!\w)"
)


def _result(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``HIV (-)`` and ``PCR (+)``."""
    if not _TESTED.search(work.text[max(0, match.start() - 40) : match.start()]):
        return None
    return "dương tính" if "+" in match[0] else "âm tính"


def _stage(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads ``giai đoạn IIIB``: a stage and its part."""
    value = from_roman(match["r"])
    if value is None:
        return None
    return Replacement(
        *match.span("all"), f"{work.cardinal(value)} {spell(match['part'])}", "stage"
    )


EARLY_RULES = (
    Rule(
        "stage",
        r"(?:đoạn|độ|nhóm|loại|hạng|type|típ|cấp) "
        r"(?P<all>(?P<r>I{1,3}|IV|V)(?P<part>[ABab]))(?!\w)",
        _stage,
        kind="capital",
        flags=re.IGNORECASE,
    ),
)

RULES = (
    Rule("unit", r"(?<=[\x01 ])U/[Ll](?!\w)", lambda m, w: "đơn vị trên lít", kind="capital"),
    Rule(
        "vital sign",
        r"(?<!\w)(?:HA(?=:? ?[\d\x01]{2,3}[/\x01])|(?:M|NT)(?=:? ?[\d\x01]{2,3} ?(?:\x01{3}|lần))"
        r"|T(?=:? ?[\d\x01.,]{2,4} ?(?:\x01{2}|độ)))",
        _vital,
        mask=WORD_MASK,
        kind="capital",
    ),
    Rule("result", r"(?<=[\w\x01-\x03 ])\((?:\+{1,4}|[-–−])\)", _result, kind="symbol"),
    Rule("result", r"(?<=[\w\x01-\x03 ])\([-–−]\)", _result, kind="capital"),
)
