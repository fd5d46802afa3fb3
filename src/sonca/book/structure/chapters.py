"""Divides a file's blocks into chapters: by its contents, its marked headings, or its lines.

Knows nothing of formats, voices or speech.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from sonca.book import limits
from sonca.book.model import Book, Chapter, Kind, Paragraph, Source, TextBlock, Unspoken
from sonca.book.options import BookOptions
from sonca.book.structure import headings
from sonca.book.structure.front import FRONT, mark_front
from sonca.book.structure.lines import join_lines, join_parts
from sonca.book.structure.pages import mark_pages
from sonca.book.structure.starts import find_starts, form, short
from sonca.book.structure.titles import announced, pictured, repeated_book_title, say_once
from sonca.book.structure.unspoken import split_unspoken
from sonca.book.structure.web_lines import mark_web
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
    spoken, unspoken = split_unspoken(_prepared(source, options), options.notes)
    if not spoken:
        raise NothingToSay(f"there is nothing to read in {name!r}", field="file")
    listed = [part.text for part in unspoken if part.reason == "contents"]
    starts = find_starts(spoken, listed, options.chapters, source.title)
    title, author = _named(source, spoken, starts.titles, name)
    titles, silent = say_once(spoken, starts)
    unspoken += [_unspoken(spoken[i], why) for i, why in sorted(silent.items())]
    chapters = _cut(spoken, titles, title, silent)
    if options.notes == "chapter":
        chapters = [replace(c, paragraphs=_notes_last(c.paragraphs)) for c in chapters]
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
        starts.by,
        starts.why,
    )


def _notes_last(paragraphs: tuple[Paragraph, ...]) -> tuple[Paragraph, ...]:
    return tuple(sorted(paragraphs, key=lambda paragraph: paragraph.note))


def _unspoken(block: TextBlock, why: str) -> Unspoken:
    return Unspoken(block.text, why, block.part, block.start)


def _prepared(source: Source, options: BookOptions) -> Sequence[TextBlock]:
    """Returns the blocks with wrapped lines joined, and the reasons of those that printed pages,
    front matter and repeated titles add."""
    blocks: Sequence[TextBlock] = source.blocks
    if any(block.slot_s for block in blocks):
        return blocks
    if options.front:
        blocks = [replace(b, skip=None) if b.skip == FRONT else b for b in blocks]
    if source.format not in ("text", "pdf"):
        blocks = pictured(_split_headings(blocks))
    skips = [block.skip for block in blocks]
    first = next((b.text for b in blocks if b.skip is None), "")
    title = source.title or (first if headings.can_be_title(first) else "")
    mark_web(blocks, skips)
    if source.format not in ("pdf", "markdown"):
        mark_pages(blocks, skips, (title, source.author))
        blocks, skips = join_lines(blocks, skips)
        blocks, skips = join_parts(blocks, skips)
    if not options.front:
        mark_front(blocks, skips, source.title, source.author)
    repeated_book_title(blocks, skips, source.title)
    told = zip(blocks, skips, strict=True)
    return [b if b.skip == r else replace(b, skip=r) for b, r in told]


def _split_headings(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Returns the blocks with headings on a line of their own inside a paragraph (between line
    breaks) as blocks of their own."""
    out: list[TextBlock] = []
    for block in blocks:
        if block.level or block.skip is not None or "\n" not in block.text:
            out.append(block)
            continue
        lines = block.text.split("\n")
        heads = [(h := headings.parse_heading(line)) is not None and h.named for line in lines]
        if not any(heads):
            out.append(block)
            continue
        at, opens = block.start, block.opens
        held: list[str] = []
        for line, head in zip(lines, heads, strict=True):
            if head and held:
                out.append(replace(block, text="\n".join(held), start=at, opens=opens))
                at, opens = at + len(out[-1].text) + 1, None
                held = []
            held.append(line)
            if head:
                out.append(replace(block, text=line, start=at, opens=opens))
                at, opens = at + len(line) + 1, None
                held = []
        if held:
            out.append(replace(block, text="\n".join(held), start=at, opens=opens))
    return out


# Title and chapters


def _named(
    source: Source, blocks: Sequence[TextBlock], starts: dict[int, str], name: str
) -> tuple[str, str]:
    """Returns title and author: what the format says, else what stands before the first chapter."""
    title, author = " ".join(source.title.split()), " ".join(source.author.split())
    front = blocks[: min(starts)] if starts else blocks[:1]
    if not title and starts:
        named = next((b for b in front if headings.can_be_title(b.text) or b.level), None)
        title = " ".join(named.text.split()) if named else ""
    if (
        not title
        and not starts
        and len(blocks) > 1
        and (blocks[0].level or blocks[0].text.isupper())
    ):
        title = " ".join(blocks[0].text.split())
    if not author and starts:
        told = (_AUTHOR.match(b.text) for b in front)
        author = next((m[1].strip() for m in told if m), "")
    return short(title) or short(name), short(author)


def _cut(
    blocks: Sequence[TextBlock], starts: dict[int, str], title: str, silent: Container[int]
) -> list[Chapter]:
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
        paragraphs = list(_paragraphs(part, heads))
        new = announced(blocks, index, end, starts[index])
        if new:
            at = index - first
            paragraphs.insert(at, Paragraph(new.text, "heading", new.part, new.start, None, True))
            heads = {at}
        kept = [p for i, p in enumerate(paragraphs) if new or first + i not in silent]
        chapters.append(Chapter(starts[index], tuple(kept)))
    return chapters


def _heads(blocks: Sequence[TextBlock], at: int, start: int, title: str) -> bool:
    """Returns whether a block of a chapter is one of its headings."""
    text = blocks[at].text
    if blocks[at].level:
        return True
    if at - start > _MAX_EMPTY_TITLE or len(text) > headings.MAX_CHARS:
        return False
    said = form(text)
    if said and said in form(title) and (at == start or not said.isdigit()):
        return True
    head = headings.parse_heading(text) if at == start else None
    return head is not None and head.named


_SEPARATOR = re.compile(r"[\W_]{1,200}\Z|[\W_]{0,60}[oO]{1,3}0?[oO]{1,3}[\W_]{0,60}\Z")


def _paragraphs(blocks: Iterable[TextBlock], heads: set[int]) -> Iterable[Paragraph]:
    for index, block in enumerate(blocks):
        kind: Kind = "heading" if index in heads else "body"
        if block.slot_s is None and _SEPARATOR.match(block.text):
            kind = "separator"
        yield Paragraph(block.text, kind, block.part, block.start, block.slot_s, note=block.note)
