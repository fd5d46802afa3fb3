"""A read-along EPUB: its pages against the book, its clips against the sound, and EPUBCheck."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import etree

from sonca.book.model import Book, Chapter, Cover, Paragraph
from sonca.book.output.about import About
from sonca.book.output.pages import chapter_page, clips_of
from sonca.book.output.read_along import clock, write_read_along
from sonca.book.output.timeline import FAILED, TimelineEntry
from sonca.errors import InvalidRequest
from sonca.synthesizer import Sonca
from tests.book.book_helpers import SHORT, build, level, listen, write_book

_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "606060000000050001a5f645400000000049454e44ae426082"
)


class Package:
    """An EPUB as a reading system sees it."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)
        self.opf = self.parse("EPUB/package.opf")
        self.items: dict[str, dict[str, Any]] = {
            row.get("id"): dict(row.attrib) for row in self.opf.iter("{*}item")
        }
        self.pages = [self.items[row.get("idref")] for row in self.opf.iter("{*}itemref")]

    def parse(self, name: str) -> Any:
        return etree.fromstring(self.zip.read(unquote(name)))

    def meta(self, name: str) -> list[str]:
        return [m.text for m in self.opf.iter("{*}meta") if m.get("property") == name]

    def clips(self) -> Iterator[tuple[str, str, float, float]]:
        """Text, name of the sound, beginning and end, in the order of reading."""
        for page in self.pages:
            if "media-overlay" not in page:
                continue
            tree = self.parse(f"EPUB/{page['href']}")
            shown = {e.get("id"): "".join(e.itertext()) for e in tree.iter() if e.get("id")}
            smil = self.parse(f"EPUB/{self.items[page['media-overlay']]['href']}")
            for par in smil.iter("{*}par"):
                text, audio = par
                name, _, id = text.get("src").partition("#")
                assert name == f"../{page['href']}"
                begin, end = (_seconds(audio.get(key)) for key in ("clipBegin", "clipEnd"))
                yield shown[id], audio.get("src").removeprefix("../"), begin, end


def _seconds(value: str) -> float:
    hours, minutes, seconds = value.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@pytest.fixture(scope="module")
def sonca() -> Iterator[Sonca]:
    with Sonca("tone") as sonca:
        yield sonca


def _made(sonca: Sonca, folder: Path, text: str = SHORT, **target: Any) -> Path:
    output = folder / "truyện.epub"
    build(sonca, write_book(folder, text), output, format="epub", **target)
    return output


def test_the_package_holds_pages_overlays_sound_and_says_who_reads_it(
    sonca: Sonca, tmp_path: Path
) -> None:
    about = About("Nguyễn Văn Đọc", 1990, "vi", "Một & hai", "Bến sông", "2")
    package = Package(_made(sonca, tmp_path, about=about))
    first = package.zip.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert package.meta("media:narrator") == ["Nguyễn Văn Đọc"]
    assert package.meta("belongs-to-collection") == ["Bến sông"]
    assert package.meta("group-position") == ["2"]
    *each, total = (_seconds(value) for value in package.meta("media:duration"))
    assert sum(each) == pytest.approx(total, abs=0.01)
    assert [page["href"] for page in package.pages] == ["text/0001.xhtml", "text/0002.xhtml"]
    nav = package.parse("EPUB/nav.xhtml")
    assert [a.text for a in nav.iter("{*}a")] == ["Chương 1: Sáng", "Chương 2: Chiều"]


def test_clips_follow_each_other_without_a_gap_and_sound_where_their_text_is_said(
    sonca: Sonca, tmp_path: Path
) -> None:
    package = Package(_made(sonca, tmp_path))
    clips = list(package.clips())
    assert [text for text, *_ in clips][:3] == [
        "Chương 1: Sáng",
        "Trời sáng dần trên sông.",
        "Ông Thoại ngồi ở mũi thuyền.",
    ]
    for name in ("audio/0001.m4a", "audio/0002.m4a"):
        own = [(begin, end) for _, sound, begin, end in clips if sound == name]
        assert own[0][0] == 0
        assert all(a[1] == b[0] for a, b in itertools.pairwise(own))
        package.zip.extract(f"EPUB/{name}", tmp_path)
        sound = listen(tmp_path / "EPUB" / name)
        assert own[-1][1] == pytest.approx(len(sound.samples) / sound.rate_hz, abs=0.1)
        for begin, _ in own:
            assert level(sound, begin + 0.06, begin + 0.25) > 0.05


