"""Splits off what a book has for the eye only: tables of contents, notes and their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sonca.book.model import TextBlock, Unspoken
from sonca.book.structure import headings

_MIN_RUN = 3
"""Headings in a row with nothing between them that make a table of contents."""
_NOTE_LINE = re.compile(r"\s*(?:\[(\d{1,3})\]|\((\d{1,3})\)|(\d{1,3})[.)]|[*†‡]{1,3})\s+\S")
_NOTE_MARK = re.compile(r"\[(\d{1,3})\]")


def split_unspoken(blocks: Sequence[TextBlock]) -> tuple[list[TextBlock], list[Unspoken]]:
    """Returns the blocks that are to be spoken, and what is not."""
    skips = [block.skip for block in blocks]
    if not any(block.slot_s for block in blocks):
        _skip_contents(blocks, skips)
        _skip_notes(blocks, skips)
    lines = (_NOTE_LINE.match(b.text) for b, s in zip(blocks, skips, strict=True) if s == "note")
    notes = {line[1] for line in lines if line and line[1]}
    spoken: list[TextBlock] = []
    unspoken: list[Unspoken] = []
    opens: str | None = None
    for block, skip in zip(blocks, skips, strict=True):
        if skip is not None:
            unspoken.append(Unspoken(block.text, skip, block.part, block.start))
            opens = opens or block.opens  # the chapter begins with what is left of it
            continue
        if notes and "[" in block.text:
            block, marks = _without_marks(block, notes)
            unspoken.extend(marks)
        if opens and not block.opens:
            block = replace(block, opens=opens)
        opens = None
        if block.text.strip():
            spoken.append(block)
    return spoken, unspoken


def _skip_contents(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks headings in a row with nothing between them, and lines with page numbers."""
    found = [
        headings.parse_heading(b.text) if s is None else None
        for b, s in zip(blocks, skips, strict=True)
    ]
    at = 0
    while at < len(blocks):
        end = at
        announced = skips[at] is None and headings.is_contents(blocks[at].text)
        if announced:
            end += 1
        while (
            end < len(blocks)
            and skips[end] is None
            and ((found[end] and not blocks[end].level) or headings.has_leader(blocks[end].text))
        ):
            end += 1
        if announced and end < len(blocks):
            end = _listed(blocks, skips, end)
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


def _listed(blocks: Sequence[TextBlock], skips: Sequence[str | None], first: int) -> int:
    """Returns where a list of titles ends, each of which stands again in the book."""
    texts = (b.text if len(b.text) <= headings.MAX_CHARS else "" for b in blocks)
    last = {_form(text): index for index, text in enumerate(texts) if text}
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
    return "".join(c for c in headings.without_leader(text).casefold() if c.isalnum())


def _repeats(blocks: Sequence[TextBlock], first: int, last: int) -> bool:
    """Returns whether the last line of a list is its first heading again, so that the body has
    begun."""
    one, other = (headings.without_leader(blocks[i].text).lower() for i in (first, last))
    return last > first and one == other


def _skip_notes(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks lines under a heading such as `Chú thích`, and those that a mark refers to."""
    marks = {
        m[1]
        for b, s in zip(blocks, skips, strict=True)
        if s is None
        for m in _NOTE_MARK.finditer(b.text)
        if m.start() > 0
    }
    inside = False
    for index, block in enumerate(blocks):
        if skips[index] is not None:
            continue
        if headings.is_notes(block.text):
            inside = index + 1 < len(blocks) and bool(_NOTE_LINE.match(blocks[index + 1].text))
            skips[index] = "note" if inside else None
            continue
        line = _NOTE_LINE.match(block.text)
        if inside and not line:
            inside = False
        if line and (inside or (line[1] and line[1] in marks)):
            skips[index] = "note"


def _without_marks(block: TextBlock, notes: set[str]) -> tuple[TextBlock, list[Unspoken]]:
    """Blanks out `[1]` where there is a note of that number. Every other place stays true."""
    found = [m for m in _NOTE_MARK.finditer(block.text) if m[1] in notes]
    text = block.text
    for mark in found:
        text = text[: mark.start()] + " " * len(mark[0]) + text[mark.end() :]
    marks = [Unspoken(m[0], "note mark", block.part, block.start + m.start()) for m in found]
    return replace(block, text=text.rstrip()), marks
