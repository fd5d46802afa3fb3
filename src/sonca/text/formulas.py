"""Mathematics: operators, powers, roots and variables."""

from __future__ import annotations

import re

from sonca.text.letters import spell
from sonca.text.numbers import cardinal
from sonca.text.sheet import NUMBER_BLOT, Claim, Rule, Sheet

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_VULGAR = {
    "½": "một phần hai", "⅓": "một phần ba", "⅔": "hai phần ba", "¼": "một phần tư",
    "¾": "ba phần tư", "⅕": "một phần năm", "⅖": "hai phần năm", "⅗": "ba phần năm",
    "⅘": "bốn phần năm", "⅙": "một phần sáu", "⅚": "năm phần sáu", "⅛": "một phần tám",
    "⅜": "ba phần tám", "⅝": "năm phần tám", "⅞": "bảy phần tám", "⅐": "một phần bảy",
    "⅑": "một phần chín", "⅒": "một phần mười",
}  # fmt: skip
_OPERATORS = {
    "=": "bằng", "+": "cộng", "×": "nhân", "*": "nhân", "·": "nhân", "÷": "chia", ":": "chia",
    "/": "chia", "<": "nhỏ hơn", ">": "lớn hơn", "≤": "nhỏ hơn hoặc bằng", "⩽": "nhỏ hơn hoặc bằng",
    "≥": "lớn hơn hoặc bằng", "⩾": "lớn hơn hoặc bằng", "≠": "khác", "≈": "xấp xỉ", "±": "cộng trừ",
    "-": "trừ", "−": "trừ", "–": "trừ", "<=": "nhỏ hơn hoặc bằng", ">=": "lớn hơn hoặc bằng",
    "!=": "khác", "==": "bằng", "∈": "thuộc", "∉": "không thuộc", "⊂": "là tập con của", "∪": "hợp",
    "∩": "giao", "⇒": "suy ra", "⇔": "tương đương", "∝": "tỉ lệ với", "≡": "đồng nhất với",
    "x": "nhân", "X": "nhân", "∥": "song song với", "⊥": "vuông góc với", "=>": "suy ra",
    "+=": "cộng bằng", "∓": "trừ cộng", "≅": "xấp xỉ", "∼": "xấp xỉ",
}  # fmt: skip


def _power(match: re.Match[str], sheet: Sheet) -> str:
    text = match[0].translate(_SUPER).lstrip("^").strip("(){}")
    if text == "2":
        return "bình phương" if match[0] != "^2" else "mũ hai"
    sign = "âm " if text.startswith(("-", "−")) else ""
    text = text.strip("+-−")
    if not text:
        return ""
    return f"mũ {sign}{cardinal(text, sheet.reading) if text.isdigit() else spell(text)}"


def _root(match: re.Match[str], sheet: Sheet) -> str:
    return {"√": "căn bậc hai của", "∛": "căn bậc ba của", "∜": "căn bậc bốn của"}[match[0]]


def _operator(match: re.Match[str], sheet: Sheet) -> str | None:
    sign = match["op"]
    if sign in "-−–:/xX*·" and not _in_formula(sign, match, sheet):
        return None
    if sign == ":" and not _divides(match, sheet.text):
        return None
    return _OPERATORS.get(sign)


_OPERATING = re.compile(r"[=≠≈≤≥<>+×÷√^²³*]")
_LEFT_PART = re.compile(r"(?:[\s\d.,()+×÷*/=<>≤≥≠≈√^²³|−–-]|\b[A-Za-z]\b|(?<=\d)[a-z]\b){0,60}\Z")
_RIGHT_PART = re.compile(r"(?:[\s\d.,()+×÷*/=<>≤≥≠≈√^²³|−–:-]|\b[A-Za-z]\b|(?<=\d)[a-z]\b){0,60}")


_DIVIDEND = re.compile(r"(?:[\d)\]²³]|(?<!\w)[A-Za-z]) ?\Z")
_AFTER_SIGN = re.compile(r"(?:\A|[=+×÷:(,x-]) ?[\d.,]+\Z")


def _divides(match: re.Match[str], text: str) -> bool:
    """A colon divides between equal blanks; "Bài 3: 12 : 4" and "Ta có: a + b" have a label."""
    at = match.start("op")
    left = text[max(0, at - 24) : at]
    if _DIVIDEND.search(left) is None:
        return False
    if left.endswith(" ") == (text[at + 1 : at + 2] == " "):
        return True
    return _AFTER_SIGN.search(left) is not None


def _in_formula(sign: str, match: re.Match[str], sheet: Sheet) -> bool:
    """Whether the sign stands among operands that another operator shows to be a formula."""
    text = sheet.text
    if sign in "xX":
        return True
    if sign in "*·":
        return bool(
            re.search(r"(?:\d|\)|(?<!\w)\w) ?\Z", text[: match.start()])
            and re.match(r" ?(?:\d|\(|\w(?!\w))", text[match.end() :])
        )
    left = _LEFT_PART.search(text[max(0, match.start() - 60) : match.start()])
    right = _RIGHT_PART.match(text, match.end())
    around = (left[0] if left else "") + " " + (right[0] if right else "")
    if sign in ":/":
        return "=" in around
    return bool(_OPERATING.search(around))


