"""Finds what stands on the pages of a PDF beside its text: running heads, page numbers, notes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import TypeGuard

from sonca.book.sources.pdf.lines import Line, Page
from sonca.book.structure.headings import is_named, parse_heading

_EDGE_LINES = 2
_NEAR_PAGES = 3
"""A running head comes again so soon: on the next page, or on the next left one, or a little later
where a chapter begins. Text may come again anywhere else."""
_SAME_PLACE = 6.0
_FAR = 1.45
"""Times the usual distance of lines: what is so far from the text does not belong to it."""
_SMALL = 0.93
_LARGE = 1.15
_NUMBER = re.compile(
    r"[\W_]*(?:trang|page|tr\.?|pg\.?|p\.)?\s*(?P<number>\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:/|trên|of)\s*\d{1,4})?[\W_]*\Z",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\s*(?:\(\d{1,3}\)|\[\d{1,3}\]|\d{1,3}|[*†‡§]{1,3})[.):]?\s*[^\W\d]")
_WEB = re.compile(r"(?:https?://|www\.|file:)", re.IGNORECASE)
_NOTE_HEAD = re.compile(
    r"\s*(?P<mark>[(\[]?(?P<number>\d{1,3}|[*†‡§]{1,3})[)\]]?)[.:]?\s*(?=[^\W\d])"
)
_MARKED = (r"(?<=[^\W\d_])|(?<=[.,;:!?…”\"»)])", r"(?!\w)")
"""Before and after a number that marks a note."""
_AT_ENDS = re.compile(r"\A\d{1,4}(?=\s)|(?<=\s)\d{1,4}\Z")


@dataclass(slots=True)
class Sorted:
    """A page's lines by what they are."""

    text: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    furniture: list[tuple[str, str]] = field(default_factory=list)
    """Text, and why it is not spoken."""


@dataclass(frozen=True, slots=True)
class _Signs:
    """By what furniture is known."""

    numbered: set[int]
    places: dict[str, list[tuple[int, float]]]
    names: frozenset[str]
    size: float
    """Of most of the text."""


def sort(pages: Sequence[Page], names: Sequence[str] = ()) -> list[Sorted]:
    """Returns the lines of each page as text, notes and furniture. `names` are the book's title
    and author, which stand at the head of pages."""
    numbered = _numbered(pages)
    signs = _Signs(
        numbered,
        _places(pages, numbered),
        frozenset(" ".join(name.casefold().split()) for name in names if name),
        usual_size(pages),
    )
    return [_sorted(page, signs) for page in pages]


def _sorted(page: Page, signs: _Signs) -> Sorted:
    result = Sorted()
    if page.aslant:
        result.furniture.append((page.aslant, "page"))
    levels = _levels(page)
    taken: set[int] = set()
    for side, order in (("top", levels), ("bottom", levels[::-1])):
        for level in order[:_EDGE_LINES]:
            whys = [(line, _furniture(page, line, side, signs)) for line in level]
            found = [(line, why) for line, why in whys if why and id(line) not in taken]
            result.furniture += [(line.text, why) for line, why in found]
            taken.update(id(line) for line, _ in found)
            if not found:  # what is further in is text
                break
    result.text = [line for line in page.lines if id(line) not in taken]
    result.notes = _notes(result.text, signs.size)
    apart = set(map(id, result.notes))
    result.text = [line for line in result.text if id(line) not in apart]
    for note in note_texts(result.notes):
        _take_mark(result.text, note)
    return result


def _take_mark(lines: list[Line], note: str) -> None:
    """Takes the mark of a note out of the text, if it is set like text: `lạc(1)`, or as raised
    figures that a font has of its own."""
    head = _NOTE_HEAD.match(note)
    if head is None or any(head["number"] in line.marks for line in lines):
        return
    mark = re.escape(head["mark"])
    before, after = _MARKED if head["mark"].isdigit() else (r"(?<=[\w.,;:!?…”\"»)] )|(?<=\S)", "")
    pattern = re.compile(f"(?:{before}){mark}{after}")
    for index, line in enumerate(lines):
        if found := pattern.search(line.text):
            text = line.text[: found.start()].rstrip() + line.text[found.end() :]
            marks = (*line.marks, head["mark"])
            lines[index] = replace(line, text=text, marks=marks)
            return


