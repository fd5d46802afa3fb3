"""Mathematics: operators, powers, roots and variables."""

from __future__ import annotations

import re
import unicodedata

from sonca.text.letters import spell
from sonca.text.sheet import Claim, Rule, Sheet
from sonca.text.tables import mapping

_ROOTS = {"√": "căn bậc hai của", "∛": "căn bậc ba của", "∜": "căn bậc bốn của"}
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _power(match: re.Match[str], sheet: Sheet) -> str:
    text = match[0].translate(_SUPER).lstrip("^").strip("(){}")
    if text == "2":
        return "bình phương" if match[0] != "^2" else "mũ hai"
    sign = "âm " if text.startswith(("-", "−")) else ""
    text = text.strip("+-−")
    if not text:
        return ""
    return f"mũ {sign}{sheet.cardinal(text) if text.isdigit() else spell(text)}"


def _operator(match: re.Match[str], sheet: Sheet) -> str | None:
    sign = match["op"]
    if sign in "-−–:/*" and not _in_formula(match, sheet):
        return None
    if sign == ":" and not _divides(match, sheet):
        return None
    return mapping("operators.tsv").get(sign)


_OPERANDS = r"(?:[\s\d.,()+×÷*/=<>≤≥≠≈√^²³|−–%s-]|\b[A-Za-z]\b|(?<=\d)[a-z]\b){0,60}"


def _divides(match: re.Match[str], sheet: Sheet) -> bool:
    """A colon divides between equal blanks; "Bài 3: 12 : 4" and "Ta có: a + b" have a label."""
    at, text = match.start("op"), sheet.text
    if not sheet.preceded(at, r"(?:[\d)\]²³]|(?<!\w)[A-Za-z]) ?", 24):
        return False
    if (text[at - 1] == " ") == (text[at + 1 : at + 2] == " "):
        return True
    return bool(sheet.preceded(at, r"(?:\A|[=+×÷:(,x-]) ?[\d.,]+", 24))


def _in_formula(match: re.Match[str], sheet: Sheet) -> bool:
    """Whether the sign stands among operands that another operator shows to be a formula."""
    start, end = match.span()
    if match["op"] == "*":
        left, right = r"(?:\d|\)|(?<!\w)\w) ?", r" ?(?:\d|\(|\w(?!\w))"
        return bool(sheet.preceded(start, left) and sheet.followed(end, right))
    found = sheet.preceded(start, _OPERANDS % "", 60), sheet.followed(end, _OPERANDS % ":")
    around = " ".join(part[0] for part in found if part)
    if match["op"] in ":/":
        return "=" in around
    return bool(re.search(r"[=≠≈≤≥<>+×÷√^²³*]", around))


def _times(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """ "2 viên x 3 lần": an x between two amounts."""
    amount = sheet.preceded(match.start(), r"\d ?[^\W\d_]{1,6}(?:/[^\W\d_]{1,6})?")
    return [Claim(*match.span("op"), "nhân", "operator")] if amount else None


def _vulgar(match: re.Match[str], sheet: Sheet) -> str:
    above, _, below = unicodedata.normalize("NFKC", match["v"]).partition("\u2044")
    said = f"{sheet.cardinal(above)} phần {'tư' if below == '4' else sheet.cardinal(below)}"
    if not match["n"]:
        return said
    return f"{sheet.cardinal(match['n'])} {'rưỡi' if match['v'] == '½' else said}"


_WHOLE = (
    r"(?i:[\d.,]+ ?(?:điểm|đ|đồng|k|nghìn|ngàn|tr|triệu|tỷ|tỉ|usd|\$|hp|mp|exp|máu|kg|cm|mm|m/s)?"
    r"(?:[.,;!)]|\Z)|[\d.,]+ ?[=+x×*:÷<>-] ?[\d(-])"
)
"""A number and its unit that are all the line says, or the start of a formula."""


def _negative(match: re.Match[str], sheet: Sheet) -> str | None:
    """A minus right before a number. At the head of a line it may be a dialogue dash."""
    if sheet.text[: match.start()].strip() or match[0] == "−":
        return "âm"
    measured = r"[\d.,]+ ?(?:độ|đến|tới|[CFK]\b|m\b|km|%)"
    worded = sheet.followed(match.end(), r"[\d.,]+ ?\p{L}")
    if not worded or any(sheet.followed(match.end(), p) for p in (_WHOLE, measured)):
        return "âm"
    return None


def _about(match: re.Match[str], sheet: Sheet) -> str | None:
    if sheet.preceded(match.start(), r"\d ?[^\W\d_]{0,3}[°²³%]?[CFđ]? ?", 10):
        return None  # between two amounts it is a range
    return "" if sheet.before(match.start()) == "khoảng" else "khoảng"


_OPERAND_LEFT = r"(?<=[\x01\w)\]}²³!%°|∞π])"
_OPERAND_RIGHT = r"(?=[\x01\w(\[{√−|+±π∞∆△∠-])"

EARLY_RULES = (
    Rule("fraction", r"(?:(?<![\w.,])(?P<n>\d{1,3}) ?)?(?P<v>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])", _vulgar),
    Rule(
        "operator",
        r"(?:(?<=[\x01\d])|(?<=[\x01\d] )) ?(?P<op>[xX×*·]) ?(?=[\x01\d])",
        lambda m, s: "nhân",
    ),
    Rule("power", r"(?<=[\w)])\^\(?[-−]?[\da-z]{1,4}\)?", _power),
    Rule("operator", r"(?<=\p{L}) (?P<op>[x×])(?= \d)", _times),
    Rule("factorial", r"(?<=\w)!(?= ?[=+×÷*/] ?[\w(])", lambda m, s: "giai thừa", when="symbol"),
    Rule("root", "[√∛∜]", lambda m, s: _ROOTS[m[0]], when="symbol"),
    Rule("negative", r"(?<![\w\x01)%°.,/-])(?<![\x01\d] )[-−–](?=\d)", _negative),
    Rule("about", r"(?<![\w\x01])(?<![\x01\d] )[~∼] ?(?=[\d$€])", _about),
)

RULES = (
    Rule("operator", r"(?:(?<=\x01)|(?<=\x01 )) ?(?P<op>[xX×*·]) ?(?=\x01)", lambda m, s: "nhân"),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT} ?(?P<op><=|>=|!=|==|=>|[=×÷≤≥≠≈±∈∉⊂∪∩⇒⇔∝≡∥⊥<>]) ?{_OPERAND_RIGHT}",
        _operator,
        when="symbol",
    ),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT}(?P<op>\+)(?=[\x01\w(])|{_OPERAND_LEFT} \+ ",
        lambda m, s: "cộng",
        when="symbol",
    ),
    Rule(
        "operator",
        rf"{_OPERAND_LEFT} ?(?P<op>[-−–:/*]) ?{_OPERAND_RIGHT}",
        _operator,
        when="symbol",
    ),
    Rule(
        "power",
        r"(?:(?<=[\x01\w)])[⁻⁺]?[²³¹⁰⁴⁵⁶⁷⁸⁹]{1,4}|(?<=[\x01\w)])\^\(?[-−]?[\da-z]{1,4}\)?)",
        _power,
    ),
    Rule("subscript", r"[₀₁₂₃₄₅₆₇₈₉]{1,4}", lambda m, s: s.cardinal(m[0].translate(_SUB))),
)
