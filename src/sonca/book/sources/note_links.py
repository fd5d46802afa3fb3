"""Finds notes by the links to them and back, whatever program exported the book.

A note is where a mark leads (`[1]`, `1`, `*` inside a sentence) and from where a link leads back,
or what begins with the same mark. Each is put behind the paragraph that refers to it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sonca.book.model import TextBlock
from sonca.book.sources.archive import resolve
from sonca.book.structure.headings import is_notes

if TYPE_CHECKING:
    from sonca.book.sources.document import Document
    from sonca.book.sources.inline import Link

_MARK = re.compile(
    r"[\s\[({←↩↑^]*"
    r"(?:\d{1,4}|[①-⑳]|[*†‡§¶]{1,4}|[ivx]{1,5}|[a-z]|(?:note|ghi chú|chú thích) ?\d{1,3})"
    r"[\s\])}.:←↩↑^]*\Z",
    re.IGNORECASE,
)
_BACK = re.compile(r"\W*(?:[↩↑←⤴↖⏎^]|(?:quay|trở) (?:lại|về)|back|return)", re.IGNORECASE)
_NUMBER = re.compile(r"\W*(?:\w{1,5}[.)])?\s*\Z")
"""What may stand before a link back at the beginning of a note: its number in a list."""
_BARE = re.compile(r"[\s\[\](){}.:←↩↑⤴↖⏎^\ufe0e\ufe0f]+")
_SEPARATOR = re.compile(r"[\W_]+\Z")
_MAX_BETWEEN = 8
"""Paragraphs that a note may have where only its beginning is known."""
_Place = tuple[str, int]
"""A document's part, and the index of a block in it."""


@dataclass(slots=True)
class _Note:
    first: int
    end: int
    certain: bool
    """Whether the element that holds it says where it ends."""
    owner: _Place | None


@dataclass(slots=True)
class _Found:
    """The notes of a document, by their first block; the marks in it that refer to notes."""

    notes: dict[int, _Note] = field(default_factory=dict)
    marks: list[Link] = field(default_factory=list)


def resolved(documents: Mapping[str, Document]) -> dict[str, list[TextBlock]]:
    """Returns the blocks of each document, with notes and their marks not spoken."""
    if not any(document.links for document in documents.values()):
        return {part: document.blocks for part, document in documents.items()}
    found = {part: _Found() for part in documents}
    for part, document in documents.items():
        for link in document.links:
            _try_reference(documents, found, part, link)
    for part, document in documents.items():
        for link in document.links:
            _try_way_back(documents, found, part, link)
    for part, document in documents.items():
        _complete(document, found[part])
    moved: dict[_Place, list[TextBlock]] = {}
    left = {part: _without_notes(d, found[part], moved) for part, d in documents.items()}
    return {
        part: [
            block
            for index, kept in left[part]
            for block in ([] if kept is None else [kept]) + moved.get((part, index), [])
        ]
        for part in documents
    }


def _target(
    documents: Mapping[str, Document], part: str, href: str
) -> tuple[str, int, int, str] | None:
    """Returns where a link leads: part, first block, the one after the last, and the id."""
    if "#" not in href or re.match(r"[a-z][a-z0-9+.-]+:", href, re.IGNORECASE):
        return None
    to, id = resolve(part, href)
    document = documents.get(to)
    if document is None:
        return None
    if id in document.spans:
        return to, *document.spans[id], id
    if id in document.anchors:
        first = document.anchors[id]
        return to, first, min(first + 1, len(document.blocks)), id
    return to, -1, -1, id


def _try_reference(
    documents: Mapping[str, Document], found: dict[str, _Found], part: str, link: Link
) -> None:
    """Takes a mark inside a paragraph for one of a note if what it leads to is one."""
    inside = link.start > 0 or link.start == link.end
    picture = not link.text.strip()
    marks = picture or _MARK.match(link.text)
    if not inside or not marks or link.block >= len(documents[part].blocks):
        return
    target = _target(documents, part, link.href)
    if target is None or target[1] < 0 or target[1] >= target[2]:
        return
    to, first, end, id = target
    if (to, first) == (part, link.block) or end - first > 40:
        return
    document = documents[to]
    text = next((b.text for b in document.blocks[first:end] if b.skip is None), "")
    silent = bool(document.blocks[first:end]) and not text
    back = any(
        first <= other.block < end and _leads_to(documents, to, other, part, link)
        for other in document.links
    )
    if back or (not picture and (silent or _begins_with(text, link.text))):
        certain = id in document.spans and end - first >= 1
        found[to].notes.setdefault(first, _Note(first, end, certain, (part, link.block)))
        found[part].marks.append(link)


def _leads_to(
    documents: Mapping[str, Document], part: str, back: Link, to: str, mark: Link
) -> bool:
    target = _target(documents, part, back.href)
    if target is None or target[0] != to:
        return False
    return (target[3] == mark.id and mark.id != "") or target[1] <= mark.block < target[2]


def _begins_with(text: str, mark: str) -> bool:
    """Returns whether a paragraph begins with a note's mark, in whatever brackets."""
    bare = _BARE.sub("", mark)
    found = re.match(r"\W{0,3}(\w+|[*†‡§¶]+)(?=[\s\])}.:]|\Z)", text)
    return found is not None and found[1].lower() == bare.lower()


