"""Joins the lines of a PDF to paragraphs, across columns and pages; verse keeps its lines.

A line was ended on purpose if the next line's first word would still have had room in it. What
indents, gaps and sizes say comes before that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from sonca.book.sources.pdf.lines import Line
from sonca.book.structure.headings import has_leader, parse_heading
from sonca.text.vietnamese.syllables import syllable

_INDENT = 0.6
_GAP = 1.35
_LEADING = 1.5
"""The usual distance of lines, in sizes, where there are too few to tell."""
_FEW = 8
_NEAR_MARGIN = 0.04
_RAGGED = 0.1
_SHORT = 0.2
_MOST = 0.6
"""Of a line's width: a sentence that goes on after less was broken on purpose."""
_LARGER = 1.12
_STOP = re.compile(r"[.!?…:;][”\"»’)\]]*\Z")
_SPEECH = re.compile(r"[-–—]\s*\S")
_ITEM = re.compile(r"(?:\d{1,3}|[a-zđA-Z]|[ivxIVX]{1,5})[.)]\s|[•▪●]\s?|Điều \d", re.IGNORECASE)
_HYPHEN = re.compile(r"([^\W\d_]+)[-\u00ad]\Z")
_FIRST = re.compile(r"[^\W\d_]+")
_MAX_HEADING_LINES = 4


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together."""

    page: int
    top: float
    size: float
    parts: list[str] = field(default_factory=list)
    """Its lines, each with what stands before it."""
    is_verse: bool = False
    marks: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class Column:
    """The lines of a column."""

    page: int
    lines: Sequence[Line]
    page_width: float = 0.0
    alone: bool = False
    """No other is beside it."""


@dataclass(frozen=True, slots=True)
class _Margins:
    """Where the lines of a column begin and end."""

    left: float
    right: float
    tolerance: float
    """How much earlier a line may end and still be full."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """What is usual in a text."""

    size: float
    step: float
    """From one line to the next."""
    indented: bool
    """Paragraphs begin with an indent."""


def paragraphs(columns: Sequence[Column]) -> list[Paragraph]:
    """Returns the paragraphs of a text that runs through all columns."""
    usual = _measure(columns)
    found: list[Paragraph] = []
    before: tuple[Line, Column, _Margins] | None = None
    for column in columns:
        margins = _margins(column)
        for line in column.lines:
            join = None
            if before is not None and found:
                join = _join(before, (line, column, margins), usual, found[-1])
            if join is None:
                found.append(Paragraph(column.page, line.top, line.size))
            _add(found[-1], line, join or "")
            before = (line, column, margins)
    return found


def _measure(columns: Sequence[Column]) -> _Measures:
    sizes: Counter[float] = Counter()
    steps: list[float] = []
    indents = lines = 0
    for column in columns:
        left = _margins(column).left
        for line, following in zip(column.lines, column.lines[1:], strict=False):
            if following.bottom > line.bottom:
                steps.append(following.bottom - line.bottom)
        for line in column.lines:
            sizes[round(line.size, 1)] += len(line.text)
            indents += _INDENT * line.size < line.left - left < 5 * line.size
            lines += 1
    size = sizes.most_common(1)[0][0] if sizes else 1.0
    step = median(steps) if steps else _LEADING * size
    if len(steps) < _FEW:
        step = min(step, _LEADING * size)
    return _Measures(size, step, 0.02 * lines < indents < 0.7 * lines)


def _margins(column: Column) -> _Margins:
    """Returns where lines begin and end: where several do, or else as far from the page's right
    edge as they begin from its left."""
    lines = column.lines
    starts = Counter(round(line.left) for line in lines)
    often = [start for start, count in starts.items() if count >= max(2, len(lines) / 5)]
    left = float(min(often, default=round(min(line.left for line in lines))))
    right = max(line.right for line in lines)
    full = sum(right - line.right < _NEAR_MARGIN * (right - left) for line in lines)
    if full >= max(3, len(lines) / 4):
        return _Margins(left, right, 0.5)
    if column.alone:
        right = max(right, column.page_width - left)
    return _Margins(left, right, _RAGGED * (right - left))


def _join(
    before: tuple[Line, Column, _Margins],
    here: tuple[Line, Column, _Margins],
    usual: _Measures,
    paragraph: Paragraph,
) -> str | None:
    """Returns what stands between a line and the one before it: a blank, a line end (verse), or
    None where a new paragraph begins."""
    (last, last_column, margins), (line, column, own) = before, here
    together = column is last_column
    if _is_heading_size(last, usual) or _is_heading_size(line, usual):
        same = abs(last.size - line.size) < 0.05 * line.size and together
        near = line.bottom - last.bottom < 1.6 * line.size
        return " " if same and near and len(paragraph.parts) < _MAX_HEADING_LINES else None
    if has_leader(last.text) or has_leader(line.text) or _names_chapter(line.text):
        return None
    if len(paragraph.parts) < _MAX_HEADING_LINES and _names_chapter(paragraph.text):
        wrapped = line.text[:1].islower() and _by_room(last, line, margins, stopped=False) == " "
        return " " if wrapped and together else None
    if together and line.bottom - last.bottom > _GAP * usual.step:
        return None
    if _HYPHEN.search(last.text) and line.text[:1].isalpha():
        return " "
    stopped = bool(_STOP.search(last.text))
    indented = line.left - own.left > _INDENT * line.size
    if indented and usual.indented and (stopped or together):
        # Verse that is set in stands under verse that is.
        under = together and abs(line.left - last.left) < 2 and not stopped
        limit = margins.right - _SHORT * (margins.right - margins.left)
        if not (under and max(line.right, last.right) < limit):
            return None
    if stopped and (_SPEECH.match(line.text) or _ITEM.match(line.text)):
        return None
    by_room = _by_room(last, line, margins, stopped=stopped)
    prose = len(paragraph.parts) > 1 and not paragraph.is_verse
    nearly = last.right > margins.right - _RAGGED * (margins.right - margins.left)
    if by_room == "\n" and prose and (nearly or line.text[:1].islower()):
        return " "
    if not stopped and not together:
        # A page ends within a sentence, or after a title.
        most = last.right - margins.left > _MOST * (margins.right - margins.left)
        long = most and len(paragraph.parts) > 1 and not paragraph.is_verse
        goes_on = by_room == " " or line.text[:1].islower() or long
        return " " if goes_on and not (indented and usual.indented and by_room == "\n") else None
    return by_room


def _by_room(last: Line, line: Line, margins: _Margins, *, stopped: bool) -> str | None:
    """Decides by whether the line's first word had room in the line before."""
    needed = last.right + 0.25 * line.size + line.first_width
    if needed > margins.right - margins.tolerance:
        return " "
    if stopped or _ITEM.match(line.text):
        return None
    most = last.right - margins.left > _MOST * (margins.right - margins.left)
    return " " if most and line.text[:1].islower() else "\n"


def _is_heading_size(line: Line, usual: _Measures) -> bool:
    return line.size > _LARGER * usual.size


def _names_chapter(text: str) -> bool:
    """Returns whether a line set like the text is a chapter's heading all the same."""
    heading = parse_heading(text)
    return heading is not None and heading.named


def _add(paragraph: Paragraph, line: Line, between: str) -> None:
    paragraph.marks += line.marks
    paragraph.is_verse |= between == "\n"
    parts = paragraph.parts
    hyphen = _HYPHEN.search(parts[-1]) if parts and between == " " else None
    following = _FIRST.match(line.text)
    if hyphen and following:
        parts[-1] = parts[-1][:-1] + _hyphen(hyphen[1], following[0])
        between = ""
    parts.append(between + line.text)


def _hyphen(before: str, after: str) -> str:
    """Returns what is left of a hyphen between two lines: it parted a syllable or a foreign word,
    or belongs between two syllables."""
    if after[0].isupper() or syllable(before + after) is not None:
        return "-" if after[0].isupper() else ""
    both = syllable(before) is not None and syllable(after) is not None
    return "-" if both else ""
