"""A file as a book: the reader for its format, then its chapters."""

from __future__ import annotations

from pathlib import Path

from sonca.book.chapters import make_book
from sonca.book.model import Book
from sonca.book.sources import read_source


def read_book(path: Path, *, encoding: str | None = None, name: str | None = None) -> Book:
    """Read the book in a file. `InvalidRequest` or one of its kinds says why it cannot be.

    `name` stands for the file's name where the book has no title of its own.
    """
    return make_book(read_source(path, encoding=encoding), name=name or path.stem)
