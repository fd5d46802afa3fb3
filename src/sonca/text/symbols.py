"""Emoji, emoticons and signs: spoken where they mean a word, else silent."""

from __future__ import annotations

import re

from sonca.text.sheet import Rule, Sheet
from sonca.text.tables import mapping, word_set, words

_EMOJI = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u25a0-\u25ff\u3030\u303d"
    "\U000e0000-\U000e007f\u2190-\u2191\u2194-\u21ff]+"
)
_EMOTICON = (
    r"(?<![\w])(?::[-o^']?[)(\]\[DPpOo3v|/\\*>]{1,5}|;-?[)D]{1,5}|=[)(\]D]{1,9}|[xX]D{1,5}"
    r"|\^_{0,3}\^"
    r"|T_T|-_-|>_<|<3|o_O|O_o|O_O|:'\(|\(:|:\">|:-\)|=\)\)+|:\)\)+|:\(\(+|@@|¯\\_\(ツ\)_/¯"
    r"|\(y\)|>:\(|:v|:3|\^\^)(?![\w])"
)
_TAG = r"</?[A-Za-z][A-Za-z0-9]{0,10}(?: [^<>]{0,200})?/?>"
_ENTITY = r"&(?:nbsp|amp|lt|gt|quot|#\d{1,5});"


def _entity(match: re.Match[str], sheet: Sheet) -> str:
    return {"&amp;": "và", "&lt;": "nhỏ hơn", "&gt;": "lớn hơn"}.get(match[0], "")


def _sign(match: re.Match[str], sheet: Sheet) -> str | None:
    text = sheet.text
    if not any(c.isalnum() for c in text) and len(text.split()[0]) > 1:
        return ""  # a heap of signs says nothing
    return mapping("signs.tsv").get(match[0], "")


def _compared(match: re.Match[str], sheet: Sheet) -> str:
    return {
        "<": "nhỏ hơn", ">": "lớn hơn", "≤": "nhỏ hơn hoặc bằng", "≥": "lớn hơn hoặc bằng",
        "<=": "nhỏ hơn hoặc bằng", ">=": "lớn hơn hoặc bằng", "≠": "khác",
    }[match[1]]  # fmt: skip


def _stars(match: re.Match[str], sheet: Sheet) -> str | None:
    """``5*`` of a hotel."""
    return "sao" if sheet.before(match.start() - 2) in _RATED else None


_RATED = word_set("sạn hạng chuẩn hàng giá sort cấp nghỉ")


def _weeping(match: re.Match[str], sheet: Sheet) -> str | None:
    """T.T at the end of a line of chat; after a person it is that person's initials."""
    word = sheet.text[: match.start()].split()[-1]
    plain = word.islower() and word not in words("persons.tsv")
    return "" if plain else None


def _lone(match: re.Match[str], sheet: Sheet) -> str | None:
    return "bằng" if any(c.isalnum() for c in sheet.text) else None


def _hash(match: re.Match[str], sheet: Sheet) -> str:
    return "" if sheet.before(match.start()) == "số" else "số"


EARLY_RULES = (
    Rule("separator", "short", r"\A[\W_]*(?:oOo|o0o|OoO|0o0|ooOoo|o00o)[\W_]*\Z", lambda m, s: ""),
    Rule(
        "programming language",
        "symbol",
        r"(?<!\w)(?:C\+\+|C#|F#)(?!\w)",
        lambda m, s: {"C++": "xê cộng cộng", "C#": "xê sáp", "F#": "ép sáp"}[m[0]],
    ),
    Rule("markup", "symbol", _TAG, lambda m, s: ""),
    Rule("markup", "symbol", _ENTITY, _entity),
    Rule("emoticon", "smile", _EMOTICON, lambda m, s: ""),
    Rule("emoticon", "smile", r"(?<=\p{L} )T\.T\Z", _weeping),
    Rule("stars", "digit", r"(?<=\d) ?[★⭐☆](?![\w★⭐☆])", lambda m, s: "sao"),
    Rule("stars", "digit", r"(?<=\d)\*(?![\w*])", _stars),
    Rule("triangle", "capital", r"[∆Δ△](?= ?[A-Z]{3}(?!\w))", lambda m, s: "tam giác"),
    Rule("emoji", "symbol", _EMOJI, lambda m, s: ""),
)

LATE_RULES = (
    Rule("over", "symbol", r"(?<=\x01)/(?=\x01)", lambda m, s: "trên"),
    Rule("number sign", "symbol", r"(?<!\w)#(?= ?\x01)", _hash),
    Rule("comparison", "symbol", r"(<=|>=|[<>≤≥≠]) ?(?=\x01)", _compared),
    Rule(
        "perpendicular", "symbol", r"(?<=[\w\x02]) ?⊥ ?(?=[\w\x02])", lambda m, s: "vuông góc với"
    ),
    Rule("equals", "symbol", r"(?<=[\w\x01\x02)]) ?= ?(?=[\w\x01\x02(∆△∠])", lambda m, s: "bằng"),
    Rule(
        "plus",
        "symbol",
        r"(?<=\x01)\+(?!\w)|(?<=\x01 )\+(?= \x01)|(?<![\w\x01])\+(?=\x01)|(?<=[\w\x02])\+(?!\w)",
        lambda m, s: "cộng",
    ),
    Rule(
        "arrow",
        "symbol",
        r"(?<=[\w\x01\x02)] )(?:->|=>|[→⟶➔]) ?(?=[\w\x01\x02(])",
        lambda m, s: "đến",
    ),
    Rule(
        "sign",
        "symbol",
        r"[^\w\s\x01-\x03.,?!;:…\"“”‘’'()–—―‒\[\]{}【】「」『』《》〈〉«»/\\_*|~-]",
        _sign,
    ),
)
