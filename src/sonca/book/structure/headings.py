"""Recognizes headings: `Chương 12`, `Hồi thứ ba`, `Phần II. Bão`, `Vĩ thanh`, `XII`.

Looks at one line at a time and says what kind of heading it would be. Whether a book uses that
kind is decided in `sonca.book.structure.chapters`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sonca.book.structure import heading_forms as forms
from sonca.book.structure.heading_forms import Rank

_NOTES = re.compile(
    r"(?:(?:các\s+)?(?:chú\s+(?:thích|giải|dẫn)|ghi\s+chú|cước\s+chú)|(?:foot|end)?notes?)"
    r"(?:\s+(?:cuối\s+(?:sách|trang|chương|bài)"
    r"|của\s+(?:người\s+dịch|dịch\s+giả|tác\s+giả|nhà\s+xuất\s+bản|ban\s+biên\s+tập)))?\s*:?\s*\Z",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?:mục\s+lục(?:\s+(?:sách|chi\s+tiết|chương))?|(?:table\s+of\s+)?contents|toc)\s*:?\s*\Z",
    re.IGNORECASE,
)
_PERHAPS_CONTENTS = re.compile(
    r"(?:nội\s+dung(?:\s+(?:chính|sách))?|trong\s+(?:sách|tập|số)\s+này|các\s+chương|danh\s+mục|index"
    r"|danh\s+sách\s+chương)\s*:?\s*\Z",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:[\s.…·_]{3,}|[^\S\n]*\t[^\S\n]*)\d{1,4}\s*\Z")

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
    return _parsed(line) if len(line) <= 2 * MAX_CHARS else None


@lru_cache(maxsize=1 << 16)
def _parsed(line: str) -> Heading | None:
    """Parses a short line; each stage of reading a book asks for all of them."""
    if not unicodedata.is_normalized("NFC", line):
        line = unicodedata.normalize("NFC", line)
    if forms.UNUSUAL.search(line):
        line = forms.PICTURES.sub(" ", unicodedata.normalize("NFKC", line))
    if not forms.MAY.match(line) and not (
        line[-1:].isdigit() and forms.NUMBERED_END.search(line[-24:])
    ):
        return None
    text = plain(line)
    if not text or len(text) > MAX_CHARS or text[0] in '-–—“"«':
        return None
    named = _named(text) or _after(text) or _behind_book(text)
    if named:
        return named
    alone = forms.ALONE.match(text)
    if alone and (text[0].isupper() or text.isupper()):
        return Heading("chapter", "", text)
    bare = forms.BARE.match(text)
    if bare:
        return Heading("bare", bare["roman"] or bare["digits"], "", named=False)
    listed = forms.LISTED.match(text)
    if listed and listed["title"][0].isupper() and listed["title"][-1] not in ".,;:!?…":
        number = listed["roman"] or listed["digits"]
        return Heading("bare", number, listed["title"], named=False)
    return None


def plain(line: str) -> str:
    """Returns a line without what decorates it: stars, dashes on both sides, brackets around the
    number or the whole."""
    text = forms.UNSEEN.sub("", unicodedata.normalize("NFC", line))
    if forms.UNUSUAL.search(text):
        text = forms.PICTURES.sub(" ", unicodedata.normalize("NFKC", text))
    text = " ".join(text.replace("\n", " ").split()).strip(forms.DECORATION)
    dashes = len(text) - len(text.lstrip(forms.DASHES))
    if dashes > 1 or (dashes and text[-1] in forms.DASHES):
        text = text.strip(forms.DASHES + forms.DECORATION)
    inside = forms.BRACKETS.match(text)
    if inside:
        rest = text[inside.end() :].strip(forms.DECORATION)
        inner = inside["inner"].strip(forms.DECORATION)
        if _named(inner):
            text = f"{inner}: {rest.lstrip(':-–— ')}" if rest else inner
        elif (after := rest.lstrip(forms.DASHES + ": ")) and _named(after):
            text = after
    return text


def _named(text: str) -> Heading | None:
    """Reads a heading that says what it is: `Chương 12: Bão`, `Đệ nhất chương`, `C12: Bão`."""
    if not text:
        return None
    if text[0] == "第" and (han := forms.HAN.match(text)):
        return Heading("chapter", han["number"], han["title"].strip(" :：.-–—、"))
    found = forms.NAMED.match(text) or forms.HAN_ORDER.match(text)
    if found:
        number, title, mark = found["number"], found["title"].strip(), found["mark"].strip()
        rank = forms.ORDER[" ".join(found["name"].lower().split())]
        if text[0].islower() and not number[-1].isdigit():
            return None  # `bộ ba`, `phần hai`
        if text.lower() == "tập trung":
            return None
        if not _is_title(title, bool(mark) or title[:1] == "(") and not _small_title(text, title):
            return None
        below = _below(title) if rank == "part" else None
        return below or Heading(rank, number, title)
    short = forms.LETTERED.match(text)
    if short and (short["mark"].strip() or not short["title"]):
        if short["name"].lower() in ("c", "ch") and not short["mark"].strip():
            return Heading("bare", short["number"], "", named=False)
        if _is_title(short["title"], True) and text[0].isupper():
            return Heading("chapter", short["number"], short["title"].strip())
    if text[0] in "QqVvTt":
        before = forms.BEFORE.match(text)
        return _below(before["rest"]) if before else None
    return None


def _below(rest: str) -> Heading | None:
    """Returns the chapter's heading that follows its part's on the line, if there is one."""
    if not rest or rest[0].lower() not in "chđp":
        return None
    head = _named(rest)
    return head if head and head.named and head.rank == "chapter" else None


def _after(text: str) -> Heading | None:
    """Reads a heading with the book's title before it: `Bến Vắng - Chương 1`."""
    before = forms.AFTER_TITLE.match(text) if text[0].isupper() else None
    if before is None or before["book"][-1] in ".!?,;":
        return None
    rest = before["rest"]
    return _below(rest) if rest[0].isupper() else None