def _try_way_back(
    documents: Mapping[str, Document], found: dict[str, _Found], part: str, link: Link
) -> None:
    """Takes a paragraph with an arrow back to a mark for a note, though its own id is lost."""
    blocks = documents[part].blocks
    if link.block >= len(blocks):
        return
    begins = _NUMBER.match(blocks[link.block].text[: link.start]) is not None
    if not (begins or _BACK.match(link.text)):
        return
    if any(n.first <= link.block < n.end for n in found[part].notes.values()):
        return
    target = _target(documents, part, link.href)
    if target is None or target[1] < 0 or (target[0], target[1]) == (part, link.block):
        return
    to, first, end, id = target
    for mark in documents[to].links:
        here = mark.id == id or first <= mark.block < end
        leads = resolve(to, mark.href)[0] == part
        if here and leads and _MARK.match(mark.text):
            end = link.block + 1
            named = _target(documents, to, mark.href)
            if named and named[0] == part and link.block <= named[1] <= link.block + 3:
                end = max(end, named[2])  # the arrow stands before what it belongs to
            note = _Note(link.block, end, False, (to, mark.block))
            found[part].notes.setdefault(link.block, note)
            found[to].marks.append(mark)
            return


def _complete(document: Document, found: _Found) -> None:
    """Extends notes of which only the beginning is known to where the next one begins, and the
    last one to the end of their list."""
    notes = [found.notes[first] for first in sorted(found.notes)]
    ends = _ends_of_lists(document, [note.first for note in notes])
    for at, note in enumerate(notes):
        following = notes[at + 1] if at + 1 < len(notes) else None
        end = ends.get(note.first)
        if note.certain and (end is None or note.end - note.first > 1):
            continue
        limit = following.first if following else len(document.blocks)
        between = document.blocks[note.end : min(limit, end or limit)]
        plain = not any(b.level or b.opens for b in between)
        if plain and len(between) <= _MAX_BETWEEN and (following is not None or end is not None):
            note.end += len(between)


def _ends_of_lists(document: Document, firsts: list[int]) -> dict[int, int]:
    """Returns by a note's first block where the list ends that holds it: the innermost element
    that begins with a note or their heading, or the document, if such a heading stands there."""
    blocks, known = document.blocks, set(firsts)

    def begins_list(first: int) -> bool:
        while first < len(blocks) and first not in known and _is_head(blocks[first]):
            first += 1
        return first in known

    ends: dict[int, int] = {}
    if not firsts:
        return ends
    headed = any(is_notes(b.text) for b in blocks[max(0, firsts[0] - 2) : firsts[0]])
    if headed or begins_list(0):
        ends = dict.fromkeys(firsts, len(blocks))
    for first, end in reversed(document.regions):  # the outer ones first
        if begins_list(first):
            inside = firsts[bisect_left(firsts, first) : bisect_left(firsts, end)]
            ends.update(dict.fromkeys(inside, end))
    return ends


def _is_head(block: TextBlock) -> bool:
    return block.skip is not None or is_notes(block.text) or bool(_SEPARATOR.match(block.text))


def _without_notes(
    document: Document, found: _Found, moved: dict[_Place, list[TextBlock]]
) -> list[tuple[int, TextBlock | None]]:
    """Returns the blocks that stay, with their index; notes go behind what refers to them."""
    blocks = list(document.blocks)
    for link in found.marks:
        if link.start < link.end:
            blocks[link.block] = _without_mark(blocks[link.block], link)
    out: list[tuple[int, TextBlock | None]] = []
    noted: dict[int, _Note] = {
        index: note for note in found.notes.values() for index in range(note.first, note.end)
    }
    for index, block in enumerate(blocks):
        note = noted.get(index)
        if note is None:
            why = "note mark" if _heads_notes(blocks, index, noted) else block.skip
            out.append((index, block if why == block.skip else replace(block, skip=why, level=0)))
            continue
        silent = replace(block, skip=block.skip or "note", level=0)
        if note.owner is None:
            out.append((index, silent))
        else:
            moved.setdefault(note.owner, []).append(silent)
            out.append((index, None))
    return out


def _heads_notes(blocks: list[TextBlock], index: int, noted: Mapping[int, _Note]) -> bool:
    """Returns whether a heading or a line stands before notes and nothing else."""
    block = blocks[index]
    if block.skip is not None or not (is_notes(block.text) or _SEPARATOR.match(block.text)):
        return False
    for after in range(index + 1, len(blocks)):
        if after in noted:
            return True
        other = blocks[after]
        if other.skip is None and not is_notes(other.text) and not _SEPARATOR.match(other.text):
            return False
    return False


def _without_mark(block: TextBlock, link: Link) -> TextBlock:
    """Blanks a mark and the brackets around it. Every other place stays true."""
    text, start, end = block.text, link.start, link.end
    while start > 0 and text[start - 1] in "[({" and end < len(text) and text[end] in "])}":
        start, end = start - 1, end + 1
    text = text[:start] + " " * (end - start) + text[end:]
    return replace(block, text=text.rstrip())
