"""Reads the lines of a PDF's pages, with where they stand: words as PDFium finds them.

A line is what is set on one base line without a gap, so that the lines of two columns are two.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sonca.book.sources import formulas

_BLANK = frozenset((0x20, 0x09, 0x0D, 0x0A, 0xA0, 0x00))
_HYPHENS = {0x02: "-", 0xFFFE: "-"}
"""What PDFium gives for a hyphen at the end of a line, beside the hyphen itself."""
_GAP_SIZES = 1.6
"""A wider gap, in heights of the line, separates columns, or a number from its title."""
_SAME_LINE = 0.35
_SMALL = 0.82
_ABOVE = 0.8
"""Share of a font's size that is above the base line."""
_ASLANT = 0.15
"""Sine of the angle from which on text is set across."""
_SCRIPT_RATIO = 1.75
"""A larger word beside a small one is a drop cap, and no word with an index."""
_SCRIPT_CHARS = 3
_RAISED_SHARE = 0.4
_SAMPLE = 40
"""So many characters of a page tell which way it is turned."""
_MARKED = re.compile(r"(?P<word>.*?[^\s\d*†‡])(?P<mark>\d{1,3}|[*†‡]{1,3})\Z|\d+\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A line. Places are in points, from the page's upper left corner."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    first_width: float = 0.0
    """Of its first word."""
    marks: tuple[str, ...] = ()
    """Marks of notes that stood in it."""

    @property
    def size(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Page:
    """A page's lines, as they come in the file, and what else is on it."""

    number: int
    width: float
    height: float
    lines: tuple[Line, ...] = field(repr=False)
    has_picture: bool = False
    aslant: str = ""
    """Text across the page."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    left: float
    right: float
    top: float
    bottom: float
    mark: str = ""
    aslant: bool = False

    @property
    def size(self) -> float:
        return self.bottom - self.top


def read_page(page: Any, number: int) -> Page:
    """Returns a page of pypdfium2 with its lines. What is set aslant (a stamp across the page) is
    no text."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    text = page.get_textpage()
    try:
        rotation = _turned(text.raw, page.get_rotation())
        if (rotation - page.get_rotation()) % 180:
            width, height = height, width
        words = list(_words(text.raw, _Measure(text.raw, width, height, rotation)))
    finally:
        text.close()
    lines = tuple(_lines([word for word in words if not word.aslant]))
    aslant = " ".join(word.text for word in words if word.aslant)
    picture = False
    if not lines:
        kinds = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
        picture = next(iter(page.get_objects(filter=kinds, max_depth=2)), None) is not None
    return Page(number, width, height, lines, picture, aslant)


def _turned(text: Any, rotation: int) -> int:
    """Returns by how many degrees a page is to be turned so that its text stands upright."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFText_CountChars(text)
    turns: Counter[int] = Counter()
    for index in range(0, count, max(1, count // _SAMPLE)):
        if pdfium.FPDFText_GetUnicode(text, index) not in _BLANK:
            angle = math.degrees(pdfium.FPDFText_GetCharAngle(text, index))
            turns[-round(angle / 90) * 90 % 360] += 1
    most, times = turns.most_common(1)[0] if turns else (rotation, 0)
    return most if times * 10 > turns.total() * 7 else rotation


def _words(text: Any, measure: _Measure) -> Iterator[_Word]:
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFText_CountChars(text)
    codes = [pdfium.FPDFText_GetUnicode(text, index) for index in range(count)]
    start = 0
    for index in range(count + 1):
        if index < count and codes[index] not in _BLANK:
            continue
        if index > start:
            yield from _measured(codes[start:index], start, measure)
        start = index + 1


class _Measure:
    """Says where a character of a page is, as the page is seen."""

    def __init__(self, text: Any, width: float, height: float, rotation: int) -> None:
        """`width` and `height` are those of the page when it is turned by `rotation` degrees."""
        import pypdfium2.raw as pdfium

        self._pdfium = pdfium
        self._text, self._width, self._height = text, width, height
        self._rotation = rotation
        self._box, self._matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box_at, self._matrix_at = ctypes.byref(self._box), ctypes.byref(self._matrix)
        self._edges = [ctypes.c_double() for _ in range(4)]
        self._edges_at = [ctypes.byref(edge) for edge in self._edges]
        self._x_at, self._y_at = ctypes.byref(self._x), ctypes.byref(self._y)

    def __call__(self, index: int) -> tuple[float, float, float, float]:
        """Returns left, right, top, bottom: the height is the font's size around the base line, for
        boxes are as high as what stands in them, and Vietnamese has high capitals."""
        pdfium, text = self._pdfium, self._text
        pdfium.FPDFText_GetLooseCharBox(text, index, self._box_at)
        pdfium.FPDFText_GetCharOrigin(text, index, self._x_at, self._y_at)
        pdfium.FPDFText_GetMatrix(text, index, self._matrix_at)
        matrix, box = self._matrix, self._box
        size = pdfium.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
        low, high = min(box.bottom, box.top), max(box.bottom, box.top)
        match self._rotation:
            case 90:
                left, right, base = low, high, self._x.value
            case 180:
                left, right, base = self._width - box.right, self._width - box.left, self._y.value
            case 270:
                left, right = self._width - high, self._width - low
                base = self._height - self._x.value
            case _:
                left, right, base = box.left, box.right, self._height - self._y.value
        size = size or high - low
        return left, right, base - _ABOVE * size, base + (1 - _ABOVE) * size

    def is_raised(self, index: int) -> bool:
        """Returns whether a figure of the usual size stands high above its base line."""
        if self._rotation:
            return False
        pdfium, text = self._pdfium, self._text
        pdfium.FPDFText_GetCharBox(text, index, *self._edges_at)
        pdfium.FPDFText_GetCharOrigin(text, index, self._x_at, self._y_at)
        low, high = self._edges[2].value, self._edges[3].value
        return bool(low - self._y.value > _RAISED_SHARE * (high - low) > 0)

    def is_aslant(self, index: int) -> bool:
        angle: float = self._pdfium.FPDFText_GetCharAngle(self._text, index)
        return angle >= 0 and abs(math.sin(angle - math.radians(self._rotation))) > _ASLANT


def _measured(codes: Sequence[int], start: int, measure: _Measure) -> Iterator[_Word]:
    """Yields a word; several, if PDFium put what is on two lines into one."""
    while codes:
        aslant = measure.is_aslant(start)
        middle = 0 if aslant or len(codes) == 1 else _break(codes, start, measure)
        word = _word(codes[:middle] if middle else codes, start, measure)
        if word is not None:
            yield replace(word, aslant=True) if aslant else word
        if not middle:
            return
        codes, start = codes[middle:], start + middle


def _word(codes: Sequence[int], start: int, measure: _Measure) -> _Word | None:
    text = "".join(_HYPHENS.get(code) or _letter(code) for code in codes)
    if not text:
        return None
    left, right, top, bottom = measure(start)
    mark = ""
    if len(codes) > 1:
        _, right, last_top, last_bottom = measure(start + len(codes) - 1)
        if last_bottom - last_top < _SMALL * (bottom - top) and _MARKED.match(text):
            text, mark = _with_script(text, start, measure, (top + bottom) / 2)
        elif text[-1].isdigit() and text[0].isdigit() and measure.is_raised(start + len(codes) - 1):
            text = _with_power(text, start, measure)
    return _Word(text, left, right, top, bottom, mark)


def _letter(code: int) -> str:
    return chr(code) if code > 0x1F and not 0xD800 <= code <= 0xDFFF else ""


def _break(codes: Sequence[int], start: int, measure: _Measure) -> int:
    """Returns where a word goes on in another line; 0 if it does not."""
    left, _, top, bottom = measure(start)
    last_left, _, last_top, last_bottom = measure(start + len(codes) - 1)
    if last_left >= left and last_top <= bottom and last_bottom >= top:
        return 0
    reached = left
    for index in range(1, len(codes)):
        left, right, here_top, here_bottom = measure(start + index)
        if left < reached - 1 or here_top > bottom or here_bottom < top:
            return index
        reached, top, bottom = (left + right) / 2, here_top, here_bottom
    return 0


def _with_power(text: str, start: int, measure: _Measure) -> str:
    """Returns a number whose last figures are raised by the font, with them as a power."""
    at = len(text) - 1
    while at > 1 and measure.is_raised(start + at - 1):
        at -= 1
    if measure.is_raised(start):
        return text
    return text[:at] + formulas.raised(text[at:])


def _with_script(text: str, start: int, measure: _Measure, middle: float) -> tuple[str, str]:
    """Returns a word that ends in something small: with it as a power or an index, or without it
    if it marks a note; and that mark."""
    size = 0.0
    at = len(text)
    for index in range(len(text)):
        _, _, top, bottom = measure(start + index)
        if index == 0:
            size = bottom - top
        elif bottom - top < _SMALL * size:
            at = index
            break
    before, script = text[:at], text[at:]
    _, _, top, bottom = measure(start + min(at, len(text) - 1))
    if (top + bottom) / 2 > middle:
        return before + formulas.lowered(script), ""
    if formulas.is_note_mark(script, before):
        return before, script
    return before + formulas.raised(script), ""


def _lines(words: Sequence[_Word]) -> Iterator[Line]:
    line: list[_Word] = []
    for word in words:
        if line and not _goes_on(line[-1], word):
            yield _line(line)
            line = []
        line.append(word)
    if line:
        yield _line(line)


def _goes_on(before: _Word, word: _Word) -> bool:
    gap = word.left - before.right
    size = max(before.size, word.size)
    if not -size <= gap <= _GAP_SIZES * size:
        return False
    if abs(word.bottom - before.bottom) <= _SAME_LINE * min(before.size, word.size):
        return True
    # What is small beside a word, above or below its line, belongs to it.
    small, large = sorted((before, word), key=lambda each: each.size)
    return (
        small.size < _SMALL * large.size < _SCRIPT_RATIO * small.size
        and len(small.text) <= _SCRIPT_CHARS
        and large.top - 2 <= small.top
        and small.bottom <= large.bottom + 3
    )


def _line(words: Sequence[_Word]) -> Line:
    text, marks = "", [word.mark for word in words if word.mark]
    size = max(word.size for word in words)
    for word in words:
        small = text and word.size < _SMALL * size
        if small and formulas.is_note_mark(word.text, text):
            marks.append(word.text)
            continue
        text += f" {word.text}" if text else word.text
    first = words[0]
    return Line(
        text,
        first.left,
        words[-1].right,
        min(word.top for word in words if word.size >= _SMALL * size),
        max(word.bottom for word in words if word.size >= _SMALL * size),
        first.right - first.left,
        tuple(marks),
    )


def joined(lines: Sequence[Line], between: str) -> Line:
    """Returns pieces of one line as one."""
    return replace(
        lines[0],
        text=between.join(line.text for line in lines),
        right=lines[-1].right,
        top=min(line.top for line in lines),
        bottom=max(line.bottom for line in lines),
        marks=tuple(mark for line in lines for mark in line.marks),
    )
