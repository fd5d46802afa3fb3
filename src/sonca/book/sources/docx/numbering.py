"""Counts Word's automatic numbers: `Điều 1.`, `1.2.`, `a)`, `IV.`; bullets have none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from sonca.book.sources import safe_xml

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"],
        strict=True,
    )
)
_SILENT_FORMATS = ("bullet", "none")
_MAX_CHAIN = 10


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None
    """Begins anew after a number of that level or above (from 1); None is any above, 0 never."""
    plain: bool = False
    """All of its numbers are set in Arabic numerals (`isLgl`)."""
    style: str = ""


@dataclass(slots=True)
class _List:
    """A list that some instances share, with its counters."""

    levels: dict[int, _Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


class Numbering:
    """The numbered lists of a document. `next` is asked once for each numbered paragraph."""

    def __init__(self, root: etree._Element | None) -> None:
        """`root` is the part `numbering.xml`; without one nothing is numbered."""
        self._lists: dict[str, _List] = {}
        self._abstract: dict[str, str] = {}  # list id to the shared list's
        self._overrides: dict[str, dict[int, int]] = {}
        self._own: dict[str, dict[int, _Level]] = {}
        self._begun: set[tuple[str, int]] = set()
        self._style_levels: dict[tuple[str, str], int] = {}
        if root is not None:
            self._read(root)

    def _read(self, root: etree._Element) -> None:
        links: dict[str, str] = {}
        linked: dict[str, str] = {}
        for element in root.iter("{*}abstractNum"):
            key = safe_xml.get(element, "abstractNumId")
            self._lists[key] = _List(_levels(element))
            links[key] = _value(element, "numStyleLink")
            linked[_value(element, "styleLink")] = key
        for element in root.iter("{*}num"):
            id = safe_xml.get(element, "numId")
            key = _value(element, "abstractNumId")
            self._abstract[id] = linked.get(links.get(key, "") or "\0", key)
            for change in element.iter("{*}lvlOverride"):
                level = _number(safe_xml.get(change, "ilvl"), 0)
                start = _value(change, "startOverride")
                if start:
                    self._overrides.setdefault(id, {})[level] = _number(start, 1)
                self._own.setdefault(id, {}).update(_levels(change))

    def level_of_style(self, id: str, style: str) -> int | None:
        """Returns the level of a list that is tied to a paragraph style; None if none is."""
        found = self._lists.get(self._abstract.get(id, ""))
        if found is None:
            return None
        return next((i for i, level in found.levels.items() if level.style == style), None)

    def next(self, id: str, level: int) -> str:
        """Counts a paragraph of the list `id`; returns its number as shown, empty for a bullet."""
        found = self._lists.get(self._abstract.get(id, ""))
        if found is None or not 0 <= level < _LEVELS:
            return ""
        levels = {**found.levels, **self._own.get(id, {})}
        override = self._overrides.get(id, {}).get(level)
        if override is not None and (id, level) not in self._begun:
            found.counts[level] = override
        else:
            count = found.counts[level]
            found.counts[level] = levels.get(level, _Level()).start if count is None else count + 1
        self._begun.add((id, level))
        for below in range(level + 1, _LEVELS):
            restart = levels.get(below, _Level()).restart
            if restart is None or level < restart:
                found.counts[below] = None
        return _shown(level, levels, found.counts)


def _shown(level: int, levels: dict[int, _Level], counts: list[int | None]) -> str:
    own = levels.get(level, _Level())
    if own.format in _SILENT_FORMATS:
        return ""

    def number(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        here = levels.get(place, _Level())
        count = counts[place]
        value = here.start if count is None else count
        return _written(value, "decimal" if own.plain else here.format)

    return " ".join(_PLACE.sub(number, own.text).split())


def _written(value: int, format: str) -> str:
    """Returns a number in one of Word's formats; in numerals if the format is another script's."""
    match format:
        case "upperRoman" | "lowerRoman" if 0 < value < 4000:
            text = _roman(value)
        case "upperLetter" | "lowerLetter" if value > 0:  # A … Z, AA, BB …
            text = chr(ord("A") + (value - 1) % 26) * min((value - 1) // 26 + 1, 9)
        case "decimalZero":
            return f"{value:02}"
        case "none":
            return ""
        case _:
            return str(value)
    return text.lower() if format.startswith("lower") else text


def _roman(value: int) -> str:
    text = ""
    for size, letters in _ROMAN:
        text += letters * (value // size)
        value %= size
    return text


def _levels(element: etree._Element) -> dict[int, _Level]:
    levels = {}
    for each in element.findall("{*}lvl"):
        restart = _value(each, "lvlRestart")
        legal = each.find("{*}isLgl")
        levels[_number(safe_xml.get(each, "ilvl"), 0)] = _Level(
            _number(_value(each, "start"), 1),
            _value(each, "numFmt") or "decimal",
            _value(each, "lvlText"),
            _number(restart, 0) if restart else None,
            legal is not None and safe_xml.get(legal, "val") not in ("0", "false"),
            _value(each, "pStyle"),
        )
    return levels


def _value(element: etree._Element, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return safe_xml.get(found, "val") if found is not None else ""


def _number(text: str, other: int) -> int:
    return int(text) if text.isdigit() and len(text) < 8 else other
