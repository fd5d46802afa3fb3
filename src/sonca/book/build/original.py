"""Opens the package that a book came in, for the pages of a read-along EPUB."""

from __future__ import annotations

import posixpath
from contextlib import closing
from pathlib import Path

from sonca.book.output.own_pages import Original
from sonca.book.sources import encodings, safe_xml
from sonca.book.sources.archive import Archive, resolve
from sonca.errors import InvalidRequest

_DOCUMENTS = frozenset((".xhtml", ".html", ".htm", ".xml"))
_OTHERS = {
    ".css": "text/css",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


def read_original(path: Path) -> Original | None:
    """Returns what an EPUB file holds; None for another file, and for one whose pages are too odd
    to be taken over."""
    if path.suffix.lower() != ".epub":
        return None
    try:
        with closing(Archive(path, "EPUB file")) as archive:
            return _read(archive)
    except (InvalidRequest, ValueError, KeyError):
        return None


def _read(archive: Archive) -> Original | None:
    container = safe_xml.parse(archive.read("META-INF/container.xml"), name="the container")
    file = container.find(".//{*}rootfile")
    name = resolve("", file.get("full-path", ""))[0] if file is not None else ""
    package = safe_xml.parse_leniently(archive.read(name), name=name, mended=[])
    if package is None:
        return None
    parts: dict[str, str] = {}
    nav: set[str] = set()
    for item in package.iterfind("{*}manifest/{*}item"):
        part = resolve(name, item.get("href", ""))[0]
        parts[item.get("id", "")] = part
        if "nav" in item.get("properties", "").split():
            nav.add(part)
    spine = [parts.get(ref.get("idref", ""), "") for ref in package.iterfind("{*}spine/{*}itemref")]
    wanted = [p for p in dict.fromkeys(spine) if p not in nav and _suffix(p) in _DOCUMENTS]
    documents = []
    for part in wanted:
        if part in archive:
            data = archive.read(part)
            text, _ = encodings.decode(data, encodings.declared(data), name=part)
            documents.append((part, text))
    others = []
    locked = "META-INF/encryption.xml" in archive  # fonts that only their own book can open
    for part in dict.fromkeys(parts.values()):
        media_type = _OTHERS.get(_suffix(part), "")
        if media_type and part in archive and not (locked and media_type.startswith("font/")):
            others.append((part, media_type, archive.read(part)))
    return Original(tuple(documents), tuple(others)) if documents else None


def _suffix(part: str) -> str:
    return posixpath.splitext(part)[1].lower()
