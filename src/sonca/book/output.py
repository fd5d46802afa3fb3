"""Where a book goes: one m4b, or a folder with a file a chapter and a playlist; captions beside.

Everything is written under other names first and renamed when all of it is there, so an earlier
output stays as it was until a whole new one can take its place.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sonca.book import captions
from sonca.book.captions import Told, told
from sonca.book.model import Book
from sonca.book.work import Work
from sonca.encoding.m4b import JoinedChapter, starts_s, write_m4b, writing
from sonca.errors import InvalidRequest, StorageError
from sonca.store import files

FORMATS = ("m4b", "mp3", "opus")
"""``m4b`` is one file; the others are a folder with a file a chapter."""
_CAPTIONS = ("srt", "vtt", "lrc", "json")
_MAX_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Finished:
    """A chapter in the finished book."""

    title: str
    start_s: float
    """In the m4b, or 0 in a file of its own."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that is not as it should be."""

    chapter: int
    """From 0."""
    text: str
    time_s: float
    """In the m4b, or in its chapter's file."""
    reason: str
    """``failed`` (it has no sound), ``late`` (a subtitle that does not fit its time), or what is
    wrong with its sound: ``short``, ``long``, ``silent``, ``not finite``."""


@dataclass(frozen=True, slots=True)
class Target:
    """An output that was asked for."""

    path: Path
    """The m4b, or the folder."""
    format: str = "m4b"
    force: bool = False
    """Whether an earlier output may be replaced."""
    source: Path | None = None
    """The book's own file: never overwritten, whatever `force` says."""
    work_dir: Path | None = None
    """Where the build keeps what is made so far; None for beside the output."""

    @property
    def chapter_suffix(self) -> str:
        return "m4a" if self.format == "m4b" else self.format

    @property
    def work(self) -> Path:
        """The folder of what is made so far."""
        return self.work_dir or self.path.with_name(f"{self.path.name}.build")

    def captions(self) -> dict[str, Path]:
        """Where the captions of an m4b go."""
        found = {}
        for kind in _CAPTIONS:
            path = self.path.with_suffix(f".{kind}")
            if self.source is not None and _same(path, self.source):
                path = self.path.with_suffix(f".captions.{kind}")
            found[kind] = path
        return found

    def check(self) -> None:
        """`InvalidRequest` if the output cannot or must not be written."""
        if self.format not in FORMATS:
            raise InvalidRequest(
                f"unknown format {self.format[:40]!r}; choose one of {', '.join(FORMATS)}",
                field="format",
            )
        if self.format == "m4b" and self.path.suffix.lower() not in (".m4b", ".m4a", ".mp4"):
            raise InvalidRequest(
                f"{self.path.name!r}: an audiobook's name ends in .m4b; for a file a chapter give "
                "a folder and --format mp3 or opus",
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
        if there and not self.force:
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


def publish(
    book: Book, target: Target, work: Work, digests: dict[int, str]
) -> tuple[list[Finished], list[Problem], float]:
    """Put the finished book together from its chapters' files."""
    make = _publish_m4b if target.format == "m4b" else _publish_folder
    return make(book, target, work, digests)


# One file


def _publish_m4b(
    book: Book, target: Target, work: Work, digests: dict[int, str]
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
    with _Publishing() as publishing:
        _write_captions(book, target.captions(), spots, finished, publishing)
        path = publishing.new(target.path)
        write_m4b(path, joined, output_hz, tags=_book_tags(book), cover=cover)
        publishing.publish()
    return finished, _problems(spots()), starts[-1]


def _rate_of(path: Path) -> int:
    import av

    with writing(path), av.open(str(path)) as container:
        return container.streams.audio[0].rate


def _book_tags(book: Book) -> dict[str, str]:
    tags = {"title": book.title, "album": book.title, "genre": "Audiobook", "media_type": "2"}
    if book.author:
        tags |= {"artist": book.author, "album_artist": book.author}
    return tags


def _problems(spots: Iterable[Told]) -> list[Problem]:
    return [
        Problem(each.chapter, " ".join(each.text.split()), each.start_s, each.spot.problem)
        for each in spots
        if each.spot.problem is not None
    ]


def _write_captions(
    book: Book,
    paths: dict[str, Path],
    spots: Any,
    finished: list[Finished],
    publishing: _Publishing,
) -> None:
    """All kinds of captions; `spots` makes the spoken stretches anew for each."""
    head = {
        "title": book.title,
        "author": book.author,
        "chapters": [
            {"title": c.title, "start_s": round(c.start_s, 3), "duration_s": round(c.duration_s, 3)}
            for c in finished
        ],
    }
    makers = {
        "srt": lambda: captions.srt(spots()),
        "vtt": lambda: captions.vtt(spots()),
        "lrc": lambda: captions.lrc(spots(), title=book.title, author=book.author),
        "json": lambda: captions.mapping(spots(), book.chapters, head),
    }
    for kind, path in paths.items():
        temporary = publishing.new(path)
        with files.errors(f"write {path}"), temporary.open("w", encoding="utf-8") as file:
            for part in makers[kind]():
                file.write(part)


class _Publishing:
    """Files under temporary names that get their own all at once; what is left over goes."""

    def __init__(self) -> None:
        self._files: list[tuple[Path, Path]] = []

    def new(self, path: Path) -> Path:
        """Where to write what is to become `path`."""
        final = path.resolve()
        # Always the same name: what a killed build left is written over by the next one, and
        # there is only one at a time.
        temporary = final.with_name(f".{final.name[:200]}.part")
        self._files.append((temporary, final))
        return temporary

    def publish(self) -> None:
        with files.errors("publish the book"):
            for temporary, _ in self._files:
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
            # The last one is the book itself: whoever sees it finds its captions there, too.
            for temporary, final in self._files:
                temporary.replace(final)
            files.sync_folder(self._files[-1][1].parent)
        self._files.clear()

    def __enter__(self) -> _Publishing:
        return self

    def __exit__(self, *exc: object) -> None:
        for temporary, _ in self._files:
            files.remove(temporary)


# A folder


def _publish_folder(
    book: Book, target: Target, work: Work, digests: dict[int, str]
) -> tuple[list[Finished], list[Problem], float]:
    final = target.path.absolute()
    folder = final.with_name(f".{final.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    finished, problems = [], []
    rows: list[str] = []
    width = max(2, len(str(len(digests))))
    with files.errors(f"write {final}"):
        folder.mkdir()
    try:
        for number, (index, digest) in enumerate(digests.items(), start=1):
            made = work.made(index, digest)
            if made is None:
                raise StorageError(f"{work.sound_path(index, digest)} is gone; build again")
            chapter = book.chapters[index]
            name = f"{number:0{width}} {file_name(chapter.title)}".strip()
            spots = work.spots(index, digest)
            done = Finished(chapter.title, 0.0, made.duration_s)
            _write_chapter(book, index, folder / name, made.path, target.format, spots, done)
            finished.append(done)
            problems += _problems(told(index, chapter, spots, 0.0))
            rows.append(f"#EXTINF:{round(made.duration_s)},{_one_line(chapter.title)}")
            rows.append(f"{name}.{target.format}")
        _write_playlist(book, folder, final.name, rows)
        _swap(folder, final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return finished, problems, sum(f.duration_s for f in finished)


def _write_chapter(
    book: Book,
    index: int,
    stem: Path,
    sound: Path,
    format: str,
    spots: list[Any],
    done: Finished,
) -> None:
    def again() -> Iterator[Told]:
        return told(index, book.chapters[index], spots, 0.0)

    with files.errors(f"write {stem}"):
        _link_or_copy(sound, stem.with_name(f"{stem.name}.{format}"))
    paths = {kind: stem.with_name(f"{stem.name}.{kind}") for kind in _CAPTIONS}
    with _Publishing() as publishing:
        _write_captions(book, paths, again, [done], publishing)
        publishing.publish()


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
        with target.open("rb+") as file:
            os.fsync(file.fileno())


def _write_playlist(book: Book, folder: Path, name: str, rows: list[str]) -> None:
    head = ["#EXTM3U", f"#PLAYLIST:{_one_line(book.title)}"]
    if book.cover is not None:
        suffix = ".png" if book.cover.media_type == "image/png" else ".jpg"
        with files.errors(f"write {folder}"):
            (folder / f"cover{suffix}").write_bytes(book.cover.data)
        head.append(f"#EXTIMG:cover{suffix}")
    text = "\n".join([*head, *rows]) + "\n"
    with files.errors(f"write {folder}"):
        (folder / f"{file_name(name)}.m3u8").write_text(text, encoding="utf-8")


def _swap(folder: Path, final: Path) -> None:
    """Put the new folder in the place of the old one, which goes only then."""
    old = final.with_name(f".{final.name}.old")
    with files.errors(f"write {final}"):
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        try:
            folder.rename(final)
        except BaseException:
            with contextlib.suppress(OSError):
                old.rename(final)
            raise
        files.sync_folder(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def file_name(title: str) -> str:
    """A title as a part of a file name, on every system that people carry books to."""
    text = unicodedata.normalize("NFC", title)
    text = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", text)
    return " ".join(text.split())[:_MAX_NAME_CHARS].strip(" .")
