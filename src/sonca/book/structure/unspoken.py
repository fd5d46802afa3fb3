"""Splits off what a book has for the eye only: tables of contents, notes and their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sonca.book.model import TextBlock, Unspoken
from sonca.book.options import Notes
from sonca.book.structure import headings
from sonca.book.structure.notes import FoundNotes, find_notes

_MIN_RUN = 3
"""Headings in a row with nothing between them that make a table of contents."""
_FOR_THE_EYE = ("note", "contents", "page")
_NO_HEADING = 9
_SIGNS = re.compile(r"[\W_]+")


def split_unspoken(
    blocks: Sequence[TextBlock], notes: Notes = "skip"
) -> tuple[list[TextBlock], list[Unspoken]]:
    """Returns the blocks that are to be spoken, and what is not. Notes that are to be read stand
    behind the paragraphs that refer to them."""
    skips = [block.skip for block in blocks]
    found = FoundNotes()
    if not any(block.slot_s for block in blocks):
        _skip_contents(blocks, skips)
        found = find_notes(blocks, skips)
        _skip_empty_headings(blocks, skips)
    spoken: list[TextBlock] = []
    unspoken: list[Unspoken] = []
    opens: str | None = None
    for index in _order(len(blocks), found.owners if notes != "skip" else {}):
        block, skip = blocks[index], skips[index]
        if skip == "note" and notes != "skip" and not _heads_notes(block.text):
            spoken.append(replace(block, skip=None, level=0, opens=None, note=True))
            continue
        if skip is not None:
            unspoken.append(Unspoken(block.text, skip, block.part, block.start))
            opens = opens or block.opens  # the chapter begins with what is left of it
            continue
        if index in found.marks:
            block, marks = _without_marks(block, found.marks[index])
            unspoken.extend(marks)
        if opens and not block.opens:
            block = replace(block, opens=opens)
        opens = None
        if block.text.strip():
            spoken.append(block)
    return spoken, unspoken


def _heads_notes(text: str) -> bool:
    return headings.is_notes(text) or not any(c.isalnum() for c in text)


def _order(count: int, owners: Mapping[int, int]) -> Iterator[int]:
    """Yields all indices in order, notes behind what refers to them."""
    behind: dict[int, list[int]] = {}
    for note, owner in owners.items():
        behind.setdefault(owner, []).append(note)
    for index in range(count):
        if index not in owners:
            yield index
            yield from behind.get(index, ())


def _skip_contents(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks headings in a row with nothing between them, and lines with page numbers."""
    found = [
        headings.parse_heading(b.text) if s is None else None
        for b, s in zip(blocks, skips, strict=True)
    ]
    titled = [i for i, f in enumerate(found) if f is not None and f.title and not f.named]
    again = {_form(blocks[i].text): i for i in titled}
    last: dict[str, int] = {}
    at = 0
    while at < len(blocks):
        end = at
        announced = skips[at] is None and headings.is_contents(blocks[at].text)
        perhaps = skips[at] is None and headings.may_be_contents(blocks[at].text)
        if perhaps and at + 1 < len(blocks) and skips[at + 1] == "contents":
            skips[at] = "contents"
        if announced:
            end += 1
        while (
            end < len(blocks)
            and skips[end] is None
            and (
                headings.has_leader(blocks[end].text)
                or _is_entry(blocks, end, found[end], announced=announced, last=again)
            )
        ):
            end += 1
        if announced and end < len(blocks):
            last = last or _last_places(blocks)
            end = _listed(blocks, skips, end, last)
        run = end - at - announced
        if run > 1 and not announced and end < len(blocks):
            # The last of a run without an announcement is the first chapter's own heading.
            if not headings.has_leader(blocks[end - 1].text):
                end -= 1
                run -= 1
        elif announced and end < len(blocks) and _repeats(blocks, at + 1, end - 1):
            end -= 1
        if announced or run >= _MIN_RUN:
            for index in range(at, end):
                skips[index] = "contents"
        at = max(end, at + 1)


def _skip_empty_headings(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks headings under which nothing is spoken, because all of it is notes, contents, or of a
    page: `Tham khảo`, `Trong tập này`."""
    why, level = "", 0  # what the section has that follows, and the level of the next heading
    part = ""
    for index in reversed(range(len(blocks))):
        block, skip = blocks[index], skips[index]
        if skip in _FOR_THE_EYE:
            why = why or skip
        elif skip is None:
            ends = level <= block.level or part != block.part
            if block.level and why and ends and not headings.is_named(block.text):
                skips[index] = why
            else:
                level, part = block.level or _NO_HEADING, block.part
            why = ""


def _is_entry(
    blocks: Sequence[TextBlock],
    index: int,
    found: headings.Heading | None,
    *,
    announced: bool,
    last: dict[str, int],
) -> bool:
    """Returns whether a line may be one of a table of contents: a heading, but a number and a title
    (`1. Mua gạo`), which any list has, only if it stands again in the book."""
    if found is None or blocks[index].level:
        return False
    if found.named or not found.title or announced:
        return True
    return last.get(_form(blocks[index].text), -1) > index


def _last_places(blocks: Sequence[TextBlock]) -> dict[str, int]:
    """Returns where each short line stands for the last time."""
    texts = (b.text if len(b.text) <= headings.MAX_CHARS else "" for b in blocks)
    return {_form(text): index for index, text in enumerate(texts) if text}


def _listed(
    blocks: Sequence[TextBlock], skips: Sequence[str | None], first: int, last: dict[str, int]
) -> int:
    """Returns where a list of titles ends, each of which stands again in the book."""
    end = first
    seen: set[str] = set()
    while end < len(blocks) and skips[end] is None:
        said = _form(blocks[end].text)
        if not said or said in seen or last.get(said, -1) <= end:
            break
        seen.add(said)
        end += 1
    return end if end - first > 1 else first


def _form(text: str) -> str:
    return _SIGNS.sub("", headings.without_leader(text).casefold())


def _repeats(blocks: Sequence[TextBlock], first: int, last: int) -> bool:
    """Returns whether the last line of a list is its first heading again, so that the body has
    begun."""
    one, other = (headings.without_leader(blocks[i].text).lower() for i in (first, last))
    return last > first and one == other


def _without_marks(
    block: TextBlock, spans: Sequence[tuple[int, int]]
) -> tuple[TextBlock, list[Unspoken]]:
    """Blanks out the marks of notes. Every other place stays true."""
    text = block.text
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    marks = [
        Unspoken(block.text[start:end], "note mark", block.part, block.start + start)
        for start, end in spans
    ]
    return replace(block, text=text.rstrip()), marks
