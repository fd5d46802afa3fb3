"""Finds printed tables of contents by their links: lines that are nothing but links, one after
another, each to a place of its own.

Besides, what web pages leave in books: `Chương trước | Mục lục | Chương sau`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sonca.book.model import TextBlock
from sonca.book.structure.headings import MAX_CHARS, is_contents, is_named

if TYPE_CHECKING:
    from sonca.book.sources.document import Document
    from sonca.book.sources.inline import Link

_LEAST = 3
"""So many links in a row are a list of contents; two where something announces it."""
_REST = re.compile(r"[\W\d_]*\Z")
_TO_WEB = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def mark_contents(documents: Mapping[str, Document]) -> None:
    """Sets the reason of blocks that only list links to other places of the book."""
    for document in documents.values():
        if len(document.links) > 1:
            _mark(document)


def _mark(document: Document) -> None:
    blocks = document.blocks
    links: dict[int, list[Link]] = {}
    for link in document.links:
        if link.href and not _TO_WEB.match(link.href):
            links.setdefault(link.block, []).append(link)
    listing = {i for i, own in links.items() if i < len(blocks) and _is_listing(blocks[i], own)}
    for run in _runs(blocks, sorted(listing)):
        targets = {link.href for index in run for link in links[index]}
        head = _head(blocks, run[0])
        announced = head >= 0 and is_contents(blocks[head].text)
        many = len(targets) >= (_LEAST - 1 if announced or len(run) == 1 else _LEAST)
        if not many:
            continue
        for index in (*run, *([head] if announced else [])):
            blocks[index] = replace(blocks[index], skip="contents", level=0)


def _is_listing(block: TextBlock, links: Sequence[Link]) -> bool:
    """Returns whether a block says nothing beside its links, but for numbers and a heading."""
    if block.level or block.skip is not None:
        return False
    left, at = "", 0
    for link in sorted(links, key=lambda link: link.start):
        left += block.text[at : link.start]
        at = max(at, link.end)
    left = " ".join((left + block.text[at:]).split())
    linked = any(c.isalpha() for link in links for c in block.text[link.start : link.end])
    return linked and (bool(_REST.match(left)) or is_contents(left.strip()))


def _runs(blocks: Sequence[TextBlock], listing: Sequence[int]) -> list[list[int]]:
    """Returns which of the lines follow each other, past what is not spoken."""
    runs: list[list[int]] = []
    for index in listing:
        last = runs[-1][-1] if runs else -1
        if runs and all(_is_between(b) for b in blocks[last + 1 : index]):
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _is_between(block: TextBlock) -> bool:
    return block.skip is not None or _REST.match(block.text) is not None


def _head(blocks: Sequence[TextBlock], first: int) -> int:
    """Returns the line that announces a list, -1 for none."""
    at = first - 1
    while at >= 0 and blocks[at].skip is not None:
        at -= 1
    if at < 0 or len(blocks[at].text) > MAX_CHARS or is_named(blocks[at].text):
        return -1
    return at
