"""Reads plain text: every line is a paragraph, except where a line was only wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sonca.book.model import Source, TextBlock

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WRAP_CHARS = 40
"""A shorter line was ended on purpose."""


def read(text: str) -> Source:
    """Reads a plain text."""
    return Source("text", tuple(blocks(text)))


def blocks(text: str) -> Iterator[TextBlock]:
    """Yields the paragraphs of `text`, as they stand in it."""
    start = end = -1
    for line in _LINE.finditer(text):
        stripped = line[0].strip()
        if not stripped:
            continue
        left = line.start() + len(line[0]) - len(line[0].lstrip())
        if start >= 0 and _wrapped(text, start, end, left):
            end = left + len(stripped)
            continue
        if start >= 0:
            yield TextBlock(text[start:end], start=start)
        start, end = left, left + len(stripped)
    if start >= 0:
        yield TextBlock(text[start:end], start=start)


def _wrapped(text: str, start: int, end: int, following: int) -> bool:
    """Returns whether the line that ends at `end` goes on in the next one. The rule is the text
    planner's (a long line, no stop, a small letter), so that both agree."""
    last = max(text.rfind(c, start, end) for c in "\n\r") + 1
    return (
        end - max(start, last) >= _WRAP_CHARS
        and text[following].islower()
        and (text[end - 1].isalpha() or text[end - 1] == ",")
        and text.count("\n", end, following) <= 1
    )
