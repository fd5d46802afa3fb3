"""Reads the outline of a PDF (its bookmarks): where which chapter begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonca.book import limits
from sonca.book.structure.headings import parse_heading

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_MAX_DEPTH = 4
_XYZ, _FIT_H, _FIT_BH = 1, 3, 7
_TOP_AT = {_XYZ: 1, _FIT_H: 0, _FIT_BH: 0}
"""Which number of a destination is the place from below, by its kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A chapter of the outline."""

    title: str
    level: int
    page: int
    top: float | None
    """Points from the page's upper edge; None for the whole page."""


def outline(document: PdfDocument) -> list[Entry]:
    """Returns the chapters of the outline: its top level, and the next if that has only parts."""
    import pypdfium2

    found: list[Entry] = []
    try:
        for mark in document.get_toc(max_depth=_MAX_DEPTH):
            title = " ".join(mark.get_title().split())
            target = mark.get_dest()
            page = target.get_index() if target is not None else None
            if not title or page is None or not 0 <= page < len(document):
                continue
            kind, view = target.get_view()
            place = _TOP_AT.get(kind)
            top = None
            if place is not None and place < len(view) and view[place]:
                top = document.get_page_size(page)[1] - view[place]
            found.append(Entry(title, mark.level, page, top))
            if len(found) >= limits.MAX_CHAPTERS:
                break
    except pypdfium2.PdfiumError:
        return []
    return dividing(found)


def dividing(entries: Sequence[Entry]) -> list[Entry]:
    """Returns the entries down to the level that divides the book: the first with several, or the
    next where those are parts."""
    for level in range(_MAX_DEPTH):
        here = [entry for entry in entries if entry.level == level]
        if len(here) > 1:
            below = sum(entry.level == level + 1 for entry in entries)
            level += below > len(here) and sum(map(_is_part, here)) * 2 > len(here)
            return [entry for entry in entries if entry.level <= level]
    return list(entries[:1])


def _is_part(entry: Entry) -> bool:
    heading = parse_heading(entry.title)
    return heading is not None and heading.rank == "part"
