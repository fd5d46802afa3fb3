"""Where a book goes: one m4b, or a folder with a file a chapter and a playlist; captions beside.

Everything is written under other names first and renamed when all of it is there, so an earlier
output stays as it was until a whole new one can take its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sonca import disk
from sonca.book.captions import Told, told
from sonca.book.folder import publish_folder
from sonca.book.model import Book
from sonca.book.publishing import (
    CAPTIONS,
    Finished,
    Problem,
    problems_in,
    write_captions,
)
from sonca.book.work import Work
from sonca.encoding.formats import BOOK_FORMATS, Format, book_format_for
from sonca.encoding.m4b import JoinedChapter, starts_s, write_m4b, writing
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
    def work(self) -> Path:
        """The folder of what is made so far."""
        return self.work_dir or self.path.with_name(f"{self.path.name}.build")

    def captions(self) -> dict[str, Path]:
        """Where the captions of an m4b go."""
        found = {}
        for kind in CAPTIONS:
            path = self.path.with_suffix(f".{kind}")
            if self.source is not None and _same(path, self.source):
                path = self.path.with_suffix(f".captions.{kind}")
            found[kind] = path
        return found

    def check(self) -> None:
        """`InvalidRequest` if the output cannot or must not be written."""
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
        if there and not self.force and not Work(self.work, self.chapter_suffix).publishing:
            raise InvalidRequest(
                f"{there[0]} exists; give another name, or --force to replace it", field="output"
            )

    def tags(self, book: Book, index: int, title: str) -> dict[str, str]:
        """A chapter's tags."""
        tags = {"title": title, "album": book.title, "track": f"{index + 1}/{len(book.chapters)}"}
        if book.author:
            tags |= {"artist": book.author, "album_artist": book.author}
        return tags | {"genre": "Audiobook"}


def _same(one: Path, other: Path) -> bool:
    try:
        return one.exists() and other.exists() and one.samefile(other)
    except OSError:
        return False


def mend(target: Target) -> None:
    """Undo what a build left half when it was killed as it replaced an earlier output."""
    if target.format != "m4b":
        disk.recover_folder(target.path.resolve())


def publish(
    book: Book, target: Target, work: Work, digests: dict[int, str]
) -> tuple[list[Finished], list[Problem], float]:
    """Put the finished book together from its chapters' files."""
    work.mark_publishing()
    if target.format == "m4b":
        return _publish_m4b(book, target.path, target.captions(), work, digests)
    return publish_folder(book, target.path, target.format, work, digests)


# One file


def _publish_m4b(
    book: Book,
    output: Path,
    beside: dict[str, Path],
    work: Work,
    digests: dict[int, str],
) -> tuple[list[Finished], list[Problem], float]:
    joined = []
    for index, digest in digests.items():
        made = work.made(index, digest)
        if made is None:
            raise StorageError(f"{work.sound_path(index, digest)} is gone; build again")
        joined.append(JoinedChapter(made.path, book.chapters[index].title, made.packets))
    output_hz = _rate_of(joined[0].path)
    starts = starts_s([chapter.packets for chapter in joined], output_hz)
    finished = [
        Finished(chapter.title, starts[i], starts[i + 1] - starts[i])
        for i, chapter in enumerate(joined)
    ]
    shifts = dict(zip(digests, starts, strict=False))

    def spots() -> Iterator[Told]:
        return chain.from_iterable(
            told(i, book.chapters[i], work.spots(i, digest), shifts[i])
            for i, digest in digests.items()
        )

    cover = (book.cover.data, book.cover.media_type) if book.cover else None
    # The last one is the book itself: whoever sees it finds its captions there, too.
    paths = [path.resolve() for path in (*beside.values(), output)]
    with disk.new_files(*paths, sole_writer=True) as drafts:
        write_captions(book, dict(zip(beside, drafts, strict=False)), spots, finished)
        write_m4b(drafts[-1], joined, output_hz, tags=_book_tags(book), cover=cover)
    return finished, problems_in(spots()), starts[-1]


def _rate_of(path: Path) -> int:
    import av

    with writing(path), av.open(str(path)) as container:
        return container.streams.audio[0].rate


def _book_tags(book: Book) -> dict[str, str]:
    tags = {"title": book.title, "album": book.title, "genre": "Audiobook", "media_type": "2"}
    if book.author:
        tags |= {"artist": book.author, "album_artist": book.author}
    return tags
