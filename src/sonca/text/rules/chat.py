"""Reads what is typed in a hurry, where other signs say that it is chat: ``e k bít``, ``đi r``."""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.rules.rule import WORD_MASK, Rule, Workspace
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import section, word_set

_SIGN = re.compile(
    r"(?i)(?<!\w)(?:k|ko|kg|hok|đc|dc|mn|ib|inb|ad|sp|vs|cx|ntn|mk|trc|lm|ns|đag|vcl|ck|kb|mún)(?!\w)"
)
"""What is no word anywhere else: "nhé" and "ơi" are."""
_DONE = word_set(
    "đi về xong ăn ngủ tới đến biết hiểu bận hết mất được đc mua làm lm khuya muộn trễ lâu quên bỏ"
    " nghỉ nói gửi nhận ok xem học thấy mệt chán đủ nhiều lớn già cũ"
)
"""Words after which an r at the end is rồi without another sign."""
_FINISHED = re.compile(
    rf"(?i)(?<!\w)(?:{'|'.join(sorted(_DONE))}) r"
    r"(?: ?[,.!?…)]|\s*\Z| (?:nha|nhé|mà|đó|á|nè|ạ|nhỉ)(?!\w))"
)
_LETTERS = {"e": "em", "r": "rồi", "z": "vậy", "j": "gì"}
_NAMED = word_set(
    "vitamin chữ số hệ điểm cạnh tập khối lớp nhóm cơ hằng loại và với kính góc tia đoạn là theo"
)
"""Words before a letter that is a name."""
_FEARED = word_set("rằng ngại là thẹn ấp dè sợ lệ bình mũ lập hèm chừng")
"""What goes on with the word e ("e rằng"), or with the letter."""
_SPOKEN_TO = r"(?i) (?:ơi|ạ|cho|có|đang|đi|thấy|nghĩ|mới|đã|sẽ|í|ấy|ở|về|ko|k|à|mua|lấy|cần)(?!\w)"
_ENDED = r"\s*(?:[,.!?…)]|\Z| (?:nha|nhé|mà|đó|á|nè|ạ|nhỉ)(?!\w))"


@lru_cache(maxsize=1)
def _letter_names() -> frozenset[str]:
    names = section("letters.tsv", "name").values()
    return frozenset(word for name in names for word in name.split())


def _is_chat(match: re.Match[str], work: Workspace) -> bool:
    text = work.text
    rest = text[: match.start()] + " " + text[match.end() :]
    if re.search(r"[=+×÷<>^]", text):
        return False
    return _SIGN.search(rest) is not None or _FINISHED.search(text) is not None


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
    if not _letter_names().isdisjoint((before, after := work.after(match.end()))):
        return None  # spelled: "xê e o"
    if after in _FEARED:
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
