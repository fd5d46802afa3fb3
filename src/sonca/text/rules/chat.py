"""Reads what is typed in a hurry, where other signs say that it is chat: ``e k bít``, ``đi r``."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Rule, Workspace
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import word_set

_SIGN = re.compile(
    r"(?i)(?<!\w)(?:k|ko|kg|hok|hem|đc|dc|mn|ib|inb|ad|sp|vs|cx|ntn|mk|z|j|r|ạ|nha|nhé|ơi|ship|cod"
    r"|rep|mún|bít|trc|lm|ns|đag|khum|vcl|ck|ntn|kb|tl)(?!\w)"
)
_LETTERS = {"e": "em", "r": "rồi", "z": "vậy", "j": "gì"}
_NAMED = word_set(
    "vitamin chữ số hệ điểm cạnh tập khối lớp nhóm cơ hằng loại và với kính góc tia đoạn là theo"
)
"""Words before a letter that is a name."""
_SPOKEN_TO = r" (?:ơi|ạ|cho|có|đang|đi|thấy|nghĩ|mới|đã|sẽ|í|ấy|ở|về|ko|k|à|mua|lấy|cần)(?!\w)"
_ENDED = r"\s*(?:[,.!?…)]|\Z| (?:nha|nhé|mà|đó|á|nè|ạ|nhỉ)(?!\w))"


def _is_chat(match: re.Match[str], work: Workspace) -> bool:
    text = work.text
    rest = text[: match.start()] + " " + text[match.end() :]
    return not re.search(r"[=+×÷<>^]", text) and _SIGN.search(rest) is not None


def _letter(match: re.Match[str], work: Workspace) -> str | None:
    """Reads a lone e, r, z or j."""
    if match[0].isupper() and (
        work.text[: match.start()].strip() or work.followed(match.end(), r"\.")
    ):
        return None  # E. Macron
    said = _LETTERS[match[0].lower()]
    before = work.before(match.start())
    if before in _NAMED or not _is_chat(match, work):
        return None
    if said == "em":
        return said
    ended = work.followed(match.end(), _ENDED) and syllable(before) is not None
    return said if ended else None


def _person(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``a ơi``, ``c cho`` at the head of a clause."""
    headed = not work.text[: match.start()].strip() or work.preceded(match.start(), r"[,.!?] ?", 3)
    if not headed or not work.followed(match.end(), _SPOKEN_TO) or not _is_chat(match, work):
        return None
    return {"a": "anh", "b": "bạn", "c": "chị"}[match[0].lower()]


def _know(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``k bít``, ``bít k`` as knowing; bít tất and bịt are other words."""
    denied = work.before(match.start()) in ("k", "ko", "không", "hem", "hok", "có", "chưa", "đâu")
    asked = work.followed(match.end(), r" (?:gì|đâu|ko|k|không|mà|nữa|hem)(?!\w)")
    return "biết" if (denied or asked) and work.after(match.end()) != "tất" else None


RULES = (
    Rule("chat", r"(?<![\w'’./-])[eErzj](?![\w'’/)-]|\.\S)", _letter, kind="chat", mask=WORD_MASK),
    Rule("chat", r"(?<![\w'’./-])[aAbBcC](?= \p{L})", _person, kind="chat", mask=WORD_MASK),
    Rule("chat", r"(?<!\w)[Bb]ít(?!\w)", _know, kind="chat", mask=WORD_MASK),
    Rule("chat", r"(?<!\w)[Mm]ún(?!\w)", lambda m, w: "muốn", kind="chat", mask=WORD_MASK),
)
