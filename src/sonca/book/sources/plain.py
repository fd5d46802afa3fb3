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
        stripped = line[0].strip()
        if not stripped:
            continue
        left = len(line[0]) - len(line[0].lstrip())
        start = line.start() + left
        between = text[end : line.start()]
        ends = between.count("\n") or len(between.split("\r")) - 1
        indent = left + (_TAB - 1) * line[0][:left].count("\t")
        yield TextBlock(stripped, start=start, apart=ends != 1, indent=indent)
        end = start + len(stripped)
