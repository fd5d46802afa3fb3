"""Tells columns that follow each other from two texts side by side, as bilingual books set them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sonca.book.sources.pdf.lines import Line
from sonca.book.sources.pdf.paragraphs import Column

_END = re.compile(r"[.!?…:][”\"»’)\]]*\Z")
_MIN_PAGES = 2
_OTHER_LANGUAGE = 0.3


def streams(pages: Sequence[Sequence[Column]]) -> Iterator[list[Column]]:
    """Yields the columns that are one text each: all, or, where each column of a page goes on in
    the same one of the next page, all first columns and then all second ones."""
    at = 0
    while at < len(pages):
        end = at
        while end < len(pages) and len(pages[end]) == 2:
            end += 1
        if end - at >= _MIN_PAGES and _are_two(pages[at:end]):
            for side in (0, 1):
                yield [page[side] for page in pages[at:end]]
            at = end
            continue
        start, at = at, max(end, at + 1)
        while at < len(pages) and len(pages[at]) != 2:
            at += 1
        yield [column for page in pages[start:at] for column in page]


def _are_two(pages: Sequence[Sequence[Column]]) -> bool:
    """Returns whether the two columns of pages are two texts: in two languages, or each going on
    below more often than across."""
    first, second = (_marked_share([page[side] for page in pages]) for side in (0, 1))
    if abs(first - second) > _OTHER_LANGUAGE:
        return True
    across = sum(_goes_on(page[0].lines, page[1].lines) for page in pages)
    down = sum(
        _goes_on(page[side].lines, following[side].lines)
        for page, following in pairwise(pages)
        for side in (0, 1)
    )
    return down > across


def _marked_share(columns: Sequence[Column]) -> float:
    """Returns the share of words with marks, by which Vietnamese differs from its neighbours."""
    words = [word for column in columns for line in column.lines for word in line.text.split()]
    return sum(not word.isascii() for word in words) / max(1, len(words))


def _goes_on(one: Sequence[Line], other: Sequence[Line]) -> bool:
    """Returns whether a column ends within a sentence that the other may go on with."""
    last, first = one[-1].text, other[0].text
    return not _END.search(last) and first[:1].islower()
