"""Recognizes headings: `Chương 12`, `Hồi thứ ba`, `Phần II. Bão`, `Vĩ thanh`, `XII`.

Looks at one line at a time and says what kind of heading it would be. Whether a book uses that
kind is decided in `sonca.book.structure.chapters`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Rank = Literal["part", "chapter", "bare"]

_ORDER: dict[str, Rank] = {
    **dict.fromkeys(("phần", "quyển", "tập", "thiên", "bộ", "part", "book", "volume"), "part"),
    **dict.fromkeys(
        ("chương", "hồi", "bài", "màn", "cảnh", "chapter", "act", "scene", "ngoại truyện"),
        "chapter",
    ),
}
_DIGIT_WORDS = (
    "không|một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|bẩy|tám|chín|mười|mươi|trăm|linh|lẻ|nhất|nhì"
)
_NUMBER = (
    r"(?:\d{1,5}|[IVXLCDM]{1,9}(?![\w])|[ivxlcdm]{1,9}(?![\w])|"
    rf"(?:{_DIGIT_WORDS})(?:\s+(?:{_DIGIT_WORDS}))*|cuối(?:\s+cùng)?|kết|mở\s+đầu|đầu(?:\s+tiên)?|"
    r"one|two|three|four|five|six|seven|eight|nine|ten)"
)
_NAMED = re.compile(
    rf"(?P<name>{'|'.join(sorted(_ORDER, key=len, reverse=True))})"
    rf"\s+(?:(?:thứ|số)\s+)?(?P<number>{_NUMBER})(?![\w])"
    r"(?P<mark>\s*[:.\-–—|)\]/]+\s*|\s+|\Z)(?P<title>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_ALONE = re.compile(
    r"(?:lời\s+(?:mở\s+đầu|nói\s+đầu|giới\s+thiệu|tựa|bạt|kết|cảm\s+ơn|ngỏ|tác\s+giả|người\s+dịch)"
    r"|mở\s+đầu|đoạn\s+kết|khúc\s+dạo\s+đầu|dẫn\s+nhập|vĩ\s+thanh|phụ\s+lục|tựa|kết\s+thúc"
    r"|ngoại\s+truyện|prologue|epilogue|preface|introduction|foreword|afterword)"
    r"(?:\s*[:.\-–—]\s*(?P<title>.+)|\s+\d{1,3}|\s+[A-Z])?\s*\Z",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:(?P<roman>[IVXLCDM]{1,8})|(?P<digits>\d{1,4}))\s*[.:)]?\s*\Z")
_NOTES = re.compile(r"(?:chú\s+thích|ghi\s+chú|cước\s+chú|notes?)\s*:?\s*\Z", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:mục\s+lục|contents|table\s+of\s+contents)\s*:?\s*\Z", re.IGNORECASE)
_LEADER = re.compile(r"[\s.…·_]{3,}\d{1,4}\s*\Z")

MAX_CHARS = 120
_TITLE_END = '.?!…”"»'


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that looks like a heading."""

    rank: Rank
    number: str
    """As written, empty for none."""
    title: str
    """What follows the number, empty for none."""
    named: bool = True
    """Whether a word such as `Chương` or `Vĩ thanh` says so."""


def parse_heading(line: str) -> Heading | None:
    """Returns the heading that `line` reads as, None for any other line."""
    text = unicodedata.normalize("NFC", line).strip().strip("*_#=~ \t")
    if not text or len(text) > MAX_CHARS or text[0] in '-–—“"«':
        return None
    text = " ".join(text.split("\n"))
    named = _NAMED.match(text)
    if named and _is_title(named["title"], bool(named["mark"].strip())):
        return Heading(
            _ORDER[" ".join(named["name"].lower().split())], named["number"], named["title"].strip()
        )
    alone = _ALONE.match(text)
    if alone and (text[0].isupper() or text.isupper()):
        return Heading("chapter", "", text)
    bare = _BARE.match(text)
    if bare:
        return Heading("bare", bare["roman"] or bare["digits"], "", named=False)
    return None


def _is_title(title: str, marked: bool) -> bool:
    """Returns whether what follows the number can be a title, and not the rest of a sentence such
    as `Chương 12 của cuốn sách kể về …` or `Phần hai triệu đồng còn lại …`."""
    title = title.strip()
    if not title:
        return True
    first = next((c for c in title if c.isalnum()), "")
    if not first or (first.islower() and not marked):
        return False
    if marked:
        return len(title) <= 100
    # Without a mark between them only a short line that does not end like a sentence will do.
    return (
        len(title) <= 80 and title[-1] not in ".,;:…" and (title[-1] not in "?!" or len(title) < 60)
    )


def is_notes(line: str) -> bool:
    """Returns whether `line` heads a list of notes."""
    return bool(_NOTES.match(unicodedata.normalize("NFC", line).strip()))


def is_contents(line: str) -> bool:
    """Returns whether `line` heads a table of contents."""
    return bool(_CONTENTS.match(unicodedata.normalize("NFC", line).strip()))


def has_leader(line: str) -> bool:
    """Returns whether `line` ends like one of a table of contents: dots and a page number."""
    return bool(_LEADER.search(line))


def without_leader(line: str) -> str:
    """Returns `line` without such an end."""
    return _LEADER.sub("", line).strip()


def can_be_title(line: str) -> bool:
    """Returns whether `line`, alone after a bare `Chương 5`, can be the chapter's title."""
    text = line.strip()
    if not text or len(text) > 90 or "\n" in text or text[0] in '-–—“"«*' or text[-1] in ".,;:":
        return False
    if text.isupper():
        return True
    return text[0].isupper() and text[-1] not in _TITLE_END and len(text.split()) <= 14


_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def value(number: str) -> int | None:
    """Returns the value of an Arabic or Roman number, None for words."""
    if number.isdigit():
        return int(number)
    if not number or set(number.lower()) - set(_ROMAN):
        return None
    total = 0
    digits = [_ROMAN[c] for c in number.lower()]
    for one, following in zip(digits, [*digits[1:], 0], strict=True):
        total += -one if one < following else one
    return total
