"""Reads files as books: a reader for each format, all returning the same `Source`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sonca.book import limits
from sonca.book.model import Book, Source
from sonca.book.options import BookOptions
from sonca.book.sources import encodings
from sonca.book.structure.chapters import make_book
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
    ".pdf": "pdf",
    ".srt": "subtitles",
    ".vtt": "subtitles",
}
"""Suffix to format."""
_PACKED = ("epub", "docx", "pdf")


def format_of(name: str) -> str:
    """Returns the format of a file of that name. Raises `InvalidRequest` for any but a book's."""
    format = FORMATS.get(Path(name).suffix.lower())
    if format is None:
        raise InvalidRequest(
            f"{name[:60]!r} is not a book that Sonca reads; its name must end in one of "
            + ", ".join(FORMATS),
            field="file",
        )
    return format


def read_book(
    path: Path,
    *,
    encoding: str | None = None,
    name: str | None = None,
    options: BookOptions | None = None,
) -> Book:
    """Reads the book in a file, by its suffix. Raises `InvalidRequest`, or one of its kinds, that
    says why it cannot be read.

    `encoding` is for text, Markdown, HTML and subtitles; None finds it out. `name` stands for the
    file's name where the book has no title of its own.
    """
    format = format_of(path.name)
    limit = limits.MAX_FILE_BYTES if format in _PACKED else limits.MAX_TEXT_BYTES
    data = _read(path, limit, whole=format not in _PACKED)
    if format in _PACKED:
        source = _unpacked(path, format, ocr=options is not None and options.ocr)
    else:
        source = _text(path, format, data, encoding)
    return make_book(source, name=name or path.stem, options=options)


def _unpacked(path: Path, format: str, *, ocr: bool) -> Source:
    if format == "epub":
        from sonca.book.sources import epub

        return epub.read(path)
    if format == "pdf":
        from sonca.book.sources import pdf

        return pdf.read(path, recognize=ocr)
    from sonca.book.sources import docx

    return docx.read(path)


def _text(path: Path, format: str, data: bytes, encoding: str | None) -> Source:
    if format == "html":
        encoding = encoding or encodings.declared(data)
    text, found = encodings.decode(data, encoding, name=path.name)
    mended: tuple[str, ...] = ()
    if not text.isascii():
        from sonca.book.sources import mojibake

        text, taken_for = mojibake.repaired(text)
        if taken_for:
            mended = (f"its text was UTF-8 taken for {taken_for}; the letters were put right",)
    match format:
        case "html":
            from sonca.book.sources import markup, web_page

            source = markup.read(web_page.marked(text))
        case "markdown":
            from sonca.book.sources import markdown

            source = markdown.read(text)
        case "subtitles":
            from sonca.book.sources import subtitles

            source = subtitles.read(text, path.name)
        case _:
            from sonca.book.sources import plain

            source = plain.read(text)
    return replace(source, encoding=found, mended=mended + source.mended)


def _read(path: Path, limit: int, *, whole: bool) -> bytes:
    """Returns the file's bytes (none unless `whole`), if it may be read at all."""
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