def _times(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """ "2 viên x 3 lần": an x between two amounts."""
    if not re.search(r"\d ?[^\W\d_]{1,6}(?:/[^\W\d_]{1,6})?\Z", sheet.text[: match.start()]):
        return None
    return [Claim(*match.span("op"), "nhân", "operator")]


def _vulgar(match: re.Match[str], sheet: Sheet) -> str:
    said = _VULGAR[match["v"]]
    if match["n"]:
        if match["v"] == "½":
            said = "rưỡi"
        return f"{cardinal(match['n'], sheet.reading)} {said}"
    return said


_WHOLE = re.compile(
    r"[\d.,]+ ?(?:điểm|đ|đồng|k|nghìn|ngàn|tr|triệu|tỷ|tỉ|usd|\$|hp|mp|exp|máu|kg|cm|mm|m/s)?"
    r"(?:[.,;!)]|\Z)|[\d.,]+ ?[=+x×*:÷<>-] ?[\d(-]",
    re.IGNORECASE,
)
"""A number and its unit that are all the line says, or the start of a formula."""


def _negative(match: re.Match[str], sheet: Sheet) -> str | None:
    """A minus right before a number. At the head of a line it may be a dialogue dash."""
    text = sheet.text
    if text[: match.start()].strip() or _WHOLE.match(text, match.end()):
        return "âm"
    rest = re.match(r"[\d.,]+ ?(.?)", text[match.end() :])
    if (
        match[0] != "−"
        and rest
        and rest[1].isalpha()
        and not re.match(r"[\d.,]+ ?(?:độ|đến|tới|[CFK]\b|m\b|km|%)", text[match.end() :])
    ):
        return None
    return "âm"


def _subscript(match: re.Match[str], sheet: Sheet) -> str:
    return cardinal(match[0].translate(_SUB), sheet.reading)


_AMOUNT_BEFORE = re.compile(r"\d ?[^\W\d_]{0,3}[°²³%]?[CFđ]? ?\Z")


def _about(match: re.Match[str], sheet: Sheet) -> str | None:
    before = sheet.text[max(0, match.start() - 10) : match.start()]
    if _AMOUNT_BEFORE.search(before):
        return None  # between two amounts it is a range
    return "" if sheet.before(match.start()) == "khoảng" else "khoảng"


_OPERAND_LEFT = r"(?<=[\x01\w)\]}²³!%°|∞π])"
_OPERAND_RIGHT = r"(?=[\x01\w(\[{√−|+±π∞∆△∠-])"

EARLY_RULES = (
    Rule(
        "fraction", "digit", r"(?:(?<![\w.,])(?P<n>\d{1,3}) ?)?(?P<v>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])", _vulgar
    ),
    Rule(
        "operator",
        "digit",
        r"(?:(?<=[\x01\d])|(?<=[\x01\d] )) ?(?P<op>[xX×*·]) ?(?=[\x01\d])",
        lambda m, s: "nhân",
    ),
    Rule("power", "digit", r"(?<=[\w)])\^\(?[-−]?[\da-z]{1,4}\)?", _power),
    Rule(
        "operator",
        "digit",
        r"(?<=\p{L}) (?P<op>[x×])(?= \d)",
        _times,
    ),
    Rule(
        "factorial",
        "symbol",
        r"(?<=\w)!(?= ?[=+×÷*/] ?[\w(])",
        lambda m, s: "giai thừa",
    ),
    Rule("root", "symbol", "[√∛∜]", _root),
    Rule("negative", "digit", r"(?<![\w\x01)%°.,/-])(?<![\x01\d] )[-−–](?=\d)", _negative),
    Rule("about", "digit", r"(?<![\w\x01])(?<![\x01\d] )[~∼] ?(?=[\d$€])", _about),
)

RULES = (
    Rule(
        "operator",
        "digit",
        r"(?:(?<=\x01)|(?<=\x01 )) ?(?P<op>[xX×*·]) ?(?=\x01)",
        lambda m, s: "nhân",
    ),
    Rule(
        "operator",
        "symbol",
        rf"{_OPERAND_LEFT} ?(?P<op><=|>=|!=|==|=>|[=×÷≤≥≠≈±∈∉⊂∪∩⇒⇔∝≡∥⊥<>]) ?{_OPERAND_RIGHT}",
        _operator,
        NUMBER_BLOT,
    ),
    Rule(
        "operator",
        "symbol",
        rf"{_OPERAND_LEFT}(?P<op>\+)(?=[\x01\w(])|{_OPERAND_LEFT} \+ ",
        lambda m, s: "cộng",
    ),
    Rule(
        "operator",
        "symbol",
        rf"{_OPERAND_LEFT} ?(?P<op>[-−–:/*]) ?{_OPERAND_RIGHT}",
        _operator,
    ),
    Rule(
        "power",
        "digit",
        r"(?:(?<=[\x01\w)])[⁻⁺]?[²³¹⁰⁴⁵⁶⁷⁸⁹]{1,4}|(?<=[\x01\w)])\^\(?[-−]?[\da-z]{1,4}\)?)",
        _power,
    ),
    Rule("subscript", "digit", r"[₀₁₂₃₄₅₆₇₈₉]{1,4}", _subscript),
)
