"""Puts the text of one paragraph together: line breaks, cells, links, raised and lowered text.

The reader of markup gathers pieces of text with signs between that stand for tags; what a raised
number is shows only when the paragraph ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sonca.book.model import TextBlock
from sonca.book.sources import formulas
from sonca.text.vietnamese.syllables import syllable

BLANK = re.compile(r"[ \t\r\n\f\v]+")
_NOTE_MARK = re.compile(
    r"\s*[\[({]?\s*(?:\d{1,4}|[*†‡§¶]{1,4}|[ivx]{1,5}|[a-z]|(?:note|ghi chú|chú thích) ?\d{1,3})"
    r"\s*[\])}]?\s*\Z",
    re.IGNORECASE,
)
TWICE = re.compile(r"(\w{1,4})[.)] (?=\(?\1[.):] )")
"""The number of an item that is in its text too, as scrapers leave it."""
BR = "\ue000"
"""Stands for `br` while a paragraph is gathered: line ends of the file are only blanks."""
LINK, LINK_END, SUP, SUB, SCRIPT_END, CELL = "\ue001\ue002\ue003\ue004\ue005\ue006"
"""Stand for tags while a paragraph is gathered: what they mean shows at its end."""
SIGNS = re.compile(f"([{BR}{LINK}{LINK_END}{SUP}{SUB}{SCRIPT_END}{CELL}])")


@dataclass(slots=True)
class Link:
    """A link in a document's text."""

    href: str
    id: str
    """Its own id, or that of what encloses nothing else."""
    block: int
    start: int
    end: int
    """Where it stands in the text of its block; both equal for a mark that was left out."""
    text: str


class Line:
    """The text of a paragraph, put together from pieces and signs."""

    def __init__(self, pending: list[tuple[str, str, str]], block: int) -> None:
        self.links: list[Link] = []
        self.marks: list[str] = []
        self._pending = iter(pending)
        self._block = block
        self._text = ""
        self._scripts: list[tuple[str, int]] = []
        self._linked: list[Link] = []

    def take(self, piece: str, following: str) -> None:
        """Adds a piece of text, or does what a sign stands for."""
        match piece:
            case "":
                pass
            case sign if sign == BR:
                self._text = self._text.rstrip(" ") + "\n"
            case sign if sign == CELL:
                self._end_cell()
            case sign if sign == LINK:
                href, id, unseen = next(self._pending)
                at = len(self._text)
                self._linked.append(Link(href, id, self._block, at, at, unseen))
            case sign if sign == LINK_END:
                self._end_link()
            case sign if sign in (SUP, SUB):
                self._scripts.append((sign, len(self._text)))
            case sign if sign == SCRIPT_END:
                self._end_script(following)
            case _:
                text = BLANK.sub(" ", piece)
                if not self._text or self._text[-1] in " \n":
                    text = text.lstrip(" ")
                self._text += text

    def _end_cell(self) -> None:
        text = self._text.rstrip()
        capital = len(text) == 1 and text.isupper()
        if text and not capital:
            text += " " if text[-1] in ".,;:!?…" else ", "
        self._text = text

    def _end_link(self) -> None:
        if self._linked:
            link = self._linked.pop()
            link.start = min(link.start, len(self._text))
            link.end, link.text = len(self._text), link.text or self._text[link.start :]
            if link.href:
                self.links.append(link)

    def _end_script(self, following: str) -> None:
        if not self._scripts:
            return
        sign, start = self._scripts.pop()
        start = min(start, len(self._text))
        text, before = self._text[start:], self._text[:start]
        linked = any(link.start >= start for link in (*self.links, *self._linked)) or bool(
            self._linked
        )
        marked = sign == SUP and (
            (linked and _NOTE_MARK.match(text) is not None)
            or (formulas.is_note_mark(text, before) and not formulas.is_numerator(text, following))
        )
        if not marked:
            first = formulas.raised_mark if not before.strip() else formulas.raised
            write = first if sign == SUP else formulas.lowered
            self._text = before + (write(text) if text.strip() else text)
            return
        self.marks.append(text)
        self._text = before
        for link in (*self.links, *self._linked):
            if link.end >= start and link.start >= start:
                link.text = link.text or text
                link.start = link.end = start
        for link in self._linked:
            link.text = link.text or text

    def finished(self) -> str:
        text = formulas.with_fractions(self._text)
        lines = (line.strip() for line in text.split("\n"))
        joined = "\n".join(line for line in lines if line)
        shift = len(text) - len(text.lstrip())
        if twice := TWICE.match(joined):
            joined = joined[twice.end() :]
            shift += twice.end()
        for link in self.links:
            link.start, link.end = max(0, link.start - shift), max(0, link.end - shift)
        return with_drop_cap(joined)


READABLE = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff0-9]")
ALL_SIGNS = BR + LINK + LINK_END + SUP + SUB + SCRIPT_END + CELL


def item_number(number: int, kind: str) -> str:
    """Returns how an item is numbered: ``1. ``, ``a) ``, ``iv. ``."""
    if kind in "aA" and 1 <= number <= 26:
        return f"{chr(ord(kind) + number - 1)}) "
    if kind in "iI" and 1 <= number < 40:
        written = "x" * (number // 10) + _ROMAN_UNITS[number % 10]
        return f"{written.upper() if kind == 'I' else written}. "
    return f"{number}. "


_ROMAN_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")


def with_drop_cap(text: str) -> str:
    """Returns a paragraph whose first letter stands apart with that letter joined to its word."""
    match = re.match(r"([“\"'‘]?)([^\W\d_])[ \u00a0]?\n?([^\W\d_]{1,7})(?![\w])", text)
    if match is None or not match[2].isupper() or not match[3].islower() or match[3] == match[0]:
        return text
    return (
        text
        if match.end(2) == match.start(3) or not _is_torn(match[2], match[3])
        else (match[1] + match[2] + text[match.start(3) :])
    )


_LETTER = re.compile(
    r"(?:(?:chữ(?: cái)?|letter|drop[- ]?cap(?:ital)?|initial|capital)\s*:?\s*)?"
    r"([“\"'‘]?[^\W\d_])\Z",
    re.IGNORECASE,
)


def drop_cap(alt: str) -> str:
    """Returns the letter that a picture stands for (`Đ`, `Chữ Đ`), empty for none."""
    found = _LETTER.match(alt)
    return found[1] if found and found[1].isupper() else ""


def is_drop_cap(block: TextBlock, following: str) -> bool:
    """Returns whether a block is the first letter of the paragraph that follows it."""
    text = block.text
    if len(text) > 4 or block.skip is not None or block.level:
        return False
    capital = text.strip().lstrip("“\"'‘")
    alone = len(capital) == 1 and capital.isupper()
    rest = re.match(r"[^\W\d_]{1,7}", following)
    return alone and rest is not None and rest[0].islower() and _is_torn(capital, rest[0])


def _is_torn(letter: str, rest: str) -> bool:
    """Returns whether a letter and what follows are one syllable that they are not alone."""
    whole = syllable(letter + rest) is not None
    return whole and (syllable(letter) is None or syllable(rest) is None)
