"""Puts a finished book together: one m4b, a read-along EPUB, or a file a chapter with a playlist,
in a folder or an archive.

Everything is written under other names first and renamed when all of it is there, so an earlier
output stays as it was until a whole new one can take its place.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import ZipFile

from sonca import disk
from sonca.book.model import Book
from sonca.book.output.captions import (
    CAPTIONS,
    FinishedChapter,
    SpeechProblem,
    problems_of,
    write_captions,
)
from sonca.book.output.own_pages import Original, own_pages
from sonca.book.output.pages import Page, chapter_page
from sonca.book.output.read_along import Resource, write_read_along
from sonca.book.output.target import Target, author_tags
from sonca.book.output.timeline import ChapterArtifact
from sonca.encoding.formats import M4A
from sonca.encoding.m4b import JoinedChapter, starts_s, write_m4b, writing

_MAX_NAME_CHARS = 60


def recover_interrupted_publish(target: Target) -> None:
    """Brings back the earlier output, if a build was killed while it replaced it."""
    if not target.one_file:
        disk.recover_folder(target.path.resolve())


def publish(
    book: Book,
    target: Target,
    chapters: Sequence[ChapterArtifact],
    original: Original | None = None,
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    """Puts the finished book together from its chapters' files. A read-along EPUB has the pages of
    `original`, if there is one and what is spoken stands on them."""
    target.mark_publishing()
    if target.format == "m4b":
        return _publish_m4b(book, target, chapters)
    if target.format == "epub":
        return _publish_epub(book, target, chapters, original)
    if target.zipped:
        return _publish_archive(book, target, chapters)
    return _publish_folder(book, target, chapters)


# One file


def _publish_m4b(
    book: Book, target: Target, chapters: Sequence[ChapterArtifact]
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    joined = [
        JoinedChapter(artifact.path, book.chapters[artifact.chapter].title, artifact.packets)
        for artifact in chapters
    ]
    rate_hz = _rate_of(joined[0].path)
    starts = starts_s([chapter.packets for chapter in joined], rate_hz)
    finished = [
        FinishedChapter(chapter.title, start_s, end_s - start_s)
        for chapter, start_s, end_s in zip(joined, starts, starts[1:], strict=False)
    ]
    tags = {"title": book.title, "album": book.title, "genre": "Audiobook", "media_type": "2"}
    tags |= author_tags(book) | target.about.tags()
    cover = (book.cover.data, book.cover.media_type) if book.cover else None
    # The last one is the book itself: whoever sees it finds its captions there, too.
    captions = target.captions()
    paths = [path.resolve() for path in (*captions.values(), target.path)]
    with disk.new_files(*paths, sole_writer=True) as drafts:
        parts = list(zip(chapters, finished, strict=True))
        problems = write_captions(book, parts, dict(zip(captions, drafts, strict=False)))
        write_m4b(drafts[-1], joined, rate_hz, tags=tags, cover=cover)
    return finished, problems


def _rate_of(path: Path) -> int:
    import av

    with writing(path), av.open(str(path)) as container:
        return container.streams.audio[0].rate


def _publish_epub(
    book: Book,
    target: Target,
    chapters: Sequence[ChapterArtifact],
    original: Original | None,
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    finished = [
        FinishedChapter(book.chapters[artifact.chapter].title, 0.0, artifact.duration_s)
        for artifact in chapters
    ]
    problems = [
        problem
        for artifact in chapters
        for problem in problems_of(
            artifact.chapter, book.chapters[artifact.chapter], artifact.timeline(0.0)
        )
    ]
    sounds = [
        Resource(f"audio/{number:04}.m4a", M4A.media_type, artifact.path)
        for number, artifact in enumerate(chapters, start=1)
    ]
    own = original and own_pages(original, book, chapters, sounds, by_word=target.by_word)
    pages, more = own or (_pages(book, target, chapters, sounds), [])
    with disk.new_files(target.path.resolve(), sole_writer=True) as (draft,):
        write_read_along(draft, book, target.about, pages, [*more, *sounds], cover_page=own is None)
    return finished, problems


def _pages(
    book: Book, target: Target, chapters: Sequence[ChapterArtifact], sounds: Sequence[Resource]
) -> Iterator[Page]:
    """Yields a page of our own for each chapter."""
    for number, (artifact, sound) in enumerate(zip(chapters, sounds, strict=True), start=1):
        yield chapter_page(
            book.chapters[artifact.chapter],
            number,
            artifact.timeline(0.0),
            (sound.name, artifact.duration_s),
            language=target.about.language,
            by_word=target.by_word,
        )


# A file a chapter


def _publish_archive(
    book: Book, target: Target, chapters: Sequence[ChapterArtifact]
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    final = target.path.resolve()
    with disk.new_folder(target.build_dir / "archive", sole_writer=True) as folder:
        result = _fill(folder, final.stem, book, target, chapters)
        with disk.new_files(final, sole_writer=True) as (draft,), ZipFile(draft, "w") as archive:
            for path in sorted(folder.iterdir()):  # sound is packed already
                archive.write(path, path.name)
    return result


def _publish_folder(
    book: Book, target: Target, chapters: Sequence[ChapterArtifact]
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    final = target.path.resolve()
    with disk.new_folder(final, sole_writer=True) as folder:
        return _fill(folder, final.name, book, target, chapters)


def _fill(
    folder: Path, name: str, book: Book, target: Target, chapters: Sequence[ChapterArtifact]
) -> tuple[list[FinishedChapter], list[SpeechProblem]]:
    """Puts every chapter with its captions into an empty folder, and a playlist of that name."""
    finished: list[FinishedChapter] = []
    problems: list[SpeechProblem] = []
    rows = ["#EXTM3U", f"#PLAYLIST:{_one_line(book.title)}"]
    width = max(2, len(str(len(chapters))))
    if book.cover is not None:
        cover = "cover.png" if book.cover.media_type == "image/png" else "cover.jpg"
        (folder / cover).write_bytes(book.cover.data)
        rows.append(f"#EXTIMG:{cover}")
    for number, artifact in enumerate(chapters, start=1):
        title = book.chapters[artifact.chapter].title
        stem = f"{number:0{width}} {file_name(title)}".strip()
        _link_or_copy(artifact.path, folder / f"{stem}.{target.format}")
        done = FinishedChapter(title, 0.0, artifact.duration_s)
        paths = {kind: folder / f"{stem}.{kind}" for kind in CAPTIONS}
        problems += write_captions(book, [(artifact, done)], paths)
        finished.append(done)
        rows += [f"#EXTINF:{round(done.duration_s)},{_one_line(title)}"]
        rows += [f"{stem}.{target.format}"]
    playlist = folder / f"{file_name(name)}.m3u8"
    playlist.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return finished, problems


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def file_name(title: str) -> str:
    """Returns a title as it may stand in a file name on any system."""
    text = unicodedata.normalize("NFC", title)
    text = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", text)
    return " ".join(text.split())[:_MAX_NAME_CHARS].strip(" .")
