"""Parses XML from strangers with everything off that reaches outside or grows.

No network, no outside file, no entity, no more than 256 elements inside each other (libxml2's own
limit). Knows no formats.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Protocol

from lxml import etree

from sonca.errors import InvalidRequest

_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


class ParserTarget(Protocol):
    """What gets the parts of a document in order, from `walk` or a parser of lxml's."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...
    def close(self) -> object: ...


def parse(data: bytes, *, name: str) -> etree._Element:
    """Returns the document's element. Raises `InvalidRequest` if it is broken or declares
    entities."""
    return _parsed(data, etree.XMLParser(**_SAFE, remove_comments=True, remove_pis=True), name)


_NAMED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_BARE = re.compile(rb"&(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{0,31};)")


def parse_leniently(data: bytes, *, name: str, mended: list[str]) -> etree._Element | None:
    """Returns the document's element; a damaged one is read as far as it goes, and `mended` told.
    None if there is nothing to read in it; raises `InvalidRequest` for entities of its own."""
    try:
        return parse(data, name=name)
    except InvalidRequest:
        if b"<!ENTITY" in data:
            raise
    plain = _NAMED.sub(lambda m: html.unescape(m[0].decode()).encode(), _BARE.sub(b"&amp;", data))
    try:
        root = parse(plain, name=name)
        mended.append(f"{name} has signs that XML does not know")
        return root
    except InvalidRequest:
        parser = etree.XMLParser(**_SAFE, recover=True, remove_comments=True, remove_pis=True)
        try:
            root = etree.fromstring(plain.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
        except etree.XMLSyntaxError:  # nothing at all
            return None
        mended.append(f"{name} is damaged, and was read as far as it goes")
        return root if root is not None and len(root) else None


def walk(data: bytes, target: ParserTarget, *, name: str, encoding: str | None = None) -> None:
    """Calls `target` with the parts of a document in order, and builds no tree. `encoding` stands
    for what the document says of itself. Raises as `parse` does."""
    _parsed(data, etree.XMLParser(**_SAFE, target=target, encoding=encoding), name)


def _parsed(data: bytes, parser: etree.XMLParser, name: str) -> etree._Element:
    why = "it declares entities, which books have no use for"
    # In UTF-16 it would not be found, and do no harm: none is ever put in.
    if b"<!ENTITY" not in data:
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            why = error.msg
    raise InvalidRequest(f"{name[:200]!r} is not XML that can be read: {why}", field="file")


def local(name: str) -> str:
    """Returns the name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def get(attributes: etree._Element | Mapping[str, str], name: str) -> str:
    """Returns an attribute, whatever its namespace; empty if there is none."""
    return next((value for key, value in attributes.items() if local(key) == name), "")


def text(element: etree._Element | None) -> str:
    """Returns all text in an element, on one line; empty for None."""
    return " ".join(" ".join(element.xpath(".//text()")).split()) if element is not None else ""
