"""Divides a file's blocks into chapters: by its contents, its marked headings, or its lines.

Knows nothing of formats, voices or speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sonca.book import limits
from sonca.book.model import Book, Chapter, Kind, Paragraph, Source, TextBlock
from sonca.book.options import BookOptions
from sonca.book.structure import headings
from sonca.book.structure.headings import Heading, parse_heading
from sonca.book.structure.lines import join_lines
from sonca.book.structure.pages import mark_pages
from sonca.book.structure.unspoken import split_unspoken
from sonca.errors import InvalidRequest, NothingToSay

_FRONT_CHARS = 400
"""Shorter front matter (a title, an author) begins the first chapter instead of being one."""
_FRONT_TITLE = "Mở đầu"
_MAX_EMPTY_TITLE = 3
_AUTHOR = re.compile(
    r"\s*(?:tác giả|tác phẩm của|của|by|author)\s*[:：]?\s+(.{2,60})\Z", re.IGNORECASE
)


def make_book(source: Source, *, name: str, options: BookOptions | None = None) -> Book:
    """Returns the book of `source`; `name` (the file's, without suffix) is its title if nothing
    better is known. Raises `NothingToSay` if there is nothing to read in it."""
    options = options or BookOptions()
    spoken, unspoken = split_unspoken(_paragraphed(source))
    if not spoken:
        raise NothingToSay(f"there is nothing to read in {name!r}", field="file")
    starts = _starts(spoken)
    title, author = _named(source, spoken, starts, name)
    chapters = _cut(spoken, starts, title)
    if options.skip or options.only:
        chapters = [chapters[i] for i in options.chosen([c.title for c in chapters])]
    if all(p.kind == "separator" for chapter in chapters for p in chapter.paragraphs):
        raise NothingToSay(f"there is nothing to read in {name!r}", field="file")
    if len(chapters) > limits.MAX_CHAPTERS:
        raise InvalidRequest(
            f"the book has {len(chapters):,} chapters, the limit is {limits.MAX_CHAPTERS:,}; "
            "split it",
            field="file",
        )
    longest = max(chapters, key=lambda c: c.chars)
    if longest.chars > limits.MAX_CHAPTER_CHARS:
        raise InvalidRequest(
            f"the chapter {longest.title[:60]!r} has {longest.chars:,} characters, the limit is "
            f"{limits.MAX_CHAPTER_CHARS:,}; split the book",
            field="file",
        )
    return Book(
        title,
        author,
        tuple(chapters),
        source.format,
        source.cover,
        source.encoding,
        tuple(unspoken),
        source.mended,
    )


def _paragraphed(source: Source) -> Sequence[TextBlock]:
    """Returns the blocks without printed pages' marks, and with wrapped lines joined."""
    blocks = source.blocks
    if source.format in ("pdf", "markdown") or any(block.slot_s for block in blocks):
        return blocks
    skips = [block.skip for block in blocks]
    first = next((b.text for b in blocks if b.skip is None), "")
    title = first if headings.can_be_title(first) else ""
    mark_pages(blocks, skips, (source.title or title, source.author))
    joined, reasons = join_lines(blocks, skips)
    told = zip(joined, reasons, strict=True)
    return [b if b.skip == r else replace(b, skip=r) for b, r in told]


# Where chapters begin


def _starts(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Returns the index of each block that begins a chapter, and the chapter's title."""
    if any(block.slot_s for block in blocks):
        return {}
    opened = {i: b.opens for i, b in enumerate(blocks) if b.opens}
    if len(opened) > 1:
        return _titled(opened)
    marked = _by_level(blocks)
    if marked:
        return marked
    return _by_lines(blocks) or (_titled(opened) if opened else {})


def _titled(opened: dict[int, str]) -> dict[int, str]:
    return {index: _short(title) for index, title in opened.items()}


def _by_level(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds headings that the format marks: the highest level that occurs more than once, and the
    single ones above it; a lone heading only if it says that it is a chapter's."""
    levels = [b.level for b in blocks if b.level]
    several = [level for level in range(1, 7) if levels.count(level) > 1]
    if not several:
        return {
            i: _short(b.text) for i, b in enumerate(blocks) if b.level and parse_heading(b.text)
        }
    top = several[0]
    ranks = {h.rank for b in blocks if b.level == top and (h := parse_heading(b.text))}
    if ranks == {"part"} and levels.count(top + 1) > levels.count(top):
        top += 1  # parts that hold chapters
    chosen = {i for i, b in enumerate(blocks) if 0 < b.level <= top}
    if min(levels) < top and levels.count(min(levels)) == 1 and blocks[min(chosen)].level < top:
        chosen.discard(min(chosen))  # the book's own title
    return _merged(blocks, {i: _short(blocks[i].text) for i in sorted(chosen)})


def _by_lines(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds lines that read as headings; bare numbers only if they count from one."""
    found = {i: h for i, b in enumerate(blocks) if (h := parse_heading(b.text))}
    named = {i: h for i, h in found.items() if h.named}
    chosen = named or _counting(found)
    starts: dict[int, str] = {}
    for index, head in chosen.items():
        title = _short(blocks[index].text)
        following = index + 1
        if (
            not head.title
            and following < len(blocks)
            and following not in chosen
            and following + 1 < len(blocks)
            and headings.can_be_title(blocks[following].text)
        ):
            title = _short(f"{title.rstrip(' .:')}: {blocks[following].text}")
        starts[index] = title
    return _merged(blocks, starts)


def _counting(found: dict[int, Heading]) -> dict[int, Heading]:
    """Finds bare numbers that count from 1. Others on a line of their own are not headings."""
    chosen: dict[int, Heading] = {}
    expected = 1
    for index, head in found.items():
        if headings.value(head.number) == expected:
            chosen[index] = head
            expected += 1
    return chosen if len(chosen) >= 2 else {}


def _merged(blocks: Sequence[TextBlock], starts: dict[int, str]) -> dict[int, str]:
    """Joins a part's heading to the chapter's right after it, with both in its title."""
    merged: dict[int, str] = {}
    carried: tuple[int, str] | None = None
    order = sorted(starts)
    for position, index in enumerate(order):
        title = starts[index]
        if carried is not None:
            title = _short(f"{carried[1]} – {title}")
        first = carried[0] if carried is not None else index
        following = order[position + 1] if position + 1 < len(order) else len(blocks)
        body = blocks[index + 1 : following]
        head = parse_heading(blocks[index].text)
        only_title = len(body) == 1 and title.endswith(body[0].text.strip())
        if following < len(blocks) and (not body or only_title) and head and head.rank == "part":
            carried = (first, title)
            continue
        merged[first] = title
        carried = None
    return merged


def _short(title: str) -> str:
    title = " ".join(title.split()).strip("*_#=~ ")
    if len(title) <= limits.MAX_TITLE_CHARS:
        return title
    return title[: limits.MAX_TITLE_CHARS - 1] + "…"


# Title and chapters


def _named(
    source: Source, blocks: Sequence[TextBlock], starts: dict[int, str], name: str
) -> tuple[str, str]:
    """Returns title and author: what the format says, else what stands before the first chapter."""
    title, author = " ".join(source.title.split()), " ".join(source.author.split())
    front = blocks[: min(starts)] if starts else blocks[:1]
    if not title and starts:
        short = next((b for b in front if headings.can_be_title(b.text) or b.level), None)
        title = " ".join(short.text.split()) if short else ""
    if (
        not title
        and not starts
        and len(blocks) > 1
        and (blocks[0].level or blocks[0].text.isupper())
    ):
        title = " ".join(blocks[0].text.split())
    if not author and starts:
        named = (_AUTHOR.match(b.text) for b in front)
        author = next((m[1].strip() for m in named if m), "")
    return _short(title) or _short(name), _short(author)


def _cut(blocks: Sequence[TextBlock], starts: dict[int, str], title: str) -> list[Chapter]:
    if not starts:
        return [Chapter(title, tuple(_paragraphs(blocks, {0} if blocks[0].level else set())))]
    order = sorted(starts)
    front = blocks[: order[0]]
    chapters = []
    begin = order[0]
    if front and sum(len(b.text) for b in front) > _FRONT_CHARS:
        chapters.append(Chapter(_FRONT_TITLE, tuple(_paragraphs(front, set()))))
    elif front:
        begin = 0
    for position, index in enumerate(order):
        first = begin if position == 0 else index
        end = order[position + 1] if position + 1 < len(order) else len(blocks)
        part = blocks[first:end]
        heads = {i - first for i in range(first, end) if _heads(blocks, i, index, starts[index])}
        if position == 0 and begin == 0:
            heads |= set(range(order[0]))  # the book's title and author, read out like headings
        chapters.append(Chapter(starts[index], tuple(_paragraphs(part, heads))))
    return chapters


def _heads(blocks: Sequence[TextBlock], at: int, start: int, title: str) -> bool:
    """Returns whether a block of a chapter is one of its headings."""
    text = " ".join(blocks[at].text.split())
    if blocks[at].level:
        return True
    if at - start > _MAX_EMPTY_TITLE:
        return False
    return bool(text) and (text in title) and len(text) <= headings.MAX_CHARS


_SEPARATOR = re.compile(r"[\W_]{1,200}\Z")


def _paragraphs(blocks: Iterable[TextBlock], heads: set[int]) -> Iterable[Paragraph]:
    for index, block in enumerate(blocks):
        kind: Kind = "heading" if index in heads else "body"
        if block.slot_s is None and _SEPARATOR.match(block.text):
            kind = "separator"
        yield Paragraph(block.text, kind, block.part, block.start, block.slot_s)
