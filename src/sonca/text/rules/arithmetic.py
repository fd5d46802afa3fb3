"""Reads school arithmetic and geometry: sums after a word that asks for one, unknowns, triangles.

A dash or colon between two numbers is a sign of arithmetic only after a word that asks for a
sum ("Tính 12 : 4"), after the mark of an exercise ("b) 100 - 48"), or, in `formulas`, beside
another sign of arithmetic.
"""

from __future__ import annotations

import re

from sonca.text.rules.rule import Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.wordlists import word_set

_NUMBER = r"\d{1,9}(?:[.,]\d{1,6})?"
_BETWEEN_LETTERS = (
    r"(?:(?<=\p{L}\) )|(?<=[\d\x01] )|(?<=(?<!\w)[A-Za-z] ))[x×](?= (?:\(|[A-Za-z](?!\w)))"
    r"|(?:(?<=\p{L}\) )|(?<=(?<!\w)[A-Za-z] ))[x×](?= \d)"
)
_SIGNS = {"-": "trừ", "–": "trừ", "−": "trừ", "+": "cộng", ":": "chia", "÷": "chia"}
_RESULT = word_set("là bằng ra được thì ta và rồi hoặc hay")


def _sum(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    after = work.after(match.end())
    if after and after not in _RESULT and not work.followed(match.end(), r"[ ,]{1,2}[a-zđ]\) "):
        return None  # "tính 3-5 ngày" counts
    if match["mark"] and not re.search(r" [-–−:] ", match["sum"]):
        return None
    return read_parts(
        match, " ?[-–−+x×*:÷] ?", lambda sign: _SIGNS.get(sign.strip(), "nhân"), "sum", "sum"
    )


_VARIABLES = word_set("và nghiệm tìm biến ẩn cho với đặt là hoặc")


def _gained(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``EXP x2``, ``combo x3``; in an equation x2 is a variable."""
    if "=" in work.text or work.before(match.start()) in _VARIABLES:
        return None
    return [Replacement(*match.span("op"), "nhân", "times")]


RULES = (
    Rule(
        "sum",
        r"(?:(?<!\w)(?:tính|hiệu|thương|đặt tính|phép trừ|phép chia|kết quả của|lấy)"
        r"(?: nhẩm| nhanh| rồi tính| của| giá trị)?:? "
        r"|(?P<mark>(?:\A|(?<= ))(?:[a-zđ]|\d{1,2})\) ?))"
        rf"(?P<sum>{_NUMBER}(?: ?[-–−+x×*:÷] ?{_NUMBER}){{1,8}})"
        r"(?![\w/%]|[.,:-]\d| ?[-–:/] ?\d| ?%)",
        _sum,
        flags=re.IGNORECASE,
    ),
    Rule(
        "operator",
        r"(?:(?<=[\d\x01]\) )|(?<=[\d\x01]))(?P<op>[x×])(?= ?\()|(?<=\) )(?P<o2>[x×])(?= ?\d)",
        lambda m, w: "nhân",
    ),
    *(
        Rule("operator", _BETWEEN_LETTERS, lambda m, w: "nhân", kind=kind)
        for kind in ("short", "symbol", "capital")
    ),
    Rule(
        "times",
        r"(?:(?<=\p{L} )|(?=x\d{1,4} lần))(?<!\w)(?P<op>[x×])"
        r"(?=[1-9]\d{0,3}(?!\w|[.,/]\d| ?[-+=]))",
        _gained,
    ),
    Rule(
        "times",
        r"(?:(?<=gấp )|(?<=gấp đến )|(?<=zoom )|(?<=tốc độ )|(?<=nhanh hơn )|(?<=lãi )|(?<=lời ))"
        r"(?P<n>\d{1,3}(?:[.,]\d{1,2})?)(?P<op>[xX])(?!\w)",
        lambda m, w: [
            Replacement(*m.span("n"), w.number(m["n"]), "number"),
            Replacement(*m.span("op"), "lần", "times"),
        ],
        flags=re.IGNORECASE,
    ),
    Rule(
        "unknown",
        r"(?<=[\w)²³] )= ?(?=\?+\s*\Z)|(?<=[\w)²³])=(?=\?+\s*\Z)",
        lambda m, w: "bằng mấy",
        kind="symbol",
    ),
    Rule(
        "unknown",
        r"(?<=[\w)²³] )= ?\?(?=,| (?:và|hoặc|thì|khi|nếu)(?!\w))",
        lambda m, w: "bằng mấy",
        kind="symbol",
    ),
    Rule("unknown", r"(?<=[=+×÷x*:−-] )\?(?= [=+×÷x*:−-])", lambda m, w: "mấy", kind="symbol"),
    Rule("unknown", r"\A\?(?= [=+×÷x*:−-] ?[\d(])", lambda m, w: "mấy", kind="symbol"),
    Rule(
        "parallel",
        r"(?<=[\w] )//(?= (?:[A-Z]{1,2}|[a-z])(?!\w))",
        lambda m, w: "song song với",
        kind="symbol",
    ),
    Rule("limit", r"(?<=lim [a-z]) ?(?:→|->) ?", lambda m, w: "tiến tới", kind="symbol"),
    Rule(
        "absolute value",
        r"(?<![\w|])\|(?=-?[a-z\d]{1,4}(?: ?[-+−] ?[a-z\d]{1,4}){0,2}\|(?![\w|]))",
        lambda m, w: "giá trị tuyệt đối của",
        kind="symbol",
    ),
    Rule(
        "over",
        r"(?:(?<=(?<![\w/])[abmxy])|(?<=(?<![\w/.,])[1-9]))/(?=[abnxyz](?![\w/]))",
        lambda m, w: "trên",
        kind="symbol",
    ),
)
