"""Reads HTML and XHTML, however broken: paragraphs, headings, anchors.

Reads one document into blocks. What is not to be spoken (notes, pictures, scripts, contents) comes
out as blocks that say why. Fetches nothing and follows no link.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from sonca.book.model import Source, TextBlock
from sonca.book.sources import safe_xml, web_page
from sonca.errors import InvalidRequest


def _names(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = _names(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form header hgroup html legend li main nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul title"
) | set(_HEADINGS)
_NO_TEXT = ""
"""What is in it was never meant to be read."""
_SILENT = {
    "script": _NO_TEXT,
    "style": _NO_TEXT,
    "template": "hidden",
    "noscript": "hidden",
    "svg": "picture",
    "math": "picture",
    "audio": "hidden",
    "video": "hidden",
    "iframe": "hidden",
    "object": "hidden",
    "rp": "hidden",
    "rt": "hidden",
    "nav": "contents",
    "select": "hidden",
    "button": "hidden",
    "textarea": "hidden",
}
_ROLES = (
    (re.compile(r"\b(doc-)?noteref\b"), "note mark"),
    (re.compile(r"\b(doc-)?(footnotes?|endnotes?|rearnotes?|note|notes)\b"), "note"),
    (re.compile(r"\b(doc-)?(toc|landmarks|page-list|index)\b"), "contents"),
    (re.compile(r"\b(doc-)?pagebreak\b"), "hidden"),
    (
        re.compile(
            r"\b(half)?title-?page\b|\b(doc-)?(copyright-page|dedication|imprint|colophon)\b"
        ),
        "front matter",
    ),
)
_NOTE_MARK = re.compile(r"\s*[\[(]?(\d{1,4}|[*†‡§]{1,3}|[ivx]{1,5})[\])]?\s*\Z")
_UNSEEN = re.compile(r"display\s*:\s*none")
_BLANK = re.compile(r"[ \t\r\n\f\v]+")
_XHTML = "http://www.w3.org/1999/xhtml"
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_PIECE_BYTES = 8192
_MAX_SEARCH = 500_000_000
"""Open elements that may be looked through for ends of what never began: some five seconds."""
_SEPARATOR = "***"
_BR = "\ue000"
"""Stands for `br` while a paragraph is gathered: line ends of the file are only blanks."""


@dataclass(slots=True)
class Document:
    """The blocks of a document, and what it says about itself."""

    blocks: list[TextBlock] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    """Id to the index of the first block at or after it."""
    title: str = ""
    author: str = ""


def read(text: str) -> Source:
    """Reads an HTML text."""
    document = parse(text)
    return Source("html", tuple(document.blocks), document.title, document.author)


def parse(text: str, *, part: str = "") -> Document:
    """Returns the blocks of a document, in order. What is broken is read as it stands; raises
    `InvalidRequest` only for a document that was made to keep a parser busy."""
    if _XHTML in text[:4096]:
        # XML while it is well-formed: there any element may be empty, and hold any other.
        with contextlib.suppress(InvalidRequest):
            reader = _BlockReader(part)
            data = _ENTITY.sub(_letter, text).encode("utf-8", "replace")
            safe_xml.walk(data, reader, name=part, encoding="utf-8")
            return reader.document
    return _parse_html(text.encode("utf-8", "replace"), _BlockReader(part))


def _letter(entity: re.Match[str]) -> str:
    """Replaces a name of HTML's by its letter: XML knows only five of them."""
    return entity[0] if entity[1] in _XML_ENTITIES else html.unescape(entity[0])


def _parse_html(data: bytes, reader: _BlockReader) -> Document:
    if not data.strip():
        return reader.document
    # With `huge_tree` there is no limit of depth, which would lose text; there is no tree at all.
    parser = etree.HTMLParser(target=reader, encoding="utf-8", huge_tree=True)
    searched = 0
    for start in range(0, len(data), _PIECE_BYTES):
        piece, ended = data[start : start + _PIECE_BYTES], reader.ended
        parser.feed(piece)
        # For an end without a beginning libxml2 looks through all that is open.
        searched += max(0, piece.count(b"</") - (reader.ended - ended)) * reader.depth
        if searched > _MAX_SEARCH:
            raise InvalidRequest(
                f"the HTML has {reader.depth:,} elements inside each other, and ends thousands "
                "that it never began",
                field="file",
            )
    parser.close()
    return reader.document