@pytest.mark.slow
def test_words_are_marked_where_their_times_are_known(sonca: Sonca, tmp_path: Path) -> None:
    package = Package(_made(sonca, tmp_path, by_word=True))
    texts = [text for text, *_ in package.clips()]
    assert len(texts) > 40
    assert "Trời" in texts


def test_pages_keep_every_letter_of_the_book(sonca: Sonca, tmp_path: Path) -> None:
    package = Package(_made(sonca, tmp_path))
    shown = ""
    for page in package.pages:
        body = package.parse(f"EPUB/{page['href']}").find("{*}body")
        shown += "".join(body.itertext())
    assert "".join(shown.split()) == "".join(SHORT.split())


def _page(text: str, *entries: TimelineEntry) -> Any:
    chapter = Chapter("Một", (Paragraph(text),))
    return chapter_page(chapter, 1, entries, ("audio/1.m4a", 9.0), language="vi", by_word=False)


def test_signs_of_markup_and_controls_do_no_harm() -> None:
    page = _page("a < b & c\x00\x0b > d\ne", TimelineEntry(0, (0, 5), 0.0, 1.0, ""))
    tree = etree.fromstring(page.markup.encode())
    assert "".join(tree.find("{*}body").itertext()).strip() == "a < b & c > de"
    assert len(list(tree.iter("{*}br"))) == 1


def test_what_could_not_be_spoken_is_shown_and_has_no_clip() -> None:
    page = _page(
        "Một. Hai.",
        TimelineEntry(0, (0, 4), 0.0, 1.0, ""),
        TimelineEntry(0, (5, 9), 1.2, 1.2, "", problem=FAILED),
    )
    assert [clip.id for clip in page.clips] == ["s1"]
    assert "Hai." in page.markup


def test_clips_of_no_length_go_to_their_neighbours() -> None:
    clips = clips_of([("a", 0.5), ("b", 1.0), ("c", 1.0001), ("d", 2.0)], "x", 3.0)
    assert [(c.id, c.begin_s, c.end_s) for c in clips] == [
        ("a", 0.0, 1.0),
        ("c", 1.0, 2.0),
        ("d", 2.0, 3.0),
    ]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00.000"), (61.5, "0:01:01.500"), (3599.9996, "1:00:00.000")]
)
def test_clock_values(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_year_that_is_none() -> None:
    with pytest.raises(InvalidRequest, match="year is 0"):
        About(year=0)


def _epubcheck() -> list[str] | None:
    """The command that runs EPUBCheck: Debian's, or the archive that EPUBCHECK_JAR names."""
    if command := shutil.which("epubcheck"):
        return [command]
    jar, java = os.environ.get("EPUBCHECK_JAR"), shutil.which("java")
    return [java, "-jar", jar] if jar and java else None


@pytest.mark.slow
@pytest.mark.skipif(_epubcheck() is None, reason="no epubcheck; EPUBCHECK_JAR names its archive")
@pytest.mark.parametrize("by_word", [False, True])
def test_epubcheck_finds_nothing(sonca: Sonca, tmp_path: Path, by_word: bool) -> None:
    about = About("Đọc", 1990, "vi", "Một & hai", "Bến", "2")
    _check(_made(sonca, tmp_path, about=about, by_word=by_word))


@pytest.mark.slow
@pytest.mark.skipif(_epubcheck() is None, reason="no epubcheck; EPUBCHECK_JAR names its archive")
def test_epubcheck_finds_nothing_in_a_book_with_a_cover_and_odd_titles(tmp_path: Path) -> None:
    chapter = Chapter(
        '<"&">', (Paragraph("Một \x07<b>.", "heading"), Paragraph("***", "separator"))
    )
    book = Book("", "A & B", (chapter, chapter), "text", Cover(_PNG, "image/png"))
    pages = [
        chapter_page(chapter, n, [], ("audio/1.m4a", 1.0), language="vi", by_word=False)
        for n in (1, 2)
    ]
    output = tmp_path / "b.epub"
    write_read_along(output, book, About(), pages, [])
    _check(output)


def _check(path: Path) -> None:
    command = _epubcheck()
    assert command is not None
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No errors or warnings" in done.stdout
