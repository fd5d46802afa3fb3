"""Gathers what a paragraph of a DOCX file holds, and makes its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sonca.book.model import TextBlock
from sonca.book.sources import formulas
from sonca.book.sources.docx.styles import PLAIN, TITLE, Style
from sonca.book.sources.inline import is_drop_cap
from sonca.book.structure import headings

NEW_PAGE = "\f"
_LARGE_HALF_POINTS = 30
_LONG_LINE = 120
"""No line of verse, and no heading."""
_SPEECH = re.compile(r"[-–—“\"«]")
_STOP = re.compile(r"[.!?…;][”\"»’)]*\Z")
_PAGE_NUMBER = re.compile(r"[-–—\s]*(?:trang|page)?\s*(?:/|trên|of|[-–—\s])*\Z", re.IGNORECASE)
_LISTED = re.compile(r"\s*\S.*\t\s*(?:\d{1,4}|[ivxlc]{1,7})\s*\Z")


@dataclass(slots=True)
class Paragraph:
    """A paragraph that is being read."""

    style: Style = PLAIN
    style_id: str = ""
    outline: int | None = None
    """Its own level, where it has one."""
    list_id: str | None = None
    list_level: int | None = None
    item: bool = False
    """Of a list."""
    drop_cap: bool = False
    goes_on: bool = False
    """Its end was deleted in a tracked change: the next paragraph belongs to it."""
    contents: bool = False
    page_number: bool = False
    unlinked: bool = False
    """Has text that is no link into the file."""
    linked: bool = False
    pieces: list[str] = field(default_factory=list)
    unspoken: list[tuple[str, str]] = field(default_factory=list)
    """Text and why it is not spoken."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Kind and id of each note that it refers to."""
    boxes: list[TextBlock] = field(default_factory=list)
    """Paragraphs of text boxes that hang on this one."""
    centered: bool = False
    shaded: bool = False
    bold: bool = True
    """All of it."""
    half_points: int = 0
    """The smallest letters of it, 0 where nothing is said of their size."""
    _script: str = ""
    _scripted: list[str] = field(default_factory=list)

    @property
    def level(self) -> int:
        if self.outline is not None and self.style.level != TITLE:
            return self.outline
        return self.style.level

    @property
    def listed(self) -> bool:
        """Whether it looks like a line of a table of contents."""
        if self.linked and not self.unlinked:
            return True
        text = "".join(self.pieces)
        return "\t" in text and bool(_LISTED.match(text))

    def write(self, text: str, position: str) -> None:
        """Adds text; `position` is ``superscript``, ``subscript`` or empty."""
        if position != self._script:
            self.end_script(text)
            self._script = position
        if position:
            self._scripted.append(text)
        else:
            self.pieces.append(text)

    def look_of(self, *, bold: bool, half_points: int) -> None:
        """Takes the look of a piece of its text."""
        self.half_points = half_points if not self.pieces else min(self.half_points, half_points)
        self.bold &= bold

    @property
    def hint(self) -> str:
        """``title`` for a line that is set as one: bold or large, in the middle."""
        large = self.half_points >= _LARGE_HALF_POINTS
        return "title" if self.centered and (self.bold or large) and not self.item else ""

    def take_drop_cap(self) -> None:
        """Puts the first letter, if a text box holds it, before the rest of its word."""
        text = "".join(self.pieces).lstrip()
        if len(self.boxes) == 1 and is_drop_cap(self.boxes[0], text[:20]):
            self.pieces = [self.boxes.pop().text.strip() + text]

    def leave_out(self, text: str, why: str) -> None:
        """Notes text that is not spoken; the parser hands it over in pieces."""
        if self.unspoken and self.unspoken[-1][1] == why:
            text = self.unspoken.pop()[0] + text
        self.unspoken.append((text, why))

    def end_script(self, following: str = "") -> None:
        """Adds what was raised or lowered, in the signs for it; `following` comes next."""
        text, script = "".join(self._scripted), self._script
        self._scripted.clear()
        self._script = ""
        if not text:
            return
        if script == "subscript":
            self.pieces.append(formulas.lowered(text))
        elif not formulas.is_numerator(text, following) and formulas.is_note_mark(
            text, "".join(self.pieces[-20:])
        ):
            self.leave_out(text, "note mark")
        else:
            self.pieces.append(formulas.raised(text))

    def blocks(self, number: str, part: str, skip: str | None) -> Iterator[TextBlock]:
        """Yields its blocks: those of its lines that are headings stand alone."""
        text = formulas.with_fractions("".join(self.pieces))
        if self.page_number and _PAGE_NUMBER.match(text.strip()):
            self.leave_out(text, "page number")
            text = ""
        pages = [_lines(page) for page in text.split(NEW_PAGE)]
        pages = [lines for lines in pages if lines]
        level = self.level
        if not pages and level > 0 and skip is None:
            pages = [[alt] for alt, why in self.unspoken if why == "picture"][:1]
        if pages and number:
            pages[0][0] = f"{number} {pages[0][0]}"
        for index, lines in enumerate(pages):
            for each, own in _divided(lines, level if index == 0 else 0):
                shown = 0 if skip else min(own, 6)
                joined = "\n".join(each)
                hint = "" if own else self.hint
                yield TextBlock(joined, shown, part, skip=skip, item=self.item, hint=hint)
        for hidden, why in self.unspoken:
            if hidden.strip():
                yield TextBlock(" ".join(hidden.split()), part=part, skip=skip or why)


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in lines if line]


def _divided(lines: list[str], level: int) -> Iterator[tuple[list[str], int]]:
    """Yields the lines of a paragraph (Shift+Enter) that belong together, with their level: a
    heading ends where sentences begin, and prose has a paragraph a line."""
    if level:
        end = 1
        while end < len(lines) and len(lines[end]) <= _LONG_LINE and not _STOP.search(lines[end]):
            end += 1
        yield lines[:end], level
        lines = lines[end:]
    if len(lines) < 2:
        yield from ((lines, 0) for _ in lines)
        return
    prose = any(len(line) > _LONG_LINE or _SPEECH.match(line) for line in lines)
    verse: list[str] = []
    for line in lines:
        heading = headings.parse_heading(line)
        if prose or (heading and heading.named):
            if verse:
                yield verse, 0
            yield [line], 0
            verse = []
        else:
            verse.append(line)
    if verse:
        yield verse, 0
