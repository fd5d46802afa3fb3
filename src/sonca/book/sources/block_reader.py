"""Gathers the blocks of an HTML document from what a parser tells: where paragraphs begin and end,
what is silent in them, which signs stand for tags until a paragraph is whole."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sonca.book.model import TextBlock
from sonca.book.sources import mathml, safe_xml, selectors, silence, stylesheet
from sonca.book.sources.document import Document
from sonca.book.sources.formulas import Node
from sonca.book.sources.inline import (
    ALL_SIGNS,
    BLANK,
    BR,
    CELL,
    LINK,
    LINK_END,
    READABLE,
    SCRIPT_END,
    SIGNS,
    SUB,
    SUP,
    TWICE,
    Line,
    drop_cap,
    is_drop_cap,
    item_number,
    with_drop_cap,
)


def _names(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = _names(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form header hgroup html legend li main nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul title"
) | set(_HEADINGS)
_SEPARATOR = "***"
_MAX_IMPORTS = 4
_NO_WORDS = re.compile(
    r"(?:image|img|picture|photo|cover|figure|hình(?: ảnh)?|ảnh|tranh|bìa|logo|untitled|title)"
    r"[\s_-]*\d*\Z|\S+\.(?:jpe?g|png|gif|svg|webp|bmp|tiff?)\Z",
    re.IGNORECASE,
)
"""What programs write as the words of a picture for want of any."""
_UNSEEN = "none"
"""How a list counts whose numbers a stylesheet hides."""
_SCRIPTS = frozenset(("sup", "sub"))
_REGIONS = _names("div section aside article ol ul dl blockquote")
_LISTS = frozenset(("ol", "ul", "menu", "dir"))
_INSIDE = frozenset(("p", "dt", "dd", "td", "th", "caption", "figcaption", *_HEADINGS))
"""Elements whose text goes on after a block that is not seen."""


@dataclass(slots=True)
class _Open:
    tag: str
    silent: str | None
    """Why what is in it is not spoken."""
    id: str = ""
    first: int = 0
    """Index of the block that comes next when it begins."""
    number: int = 0
    """Of the next item, in a list that counts."""
    kind: str = ""
    """How it counts, as HTML says it: 1, a, A, i, I."""
    look: stylesheet.Look = stylesheet.PLAIN
    children: int = 0
    last: selectors.Element | None = None
    """The last element in it that has begun."""


class BlockReader:
    """A parser target that gathers blocks. Starts and ends match, text comes in pieces."""

    def __init__(self, part: str, sheet: Callable[[str], str] | None = None) -> None:
        self.document = Document()
        self.ended = 0
        """Elements that have ended."""
        self._part = part
        self._sheet = sheet
        self._styles = stylesheet.Stylesheet()
        self._path: list[selectors.Element] = []
        self._root = _Open("", None)
        self._open: list[_Open] = []
        self._data: list[str] = []  # since the last tag
        self._text: list[str] = []  # of the paragraph that is being gathered
        self._pending: list[tuple[str, str, str]] = []  # its links: where to, id, text if unseen
        self._hushed: list[str] = []  # what is not spoken of it, and why
        self._hushed_why = ""
        self._ruby: tuple[list[str], list[str]] | None = None
        self._number_said = ""  # of the list's item that this paragraph begins
        self._math: list[Node] = []
        self._level = 0
        self._hint = ""
        self._ids: list[str] = []
        self._at = 0

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._open)

    # What the parser tells

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._end_data()
        tag = safe_xml.local(tag).lower()
        parent = self._open[-1] if self._open else self._root
        parent.children += 1
        element = selectors.element(tag, attributes, parent.children, parent.last)
        parent.last = element
        self._path.append(element)
        look = self._look(attributes, parent.look.painted)
        outer = parent.silent
        silent = self._reason(tag, attributes, look) if outer is None else outer
        if silent != outer:
            self._end_hushed()
        if tag in _BLOCKS or tag == "hr" or look.block:
            self._begin_block(tag, attributes, silent)
        for key in ("id", "name"):
            if attributes.get(key) and (key == "id" or tag == "a"):
                self._ids.append(attributes[key])
        number = int(attributes["start"]) if attributes.get("start", "").isdecimal() else 1
        kind = (look.counts or attributes.get("type", "")) if tag == "ol" else ""
        first = len(self.document.blocks)
        self._open.append(_Open(tag, silent, element.id, first, number, kind, look))
        if silent is None or tag in ("style", "meta", "link"):
            self._start_inside(tag, attributes)

    def _begin_block(self, tag: str, attributes: Mapping[str, str], silent: str | None) -> None:
        if silent is None and not self._in_cell(tag) and not self._behind_number(tag):
            self._flush()
        elif silent is not None:
            self._end_hushed()
            if not any(each.tag in _INSIDE and each.silent is None for each in self._open[-6:]):
                self._flush()
        self._hint = attributes.get("class") or self._hint

    def _in_cell(self, tag: str) -> bool:
        """Returns whether a block begins in a cell of a table, which is a line with its row."""
        if tag in ("td", "th"):
            if self._text and self._text[-1] != CELL:
                self._text.append(CELL)
            return True
        inside = any(each.tag in ("td", "th") for each in self._open[-2:])
        return inside and tag in ("p", "div") and (not self._text or self._text[-1] == CELL)

    def _behind_number(self, tag: str) -> bool:
        """Returns whether a block begins a list's item, whose number stands there alone."""
        if not self._number_said or tag not in ("p", "div"):
            return False
        return "".join(self._text).strip(ALL_SIGNS + " \t\r\n") == self._number_said.strip()

    def _start_inside(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begins what an element means besides its text."""
        if self._is_raised(tag):
            self._text.append(SUP if self._open[-1].look.script == "super" else SUB)
        if self._math or tag == "math":
            self._start_math(tag, attributes)
        elif tag in _HEADINGS:
            self._level = _HEADINGS[tag]
        elif tag == "li":
            self._number(attributes)
        elif tag == "a":
            self._begin_link(attributes)
        elif tag in ("sup", "sub"):
            self._text.append(SUP if tag == "sup" else SUB)
        elif tag == "ruby":
            self._ruby = ([], [])
        elif tag == "br":
            self._text.append(BR)
        elif tag == "hr":
            self._add(_SEPARATOR, silence.of_page(attributes))
        elif tag == "img":
            self._picture(attributes.get("alt", "").strip())
        elif tag in ("meta", "link"):
            self._start_head(tag, attributes)

    def _is_raised(self, tag: str) -> bool:
        """Returns whether a stylesheet raises or lowers the innermost element, as `sup` is."""
        script = self._open[-1].look.script
        return bool(script) and tag not in _SCRIPTS and tag not in _BLOCKS and not self._math

    def _start_head(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "meta" and attributes.get("name", "").lower() == "author":
            self.document.author = attributes.get("content", "").strip()
        elif tag == "link" and "stylesheet" in attributes.get("rel", "").lower():
            self._add_sheet(attributes.get("href", ""))

    def _begin_link(self, attributes: Mapping[str, str], text: str = "") -> None:
        self._text.append(LINK)
        outer = self._path[-2].id if len(self._path) > 1 else ""
        own = attributes.get("id") or attributes.get("name") or outer
        self._pending.append((attributes.get("href", ""), own, text))

    def _add_sheet(self, href: str, text: str | None = None, depth: int = 0) -> None:
        """Adds a stylesheet that the document links to, or its own, after those that it names."""
        if text is None:
            text = self._sheet(href) if self._sheet else ""
        sheet = stylesheet.parse(text)
        for name in sheet.imports[:_MAX_IMPORTS] if depth < _MAX_IMPORTS else ():
            self._add_sheet(posixpath.join(posixpath.dirname(href), name), depth=depth + 1)
        self._styles.add(sheet)

    def end(self, tag: str) -> None:
        self.ended += 1
        self._end_data()
        tag = safe_xml.local(tag).lower()
        closed = self._open[-1]
        outer = self._open[-2].silent if len(self._open) > 1 else None
        if closed.silent is not None:
            if tag == "a" and closed.silent == "note mark":
                self._begin_link(self._path[-1].attributes, "".join(self._hushed))
                self._text.append(LINK_END)
            if closed.silent != outer or tag in _BLOCKS:
                self._end_hushed()
        elif (tag in _BLOCKS or closed.look.block) and not self._in_row(tag):
            self._flush()
            self._hint = ""
        if closed.silent is None:
            self._end_inside(tag)
        self._open.pop()
        self._path.pop()
        last = len(self.document.blocks)
        if closed.id and last > closed.first:
            self.document.spans[closed.id] = (closed.first, last)
        if tag in _REGIONS and last - closed.first > 1:
            self.document.regions.append((closed.first, last))
        if tag in _HEADINGS:
            self._level = 0

    def _in_row(self, tag: str) -> bool:
        return tag in ("td", "th") or (
            tag in ("p", "div") and any(each.tag in ("td", "th") for each in self._open[-3:-1])
        )

    def _end_inside(self, tag: str) -> None:
        if self._is_raised(tag):
            self._text.append(SCRIPT_END)
        if self._math:
            self._end_math()
        elif tag == "a":
            self._text.append(LINK_END)
        elif tag in ("sup", "sub"):
            self._text.append(SCRIPT_END)
        elif tag == "ruby" and self._ruby is not None:
            base = "".join(self._ruby[0])
            latin = all(READABLE.search(each) for each in self._ruby[1] if each.strip())
            reading = (" " if latin else "").join(self._ruby[1])  # a syllable each
            self._ruby = None
            spoken = reading if READABLE.search(reading) else base
            self._text.append(spoken)
            self._skip(base if spoken is reading else reading, "ruby")

    def data(self, text: str) -> None:
        self._data.append(text)

    def close(self) -> None:
        self._end_data()
        self._end_hushed()
        self._flush()

    # Building

    def _end_data(self) -> None:
        """Takes the text since the last tag as a whole."""
        text, self._data = "".join(self._data), []
        here = self._open[-1] if self._open else _Open("", None)
        if not text:
            return
        if here.tag == "title":
            self.document.title += text
        elif here.tag == "style":
            self._add_sheet("", text)
        elif here.silent == silence.NO_TEXT:
            return
        elif here.silent is not None:
            self._hushed.append(text)
            self._hushed_why = here.silent
        elif self._math:
            self._math[-1].text += text
        elif self._ruby is not None:
            self._ruby[any(each.tag == "rt" for each in self._open[-3:])].append(text)
        else:
            pre = any(each.tag == "pre" for each in self._open[-4:])
            self._text.append(text.strip("\n").replace("\n", BR) if pre else text)

    def _look(self, attributes: Mapping[str, str], painted: bool) -> stylesheet.Look:
        """Returns how the element that begins is seen."""
        style = attributes.get("style", "")
        if not style and not self._styles.rules:
            return stylesheet.PAINTED if painted else stylesheet.PLAIN
        return self._styles.look(self._path, style, painted=painted)

    def _reason(self, tag: str, attributes: Mapping[str, str], look: stylesheet.Look) -> str | None:
        """Returns why what is in an element is not spoken; None if it is."""
        known = silence.reason(tag, attributes)
        return "hidden" if known is None and look.hidden else known

    def _end_hushed(self) -> None:
        """Reports what was not spoken, and lets the paragraph around it go on."""
        text, self._hushed = "".join(self._hushed), []
        letter = drop_cap(text.strip()) if self._hushed_why == "picture" else ""
        if letter and not "".join(self._text).strip():
            self._text.append(letter)
            return
        if self._ids and not self._text and text.strip():
            for id in self._ids:
                self.document.anchors.setdefault(id, len(self.document.blocks))
            self._ids.clear()
        self._skip(text, self._hushed_why)

    def _skip(self, text: str, why: str) -> None:
        text = " ".join(SIGNS.sub(" ", text).split())
        if text:
            self.document.blocks.append(TextBlock(text, part=self._part, start=self._at, skip=why))

    def _picture(self, alt: str) -> None:
        """Takes the words of a picture where it stands for a letter or a heading."""
        letter = drop_cap(alt)
        if letter and not "".join(self._text).strip(ALL_SIGNS + " \t\r\n"):
            self._text.append(letter)
        elif alt and self._level and not _NO_WORDS.match(alt):
            self._text.append(alt)
        else:
            self._skip(alt, "picture")

    def _number(self, attributes: Mapping[str, str]) -> None:
        """Says the number of an item in a list that counts."""
        parent = next((each for each in reversed(self._open[:-1]) if each.tag in _LISTS), None)
        if parent is None or parent.tag != "ol" or parent.kind == _UNSEEN:
            return
        if attributes.get("value", "").isdecimal():
            parent.number = int(attributes["value"])
        kind = self._open[-1].look.counts or parent.kind or "1"
        if kind != _UNSEEN:
            self._number_said = item_number(parent.number, kind)
            self._text.append(self._number_said)
        parent.number += 1

    def _start_math(self, tag: str, attributes: Mapping[str, str]) -> None:
        node = Node(tag, dict(attributes))
        if self._math:
            self._math[-1].children.append(node)
        self._math.append(node)

    def _end_math(self) -> None:
        node = self._math.pop()
        if self._math:
            return
        text, alt = mathml.line(node), node.attributes.get("alttext", "")
        if text is None:
            self._skip(alt or "(formula)", "formula")
            text = alt if READABLE.search(alt) and "\\" not in alt else ""
        self._text.append(f" {text} " if text else " ")

    def _flush(self) -> None:
        """Ends the paragraph that is being gathered."""
        if not self._text:
            return
        raw, self._text = "".join(self._text), []
        self._number_said = ""
        pending, self._pending = self._pending, []
        if not raw.strip(ALL_SIGNS + " \t\r\n\f\v"):
            return
        if SIGNS.search(raw) is None and TWICE.match(text := BLANK.sub(" ", raw).strip()) is None:
            self._add(with_drop_cap(text), None)  # most paragraphs
            return
        line = Line(pending, len(self.document.blocks))
        pieces = SIGNS.split(raw)
        for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
            line.take(piece, following)
        text = line.finished()
        for mark in line.marks:
            self._skip(mark, "note mark")
        for link in line.links:
            link.block = len(self.document.blocks)
        self.document.links += line.links
        if text:
            self._add(text, None)

    def _add(self, text: str, silent: str | None) -> None:
        blocks = self.document.blocks
        for id in self._ids:
            self.document.anchors.setdefault(id, len(blocks))
        self._ids.clear()
        level = self._level if silent is None else 0
        capital = blocks[-1] if blocks else None
        if capital is not None and silent is None and is_drop_cap(capital, text):
            # The first letter had a block of its own.
            blocks[-1] = replace(capital, text=capital.text.strip() + text, hint=self._hint)
            self._at += len(text)
            return
        item = any(each.tag in ("li", "tr") for each in self._open[-4:])
        blocks.append(
            TextBlock(text, level, self._part, self._at, skip=silent, hint=self._hint, item=item)
        )
        self._at += len(text) + 1
