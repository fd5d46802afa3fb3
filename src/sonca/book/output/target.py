"""Says where a book goes, and whether it may go there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sonca import disk
from sonca.book.model import Book
from sonca.book.output.about import About
from sonca.book.output.captions import CAPTIONS
from sonca.encoding.formats import BOOK_FORMATS, ONE_FILE, Format, book_format_for
from sonca.errors import InvalidRequest, StorageError

_ENDINGS = {"m4b": (".m4b", ".m4a", ".mp4"), "epub": (".epub",)}
_FOLDERS = " or ".join(name for name in BOOK_FORMATS if name not in ONE_FILE)


@dataclass(frozen=True, slots=True)
class Target:
    """An output that was asked for."""

    path: Path
    """The m4b or EPUB, or the folder; of these, a name in .zip gets an archive."""
    format: str = "m4b"
    """A name of `BOOK_FORMATS`."""
    force: bool = False
    """Whether an earlier output may be replaced."""
    source: Path | None = None
    """The book's own file: never overwritten, whatever `force` says."""
    work_dir: Path | None = None
    """Where the build keeps what is made so far; None for beside the output."""
    about: About = field(default_factory=About)
    by_word: bool = False
    """Whether an EPUB marks every word, where the engine tells its time, and not the sentence."""

    @property
    def one_file(self) -> bool:
        """Whether the output is a file, and no folder."""
        return self.format in ONE_FILE or self.zipped

    @property
    def zipped(self) -> bool:
        """Whether the files of chapters go into one archive."""
        return self.format not in ONE_FILE and self.path.suffix.lower() == ".zip"

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
        """Returns the paths of an m4b's captions by their kind. The others have theirs inside."""
        found: dict[str, Path] = {}
        if self.format != "m4b":
            return found
        for kind in CAPTIONS:
            path = self.path.with_suffix(f".{kind}")
            if self.source is not None and _same(path, self.source):
                path = self.path.with_suffix(f".captions.{kind}")
            found[kind] = path
        return found

    def check(self) -> None:
        """Raises `InvalidRequest` if the output cannot or must not be written."""
        book_format_for(self.format)
        endings = _ENDINGS.get(self.format)
        if endings and self.path.suffix.lower() not in endings:
            raise InvalidRequest(
                f"{self.path.name!r}: the name of {self.format} ends in {endings[0]}; for a file a "
                f"chapter give a folder or a .zip and --format {_FOLDERS}",
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
        if self.one_file:
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
        return tags | author_tags(book) | {"genre": "Audiobook"} | self.about.tags()


def author_tags(book: Book) -> dict[str, str]:
    """Returns the tags that name the author, none for an unknown one."""
    return {"artist": book.author, "album_artist": book.author} if book.author else {}


def _same(one: Path, other: Path) -> bool:
    try:
        return one.exists() and other.exists() and one.samefile(other)
    except OSError:
        return False
