"""Joins lines that were only wrapped: prose of a fixed width, hyphens at line ends, pages.

Whether lines are wrapped is seen by the block that they stand in: how wide it is, how many of its
lines stop in the middle of a sentence, how many begin like verse. Every letter keeps its place:
line ends inside a paragraph become blanks, hyphens that only divide a word are blanked out too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sonca.book.model import TextBlock
from sonca.book.structure import headings
from sonca.book.structure.pages import HEAD, NUMBER, continues
from sonca.text.vietnamese.syllables import syllable

_MAX_WIDTH = 130
"""A longer line is a paragraph."""
_PROSE_WIDTH = 50
_NARROW_WIDTH = 30
_VERSE_WIDTH = 66
_OPEN_CHARS = 40
"""A shorter line that stops without a stop was ended on purpose, unless its block is prose."""
_STOP_SIGNS = frozenset(".!?…:;")
_CLOSERS = "”\"»'’)]"
_LIST = re.compile(r"(?:[-–—•*+]\s|\(?\d{1,3}[.)]\s|\(?[a-zđ][.)]\s)")
_DASH = re.compile(r"[-–—]\s*[A-ZĐÀ-Ỹ]")
_INNER_STOP = re.compile(r"[.!?…]['\"”»)]?\s+['\"“«(]?[^\W\d_a-zđ]")
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORD_CHARS = 40
_SOFT = "\u00ad"


def join_lines(
    blocks: Sequence[TextBlock], skips: list[str | None]
) -> tuple[list[TextBlock], list[str | None]]:
    """Returns the blocks with wrapped lines joined, and the reasons of those set aside."""
    ahead = [i for i, skip in enumerate(skips) if skip not in (NUMBER, HEAD)]
    joins = _joins(blocks, skips, ahead)
    out: list[TextBlock] = []
    reasons: list[str | None] = []
    begun: TextBlock | None = None  # what may still grow, at `place` in `out`
    held: _Growing | None = None  # the same once it has grown
    place = -1
    pages: list[int] = []
    for index, block in enumerate(blocks):
        if skips[index] in (NUMBER, HEAD):
            pages.append(index)
            continue
        if skips[index] is None and not block.level and "\n" in block.text:
            block = _unwrapped(block)
        if index in joins and begun:
            held = held or _Growing(begun)
            held.add(block)
        else:
            if held:
                out[place], held = held.block(), None
            out.append(block)
            reasons.append(skips[index])
            begun = block if skips[index] is None else None
            place = len(out) - 1
        for page in pages:
            out.append(blocks[page])
            reasons.append(skips[page])
        pages.clear()
    if held:
        out[place] = held.block()
    for page in pages:
        out.append(blocks[page])
        reasons.append(skips[page])
    return out, reasons


def join_parts(
    blocks: Sequence[TextBlock], skips: list[str | None]
) -> tuple[Sequence[TextBlock], list[str | None]]:
    """Returns the blocks with sentences whole that a book's files cut in two: the rest of one goes
    to the file that begins it."""
    if not blocks or blocks[0].part == blocks[-1].part:
        return blocks, skips
    out: list[TextBlock] = []
    reasons: list[str | None] = []
    last = -1  # in `out`
    for block, skip in zip(blocks, skips, strict=True):
        if skip is None and last >= 0 and _is_cut(out[last], block):
            end = _SENTENCE_END.search(block.text)
            rest = end.end() if end else len(block.text)
            begun = out[last]
            out[last] = replace(begun, text=f"{begun.text.rstrip()} {block.text[:rest].rstrip()}")
            if rest == len(block.text):
                continue
            block = replace(block, text=block.text[rest:], start=block.start + rest, apart=False)
        if skip is None:
            last = len(out)
        out.append(block)
        reasons.append(skip)
    return out, reasons


def _is_cut(a: TextBlock, b: TextBlock) -> bool:
    """Returns whether a sentence goes on in the next file."""
    if a.part == b.part or a.level or b.level or b.opens or a.item or b.item:
        return False
    if "\n" in a.text or headings.parse_heading(a.text) or headings.parse_heading(b.text):
        return False
    if continues(a.text, b.text):
        return True
    one, other = _SPLIT_NAME.match(a.part), _SPLIT_NAME.match(b.part)
    same = one and other and one[1] == other[1] and int(other[2]) == int(one[2]) + 1
    return bool(same) and len(a.text) > _MIN_OPEN and a.text[-1:].isalnum()


_SENTENCE_END = re.compile(r"[.!?…][\"”»')\]]*\s+(?=[^\W_a-zđ]|[“\"«(–—-])")
_SPLIT_NAME = re.compile(r"(.*_split_?)(\d+)\.\w+\Z", re.DOTALL)
"""As Calibre names the pieces of a file that it found too large."""
_MIN_OPEN = 60


def _unwrapped(block: TextBlock) -> TextBlock:
    """Returns a paragraph whose line breaks only wrap prose without them. Every place stays."""
    lines = block.text.split("\n")
    texts = [line.strip() for line in lines]
    if not all(texts):
        return block
    shape = _shape(texts)
    if not shape.prose or len(texts) < 3:
        return block
    whole = _Growing(replace(block, text=lines[0]))
    at = block.start + len(lines[0]) + 1
    for line, (a, b) in zip(lines[1:], itertools.pairwise(texts), strict=True):
        if not _goes_on(a, b, shape):
            whole.pieces.append("\n")
            whole.end += 1
        whole.add(TextBlock(line, start=at))
        at += len(line) + 1
    return whole.block()


class _Growing:
    """A paragraph that is put together line by line."""

    def __init__(self, block: TextBlock) -> None:
        self._first = block
        self.pieces = [block.text]
        self.end = block.start + len(block.text)

    def add(self, block: TextBlock) -> None:
        """Adds a line, with as many blanks before it as keep its place."""
        gap = max(0, block.start - self.end) or (self.pieces[-1] != "\n")
        last = self.pieces[-1]
        if gap and last[-1:] in ("-", _SOFT, "‐") and last[-2:-1].isalpha():
            left = _LAST_WORD.search(last[-_WORD_CHARS:-1])
            right = _FIRST_WORD.match(block.text)
            broken = left and right and _is_one_word(left[0].lower(), right[0].lower())
            self.pieces[-1] = last[:-1]
            self.pieces.append((_SOFT if broken else " ") * (gap + 1))
        else:
            self.pieces.append(" " * gap)
        self.pieces.append(block.text)
        self.end = block.start + len(block.text)

    def block(self) -> TextBlock:
        """Returns it as one block."""
        if len(self.pieces) == 1:
            return self._first
        first, text = self._first, "".join(self.pieces)
        return TextBlock(
            *(text, first.level, first.part, first.start, first.opens, first.skip, first.slot_s),
            *(first.apart, first.indent, first.item, first.hint, first.note),
        )


def _is_one_word(left: str, right: str) -> bool:
    """Returns whether a hyphen divides a word, and not two syllables (`công-nghiệp`)."""
    if not (syllable(left) and syllable(right)):
        return True
    return syllable(right[0]) is not None and syllable(left + right) is not None  # `chuy-ện`


def _joins(
    blocks: Sequence[TextBlock], skips: Sequence[str | None], ahead: Sequence[int]
) -> set[int]:
    """Returns the blocks that go on with the one before."""
    joins: set[int] = set()
    run: list[int] = []
    for position, index in enumerate(ahead):
        last = ahead[position - 1] if position else -1
        if run and not _neighbours(blocks, skips, last, index):
            joins |= _of_run(blocks, run)
            run = []
        if skips[index] is None and not blocks[index].level:
            run.append(index)
    return joins | _of_run(blocks, run)


def _neighbours(
    blocks: Sequence[TextBlock], skips: Sequence[str | None], one: int, other: int
) -> bool:
    a, b = blocks[one], blocks[other]
    return (
        skips[one] is None
        and skips[other] is None
        and not a.level
        and not b.level
        and not (a.item or b.item)
        and a.part == b.part
        and not b.opens
        and b.start > a.start
    )


def _of_run(blocks: Sequence[TextBlock], run: Sequence[int]) -> set[int]:
    """Returns which lines of a run without headings go on with the one before: each stretch that
    no empty line divides is judged as a whole."""
    joins: set[int] = set()
    stretch: list[int] = []
    pairs = [(a, b) for a, b in itertools.pairwise(run) if blocks[b].apart]
    across = sum(_across(blocks[a], blocks[b], False) for a, b in pairs)
    # Where a third of all sentences go on behind empty lines, these divide nothing.
    spaced = across > 1 and (across + _full(blocks, pairs)) * 3 >= len(pairs)
    for index in run:
        alone = headings.stands_alone(blocks[index].text)
        if stretch and (alone or (blocks[index].apart and not spaced)):
            joins |= _wrapped(blocks, stretch)
            if _across(blocks[stretch[-1]], blocks[index], index - stretch[-1] > 1):
                joins.add(index)
            stretch = []
        stretch.append(index)
        if alone:
            stretch = []
    return joins | _wrapped(blocks, stretch)


def _full(blocks: Sequence[TextBlock], pairs: Sequence[tuple[int, int]]) -> int:
    """Returns how many lines end in the middle of a sentence because the next word, which has a
    capital, did not fit."""
    texts = [(blocks[a].text, blocks[b].text) for a, b in pairs]
    width = max(len(a) for a, _ in texts)
    if not _PROSE_WIDTH <= width <= _MAX_WIDTH:
        return 0
    return sum(
        not _stopped(a) and not b[0].islower() and len(a) + 1 + _first_chars(b) > width
        for a, b in texts
    )


def _across(a: TextBlock, b: TextBlock, page: bool) -> bool:
    """Returns whether a sentence goes on behind an empty line, or behind a page's end."""
    if "\n" in a.text or "\n" in b.text or not continues(a.text, b.text):
        return False
    return page or (len(a.text) >= _OPEN_CHARS and len(a.text) <= _MAX_WIDTH)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the lines of a stretch look."""

    width: int
    prose: bool
    verse: bool


def _shape(texts: Sequence[str]) -> _Shape:
    width = max(len(t) for t in texts)
    pairs = list(itertools.pairwise(texts))
    open = [(a, b) for a, b in pairs if not _stopped(a)]
    caps = sum(b[0].isupper() for _, b in open)
    low = sum(b[0].islower() for _, b in open)
    verse = len(texts) > 2 and width <= _VERSE_WIDTH and caps * 5 >= len(open) * 3 and caps > 1
    verse = verse and not any(_INNER_STOP.search(text) for text in texts)
    prose = False
    if not verse and _PROSE_WIDTH <= width <= _MAX_WIDTH and len(open) * 2 >= len(pairs):
        return _Shape(width, True, False)
    full = sum(len(a) + 1 + _first_chars(b) > width for a, b in pairs)
    if not verse and _NARROW_WIDTH <= width <= _MAX_WIDTH and len(open) * 2 >= len(pairs):
        prose = len(texts) > 2 and low * 2 >= len(open) <= full * 2
    if not prose and len(pairs) > 3 and width <= _MAX_WIDTH:
        prose = full * 10 >= len(pairs) * 6 and len(open) * 3 >= len(pairs) and low >= caps
    return _Shape(width, prose, verse)


def _wrapped(blocks: Sequence[TextBlock], stretch: Sequence[int]) -> set[int]:
    if len(stretch) < 2:
        return set()
    texts = [blocks[i].text for i in stretch]
    if any("\n" in t for t in texts):
        return set()
    shape = _shape(texts)
    joins: set[int] = set()
    for (one, other), (a, b) in zip(
        itertools.pairwise(stretch), itertools.pairwise(texts), strict=True
    ):
        page = other - one > 1
        indented = blocks[other].indent > blocks[one].indent
        if (page and continues(a, b)) or (not indented and _goes_on(a, b, shape)):
            joins.add(other)
    return joins


def _stopped(text: str) -> bool:
    if text[-1:].isalpha() or text[-1:] == ",":
        return False
    return text.rstrip(_CLOSERS)[-1:] in _STOP_SIGNS


def _first_chars(text: str) -> int:
    """Returns how long the first word of a line is."""
    end = text.find(" ")
    return len(text) if end < 0 else end


def _goes_on(a: str, b: str, shape: _Shape) -> bool:
    if shape.verse:
        return False
    if not shape.prose:
        return (
            not _stopped(a)
            and b[0].islower()
            and len(a) >= _OPEN_CHARS
            and (a[-1].isalpha() or a[-1] in ",-\u00ad")
        )
    full = len(a) + 1 + _first_chars(b) > shape.width * 0.92
    if _stopped(a):
        return full and not _DASH.match(b) and not _LIST.match(b) and a[-1] not in ":"
    if _LIST.match(b) and not _lower_dash(b):
        return False
    if a.isupper():
        return b.isupper()
    if len(a) < shape.width * 0.35 and b[0].isupper() and not a[0].islower():
        return False
    short = shape.width * 0.6
    return a[0].islower() or not (len(a) < short and len(b) < short and b[0].isupper())


def _lower_dash(text: str) -> bool:
    """Returns whether a dash in the middle of a sentence begins the line."""
    rest = text.lstrip("-–— ")
    return text[0] in "-–—" and rest[:1].islower()
