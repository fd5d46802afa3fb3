"""HTML and XHTML, as browsers forgive it: paragraphs, headings, anchors; the rest is set aside.

Reads one document into blocks. What is not for ears (notes, pictures, scripts, contents) comes
out as blocks that say why. Fetches nothing and follows no link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

from sonca.book.model import Block, Source
from sonca.book.sources import encodings


def _names(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = _names(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form header hgroup html legend li main nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul title"
) | set(_HEADINGS)
_VOID = _names("area base br col embed hr img input link meta source track wbr")
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
)
_NOTE_MARK = re.compile(r"\s*[\[(]?(\d{1,4}|[*†‡§]{1,3}|[ivx]{1,5})[\])]?\s*\Z")
_UNSEEN = re.compile(r"display\s*:\s*none")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.I)
_BLANK = re.compile(r"[ \t\r\n\f\v]+")
_MAX_OPEN = 2000
_SEPARATOR = "***"
_BR = "\ue000"
"""Stands for `br` while a paragraph is gathered: line ends of the file are only blanks."""


@dataclass(slots=True)
class Document:
    """What one document gave."""

    blocks: list[Block] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    """Id to the index of the first block at or after it."""
    title: str = ""
    author: str = ""


def read(path: Path, data: bytes, encoding: str | None) -> Source:
    """An HTML file as a book."""
    text, found = decode(data, encoding, name=path.name)
    document = parse(text)
    blocks = tuple(document.blocks)
    return Source("html", blocks, document.title, document.author, encoding=found)


def decode(data: bytes, encoding: str | None, *, name: str) -> tuple[str, str]:
    """The text of a document: as asked, as it says itself, or found out."""
    declared = _CHARSET.search(data[:2048])
    if encoding is None and declared:
        label = declared[1].decode().lower()
        known = {"windows-1258": "windows-1258", "cp1258": "windows-1258", "viscii": "viscii"}
        if label in known:
            encoding = known[label]
    return encodings.decode(data, encoding, name=name)


def parse(text: str, *, part: str = "") -> Document:
    """The blocks of a document, in order. Never raises: what is broken is read as it stands."""
    reader = _Reader(part)
    reader.feed(text)
    reader.close()
    reader.flush()
    return reader.document


@dataclass(slots=True)
class _Open:
    tag: str
    silent: str | None
    """Why what is in it is not spoken."""
    sup: bool = False


class _Reader(HTMLParser):
    def __init__(self, part: str) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self._part = part
        self._open: list[_Open] = []
        self._text: list[str] = []
        self._level = 0
        self._silent: str | None = None  # of the text that is being gathered
        self._ids: list[str] = []
        self._at = 0

    # What the parser tells

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        if tag in _BLOCKS or tag == "hr":
            self.flush()
        for key in ("id", "name"):
            if attributes.get(key) and (key == "id" or tag == "a"):
                self._ids.append(attributes[key])
        if tag in _VOID:
            self._void(tag, attributes)
            return
        if tag == "p":
            self._close("p")
        if len(self._open) < _MAX_OPEN:
            self._push(tag, attributes)
        if tag in _HEADINGS:
            self._level = _HEADINGS[tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.flush()
        self._close(tag)
        if tag in _HEADINGS:
            self._level = 0

    def handle_data(self, data: str) -> None:
        silent = self._open[-1].silent if self._open else None
        if any(each.tag == "title" for each in self._open[-2:]):
            self.document.title += data
            return
        if silent == _NO_TEXT:
            return
        if silent is None and self._in_note_mark() and _NOTE_MARK.match(data):
            silent = "note mark"
        if silent == "note mark":
            self._skip(data, silent)
            return
        if silent != self._silent and data.strip():
            self.flush()
            self._silent = silent
        self._text.append(data)

    # Building

    def _push(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        silent = parent.silent if parent else None
        if silent is None:
            silent = _SILENT.get(tag, _role(attributes))
        unseen = "hidden" in attributes or attributes.get("aria-hidden") == "true"
        if silent is None and (unseen or _UNSEEN.search(attributes.get("style", ""))):
            silent = "hidden"
        self._open.append(_Open(tag, silent, tag == "sup"))

    def _close(self, tag: str) -> None:
        """Close the innermost `tag`, and what was left open in it."""
        for index in range(len(self._open) - 1, max(-1, len(self._open) - 64), -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return
            if tag == "p" and self._open[index].tag in _BLOCKS:
                return

    def _in_note_mark(self) -> bool:
        tags = [each.tag for each in self._open[-4:]]
        return "sup" in tags and "a" in tags

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self._text.append(_BR)
        elif tag == "hr":
            self._add(_SEPARATOR, None)
        elif tag == "img" and attributes.get("alt", "").strip():
            self._skip(attributes["alt"], "picture")
        elif tag == "meta" and attributes.get("name", "").lower() == "author":
            self.document.author = attributes.get("content", "").strip()

    def _skip(self, text: str, why: str) -> None:
        text = " ".join(text.split())
        if text:
            self.document.blocks.append(Block(text, part=self._part, start=self._at, skip=why))

    def flush(self) -> None:
        """End the paragraph that is being gathered."""
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
        block = Block(text, self._level, self._part, self._at, skip=silent)
        blocks.append(replace(block, level=0) if silent else block)
        self._at += len(text) + 1


def _role(attributes: dict[str, str]) -> str | None:
    roles = f"{attributes.get('epub:type', '')} {attributes.get('role', '')}"
    if not roles.strip():
        return None
    return next((why for pattern, why in _ROLES if pattern.search(roles)), None)
