"""UTF-8 that was read as something else and saved so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.sources import read_book
from sonca.book.sources.mojibake import repaired
from tests.book.book_helpers import STORY

WILD = Path(__file__).parent / "data" / "wild"
TEXT = STORY.read_text(encoding="utf-8")


def misread(text: str, encoding: str, lost: str | None = None) -> str:
    """Reads UTF-8 as `encoding`; bytes that it has no letter for stay as they are, or are lost."""
    return "".join(
        bytes([byte]).decode(encoding, "ignore") or (chr(byte) if lost is None else lost)
        for byte in text.encode()
    )


def test_the_reported_file() -> None:
    book = read_book(WILD / "x_mojibake.txt")
    assert [c.title for c in book.chapters] == ["Chương 1: Bến cũ", "Chương 2: Đò chiều"]
    assert book.chapters[0].paragraphs[1].text.startswith("Ông Tư kể chuyện bến Lạc cho đám trẻ")
    assert len(book.mended) == 1 and "UTF-8" in book.mended[0]


@pytest.mark.parametrize(
    "encoding", ["latin-1", "cp1252", "cp1258", "cp1250", "mac_roman", "cp850", "cp437"]
)
@pytest.mark.parametrize("chars", [60, 3000])
def test_every_encoding_that_it_was_taken_for(encoding: str, chars: int) -> None:
    assert repaired(misread(TEXT[:chars], encoding))[0] == TEXT[:chars]


def test_taken_twice() -> None:
    assert repaired(misread(misread(TEXT, "cp1252"), "cp1252"))[0] == TEXT


@pytest.mark.parametrize("lost", ["?", "\ufffd", ""])
def test_bytes_that_were_lost_on_the_way(lost: str) -> None:
    found = repaired(misread(TEXT, "cp1252", lost))[0]
    same = sum(a == b for a, b in zip(found.split(), TEXT.split(), strict=True))
    assert same / len(TEXT.split()) > 0.97
    assert "Người lái đò" in found and "NGỌN ĐÈN" in found


def test_a_hard_blank_that_became_a_blank() -> None:
    damaged = misread("Trong làng, là người mà thôi.", "cp1252").replace("\xa0", " ")
    assert repaired(damaged)[0] == "Trong làng, là người mà thôi."


def test_lines_that_are_right_stay_right() -> None:
    mixed = f"{TEXT[:500]}\n{misread('Quyên lên đò, nước chảy xiết.', 'cp1252')}\nHết rồi ấy."
    assert repaired(mixed)[0] == f"{TEXT[:500]}\nQuyên lên đò, nước chảy xiết.\nHết rồi ấy."


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "Plain English text.",
        "Élève, où êtes-vous? Ça va, garçon. À bientôt, chère Zoë.",
        "Ăn Ân Đò Ưu Ơ; ÂM ÁNH ÃN — «ÁO» ºª° ±",
        "São Paulo, Ã và Â là chữ Bồ Đào Nha: «Ã».",
        "Тургенев и Толстой. 長安古道。 Ελλάδα.",
        "á»",
        "Nhiệt độ 30 °C, áo số 5º, «á» là chữ a.",
        "",
    ],
)
def test_what_is_right_stays_as_it_is(text: str) -> None:
    assert repaired(text) == (text, "")