def note_texts(lines: Sequence[Line]) -> list[str]:
    """Returns the notes of a page, which begin with their marks."""
    texts: list[str] = []
    for line in lines:
        if texts and not _NOTE.match(line.text):
            texts[-1] += f" {line.text}"
        else:
            texts.append(line.text)
    return texts


def usual_size(pages: Sequence[Page]) -> float:
    """Returns the size of most of the text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _levels(page: Page) -> list[list[Line]]:
    """Returns the lines of a page from top to bottom, those beside each other together."""
    levels: list[list[Line]] = []
    for line in sorted(page.lines, key=lambda each: each.bottom):
        if levels and line.bottom - levels[-1][0].bottom < 0.4 * line.size:
            levels[-1].append(line)
        else:
            levels.append([line])
    return levels


def _edges(page: Page) -> list[Line]:
    """Returns the lines at the top and the bottom of a page."""
    levels = _levels(page)
    near = levels[:_EDGE_LINES] + levels[max(_EDGE_LINES, len(levels) - _EDGE_LINES) :]
    return [line for level in near for line in level]


def _key(page: Page, line: Line, numbered: set[int]) -> str:
    """Returns what a line says, without the page's number at its beginning or end."""
    text = " ".join(line.text.casefold().split())
    heading = parse_heading(text)
    for number in _AT_ENDS.finditer(text):
        if int(number[0]) - page.number in numbered:
            rest = (text[: number.start()] + text[number.end() :]).strip()
            if heading is None or not heading.named or is_named(rest):
                return rest
    return text


def _places(pages: Sequence[Page], numbered: set[int]) -> dict[str, list[tuple[int, float]]]:
    """Returns what stands at the edges of pages, with its pages and places from the top."""
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for page in pages:
        for line in _edges(page):
            places[_key(page, line, numbered)].append((page.number, line.top))
    return places


def _numbered(pages: Sequence[Page]) -> set[int]:
    """Returns by how much the printed page numbers differ from those of the pages."""
    offsets: Counter[int] = Counter()
    for page in pages:
        for line in _edges(page):
            numbers = {int(number[0]) for number in _AT_ENDS.finditer(line.text)}
            numbers |= {int(n["number"]) for n in [_NUMBER.match(line.text)] if _is_digits(n)}
            offsets.update(number - page.number for number in numbers)
    return {offset for offset, count in offsets.items() if count > 1}


def _is_digits(number: re.Match[str] | None) -> TypeGuard[re.Match[str]]:
    return number is not None and number["number"].isdigit()


def _furniture(page: Page, line: Line, side: str, signs: _Signs) -> str | None:
    """Returns why a line at an edge is not spoken; None if it is text."""
    if line.size > _LARGE * signs.size:
        return None  # a heading
    number = _NUMBER.match(line.text)
    if number:
        value = number["number"]
        counted = value.isdigit() and int(value) - page.number in signs.numbered
        return "page number" if counted or _is_apart(page, line, side) else None
    if line.text[:1].islower() and not _WEB.match(line.text):
        return None  # in the middle of a sentence
    key = _key(page, line, signs.numbered)
    again = any(
        0 < abs(number - page.number) <= _NEAR_PAGES and abs(line.top - top) < _SAME_PLACE
        for number, top in signs.places.get(key, ())
    )
    return "running head" if again or (page.number and key in signs.names) else None


def _is_apart(page: Page, line: Line, side: str) -> bool:
    """Returns whether a line at an edge is farther from the text than its lines are."""
    others = sorted(each.bottom for each in page.lines if abs(each.bottom - line.bottom) > 2)
    steps = [b - a for a, b in pairwise(others) if b - a > 2]
    if not others:
        return True
    distance = others[0] - line.bottom if side == "top" else line.bottom - others[-1]
    return distance > _FAR * (median(steps) if steps else line.size)


def _notes(lines: Sequence[Line], usual: float) -> list[Line]:
    """Returns the lines of notes: small ones at the bottom, from the first with a mark on."""
    ordered = sorted(lines, key=lambda line: line.bottom)
    start = len(ordered)
    while start and ordered[start - 1].size < _SMALL * usual:
        start -= 1
    for index in range(start, len(ordered)):
        if _NOTE.match(ordered[index].text):
            return ordered[index:] if index > 0 else []
    return []
