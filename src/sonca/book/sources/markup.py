"""Reads HTML and XHTML, however broken: paragraphs, headings, anchors.

Reads one document into blocks. What is not to be spoken (notes, pictures, scripts, contents) comes
out as blocks that say why. Fetches nothing and follows no link.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable

from lxml import etree

from sonca.book.model import Source
from sonca.book.sources import link_lists, note_links, safe_xml
from sonca.book.sources.block_reader import BlockReader
from sonca.book.sources.document import Document
from sonca.errors import InvalidRequest

_XHTML = "http://www.w3.org/1999/xhtml"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_PIECE_BYTES = 8192
_MAX_SEARCH = 500_000_000
"""Open elements that may be looked through for ends of what never began: some five seconds."""


def read(text: str) -> Source:
    """Reads an HTML text."""
    document = parse(text)
    link_lists.mark_contents({"": document})
    blocks = note_links.resolved({"": document})[""]
    return Source("html", tuple(blocks), document.title, document.author)


def parse(text: str, *, part: str = "", sheet: Callable[[str], str] | None = None) -> Document:
    """Returns the blocks of a document, in order. What is broken is read as it stands; raises
    `InvalidRequest` only for a document that was made to keep a parser busy. `sheet` returns the
    text of a stylesheet that the document links to."""
    if _XHTML in text[:4096]:
        # XML while it is well-formed: there any element may be empty, and hold any other.
        with contextlib.suppress(InvalidRequest):
            reader = BlockReader(part, sheet)
            data = _ENTITY.sub(_letter, text).encode("utf-8", "replace")
            safe_xml.walk(data, reader, name=part, encoding="utf-8")
            return reader.document
    return _parse_html(text.encode("utf-8", "replace"), BlockReader(part, sheet))


def _letter(entity: re.Match[str]) -> str:
    """Replaces a name of HTML's by its letter: XML knows only five of them."""
    return entity[0] if entity[1] in _XML_ENTITIES else html.unescape(entity[0])


def _parse_html(data: bytes, reader: BlockReader) -> Document:
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
