"""Sees to it that each title is said once: repeated ones are silent, missing ones are announced."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sonca.book.model import TextBlock
from sonca.book.structure import headings
from sonca.book.structure.front import FRONT
from sonca.book.structure.headings import parse_heading
from sonca.book.structure.starts import Starts, form

TITLE = "title"
_REACH = 5
"""So many blocks after a heading may repeat it."""
_CREDIT = re.compile(
    r"(?:người\s+(?:dịch|đăng|viết\s+lại|convert|edit)|dịch(?:\s+giả)?|biên\s+dịch|biên\s+tập"
    r"|edit(?:or)?|beta(?:[-\s]?reader)?|convert(?:er)?|nguồn|source|type|đánh\s+máy|post(?:er)?"
    r"|đăng\s+bởi|dịch\s*(?:&|và)\s*biên\s+tập|translator|cập\s+nhật|ngày\s+(?:đăng|cập\s+nhật)"
    r"|đăng\s+(?:lúc|ngày)|thời\s+gian|số\s+(?:từ|chữ)|lượt\s+(?:xem|đọc|thích)|độ\s+dài)"
    r"\s*[:：]\s*\S.{0,80}\Z|(?:by|bởi|tác\s+giả)[ :]\s*@?[\w.-]{2,40}\Z",
    re.IGNORECASE,
)


_PIECE = re.compile(r"\s*[(\[](?:\d{1,2}|tiếp|hết|thượng|trung|hạ)[)\]]\s*\Z", re.IGNORECASE)
"""What sites add to a title of which they show a part."""


def repeated_book_title(blocks: Sequence[TextBlock], skips: list[str | None], title: str) -> None:
    """Marks the book's title where a heading, or a file's first line, says it again, and headings
    that are always the same."""
    own = form(title)
    times = Counter(form(b.text) for b in blocks if b.level)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if skips[index] is not None or len(block.text) > headings.MAX_CHARS:
            continue
        first = bool(block.part) and (not index or block.part != blocks[index - 1].part)
        after_head = index and blocks[index - 1].level and len(block.text) <= headings.MAX_CHARS
        if not block.level and not first and not after_head:
            continue
        said = form(block.text)
        before = blocks[index - 1] if index else block
        if before.level and form(before.text) == said and skips[index - 1] is None and index:
            skips[index] = TITLE
            continue
        if not said or not (
            said == own or (times[said] > 2 and not headings.stands_alone(block.text))
        ):
            continue
        if said in seen:
            skips[index] = TITLE
        seen.add(said)


def say_once(blocks: Sequence[TextBlock], starts: Starts) -> tuple[dict[int, str], dict[int, str]]:
    """Returns the starts of chapters without those that only repeat one, and why blocks are
    silent, by index."""
    titles = dict(starts.titles)
    silent: dict[int, str] = {}
    for start in sorted(starts.titles):
        if start in titles and headings.can_head(blocks[start].text.replace("\n", " ")):
            _one_chapter(blocks, titles, silent, start)
    return titles, silent


def _one_chapter(
    blocks: Sequence[TextBlock], titles: dict[int, str], silent: dict[int, str], start: int
) -> None:
    heads = [start]
    for at in range(start + 1, min(start + 1 + _REACH, len(blocks))):
        block = blocks[at]
        if len(block.text) <= headings.MAX_CHARS and _CREDIT.match(block.text):
            silent[at] = FRONT
            continue
        if not headings.can_head(block.text):
            break
        worse = [h for h in heads if _repeats(blocks[h].text, block.text)]
        equal = any(_repeats(block.text, blocks[h].text) for h in worse)
        if worse and (not equal or _is_plainer(block.text, blocks[worse[0]].text)):
            silent.update(dict.fromkeys(worse, TITLE))
            if start in worse or len(block.text) > len(blocks[start].text):
                titles[start] = titles.pop(at, " ".join(headings.plain(block.text).split()))
            titles.pop(at, None)
        elif any(_repeats(block.text, blocks[h].text) for h in heads):
            silent[at] = TITLE
            titles.pop(at, None)
        elif at in titles:
            break
        heads.append(at)


def _is_plainer(text: str, other: str) -> bool:
    """Returns whether a heading says the same without the book's title before it."""
    return form(other).endswith(form(text)) and form(other) != form(text)


def _repeats(less: str, more: str) -> bool:
    """Returns whether a line says no more than another heading: it is equal to it, its number, or
    its title."""
    one, other = form(less), form(more)
    if not one or not other:
        return False
    if one == other:
        return less is not more
    a, b = parse_heading(less), parse_heading(more)
    if b is None or not b.title:
        return False
    if one == form(b.title):
        return True
    if a is None or a.rank == "part" or not headings.same_number(a.number, b.number):
        return False
    return not a.title or form(_PIECE.sub("", a.title)) == form(_PIECE.sub("", b.title))


def announced(blocks: Sequence[TextBlock], at: int, end: int, title: str) -> TextBlock | None:
    """Returns the heading of a chapter that the contents name and the text does not, as one whose
    heading is a picture. None where the text says it."""
    said = form(title)
    if not said or not blocks[at].opens:
        return None
    for block in blocks[at : min(at + 3, end)]:
        if len(block.text) > headings.MAX_CHARS + len(title):
            continue
        here = form(block.text)
        if block.level or not here or said in here or (here in said and len(here) > 3):
            return None
        if parse_heading(block.text):
            return None
    return replace(blocks[at], text=title, level=1, hint="announced")


def pictured(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Returns the blocks with headings that are pictures as their alternative text says them."""
    out: list[TextBlock] = []
    for index, block in enumerate(blocks):
        if (
            block.skip == "picture"
            and len(block.text) <= headings.MAX_CHARS
            and headings.stands_alone(block.text)
        ):
            near = [b for b in blocks[max(0, index - 2) : index + 3] if b.skip is None]
            if not any(form(b.text) == form(block.text) for b in near):
                block = replace(block, skip=None, level=1)
        out.append(block)
    return out
