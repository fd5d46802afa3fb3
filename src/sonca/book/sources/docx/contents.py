"""Finds a table of contents that nothing in the file calls one, as Google Docs writes it: lines
that end in a tab and a page number, or are links to a place in the file."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace

from sonca.book.model import TextBlock
from sonca.book.structure import headings

_PAGE = re.compile(r"\s*(?:[.…·_]\s*)*\s(?:\d{1,4}|[ivxlc]{1,7})\Z")
_NUMBER = re.compile(r"\A(?:[\dIVXivx]{1,6}[.)]\s*)+")


def without_contents(blocks: Sequence[TextBlock], listed: Set[int]) -> list[TextBlock]:
    """Returns the blocks, with those of a table of contents as not spoken. `listed` are the
    indexes of the lines that look like its lines, each by itself."""
    found = list(blocks)
    if not listed:
        return found
    later = {_key(b.text) for i, b in enumerate(blocks) if i not in listed and b.skip is None}
    at = 0
    while at < len(found):
        end = at
        while end in listed and end < len(found):
            end += 1
        titles = [_key(_PAGE.sub("", found[i].text)) for i in range(at, end)]
        known = sum(title in later for title in titles)
        announced = at > 0 and headings.is_contents(found[at - 1].text)
        if titles and (announced or known * 2 >= len(titles)):
            for index in range(at, end):
                found[index] = replace(found[index], skip="contents", level=0)
        at = max(end, at + 1)
    return [_announcement(found, i) for i in range(len(found))]


def _announcement(blocks: Sequence[TextBlock], index: int) -> TextBlock:
    """Returns a block; `Mục lục` right before what is contents is no part of the text either."""
    block = blocks[index]
    following = blocks[index + 1] if index + 1 < len(blocks) else None
    if following and following.skip == "contents" and headings.is_contents(block.text):
        return replace(block, skip="contents", level=0)
    return block


def _key(text: str) -> str:
    return _NUMBER.sub("", " ".join(text.split())).casefold()
