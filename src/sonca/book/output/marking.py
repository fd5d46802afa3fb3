"""Marks stretches of a document's text, wherever its markup stands: finds each by its letters, in
order, and puts an element around it.

Only base letters are compared, so that neither blanks nor the way in which marks are encoded
matter.
"""

from __future__ import annotations

import functools
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

XHTML = "{http://www.w3.org/1999/xhtml}"
INLINE = frozenset(
    """a abbr b bdi bdo big br cite code del dfn em font i img ins kbd mark q rb rp rt rtc ruby s
    samp small span strike strong sub sup time tt u var wbr""".split()  # noqa: SIM905
)
_NO_TEXT = frozenset(("script", "style", "title", "head", "template", "svg", "math"))
_WINDOW = 6000
"""Letters that may stand between two stretches: what is not spoken."""
_SHORT = 5
"""Letters that tell where a stretch goes on."""
_HEADS = ((0, 2 * _SHORT), *((at, _SHORT) for at in range(_SHORT)))
"""Where in a stretch its beginning is looked for, and how many letters of it: the number of a list
item is spoken and stands on no page."""
_LOOSE = 400
"""Letters that may stand inside it."""
_SURE = 24
"""Letters of a stretch that is looked for in the whole rest of the document."""


class _Chunk(NamedTuple):
    """A piece of text: that of an element, or its tail."""

    element: Any
    tail: bool


class _Place(NamedTuple):
    """A place between two letters: in the text after the child `before` of `parent`, in its first
    text if that is None. No numbers of children: to count them takes as long as there are many."""

    parent: Any
    before: Any
    offset: int


class Text:
    """The text of a document, in which stretches are found one after another."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._chunks: list[_Chunk] = []
        self._starts: list[int] = []
        self._offsets: list[list[int]] = []
        letters: list[str] = []
        count = 0
        for chunk, text in _chunks(body):
            folded, offsets = _folded_with_offsets(text)
            if folded:
                self._chunks.append(chunk)
                self._starts.append(count)
                self._offsets.append(offsets)
                letters.append(folded)
                count += len(folded)
        self._letters = "".join(letters)
        self._reached = 0

    def find(self, text: str) -> tuple[int, int] | None:
        """Returns the next stretch that reads as `text`, and goes on after it; None if there is
        none."""
        wanted = folded(text)
        found = self._found(wanted) if wanted else None
        if found:
            self._reached = found[1]
        return found

    def _found(self, wanted: str) -> tuple[int, int] | None:
        limit = self._reached + len(wanted) + _WINDOW
        at = self._letters.find(wanted, self._reached, limit)
        if at < 0 and len(wanted) > _SHORT:
            loose = self._loose(wanted, limit)
            if loose:
                return loose
        if at < 0 and len(wanted) >= _SURE:
            at = self._letters.find(wanted, self._reached)
        return (at, at + len(wanted)) if at >= 0 else None

    def _loose(self, wanted: str, limit: int) -> tuple[int, int] | None:
        """Finds a stretch in which something unspoken stands, or which lacks a few letters."""
        start, at = -1, 0
        for skipped, count in _HEADS:
            if start < 0 and skipped + count <= len(wanted):
                head = wanted[skipped : skipped + count]
                start, at = self._letters.find(head, self._reached, limit), skipped
        if start < 0:
            return None
        reached, lacking = start, at
        while at < len(wanted):
            if self._letters.startswith(wanted[at], reached):
                reached, at = reached + 1, at + 1
                continue
            piece = wanted[at : at + _SHORT]
            following = self._letters.find(piece, reached, reached + _LOOSE)
            if following >= 0:
                reached = following
                continue
            at, lacking = at + 1, lacking + 1
            if lacking > _SHORT + len(wanted) // 8:
                return None
        return start, reached

    def within(self, stretch: tuple[int, int], texts: list[str]) -> list[tuple[int, int] | None]:
        """Returns where each of `texts` stands in a stretch, one after another."""
        reached = stretch[0]
        found: list[tuple[int, int] | None] = []
        for text in texts:
            wanted = folded(text)
            at = self._letters.find(wanted, reached, stretch[1]) if wanted else -1
            found.append((at, at + len(wanted)) if at >= 0 else None)
            reached = at + len(wanted) if at >= 0 else reached
        return found

    def mark(self, stretches: list[tuple[str, tuple[int, int]]]) -> None:
        """Puts an element with an id around each stretch; they are in order and do not overlap.
        To be called once: what is found is not true afterwards."""
        for id, (start, end) in reversed(stretches):
            self._mark(id, start, end)

    def _mark(self, id: str, start: int, end: int) -> None:
        first, last = self._chunk_at(start), self._chunk_at(end - 1)
        begin = self._place(first, self._offsets[first][start - self._starts[first]])
        close = self._place(last, self._offsets[last][end - 1 - self._starts[last]] + 1)
        begin, close = _lifted(begin, close)
        if begin.parent is close.parent and _inline_between(begin, close):
            _wrap(begin, close, id)
            return
        # It goes over blocks, or into the midst of an element: its longest piece stands for it.
        pieces = []
        for chunk in range(first, last + 1):
            low = max(start, self._starts[chunk])
            high = min(end, self._starts[chunk] + len(self._offsets[chunk]))
            pieces.append((high - low, chunk, low, high))
        _, chunk, low, high = max(pieces)
        offsets, base = self._offsets[chunk], self._starts[chunk]
        _wrap(
            self._place(chunk, offsets[low - base]),
            self._place(chunk, offsets[high - 1 - base] + 1),
            id,
        )

    def _chunk_at(self, letter: int) -> int:
        return bisect_right(self._starts, letter) - 1

    def _place(self, chunk: int, offset: int) -> _Place:
        element, tail = self._chunks[chunk]
        if not tail:
            return _Place(element, None, offset)
        return _Place(element.getparent(), element, offset)


def _chunks(body: Any) -> Iterator[tuple[_Chunk, str]]:
    """Yields the pieces of text in their order, however deep they stand."""
    if body.text:
        yield _Chunk(body, False), body.text
    stack = [iter(body)]
    parents = [body]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            left = parents.pop()
            if stack and left.tail:
                yield _Chunk(left, True), left.tail
        elif isinstance(element.tag, str) and local(element) not in _NO_TEXT:
            if element.text:
                yield _Chunk(element, False), element.text
            stack.append(iter(element))
            parents.append(element)
        elif element.tail:
            yield _Chunk(element, True), element.tail


def local(element: Any) -> str:
    """Returns an element's name without its namespace, in small letters; empty for a comment."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


