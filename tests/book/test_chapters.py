"""Where chapters begin, and what is set aside."""

from __future__ import annotations

import pytest

from sonca.book.model import Book, Source
from sonca.book.preview import preview
from sonca.book.sources import plain
from sonca.book.structure import headings
from sonca.book.structure.chapters import make_book
from sonca.errors import NothingToSay


def book_of(text: str) -> Book:
    return make_book(Source("text", tuple(plain.blocks(text))), name="tên tệp")


def titles(text: str) -> list[str]:
    return [chapter.title for chapter in book_of(text).chapters]


BODY = "\n\nTrời sáng dần trên sông, nước lên rất nhanh.\n\n"


@pytest.mark.parametrize(
    "line",
    [
        *("Chương 1", "CHƯƠNG XII", "Chương 12: Bão", "Chương ba - Người lái đò", "Hồi thứ ba"),
        *("Hồi thứ 12: Quan Vũ qua năm ải", "Phần II", "Phần thứ nhất", "Quyển 3. Sóng", "Tập 2"),
        *("Chương mười hai Đêm trăng", "Chương cuối", "Lời nói đầu", "LỜI TỰA", "Vĩ thanh"),
        *(
            "Phụ lục A",
            "Mở đầu",
            "Chapter 7",
            "**Chương 4: Gió**",
            "Chương hai mươi mốt",
            "IV",
            "12.",
        ),
        *("Ngoại truyện 2", "Chương\u00a05", "Chu\u031bo\u031bng 9"),
    ],
)
def test_headings(line: str) -> None:
    assert headings.parse_heading(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        *("Chương 12 của cuốn sách kể về một người lái đò.", "Phần 2 triệu đồng còn lại.", "", "-"),
        *("Hồi ba tuổi, tôi bị ốm.", "Hồi đó tôi còn bé.", "- Chương 1", "“Phần II” của tôi đâu?"),
        *("Tập trung vào đi!", "Phần một trăm người còn lại thì đi bộ về nhà trong đêm mưa gió,"),
        *("Mở đầu câu chuyện, ông kể về con đò.", "1990 là năm tôi sinh ra.", "Cảnh sát 113 tới."),
        *("Chương trình 1 bắt đầu", "Tựa lưng vào tường, ông thở dài."),
    ],
)
def test_lines_that_are_no_headings(line: str) -> None:
    assert headings.parse_heading(line) is None


def test_a_title_may_stand_on_the_next_line() -> None:
    text = f"CHƯƠNG I\n\nNGƯỜI LÁI ĐÒ{BODY}CHƯƠNG II\n\nCăn nhà gỗ{BODY}"
    book = book_of(text)
    assert titles(text) == ["CHƯƠNG I: NGƯỜI LÁI ĐÒ", "CHƯƠNG II: Căn nhà gỗ"]
    assert [p.kind for p in book.chapters[0].paragraphs] == ["heading", "heading", "body"]


def test_parts_and_chapters() -> None:
    text = f"PHẦN I\n\nChương 1: A{BODY}Chương 2: B{BODY}PHẦN II: Sóng\n\nChương 3: C{BODY}"
    assert titles(text) == ["PHẦN I – Chương 1: A", "Chương 2: B", "PHẦN II: Sóng – Chương 3: C"]


def test_bare_numbers_count_only_in_a_row_from_one() -> None:
    assert titles(f"1{BODY}2{BODY}3{BODY}") == ["1", "2", "3"]
    assert titles(f"I.{BODY}II.{BODY}") == ["I.", "II."]
    assert titles(f"1990{BODY}5{BODY}") == ["tên tệp"]


def test_a_table_of_contents_is_not_spoken() -> None:
    listed = "Chương 1: A\nChương 2: B\nChương 3: C\n\n"
    body = "".join(f"Chương {n}: {t}{BODY}" for n, t in ((1, "A"), (2, "B"), (3, "C")))
    for head in ("MỤC LỤC\n\n", ""):
        book = book_of("Bến Lạc\n\n" + head + listed + body)
        assert [c.title for c in book.chapters] == ["Chương 1: A", "Chương 2: B", "Chương 3: C"]
        assert {u.reason for u in book.unspoken} == {"contents"}
        assert book.title == "Bến Lạc"
    leaders = "Mục lục\nChương 1: A ........ 5\nChương 2: B ........ 19\n\n"
    assert len(book_of(leaders + body).chapters) == 3


def test_notes_and_their_marks_are_not_spoken() -> None:
    notes = "Chú thích\n\n[1] Một bến ở miền Trung."
    text = f"Chương 1{BODY}Bến Lạc[1] hẹp lắm.\n\n{notes}\n\nChương 2{BODY}"
    book = book_of(text)
    assert [(u.reason, u.text) for u in book.unspoken] == [
        ("note mark", "[1]"),
        ("note", "Chú thích"),
        ("note", "[1] Một bến ở miền Trung."),
    ]
    paragraph = book.chapters[0].paragraphs[2]
    assert paragraph.text == "Bến Lạc    hẹp lắm."
    assert text[paragraph.start :].startswith("Bến Lạc[1]")


def test_a_mark_without_a_note_is_text() -> None:
    book = book_of(f"Chương 1{BODY}Xem mảng a[1] nhé.")
    assert not book.unspoken


def test_long_front_matter_is_a_chapter_short_is_not() -> None:
    front = "Lời người dịch.\n\n" + "Cuốn sách này kể chuyện một bến sông. " * 20
    assert titles(f"{front}\n\nChương 1{BODY}Chương 2{BODY}")[0] == "Mở đầu"
    book = book_of(f"BẾN LẠC\n\nTác giả: Nguyễn Văn A\n\nChương 1{BODY}")
    assert (book.title, book.author) == ("BẾN LẠC", "Nguyễn Văn A")
    assert len(book.chapters) == 1
    assert book.chapters[0].paragraphs[0].text == "BẾN LẠC"


def test_a_text_without_headings_is_one_chapter() -> None:
    assert titles(BODY) == ["tên tệp"]


@pytest.mark.parametrize("text", ["***\n\n---", "…", "###"])
def test_nothing_but_separators(text: str) -> None:
    with pytest.raises(NothingToSay):
        book_of(text)


def test_every_letter_of_a_text_is_in_a_chapter_or_set_aside() -> None:
    contents = "MỤC LỤC\nChương 1\nChương 2\nChương 3"
    text = f"{contents}\n\nChương 1{BODY}a[1] b\n\n[1] chú\n\nChương 2{BODY}"
    book = book_of(text)
    spoken = [p.text for c in book.chapters for p in c.paragraphs]
    kept = "".join([*spoken, *(u.text for u in book.unspoken)])
    assert sorted(c for c in kept if c.isalnum()) == sorted(c for c in text if c.isalnum())


@pytest.mark.slow
def test_five_thousand_chapters_are_planned() -> None:
    body = "- Đi thôi! - ông Thoại nói.\n\n- Vâng ạ.\n\nTrời sáng. 🙂\n\n***\n\n"
    found = preview(book_of("".join(f"Chương {n}: Số {n}\n\n{body}" for n in range(1, 5001))))
    assert len(found.chapters) == 5000
    assert all(chapter.speeches == 2 for chapter in found.chapters)
    reasons = [part.reason for part in found.unspoken]
    assert reasons.count("separator") == 5000 and reasons.count("emoji") == 5000
