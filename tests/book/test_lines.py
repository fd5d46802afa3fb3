"""Wrapped lines, hyphens, verse, page numbers and running heads."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book, Source, TextBlock
from sonca.book.sources import plain, read_book
from sonca.book.structure.chapters import make_book
from sonca.book.structure.pages import mark_pages

WILD = Path(__file__).parent / "data" / "wild"


def book_of(text: str) -> Book:
    return make_book(Source("text", tuple(plain.blocks(text))), name="tên tệp")


def lines(book: Book) -> list[str]:
    return [
        " ".join(p.text.replace("\u00ad", "").split()) for c in book.chapters for p in c.paragraphs
    ]


LONG = "Ông Thoại chèo đò ở bến Lạc đã ba mươi năm, khách quen ai cũng gọi là"


@pytest.mark.parametrize(
    "following",
    [
        "Thoại đò, chỉ riêng bà Khuê vẫn gọi ông bằng tên thật.",
        "1972 cũng có trận bão lớn như vậy, cuốn trôi cả xóm.",
        "(ở xã Bình Minh) phải sơ tán lên núi, mãi mới về.",
        '"ông lái", còn bà Khuê thì không.',
        "“ông lái”, còn bà Khuê thì không.",
        "- nói cho đúng là hay gọi - ông lái đò.",
        "thằng Thoại.",
        "5 ông lái.",
        "Đà Nẵng, quê ông.",
        "[ông lái].",
    ],
)
def test_wrapped_prose_is_one_paragraph(following: str) -> None:
    assert lines(book_of(f"{LONG}\n{following}")) == [f"{LONG} {following}"]


@pytest.mark.parametrize(
    "text",
    [
        "Trăng lên đỉnh núi trăng tà\nNgười về bỏ lại căn nhà vắng tanh\nSông dài cá lội",
        "Trăng lên đỉnh núi\nNgười về bỏ lại\nthương em đứng đợi\nLá vàng rơi",
        f"{LONG}.\n- Đi đâu thế?\n- Về nhà.",
        "Gạo nếp\nĐậu xanh\nThịt lợn\nLá dong",
        "Ông Tư ra bến.\nQuyên lên đò.\nMưa rơi suốt đêm trên bến sông.",
        "Danh sách những thứ phải mua cho chuyến đi dài ngày sắp tới của cả nhà:\n1. Gạo\n2. Muối",
        "Nam\nTrưởng phòng kinh doanh của công ty xuất nhập khẩu thủ công mỹ nghệ Bến Lạc",
    ],
)
def test_verse_lists_and_paragraphs_stay(text: str) -> None:
    assert lines(book_of(text)) == text.split("\n")


def test_an_indented_line_begins_a_paragraph() -> None:
    text = f"   {LONG}\nThoại đò. Ai cũng gọi ông bằng cái tên ấy từ lâu\n   Hôm ấy trời mưa."
    assert len(lines(book_of(text))) == 2


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("như Việt-", "Nam ta", "như Việt Nam ta"),
        ("ngành công-", "nghiệp nặng", "ngành công nghiệp nặng"),
        ("chuyện của ngườ-", "i lái đò", "chuyện của người lái đò"),
        ("những chuy-", "ện xưa", "những chuyện xưa"),
        ("một cuộc inter-", "view dài", "một cuộc interview dài"),
    ],
)
def test_hyphens_at_line_ends(one: str, other: str, said: str) -> None:
    before = "Ông Thoại chèo đò ở bến Lạc đã ba mươi năm, và kể "
    assert lines(book_of(f"{before}{one}\n{other} cho mọi người nghe.")) == [
        f"{before}{said} cho mọi người nghe."
    ]


def test_page_marks_are_silent_and_the_sentence_goes_on() -> None:
    for mark in (
        "12",
        "- 12 -",
        "Trang 12",
        "trang 12/230",
        "Page 12 of 230",
        "12\n\nBẾN VẮNG",
        "[12]",
    ):
        book = book_of(
            f"Bến Vắng\n\nChương 1\n\nChuyện con đò đêm mưa\n\n{mark}\n\nbão.\n\nChương 2\n\nHết."
        )
        assert "Chuyện con đò đêm mưa bão." in [line.replace(mark, "") for line in lines(book)], (
            mark
        )


def test_running_heads_are_found_by_repetition() -> None:
    page = "\n\n{n}\n\nNguyễn A - Đò chiều\n\n"
    text = "Chương 1\n\nGió thổi." + "".join(
        f"Ông Tư kể chuyện thứ {w} cho đám trẻ nghe." + page.format(n=n)
        for n, w in enumerate(("nhất", "hai", "ba", "tư"), start=7)
    )
    book = book_of(text + "Hết.\n\nChương 2\n\nXong.")
    assert {u.reason for u in book.unspoken} == {"page number", "running head"}
    assert not any("Nguyễn A" in line or line.isdigit() for line in lines(book))


@pytest.mark.parametrize(
    "text",
    [
        "1\n\nHai người đi.\n\n2\n\nBa người về.\n\n3\n\nHết.",
        "Năm ấy là năm\n\n1972\n\nÔng Tư nhớ mãi.",
        "Anh hỏi bao nhiêu.\n\n42\n\nChị đáp thế.",
        "Điệp khúc\n\nVề đi em.\n\nĐiệp khúc\n\nVề đi anh.",
        "Chương 1\n\nMưa.\n\nChương 2\n\nGió.",
    ],
)
def test_numbers_and_lines_that_belong_to_the_text_stay(text: str) -> None:
    assert not book_of(text).unspoken


def test_lines_of_a_page_as_paragraphs() -> None:
    said = ["Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, chuyện con", "đò đêm mưa bão.", "Hết."]
    blocks, at = [], 0
    for text in said:
        blocks.append(TextBlock(text, part="c.xhtml", start=at))
        at += len(text) + 1
    assert lines(make_book(Source("epub", tuple(blocks)), name="x")) == [
        " ".join(said[:2]),
        said[2],
    ]


def test_the_wild_files() -> None:
    assert len(lines(read_book(WILD / "t01_wrap72.txt"))) == 4
    assert len(lines(read_book(WILD / "w1.txt"))) == 1
    assert len(lines(read_book(WILD / "w2.txt"))) == 5
    assert len(lines(read_book(WILD / "w3.txt"))) == 2
    assert len(lines(read_book(WILD / "w4.txt"))) == 1
    pages = read_book(WILD / "t02_pdf_pages.txt")
    assert [c.title for c in pages.chapters] == ["Chương 1: Bến cũ", "Chương 2: Đò chiều"]
    assert lines(pages)[2].endswith(
        "chuyện con đò đêm mưa bão và người con gái chờ anh ở bên kia sông."
    )
    assert lines(read_book(WILD / "t10_pdf_lines.epub"))[1:3] == [
        "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, chuyện con đò đêm mưa bão và người con gái chờ "
        "anh ở bên kia sông. Nước lớn, gió đưa những tiếng hò.",
        "Quyên lên đò.",
    ]


def test_prose_with_short_lines_and_names_at_their_ends() -> None:
    text = (
        "Gió thổi từ phía sông lên, mang theo mùi bùn non và mùi cá. Lão\nHạc ngồi trước hiên nhà, "
        "tay cầm chiếc điếu cày đã cũ, mắt nhìn\nra\nHà Nội xa xôi. Lão nói:\n\n- Mai tôi đi."
    )
    assert lines(book_of(text)) == [text.partition("\n\n")[0].replace("\n", " "), "- Mai tôi đi."]


def test_lines_with_empty_ones_between() -> None:
    text = (
        "Gió thổi từ phía sông lên, mang theo mùi bùn non và mùi\n\ncá. Lão Hạc ngồi trước hiên "
        "nhà, tay cầm chiếc điếu cày\n\nđã cũ, mắt nhìn ra xa xôi, và lão nghĩ về đứa con ở\n\n"
        "Nam Kỳ chưa về."
    )
    assert len(lines(book_of(text))) == 1


def test_a_head_with_the_page_s_number_in_it() -> None:
    text = (
        "Chuyện con đò đêm\n\nBẾN VẮNG | 15\n\nmưa bão.\n\n16 | BẾN VẮNG\n\nQuyên lên đò.\n\n"
        "BẾN VẮNG | 17\n\nHết."
    )
    assert lines(book_of(text)) == ["Chuyện con đò đêm mưa bão.", "Quyên lên đò.", "Hết."]


def test_a_form_feed_between_pages() -> None:
    text = "Con đò đêm\nmưa bão và người con\n5 \n\x0cBẾN VẮNG\ngái chờ anh.\n6\n\x0cBẾN VẮNG\nHết."
    assert "BẾN VẮNG" not in " ".join(lines(book_of(text)))


def test_line_breaks_of_markup_that_wrap_prose(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    wrapped = "<br/>".join(
        (LONG, "Thoại đò. Hôm ấy trời vừa sáng thì Quyên chạy ra bến, áo còn", "ướt.")
    )
    verse = "<br/>".join(("Trăng lên đỉnh núi", "Người về bỏ lại", "Lá vàng rơi"))
    path.write_text(f"<p>{wrapped}</p><p>{verse}</p>", encoding="utf-8")
    first, second = read_book(path).chapters[0].paragraphs
    assert "\n" not in first.text and second.text.count("\n") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "\n".join(str(n) for n in range(2, 20_000)),
        "\n\n".join(f"trang {n}" for n in range(20_000)) + "\n\nHết.",
        "Mục lục\n\n" * 10_000 + "Hết.",
        "BẾN VẮNG\n\n" * 10_000 + "Hết.",
        "Bản quyền ©\n\n" * 10_000 + "Hết.",
        "con đò đêm mưa bão và người con gái chờ anh ở bê-\n" * 10_000,
        "[" * 50_000,
    ],
    ids=lambda text: text[:10].strip(),
)
def test_what_was_made_to_keep_a_reader_busy(text: str) -> None:
    assert len(book_of(f"Mưa.\n\n{text}").chapters) == 1  # time squared would not end


def test_a_place_of_the_contents_without_text_is_no_running_head() -> None:
    """A contents' entry may point behind the last text of a file: a block of nothing."""
    heads = [TextBlock("Bến vắng", apart=False)] * 4
    blocks = [*heads, TextBlock("", opens="Bản quyền"), *heads]
    skips: list[str | None] = [None] * len(blocks)
    mark_pages(blocks, skips)
    assert skips[4] is None
