"""Where text comes from, and what is refused."""

import codecs
from pathlib import Path

import pytest

from sonca.cli.text_input import decode, from_file, from_words
from sonca.errors import InvalidRequest, TextTooLong

TEXT = "Xin chào các bạn.\nTrời đẹp quá! 🙂"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
)
def test_files_that_are_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert from_file(str(path), 1000) == TEXT


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("chào".encode() + b"\xff\xfe", 5),
        (codecs.BOM_UTF8 + b"ok\xe1\xba", 5),
        ("Tiếng Việt".encode("utf-16-le"), 4),
        ("Ba ba".encode("utf-16-le"), 1),
        (codecs.BOM_UTF16_LE + b"a\x00\x00\xd8b\x00", 4),
        (codecs.BOM_UTF16_BE + "a\0".encode("utf-16-be"), 4),
        (b"GIF89a\1\0", 7),
        (b"\x89PNG\r\n\x1a\n\0\0", 0),
    ],
)
def test_bytes_that_are_no_text_are_named(data: bytes, offset: int) -> None:
    with pytest.raises(InvalidRequest, match=rf"a\.txt: byte {offset} "):
        decode(data, "a.txt")


def test_arguments_join() -> None:
    assert from_words(["Xin", "chào"]) == "Xin chào"


def test_arguments_that_are_not_utf_8() -> None:
    with pytest.raises(InvalidRequest, match=r"byte 6 of it is not \(0xff\)"):
        from_words([b"ch\xc3\xa0o \xff".decode("utf-8", "surrogateescape")])


def test_a_file_over_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(TextTooLong, match="10 characters"):
        from_file(str(path), 10)


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest, match="cannot read"):
        from_file(name, 10)
