"""A book as a folder: a file a chapter, each with its captions, and a playlist."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from sonca import disk
from sonca.book.assembly import Spot
from sonca.book.captions import Told, told
from sonca.book.model import Book
from sonca.book.publishing import (
    CAPTIONS,
    Finished,
    Problem,
    problems_in,
    write_captions,
)
from sonca.book.work import Work
from sonca.errors import StorageError

_MAX_NAME_CHARS = 60


def publish_folder(
    book: Book,
    output: Path,
    format: str,
    work: Work,
    digests: dict[int, str],
) -> tuple[list[Finished], list[Problem], float]:
    """Write a file a chapter into a new folder, which then takes the place of `output`."""
    final = output.resolve()
    finished, problems = [], []
    rows: list[str] = []
    width = max(2, len(str(len(digests))))
    with disk.new_folder(final, sole_writer=True) as folder:
        for number, (index, digest) in enumerate(digests.items(), start=1):
            made = work.made(index, digest)
            if made is None:
                raise StorageError(f"{work.sound_path(index, digest)} is gone; build again")
            chapter = book.chapters[index]
            name = f"{number:0{width}} {file_name(chapter.title)}".strip()
            spots = work.spots(index, digest)
            done = Finished(chapter.title, 0.0, made.duration_s)
            _write_chapter(book, index, folder / name, made.path, format, spots, done)
            finished.append(done)
            problems += problems_in(told(index, chapter, spots, 0.0))
            rows.append(f"#EXTINF:{round(made.duration_s)},{_one_line(chapter.title)}")
            rows.append(f"{name}.{format}")
        _write_playlist(book, folder, final.name, rows)
    return finished, problems, sum(f.duration_s for f in finished)


def _write_chapter(
    book: Book,
    index: int,
    stem: Path,
    sound: Path,
    format: str,
    spots: list[Spot],
    done: Finished,
) -> None:
    def again() -> Iterator[Told]:
        return told(index, book.chapters[index], spots, 0.0)

    _link_or_copy(sound, stem.with_name(f"{stem.name}.{format}"))
    paths = {kind: stem.with_name(f"{stem.name}.{kind}") for kind in CAPTIONS}
    write_captions(book, paths, again, [done])


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _write_playlist(book: Book, folder: Path, name: str, rows: list[str]) -> None:
    head = ["#EXTM3U", f"#PLAYLIST:{_one_line(book.title)}"]
    if book.cover is not None:
        suffix = ".png" if book.cover.media_type == "image/png" else ".jpg"
        (folder / f"cover{suffix}").write_bytes(book.cover.data)
        head.append(f"#EXTIMG:cover{suffix}")
    text = "\n".join([*head, *rows]) + "\n"
    (folder / f"{file_name(name)}.m3u8").write_text(text, encoding="utf-8")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def file_name(title: str) -> str:
    """A title as a part of a file name, on every system that people carry books to."""
    text = unicodedata.normalize("NFC", title)
    text = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", text)
    return " ".join(text.split())[:_MAX_NAME_CHARS].strip(" .")
