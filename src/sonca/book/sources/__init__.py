"""Files that hold books: one reader per format, all giving the same `Source`."""

from __future__ import annotations

from pathlib import Path

from sonca.book import limits
from sonca.book.model import Source
from sonca.errors import InvalidRequest

FORMATS = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".epub": "epub",
    ".docx": "docx",
    ".srt": "srt",
}
"""Suffix to format."""


def read_source(path: Path, *, encoding: str | None = None) -> Source:
    """Read a file by its suffix. `InvalidRequest` if it cannot be read as what it says it is.

    `encoding` is for text, Markdown, HTML and subtitles; None finds it out.
    """
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise InvalidRequest(
            f"{path.name!r} is no book that Sonca reads; its name must end in one of "
            + ", ".join(FORMATS),
            field="file",
        )
    packed = format in ("epub", "docx")
    limit = limits.MAX_FILE_BYTES if packed else limits.MAX_TEXT_BYTES
    data = _read(path, limit, whole=not packed)
    match format:
        case "epub":
            from sonca.book.sources import epub

            return epub.read(path)
        case "docx":
            from sonca.book.sources import docx

            return docx.read(path)
        case "html":
            from sonca.book.sources import markup

            return markup.read(path, data, encoding)
        case "markdown":
            from sonca.book.sources import markdown

            return markdown.read(path, data, encoding)
        case "srt":
            from sonca.book.sources import subtitles

            return subtitles.read(path, data, encoding)
        case _:
            from sonca.book.sources import plain

            return plain.read(path, data, encoding)


def _read(path: Path, limit: int, *, whole: bool) -> bytes:
    """The file's bytes (none for one that is packed), if it may be read at all."""
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise InvalidRequest(f"{path} {what}", field="file")
        size = path.stat().st_size
        if size > limit:
            raise InvalidRequest(
                f"{path.name} has {size:,} bytes, the limit for this kind of book is {limit:,}; "
                "split it",
                field="file",
            )
        if size == 0:
            raise InvalidRequest(f"{path.name} is empty", field="file")
        return path.read_bytes() if whole else b""
    except OSError as error:
        raise InvalidRequest(
            f"cannot read {path}: {error.strerror or error}", field="file"
        ) from error
