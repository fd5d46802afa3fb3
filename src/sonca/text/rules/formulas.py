"""Reads mathematics: operators, powers, roots and fractions."""

from __future__ import annotations

import re
import unicodedata

from sonca.text.rules.rule import Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.wordlists import mapping

_ROOTS = {"√": "căn bậc hai của", "∛": "căn bậc ba của", "∜": "căn bậc bốn của"}
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ⁿⁱ", "0123456789-+()ni")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₙ", "0123456789n")


def _power(match: re.Match[str], work: Workspace) -> str:
    text = match[0].translate(_SUPER).lstrip("^").strip("(){}")
    if text == "2":
        return "bình phương" if match[0] != "^2" else "mũ hai"
    sign = "âm " if text.startswith(("-", "−")) else ""
    parts = re.findall(r"\d+|[a-z]+|[+−-]", text.strip("+-−"))
    return f"mũ {sign}{' '.join(_term(p, work) for p in parts)}" if parts else ""


def _term(part: str, work: Workspace) -> str:
    if part in "+-−":
        return "cộng" if part == "+" else "trừ"
    return work.cardinal(part) if part.isdecimal() else spell(part)


def _index(match: re.Match[str], work: Workspace) -> str:
    """Reads ``x₂``, ``uₙ``."""
    return " ".join(_term(p, work) for p in re.findall(r"\d+|n", match[0].translate(_SUB)))


def _operator(match: re.Match[str], work: Workspace) -> str | None:
    sign = match["op"]
    if sign in "-−–:/*" and not _in_formula(match, work):
        return None
    if sign == ":" and not _divides(match, work):
        return None
    return mapping("operators.tsv").get(sign)


_OPERANDS = r"(?:[\s\d.,()+×÷*/=<>≤≥≠≈√^²³|−–%s-]|\b[A-Za-z]\b|(?<=\d)[a-z]\b){0,60}"


def _divides(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether a colon divides ("12 : 4") or follows a label ("Bài 3: 12 : 4")."""
    at, text = match.start("op"), work.text
    if not work.preceded(at, r"(?:[\d)\]²³]|(?<!\w)[A-Za-z]) ?", 24):
        return False
    if (text[at - 1] == " ") == (text[at + 1 : at + 2] == " "):
        return True
    return bool(work.preceded(at, r"(?:\A|[=+×÷:(,x-]) ?[\d.,]+", 24))


def _in_formula(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether another operator among the operands shows that this is a formula."""
    start, end = match.span()
    if match["op"] == "*":
        left, right = r"(?:\d|\)|(?<!\w)\w) ?", r" ?(?:\d|\(|\w(?!\w))"
        return bool(work.preceded(start, left) and work.followed(end, right))
    found = work.preceded(start, _OPERANDS % "", 60), work.followed(end, _OPERANDS % ":")
    around = " ".join(part[0] for part in found if part)
    if match["op"] in ":/":
        return "=" in around
    return bool(re.search(r"[=≠≈≤≥<>+×÷√^²³*]", around))


def _times(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads an x between two amounts: "2 viên x 3 lần"."""
    amount = work.preceded(match.start(), r"\d ?[^\W\d_]{1,6}(?:/[^\W\d_]{1,6})?")
    return [Replacement(*match.span("op"), "nhân", "operator")] if amount else None


def _vulgar(match: re.Match[str], work: Workspace) -> str:
    above, _, below = unicodedata.normalize("NFKC", match["v"]).partition("\u2044")
    said = f"{work.cardinal(above)} phần {'tư' if below == '4' else work.cardinal(below)}"
    if not match["n"]:
        return said
    return f"{work.cardinal(match['n'])} {'rưỡi' if match['v'] == '½' else said}"


_WHOLE = (
    r"(?i:[\d.,]+ ?(?:điểm|đ|đồng|k|nghìn|ngàn|tr|triệu|tỷ|tỉ|usd|\$|hp|mp|exp|máu|kg|cm|mm|m/s)?"
    r"(?:[.,;!)]|\Z)|[\d.,]+ ?[=+x×*:÷<>-] ?[\d(-])"
)
"""A number and its unit that make the whole line, or the start of a formula."""


def _negative(match: re.Match[str], work: Workspace) -> str | None:
    """Reads a minus right before a number; at the head of a line it may be a dialogue dash."""
    if work.text[: match.start()].strip() or match[0] == "−":
        return "âm"
    measured = r"[\d.,]+ ?(?:độ|đến|tới|[CFK]\b|m\b|km|%)"
    worded = work.followed(match.end(), r"[\d.,]+ ?\p{L}")
    if not worded or any(work.followed(match.end(), p) for p in (_WHOLE, measured)):
        return "âm"
    return None


def _about(match: re.Match[str], work: Workspace) -> str | None:
    if work.preceded(match.start(), r"\d ?[^\W\d_]{0,3}[°²³%]?[CFđ]? ?", 10):
        return None  # between two amounts it is a range
    return "" if work.before(match.start()) == "khoảng" else "khoảng"


_OPERAND_LEFT = r"(?<=[\x01\w)\]}²³!%°|∞π])"
_OPERAND_RIGHT = r"(?=[\x01\w(\[{√−|+±π∞∆△∠-])"

EARLY_RULES = (
    Rule("fraction", r"(?:(?<![\w.,])(?P<n>\d{1,3}) ?)?(?P<v>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])", _vulgar),
    Rule(
        "operator",
        r"(?:(?<=[\x01\d])|(?<=[\x01\d] )) ?(?P<op>[xX×*·]) ?(?=[\x01\d])",
        lambda m, w: "nhân",
    ),
    Rule("power", r"(?<=[\w)])\^\(?[-−]?[\da-z]{1,4}\)?", _power),
    Rule("operator", r"(?<=\p{L}) (?P<op>[x×])(?= \d)", _times),
    Rule("factorial", r"(?<=\w)!(?= ?[=+×÷*/] ?[\w(])", lambda m, w: "giai thừa", kind="symbol"),
    Rule("root", "[√∛∜]", lambda m, w: _ROOTS[m[0]], kind="symbol"),
    Rule("negative", r"(?<![\w\x01)%°.,/-])(?<![\x01\d] )[-−–](?=\d)", _negative),
    Rule("about", r"(?<![\w\x01])(?<![\x01\d] )[~∼] ?(?=[\d$€])", _about),
)

RULES = (
    Rule("operator", r"(?:(?<=\x01)|(?<=\x01 )) ?(?P<op>[xX×*·]) ?(?=\x01)", lambda m, w: "nhân"),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT} ?(?P<op><=|>=|!=|==|=>|[=×÷≤≥≠≈±∈∉⊂∪∩⇒⇔∝≡∥⊥<>]) ?{_OPERAND_RIGHT}",
        _operator,
        kind="symbol",
    ),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT}(?P<op>\+)(?=[\x01\w(])|{_OPERAND_LEFT} \+ ",
        lambda m, w: "cộng",
        kind="symbol",
    ),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT} ?(?P<op>[-−–:/*]) ?{_OPERAND_RIGHT}",
        _operator,
        kind="symbol",
    ),
    Rule(
        "power",
        r"(?:(?<=[\x01\w)])[⁻⁺⁽]{0,2}[²³¹⁰⁴-⁹ⁿⁱ]{1,4}(?:[⁺⁻][²³¹⁰⁴-⁹ⁿⁱ]{1,4}){0,2}⁾?|(?<=[\x01\w)])\^\(?[-−]?[\da-z]{1,4}\)?)",
        _power,
    ),
    Rule("subscript", r"[₀₁₂₃₄₅₆₇₈₉ₙ]{1,4}", _index),
)
