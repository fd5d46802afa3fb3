"""Opens the package that a book came in, for the pages of a read-along EPUB."""

from __future__ import annotations

import posixpath
from contextlib import closing
from pathlib import Path

from sonca.book.output.own_pages import Original
from sonca.book.sources import encodings, epub
from sonca.book.sources.archive import Archive
from sonca.errors import InvalidRequest

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
    package = epub.open_package(archive, mended=[])
    documents = []
    for item in dict.fromkeys(package.documents):
        if "nav" not in item.properties:
            data = archive.read(item.part)
            text, _ = encodings.decode(data, encodings.declared(data), name=item.part)
            documents.append((item.part, text))
    others = []
    locked = "META-INF/encryption.xml" in archive  # fonts that only their own book can open
    for part in dict.fromkeys(item.part for item in package.items.values()):
        media_type = _OTHERS.get(posixpath.splitext(part)[1].lower(), "")
        if media_type and part in archive and not (locked and media_type.startswith("font/")):
            others.append((part, media_type, archive.read(part)))
    return Original(tuple(documents), tuple(others)) if documents else None
