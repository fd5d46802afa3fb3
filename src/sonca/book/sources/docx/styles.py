"""Reads Word's styles: which are headings, contents or hidden, and which number their paragraphs.

A style has what the one has that it is based on, unless it says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from sonca.book.sources import safe_xml

TITLE = -1
"""Level of the book's title."""
_BODY_TEXT = 9
"""Outline level of what is no heading."""
_MAX_CHAIN = 20
_HEADING = re.compile(
    r"(?:heading|tiêu ?đề|đầu ?đề|đề ?mục|u|überschrift|titre|título|titolo|заголовок|标题|見出し)"
    r"\s*(\d)\Z",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"(?:toc|mục ?lục)\s*\w*\Z", re.IGNORECASE)
_NOTE_MARK = re.compile(r"(?:foot|end)note (?:reference|anchor|characters)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """What a style means for reading."""

    level: int = 0
    """1 to 9 for a heading, `TITLE`, 0 for anything else."""
    skip: str | None = None
    """Why its text is not spoken."""
    list_id: str = ""
    list_level: int = 0
    position: str = ""
    """``superscript``, ``subscript`` or empty."""


PLAIN = Style()


class Styles:
    """The styles of a document, by their id."""

    def __init__(self, root: etree._Element | None) -> None:
        """`root` is the part `styles.xml`; without one, names alone tell."""
        elements = root.iter("{*}style") if root is not None else ()
        self._elements = {safe_xml.get(style, "styleId"): style for style in elements}
        self._made: dict[str, Style] = {}

    def get(self, id: str) -> Style:
        """Returns a style; for an unknown one what its id says by itself."""
        if id not in self._made:
            chain: list[str] = []
            while id not in chain and id in self._elements and len(chain) < _MAX_CHAIN:
                chain.append(id)
                id = _value(self._elements[id], "basedOn")
            style = PLAIN
            for each in reversed(chain):
                style = self._made[each] = _over(style, self._elements[each])
            if not chain:
                self._made[id] = _by_name(PLAIN, id)
                return self._made[id]
            return self._made[chain[0]]
        return self._made[id]


def _over(base: Style, element: etree._Element) -> Style:
    """Returns `base` with what one style says itself."""
    style = _by_name(base, _value(element, "name"))
    outline = _value(element, "{*}pPr/{*}outlineLvl", base=True)
    if outline.isdigit() and style.level != TITLE:
        style = replace(style, level=0 if int(outline) >= _BODY_TEXT else int(outline) + 1)
    number = element.find("{*}pPr/{*}numPr")
    if number is not None:
        level = _value(number, "ilvl")
        style = replace(
            style,
            list_id=_value(number, "numId") or style.list_id,
            list_level=int(level) if level.isdigit() else style.list_level,
        )
    hidden = element.find("{*}rPr/{*}vanish")
    if hidden is not None:
        style = replace(style, skip="hidden" if is_on(hidden.attrib) else None)
    position = _value(element, "{*}rPr/{*}vertAlign", base=True)
    return replace(style, position=position) if position else style


def _by_name(base: Style, name: str) -> Style:
    name = name.strip()
    if name.lower() == "title":
        return replace(base, level=TITLE)
    if base.level == TITLE:
        base = replace(base, level=0)  # `Subtitle`, `Author` and `Date` may be made from it
    heading = _HEADING.match(name)
    if heading:
        return replace(base, level=int(heading[1]), skip=None)
    if _CONTENTS.match(name):
        return replace(base, level=0, skip="contents")
    if _NOTE_MARK.match(name):
        return replace(base, skip="note mark")
    return base


def is_on(attributes: Mapping[str, str]) -> bool:
    """Returns whether a property that stands there is meant: `w:val="0"` takes it back."""
    return safe_xml.get(attributes, "val").lower() not in ("0", "false", "off", "none")


def _value(element: etree._Element, path: str, *, base: bool = False) -> str:
    found = element.find(path if base else f"{{*}}{path}")
    return safe_xml.get(found, "val") if found is not None else ""