@functools.lru_cache(4096)
def _base(letter: str) -> str:
    return "".join(
        c
        for c in unicodedata.normalize("NFKD", letter)
        if not unicodedata.combining(c) and not c.isspace() and c.isprintable()
    )


def folded(text: str) -> str:
    """Returns the base letters of a text, without blanks and marks."""
    return "".join(map(_base, text))


def _folded_with_offsets(text: str) -> tuple[str, list[int]]:
    letters: list[str] = []
    offsets: list[int] = []
    for offset, letter in enumerate(text):
        for base in _base(letter):
            letters.append(base)
            offsets.append(offset)
    return "".join(letters), offsets


# Wrapping


def _text_at(place: _Place) -> str:
    return (place.parent.text if place.before is None else place.before.tail) or ""


def _lifted(begin: _Place, close: _Place) -> tuple[_Place, _Place]:
    """Moves places at the edge of inline elements out of them, until both are in one element."""
    around = {id(element) for element in (close.parent, *close.parent.iterancestors())}
    while id(begin.parent) not in around and _at_start(begin):
        outer = _Place(begin.parent.getparent(), begin.parent.getprevious(), 0)
        begin = outer._replace(offset=len(_text_at(outer)))
    around = {id(element) for element in (begin.parent, *begin.parent.iterancestors())}
    while id(close.parent) not in around and _at_end(close):
        close = _Place(close.parent.getparent(), close.parent, 0)
    return begin, close


def _at_start(place: _Place) -> bool:
    return (
        place.before is None
        and local(place.parent) in INLINE
        and not _text_at(place)[: place.offset].strip()
    )


def _at_end(place: _Place) -> bool:
    last = next(place.parent.iterchildren(reversed=True), None)
    return (
        place.before is last
        and local(place.parent) in INLINE
        and not _text_at(place)[place.offset :].strip()
    )


def _between(begin: _Place, close: _Place) -> list[Any]:
    """Returns the children from one place to another in the same element."""
    found: list[Any] = []
    child = close.before
    while child is not begin.before and child is not None:
        found.append(child)
        child = child.getprevious()
    return found[::-1]


def _inline_between(begin: _Place, close: _Place) -> bool:
    return all(
        local(inner) in INLINE or not isinstance(inner.tag, str)
        for child in _between(begin, close)
        for inner in child.iter()
    )


def _wrap(begin: _Place, close: _Place, id: str) -> None:
    """Moves what is between two places of one element into a new one."""
    parent, children = begin.parent, _between(begin, close)
    span = etree.Element(f"{XHTML}span", id=id)
    before, after = _text_at(begin)[: begin.offset], _text_at(close)[close.offset :]
    if children:
        span.text = _text_at(begin)[begin.offset :]
        close.before.tail = _text_at(close)[: close.offset]
    else:
        span.text = _text_at(begin)[begin.offset : close.offset]
    span.extend(children)
    if begin.before is None:
        parent.text = before
        parent.insert(0, span)
    else:
        begin.before.tail = None
        begin.before.addnext(span)
        begin.before.tail = before
    span.tail = after
