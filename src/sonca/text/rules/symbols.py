"""Reads emoji, emoticons and signs: spoken where they mean a word, else silent."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Rule, Workspace
from sonca.text.vietnamese.wordlists import mapping, word_set, words

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
_ENTITIES = {"&amp;": "và", "&lt;": "nhỏ hơn", "&gt;": "lớn hơn"}


def _sign(match: re.Match[str], work: Workspace) -> str | None:
    text = work.text
    if not any(c.isalnum() for c in text) and len(text.split()[0]) > 1:
        return ""  # a separator made of signs
    return mapping("signs.tsv").get(match[0], "")


_RATED = word_set("sạn hạng chuẩn hàng giá sort cấp nghỉ")


def _weeping(match: re.Match[str], work: Workspace) -> str | None:
    """Silences T.T at the end of a line of chat; after a person it is that person's initials."""
    word = work.text[: match.start()].split()[-1]
    plain = word.islower() and word not in words("persons.tsv")
    return "" if plain else None


EARLY_RULES = (
    Rule(
        "separator",
        r"\A[\W_]*(?:oOo|o0o|OoO|0o0|ooOoo|o00o)[\W_]*\Z",
        lambda m, w: "",
        kind="short",
    ),
    Rule(
        "programming language",
        r"(?<!\w)(?:C\+\+|C#|F#)(?!\w)",
        lambda m, w: {"C++": "xê cộng cộng", "C#": "xê sáp", "F#": "ép sáp"}[m[0]],
        kind="symbol",
    ),
    Rule("markup", _TAG, lambda m, w: "", kind="symbol"),
    Rule("markup", _ENTITY, lambda m, w: _ENTITIES.get(m[0], ""), kind="symbol"),
    Rule("emoticon", _EMOTICON, lambda m, w: "", kind="smile"),
    Rule("emoticon", r"(?<=\p{L} )T\.T\Z", _weeping, kind="smile"),
    Rule(
        "stars",
        r"(?<=\d) ?[★⭐☆](?![\w★⭐☆])",
        lambda m, w: "sao" if w.text[0].isalnum() else "",  # ☆ Chương 3 ☆ is a frame
    ),
    Rule(
        "stars",
        r"(?<=\d)\*(?![\w*])",
        lambda m, w: "sao" if w.before(m.start() - 2) in _RATED else None,
    ),
    Rule("triangle", r"[∆Δ△](?= ?[A-Z]{3}(?!\w))", lambda m, w: "tam giác", kind="capital"),
    Rule("emoji", _EMOJI, lambda m, w: "", kind="symbol"),
)

LATE_RULES = (
    Rule("over", r"(?<=\x01)/(?=\x01)", lambda m, w: "trên", kind="symbol"),
    Rule(
        "number sign",
        r"(?<!\w)#(?= ?\x01)",
        lambda m, w: "" if w.before(m.start()) == "số" else "số",
        kind="symbol",
    ),
    Rule(
        "comparison",
        r"(<=|>=|[<>≤≥≠]) ?(?=\x01)",
        lambda m, w: mapping("operators.tsv")[m[1]],
        kind="symbol",
    ),
    Rule(
        "perpendicular",
        r"(?<=[\w\x02]) ?⊥ ?(?=[\w\x02])",
        lambda m, w: "vuông góc với",
        kind="symbol",
    ),
    Rule(
        "equals", r"(?<=[\w\x01\x02)]) ?= ?(?=[\w\x01\x02(∆△∠])", lambda m, w: "bằng", kind="symbol"
    ),
    Rule(
        "plus",
        r"(?<=\x01)\+(?!\w)|(?<=\x01 )\+(?= \x01)|(?<![\w\x01])\+(?=\x01)|(?<=[\w\x02])\+(?!\w)",
        lambda m, w: "cộng",
        kind="symbol",
    ),
    Rule(
        "arrow",
        r"(?<=[\w\x01\x02)] )(?:->|=>|[→⟶➔]) ?(?=[\w\x01\x02(])",
        lambda m, w: "đến",
        kind="symbol",
    ),
    Rule("arrow", r"(?<=[\w\x01\x02)])→(?=[\w\x01\x02(])", lambda m, w: "đến", kind="symbol"),
    Rule(
        "sign",
        r"[^\w\s\x01-\x03.,?!;:…\"“”‘’'()–—―‒\[\]{}【】「」『』《》〈〉«»/\\_*|~-]",
        _sign,
        kind="symbol",
    ),
)