class _Open(NamedTuple):
    tag: str
    silent: str | None
    """Why what is in it is not spoken."""


class _BlockReader:
    """A parser target that gathers blocks. Starts and ends match, text comes in pieces."""

    def __init__(self, part: str) -> None:
        self.document = Document()
        self.ended = 0
        """Elements that have ended."""
        self._part = part
        self._open: list[_Open] = []
        self._data: list[str] = []  # since the last tag
        self._text: list[str] = []  # of the paragraph that is being gathered
        self._silent: str | None = None  # why that is not spoken
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
        if tag in _BLOCKS or tag == "hr":
            self._flush()
            self._hint = attributes.get("class") or self._hint
        for key in ("id", "name"):
            if attributes.get(key) and (key == "id" or tag == "a"):
                self._ids.append(attributes[key])
        outer = self._open[-1].silent if self._open else None
        self._open.append(_Open(tag, _reason(tag, attributes) if outer is None else outer))
        if tag in _HEADINGS:
            self._level = _HEADINGS[tag]
        elif tag == "br":
            self._text.append(_BR)
        elif tag == "hr":
            self._add(_SEPARATOR, None)
        elif tag == "img" and attributes.get("alt", "").strip():
            self._skip(attributes["alt"], "picture")
        elif tag == "meta" and attributes.get("name", "").lower() == "author":
            self.document.author = attributes.get("content", "").strip()

    def end(self, tag: str) -> None:
        self.ended += 1
        self._end_data()
        tag = safe_xml.local(tag).lower()
        if tag in _BLOCKS:
            self._flush()
            self._hint = ""
        self._open.pop()
        if tag in _HEADINGS:
            self._level = 0

    def data(self, text: str) -> None:
        self._data.append(text)

    def close(self) -> None:
        self._end_data()
        self._flush()

    # Building

    def _end_data(self) -> None:
        """Takes the text since the last tag as a whole: a note's mark is nothing else."""
        text, self._data = "".join(self._data), []
        here = self._open[-1] if self._open else _Open("", None)
        silent = here.silent
        if here.tag == "title":
            self.document.title += text
            return
        if silent == _NO_TEXT or not text:
            return
        if silent is None and self._in_note_mark() and _NOTE_MARK.match(text):
            silent = "note mark"
        if silent == "note mark":
            self._skip(text, silent)
            return
        if silent != self._silent and text.strip():
            self._flush()
            self._silent = silent
        self._text.append(text)

    def _in_note_mark(self) -> bool:
        tags = [each.tag for each in self._open[-4:]]
        return "sup" in tags and "a" in tags

    def _skip(self, text: str, why: str) -> None:
        text = " ".join(text.split())
        if text:
            self.document.blocks.append(TextBlock(text, part=self._part, start=self._at, skip=why))

    def _flush(self) -> None:
        """Ends the paragraph that is being gathered."""
        if not self._text:
            return
        raw, self._text = "".join(self._text), []
        silent, self._silent = self._silent, None
        lines = (_BLANK.sub(" ", line).strip() for line in raw.split(_BR))
        text = "\n".join(line for line in lines if line)
        if text:
            self._add(text, silent)

    def _add(self, text: str, silent: str | None) -> None:
        blocks = self.document.blocks
        for id in self._ids:
            self.document.anchors.setdefault(id, len(blocks))
        self._ids.clear()
        level = self._level if silent is None else 0
        blocks.append(TextBlock(text, level, self._part, self._at, skip=silent, hint=self._hint))
        self._at += len(text) + 1


def _reason(tag: str, attributes: Mapping[str, str]) -> str | None:
    """Returns why what is in an element is not spoken; None if it is."""
    if tag in _SILENT or not attributes:
        return _SILENT.get(tag)
    if web_page.SKIP in attributes:
        return attributes[web_page.SKIP]
    types = attributes.get("epub:type") or attributes.get(_EPUB_TYPE, "")
    roles = f"{types} {attributes.get('role', '')}"
    for pattern, why in _ROLES if roles != " " else ():
        if pattern.search(roles):
            return why
    unseen = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    return "hidden" if unseen or _UNSEEN.search(attributes.get("style", "")) else None
