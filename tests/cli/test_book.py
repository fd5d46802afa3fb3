"""``sonca book build``: names of outputs, what a book says of itself, and how it is interrupted."""

from __future__ import annotations

import io
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from sonca.book.model import Book
from sonca.cli.book_output import default_path, format_of
from sonca.cli.book_progress import BookDisplay
from tests.book.book_helpers import SHORT, listen, write_book

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "606060000000050001a5f645400000000049454e44ae426082"
)
TONE = ("--engine", "tone")


@pytest.mark.slow
def test_without_a_name_a_book_goes_to_its_title_with_all_that_is_said_of_it(
    sonca, tmp_path: Path
) -> None:
    write_book(tmp_path)
    (tmp_path / "c.png").write_bytes(PNG)
    about = "--narrator Đọc --year 1990 --description Tả --series Bộ --part 2 --cover c.png"
    sonca("book", "build", "truyen.txt", "--title", "Sông: một", *about.split(), *TONE)
    sound = listen(tmp_path / "Sông một.m4b")
    assert sound.pictures == 1
    assert {k: sound.tags[k] for k in ("composer", "date", "description", "grouping")} == {
        "composer": "Đọc",
        "date": "1990",
        "description": "Tả",
        "grouping": "Bộ, 2",
    }
    data = (tmp_path / "Sông một.m4b").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "made"),
    [
        (("-o", "b.epub"), "b.epub"),
        (("--format", "epub"), "T.epub"),
        (("--format", "opus"), "T"),
        (("-o", "b.zip", "--format", "opus"), "b.zip"),
    ],
)
def test_the_name_or_the_format_says_what_is_made(
    sonca, tmp_path: Path, args: tuple[str, ...], made: str
) -> None:
    write_book(tmp_path)
    done = sonca("book", "build", "truyen.txt", "--title", "T", *args, *TONE)
    assert done.stdout.decode().startswith(f"{made}: 2 chapters")
    assert {path.name for path in tmp_path.iterdir()} == {"truyen.txt", "data", made}
    if made == "b.zip":
        names = zipfile.ZipFile(tmp_path / made).namelist()
        assert sorted(Path(name).suffix for name in names) == sorted(
            2 * [".json", ".lrc", ".opus", ".srt", ".vtt"] + [".m3u8"]
        )


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("-o", "b.mp3"), "the name of m4b ends in .m4b"),
        (("-o", "b.m4b", "--format", "epub"), "the name of epub ends in .epub"),
        (("--cover", "truyen.txt"), "neither JPEG nor PNG"),
        (("--cover", "none.png"), "cannot read the cover"),
        (("--year", "0"), "year is 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    refused, tmp_path: Path, args: tuple[str, ...], told: str
) -> None:
    write_book(tmp_path)
    assert told in refused("book", "build", "truyen.txt", *args, *TONE)


def test_a_cast_that_names_nobody_is_refused_with_its_line(refused, tmp_path: Path) -> None:
    write_book(tmp_path)
    (tmp_path / "c.toml").write_text('[narrator]\nvoice = "low"\n[characters."Thoai"]\n', "utf-8")
    line = refused("book", "build", "truyen.txt", "--cast", "c.toml", *TONE)
    assert "c.toml, line 3: " in line and "Thoại" in line


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_interrupts_a_build_is_told_that_it_goes_on(
    sonca, command, environment, tmp_path: Path, sent: int, code: int
) -> None:
    write_book(tmp_path, "\n\n".join(f"Chương {n}\n\n{SHORT[15:] * 6}" for n in range(1, 60)))
    args = ("book", "build", "truyen.txt", "-o", "a.m4b", *TONE)
    process = subprocess.Popen(
        [*command, *args], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
    )
    while not list((tmp_path / "a.m4b.build").glob("*.log")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(sent)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code
    line = told.decode().strip()
    assert line == (
        "sonca: stopped; what is made is kept in a.m4b.build, and the same command goes on from "
        "there"
    )


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_progress_keeps_bar_percent_and_time_whatever_the_sentence(width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    display = BookDisplay(console)
    display.add_task("12/190 Chương 12: " + "dài [b]" * 30, total=9, completed=3, figures="1:02:03")
    display.below = "Một câu [đỏ] rất dài. " * 30
    console.print(display.get_renderable())
    first, second, *rest = out.getvalue().rstrip("\n").split("\n")
    assert not rest
    assert max(len(first), len(second)) <= width
    assert "━━" in first and " 33% " in first and "-:--:--" in first and "1:02:03" in first
    assert first.startswith("12/190 Chương")
    assert second.startswith("Một câu [đỏ]") and second.endswith("…")


def test_a_book_without_a_name_never_goes_over_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book = Book("Sông", "", (), "epub")
    assert default_path(book, Path("x.epub"), "epub") == Path("Sông.epub")
    Path("Sông.epub").touch()
    assert default_path(book, Path("Sông.epub"), "epub") == Path("Sông (Sonca).epub")
    assert default_path(book, Path("Sông.epub"), "mp3") == Path("Sông")


@pytest.mark.parametrize(
    ("output", "format", "found"),
    [
        (None, None, "m4b"),
        ("a.EPUB", None, "epub"),
        ("a.zip", None, "mp3"),
        ("a.m4b", None, "m4b"),
        ("a", "opus", "opus"),
    ],
)
def test_the_format_follows_the_name(output: str | None, format: str | None, found: str) -> None:
    assert format_of(Path(output) if output else None, format) == found
