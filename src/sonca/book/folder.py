"""A book as a folder: a file a chapter, each with its captions, and a playlist."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from sonca.book.assembly import Spot
from sonca.book.captions import Told, told
from sonca.book.model import Book
from sonca.book.publishing import (
    CAPTIONS,
    Finished,
    Problem,
    Publishing,
    problems_in,
    write_captions,
)
from sonca.book.work import Work
from sonca.errors import StorageError
from sonca.store import files

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
            _write_chapter(book, index, folder / name, made.path, format, spots, done)
            finished.append(done)
            problems += problems_in(told(index, chapter, spots, 0.0))
            rows.append(f"#EXTINF:{round(made.duration_s)},{_one_line(chapter.title)}")
            rows.append(f"{name}.{format}")
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
    spots: list[Spot],
    done: Finished,
) -> None:
    def again() -> Iterator[Told]:
        return told(index, book.chapters[index], spots, 0.0)

    with files.errors(f"write {stem}"):
        _link_or_copy(sound, stem.with_name(f"{stem.name}.{format}"))
    paths = {kind: stem.with_name(f"{stem.name}.{kind}") for kind in CAPTIONS}
    with Publishing() as publishing:
        write_captions(book, paths, again, [done], publishing)
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
    with files.errors(f"write {final}"):
        if not final.exists() or not files.exchange(folder, final):
            _swap_in_steps(folder, final)
        files.sync_folder(final.parent)
    shutil.rmtree(_old(final), ignore_errors=True)


def _swap_in_steps(folder: Path, final: Path) -> None:
    """For file systems that cannot exchange; killed between the steps, `restore` mends it."""
    old = _old(final)
    if final.exists():
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
    try:
        folder.rename(final)
    except BaseException:
        restore(final)
        raise


def restore(final: Path) -> None:
    """Bring back the earlier output, if its build was killed when it was about to replace it."""
    old = _old(final)
    if old.is_dir() and not final.exists():
        with contextlib.suppress(OSError):
            old.rename(final)


def _old(final: Path) -> Path:
    return final.with_name(f".{final.name}.old")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def file_name(title: str) -> str:
    """A title as a part of a file name, on every system that people carry books to."""
    text = unicodedata.normalize("NFC", title)
    text = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", text)
    return " ".join(text.split())[:_MAX_NAME_CHARS].strip(" .")