def _behind_book(text: str) -> Heading | None:
    """Reads a heading that ends with its number, after the book's title: `BẾN VẮNG CHƯƠNG 1`."""
    found = forms.BOOK_BEFORE.match(text) if text[0].isupper() else None
    if found is None or len(words := found["book"].split()) < 2:
        return None
    return _below(found["rest"]) if all(word[0].isupper() for word in words) else None


def _small_title(text: str, title: str) -> bool:
    """Returns whether a title in small letters follows (`Chương 1 gặp gỡ`), not a sentence."""
    first = title.split()[0] if title else ""
    return (
        bool(forms.LOWER_TITLE.match(text))
        and len(title) <= 50
        and first.isalpha()
        and first.lower() not in forms.NO_TITLE
        and not set(title) & set(".,;:!?…")
    )


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


def is_named(line: str) -> bool:
    """Returns whether a line says that it is a heading: `Chương 5`, `Vĩ thanh`."""
    head = parse_heading(line)
    return head is not None and head.named


def stands_alone(line: str) -> bool:
    """Returns whether a line is a heading that says so, or a number and nothing else."""
    head = parse_heading(line)
    return head is not None and (head.named or not head.title)


def can_head(text: str) -> bool:
    """Returns whether a line may stand among headings: short, and no sentence by its end."""
    if len(text) > MAX_CHARS or "\n" in text or not text:
        return False
    return text[-1] not in '.,;:!?…”"»' or parse_heading(text) is not None


def is_notes(line: str) -> bool:
    """Returns whether `line` heads a list of notes."""
    if len(line) > MAX_CHARS:
        return False
    bare = unicodedata.normalize("NFC", line).strip(" \t*•-–—_=~[]()")
    return _NOTES.match(bare) is not None


def is_contents(line: str) -> bool:
    """Returns whether `line` heads a table of contents."""
    return len(line) <= MAX_CHARS and bool(
        _CONTENTS.match(unicodedata.normalize("NFC", line).strip())
    )


def may_be_contents(line: str) -> bool:
    """Returns whether `line` heads a table of contents if one follows it."""
    return len(line) <= MAX_CHARS and bool(_PERHAPS_CONTENTS.match(line.strip()))


def has_leader(line: str) -> bool:
    """Returns whether `line` ends like one of a table of contents: dots and a page number."""
    end = line[-12:].rstrip()[-1:]
    return (end.isdigit() or end == "") and bool(_LEADER.search(line))


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


def parse_counted(line: str) -> tuple[str, int] | None:
    """Returns a name and a number that follows it, at the beginning of a line that has no more
    than a title behind it: `Ngày thứ hai`, `Đoản 3: Bão`."""
    text = plain(line)
    found = forms.COUNTED.match(text) if text[:1].isupper() else None
    if found is None:
        return None
    number = " ".join(found["number"].casefold().split())
    counted = value(number)
    if counted is None:
        number = _SAME.get(number, number)
        counted = _WORDS.index(number) + 1 if number in _WORDS else None
    return (found["name"].casefold(), counted) if counted else None


_UNITS = ("nhất", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười")
_TEENS = ("một", "hai", "ba", "bốn", "lăm", "sáu", "bảy", "tám", "chín")
_SAME = {"một": "nhất", "nhì": "hai", "bốn": "tư", "bẩy": "bảy"}
_WORDS = (*_UNITS, *(f"mười {unit}" for unit in _TEENS), "hai mươi")
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


def same_number(one: str, other: str) -> bool:
    """Returns whether two numbers are equal, however written."""
    a, b = value(one), value(other)
    return a == b if a is not None and b is not None else one.casefold() == other.casefold()
