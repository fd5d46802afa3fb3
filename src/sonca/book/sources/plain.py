"""Reads plain text: every line is a block; `sonca.book.structure.lines` joins the wrapped ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sonca.book.model import Source, TextBlock

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_TAB = 4


def read(text: str) -> Source:
    """Reads a plain text."""
    return Source("text", tuple(blocks(text)))


def blocks(text: str) -> Iterator[TextBlock]:
    """Yields the lines of `text` that are not blank, as they stand in it."""
    end = 0
    for line in _LINE.finditer(text):
        whole, start = line[0], line.start()
        stripped = whole.strip()
        if not stripped:
            continue
        ends = text.count("\n", end, start) or text.count("\r", end, start)
        indent = 0
        if whole[0] != stripped[0]:
            indent = len(whole) - len(whole.lstrip())
            start += indent
            indent += (_TAB - 1) * whole[:indent].count("\t")
        yield TextBlock(stripped, start=start, apart=ends != 1, indent=indent)
        end = start + len(stripped)
