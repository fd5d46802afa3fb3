"""Puts the lines of a page in the order in which they are read: columns one after the other.

A gutter is an empty strip with lines of prose on both sides. Lines that cross it (a title above
two columns) divide the page into bands; in each the left column comes first. Side by side without
prose are cells of a table: a row is one line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median

from sonca.book.sources.pdf.lines import Line, joined

_MIN_LINES = 2
"""Of a column."""
_MAX_LINES = 1000
"""A page with more pieces than that is no page of prose."""
_MIN_GUTTER = 6.0
_PROSE_SHARE = 0.55
"""Of a column's width that its lines fill on the average."""
_CROSSING_SHARE = 0.35
_MAX_COLUMNS_DEEP = 3
_STOPS = ".,;:!?…"
_LARGE = 1.5
_DROP_CAP = re.compile(r"[“\"«]?[^\W\d_]")


def with_drop_caps(lines: Sequence[Line], size: float) -> list[Line]:
    """Returns lines, with each large first letter before the line beside it; `size` is that of the
    text."""
    found = list(lines)
    if len(lines) > _MAX_LINES:
        return found
    for cap in [x for x in lines if x.size > _LARGE * size and _DROP_CAP.fullmatch(x.text)]:
        beside = [
            line
            for line in found
            if line.left >= cap.right - 1
            and line.left - cap.right < 2 * size
            and cap.top - size < line.bottom < cap.bottom + 0.5 * size
            and line.size < cap.size
        ]
        if not beside:
            continue
        beside = _set_in(beside, found, size)
        first = beside[0]
        for line in beside:
            text = cap.text + line.text if line is first else line.text
            found[found.index(line)] = replace(line, text=text, left=cap.left)
        found.remove(cap)
    return found


def _set_in(beside: Sequence[Line], lines: Sequence[Line], size: float) -> list[Line]:
    """Returns the lines beside a large letter, in order, with those below that are set in, too."""
    found = sorted(beside, key=lambda line: line.bottom)
    for line in sorted(lines, key=lambda line: line.bottom):
        step = line.bottom - found[-1].bottom
        if 0 < step < 1.6 * size and abs(line.left - found[-1].left) < 1:
            found.append(line)
    return found


def in_order(lines: Sequence[Line], depth: int = 0) -> list[list[Line]]:
    """Returns the lines of each column, in the order of reading."""
    gutter = _gutter(lines) if depth < _MAX_COLUMNS_DEEP else None
    if gutter is None:
        return [_rows(lines)] if lines else []
    found: list[list[Line]] = []
    ordered = sorted(lines, key=lambda line: line.top)
    for crosses, band in groupby(ordered, key=lambda line: line.left < gutter < line.right):
        part = list(band)
        if crosses:
            found.append(_rows(part))
            continue
        for side in (
            [line for line in part if line.right <= gutter],
            [line for line in part if line.left >= gutter],
        ):
            found.extend(in_order(side, depth + 1))
    return found


def _gutter(lines: Sequence[Line]) -> float | None:
    """Returns where a strip without text divides columns of prose; None if there is none."""
    if not 2 * _MIN_LINES <= len(lines) <= _MAX_LINES:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    low, high = left + 0.2 * (right - left), right - 0.2 * (right - left)
    best: tuple[float, float] | None = None
    for edge in _edges(lines, low, high):
        following = min((line.left for line in lines if line.left > edge), default=right)
        middle = (edge + following) / 2
        if following - edge < _MIN_GUTTER or middle > high:
            continue
        crossing = [line for line in lines if line.left < middle < line.right]
        if len(crossing) > _CROSSING_SHARE * len(lines):
            continue
        before = [line for line in lines if line.right <= middle]
        after = [line for line in lines if line.left >= middle]
        if not all(_is_column(side) or _gutter(side) is not None for side in (before, after)):
            continue
        if best is None or len(crossing) < best[0]:
            best = (len(crossing), middle)
    return best[1] if best else None


def _edges(lines: Sequence[Line], low: float, high: float) -> list[float]:
    """Returns where lines end between two places, one for each few points."""
    edges: dict[int, float] = {}
    for line in lines:
        if low <= line.right <= high:
            place = round(line.right / _MIN_GUTTER)
            edges[place] = max(edges.get(place, 0.0), line.right)
    return sorted(edges.values())


def _is_column(lines: Sequence[Line]) -> bool:
    if len(lines) < _MIN_LINES:
        return False
    width = max(line.right for line in lines) - min(line.left for line in lines)
    prose = sum(any(c.isalpha() for c in line.text) for line in lines)
    filled = median(line.width for line in lines) >= _PROSE_SHARE * width
    wordy = median(len(line.text.split()) for line in lines) >= 3
    return filled and wordy and prose > len(lines) / 2


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Returns lines from top to bottom; pieces beside each other are one."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: (each.bottom, each.left)):
        if rows and abs(rows[-1][-1].bottom - line.bottom) < 0.4 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda each: each.left)
    return [_row(row, rows[max(0, i - 1)] + rows[min(len(rows) - 1, i + 1)])
            for i, row in enumerate(rows)]  # fmt: skip


def _row(pieces: Sequence[Line], beside: Sequence[Line]) -> Line:
    """Returns pieces as one line: with commas if they are cells, which stand below others."""
    if len(pieces) == 1:
        return pieces[0]
    starts = [line.left for line in beside]
    cells = any(
        abs(start - piece.left) < 2 for piece in pieces[1:] for start in starts
    ) and not any(piece.text.strip(".… ") == "" for piece in pieces)
    line = pieces[0]
    for piece in pieces[1:]:
        comma = cells and line.text[-1:] not in _STOPS and not piece.text.isdigit()
        comma = comma or (cells and len(beside) > 2 and line.text[-1:] not in _STOPS)
        line = joined([line, piece], ", " if comma else " ")
    return line
