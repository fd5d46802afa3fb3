"""Says where a book goes, and whether it may go there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sonca import disk
from sonca.book.model import Book
from sonca.book.output.captions import CAPTIONS
from sonca.encoding.formats import BOOK_FORMATS, Format, book_format_for
from sonca.errors import InvalidRequest, StorageError


@dataclass(frozen=True, slots=True)
class Target:
    """An output that was asked for."""

    path: Path
    """The m4b, or the folder."""
    format: str = "m4b"
    """A name of `BOOK_FORMATS`."""
    force: bool = False
    """Whether an earlier output may be replaced."""
    source: Path | None = None
    """The book's own file: never overwritten, whatever `force` says."""
    work_dir: Path | None = None
    """Where the build keeps what is made so far; None for beside the output."""

    @property
    def chapter_format(self) -> Format:
        """What a chapter's file is. Raises `InvalidRequest` for a format that there is not."""
        return book_format_for(self.format)

    @property
    def chapter_suffix(self) -> str:
        """That of a chapter's file, without the dot."""
        return self.chapter_format.suffix[1:]

    @property
    def build_dir(self) -> Path:
        """The folder of what is made so far."""
        return self.work_dir or self.path.with_name(f"{self.path.name}.build")

    @property
    def _publishing(self) -> Path:
        """The file that says that this build has begun to put its output in place, so that what is
        found there is its own. It goes with the folder."""
        return self.build_dir / "publishing"

    def mark_publishing(self) -> None:
        """Records that this build begins to put its output in place."""
        with disk.errors(f"write {self.build_dir}"):
            self._publishing.touch()
            disk.sync_folder(self.build_dir)

    def captions(self) -> dict[str, Path]:
        """Returns the paths of an m4b's captions by their kind."""
        found = {}
        for kind in CAPTIONS:
            path = self.path.with_suffix(f".{kind}")
            if self.source is not None and _same(path, self.source):
                path = self.path.with_suffix(f".captions.{kind}")
            found[kind] = path
        return found

    def check(self) -> None:
        """Raises `InvalidRequest` if the output cannot or must not be written."""
        book_format_for(self.format)
        if self.format == "m4b" and self.path.suffix.lower() not in (".m4b", ".m4a", ".mp4"):
            raise InvalidRequest(
                f"{self.path.name!r}: an audiobook's name ends in .m4b; for a file a chapter give "
                f"a folder and --format {' or '.join(list(BOOK_FORMATS)[1:])}",
                field="output",
            )
        parent = self.path.absolute().parent
        if not parent.is_dir():
            raise InvalidRequest(f"the folder {parent} does not exist; make it", field="output")
        if not os.access(parent, os.W_OK):
            raise StorageError(f"cannot write into {parent}: permission denied")
        if self.source is not None and _same(self.path, self.source):
            raise InvalidRequest("the output is the book itself; give another name", field="output")
        self._check_existing()

    def _check_existing(self) -> None:
        if self.format == "m4b":
            if self.path.is_dir():
                raise InvalidRequest(f"{self.path} is a folder; give a file name", field="output")
            there = [p for p in (self.path, *self.captions().values()) if p.exists()]
        else:
            if self.path.is_file():
                raise InvalidRequest(f"{self.path} is a file; give a folder", field="output")
            there = [self.path] if self.path.exists() and any(self.path.iterdir()) else []
        if there and not self.force and not self._publishing.exists():
            raise InvalidRequest(
                f"{there[0]} exists; give another name, or --force to replace it", field="output"
            )

    def tags(self, book: Book, index: int, title: str) -> dict[str, str]:
        """Returns the tags of a chapter's file."""
        tags = {"title": title, "album": book.title, "track": f"{index + 1}/{len(book.chapters)}"}
        return tags | author_tags(book) | {"genre": "Audiobook"}


def author_tags(book: Book) -> dict[str, str]:
    """Returns the tags that name the author, none for an unknown one."""
    return {"artist": book.author, "album_artist": book.author} if book.author else {}


def _same(one: Path, other: Path) -> bool:
    try:
        return one.exists() and other.exists() and one.samefile(other)
    except OSError:
        return False
