"""A job's folder: the book as it was sent, the build's work, and what is finished."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from sonca import disk
from sonca.book.model import Book
from sonca.book.output import Target
from sonca.book.sources import format_of, read_book
from sonca.encoding.formats import ONE_FILE
from sonca.server.jobs.options import JobOptions


def keep_upload(folder: Path, name: str, data: bytes) -> Path:
    """Writes an upload into a new folder, under a name of our own: what it was called decides
    only its format. `InvalidRequest` if that is not a book's."""
    format_of(name)
    with disk.errors("keep the book"):
        folder.mkdir(mode=0o700, parents=True)
        path = folder / f"book{Path(name).suffix.lower()}"
        path.write_bytes(data)
        disk.sync(path)
    return path


@dataclass(frozen=True, slots=True)
class JobDir:
    """Where everything of one job lies."""

    path: Path
    options: JobOptions

    @property
    def target(self) -> Target:
        """The build's output."""
        options = self.options
        name = f"audio.{options.format}" if options.format in ONE_FILE else "audio"
        book = self.path / options.file
        return Target(
            self.path / name,
            options.format,
            True,
            book,
            self.path / "work",
            options.about(),
            options.words,
        )

    def read(self) -> Book:
        """Returns the book, under the title and author that were asked for."""
        options = self.options
        path = self.path / options.file
        book = read_book(path, encoding=options.encoding, name=options.title, options=options.book)
        return replace(book, title=options.title, author=options.author)

    # Finished chapters

    @property
    def _list(self) -> Path:
        return self.path / "chapters" / "list"

    def chapter(self, index: int) -> Path:
        """Returns the file of a chapter, counted from 0."""
        return self._list.with_name(f"{index + 1:05}.{self.target.chapter_suffix}")

    def begin(self) -> None:
        """Forgets which chapters are finished: the build tells again of those that are."""
        with disk.errors("keep the book"):
            self._list.parent.mkdir(exist_ok=True)
            self._list.unlink(missing_ok=True)

    def add(self, index: int, path: Path, duration_s: float) -> int:
        """Keeps a finished chapter. Returns the size of its file in bytes."""
        own = self.chapter(index)
        with disk.errors("keep a chapter"):
            own.unlink(missing_ok=True)
            own.hardlink_to(path)
            with self._list.open("a", encoding="utf-8") as file:
                file.write(f"{index} {duration_s:.3f}\n")
            return own.stat().st_size

    def ready(self) -> dict[int, float]:
        """Returns the chapters that can be heard, and their lengths in seconds."""
        found = {}
        with contextlib.suppress(OSError, ValueError):
            text = self._list.read_text("utf-8")
            for row in text.split("\n")[:-1]:  # one that is being written has no end yet
                index, duration_s = row.split(" ")
                found[int(index)] = float(duration_s)
        return found

    def size(self) -> int:
        """Returns the bytes of all its files, each counted once however many names it has."""
        sizes = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                with contextlib.suppress(OSError):
                    stat = (Path(folder) / name).stat()
                    sizes[stat.st_ino] = stat.st_size
        return sum(sizes.values())

    @staticmethod
    def remove(path: Path) -> None:
        """Removes a job's folder, whatever is in it."""
        shutil.rmtree(path, ignore_errors=True)
