"""PDF: order of reading, columns, running heads, page numbers, notes, hyphens, outline, scans."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.options import BookOptions
from sonca.book.sources import encodings, read_book
from sonca.book.sources.pdf.outline import Entry, dividing
from sonca.errors import InvalidRequest
from tests.book.book_helpers import STORY
from tests.book.pdf_files import PdfFile, width
from tests.book.test_sources import to_tcvn3, to_vni

PROSE = " ".join(STORY.read_text(encoding="utf-8").split("\n\n")[2:6]).replace("\n", " ")


def lines(book: Book) -> list[str]:
    return [
        ("# " if each.kind == "heading" else "") + each.text
        for chapter in book.chapters
        for each in chapter.paragraphs
    ]


def reasons(book: Book) -> set[tuple[str, str]]:
    return {(each.reason, each.text) for each in book.unspoken}


def wrapped(text: str, wide: float, size: float = 11, indent: float = 0) -> list[str]:
    """Breaks a text into lines of at most `wide` points."""
    found, line, room = [], "", wide - indent
    for word in text.split():
        longer = f"{line} {word}".strip()
        if width(longer, size) > room and line:
            found.append(line)
            line, room = word, wide
        else:
            line = longer
    return [*found, line]


class Setter:
    """Sets paragraphs on pages, like a printer."""

    def __init__(self, file: PdfFile, *, bottom: float = 540) -> None:
        self.file, self.bottom, self.y = file, bottom, 1000.0

    def new_page(self) -> None:
        self.file.page()
        number = len(self.file.pages)
        if number > 1:
            self.file.put("Bến Lạc" if number % 2 else "Nguyễn A", 180, 40, 9)
        self.file.put(str(number), 205, 570, 9)
        self.y = 70.0

    def paragraph(self, text: str, *, indent: float = 15, size: float = 11) -> None:
        for index, line in enumerate(wrapped(text, 300, size, indent)):
            if self.y > self.bottom:
                self.new_page()
            self.file.put(line, 60 + (indent if index == 0 else 0), self.y, size)
            self.y += 1.4 * size


def novel(path: Path, *, outline: bool = True, size: float = 16) -> tuple[Path, list[str]]:
    """A novel of three chapters with running heads and page numbers; and its paragraphs."""
    file = PdfFile("Bến Lạc", "Nguyễn A")
    setter = Setter(file)
    wanted = []
    story = STORY.read_text(encoding="utf-8").split("\n\n")
    for number, title in enumerate(("Người lái đò", "Căn nhà", "Mưa")):
        setter.new_page()
        if outline:
            file.outline.append((title, len(file.pages) - 1, 60))
        file.put(title, 60, 70, size)
        wanted.append(f"# {title}")
        setter.y = 120
        for text in story[2 + 17 * number : 18 + 17 * number]:
            text = " ".join(text.split())
            setter.paragraph(text)
            wanted.append(text)
    return file.write(path), wanted


@pytest.mark.parametrize("outline", [True, False])
def test_a_novel(tmp_path: Path, outline: bool) -> None:
    path, wanted = novel(tmp_path / "a.pdf", outline=outline)
    book = read_book(path)
    assert (book.title, book.author, book.format) == ("Bến Lạc", "Nguyễn A", "pdf")
    assert [c.title for c in book.chapters] == ["Người lái đò", "Căn nhà", "Mưa"]
    assert lines(book) == wanted
    assert ("page number", "2") in reasons(book) and ("running head", "Nguyễn A") in reasons(book)


# Lines


def one(tmp_path: Path, *rows: str, **more: float) -> list[str]:
    """What is read of rows that are set on one page."""
    file = PdfFile().page()
    file.lines(rows, 60, 80, **more)
    return lines(read_book(file.write(tmp_path / "a.pdf")))


def test_wrapped_lines_are_joined_whatever_begins_the_next(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Người ta gọi bến ấy là bến Lạc, còn người lái đò thì gọi là",
        "Thoại đò. Ông sinh vào một đêm mưa lớn ở làng này, năm",
        "1972, tức là vào khoảng mồng 5 Tết, trong một căn nhà nhỏ",
        "“cuối sông” của bà nội. Đất nước Việt Nam khi ấy vẫn còn",
        "(như ông nói) rất nghèo.",
    ) == [
        "Người ta gọi bến ấy là bến Lạc, còn người lái đò thì gọi là Thoại đò. Ông sinh vào một "
        "đêm mưa lớn ở làng này, năm 1972, tức là vào khoảng mồng 5 Tết, trong một căn nhà nhỏ "
        "“cuối sông” của bà nội. Đất nước Việt Nam khi ấy vẫn còn (như ông nói) rất nghèo."
    ]


def test_paragraphs_by_short_lines(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, rồi ông im lặng",
        "rất lâu.",
        "Trời mưa. Gió thổi mạnh qua hai hàng tre, nước sông dâng lên",
        "từng chút một.",
    ) == [
        "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, rồi ông im lặng rất lâu.",
        "Trời mưa. Gió thổi mạnh qua hai hàng tre, nước sông dâng lên từng chút một.",
    ]


def test_a_short_line_within_a_sentence_of_prose_goes_on(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "Bến Lạc nằm ở khúc sông hẹp nhất, nơi nước chảy xiết đến",
        "mức lũ trẻ trong làng được dặn từ khi mới biết đi, năm",
        "1920, khi ông Thoại",
        "chưa ra đời.",
    )
    assert len(found) == 1 and found[0].endswith("năm 1920, khi ông Thoại chưa ra đời.")


def test_paragraphs_by_gaps(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, rồi ông im lặng.",
        "",
        "Trời mưa. Gió thổi mạnh qua hai hàng tre, nước sông dâng lên.",
        "Rồi tạnh.",
    ) == [
        "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe, rồi ông im lặng.",
        "Trời mưa. Gió thổi mạnh qua hai hàng tre, nước sông dâng lên. Rồi tạnh.",
    ]


def test_speech_begins_a_paragraph(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Ông Tư quay lại nhìn con bé đang chạy trên bờ đê và hỏi to:",
        "- Cháu đi đâu mà vội thế? Trời sắp mưa rồi, về nhà đi thôi!",
        "– Cháu ra bến.",
    ) == [
        "Ông Tư quay lại nhìn con bé đang chạy trên bờ đê và hỏi to:",
        "- Cháu đi đâu mà vội thế? Trời sắp mưa rồi, về nhà đi thôi!",
        "– Cháu ra bến.",
    ]


def test_a_heading_that_is_set_like_the_text_and_wraps(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Chương 1: Người lái đò cuối cùng của bến Lạc và căn nhà có",
        "mười hai cánh cửa",
        "Bến Lạc nằm ở khúc sông hẹp nhất, nơi nước chảy xiết đến",
        "mức lũ trẻ trong làng không đứa nào được xuống tắm.",
    )[0] == ("# Chương 1: Người lái đò cuối cùng của bến Lạc và căn nhà có mười hai cánh cửa")


def test_verse_keeps_its_lines(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        "Bà ngồi bên bếp lửa, khẽ hát lại cho lũ cháu nghe bài ca xưa:",
        "",
        "Trăng lên đầu núi",
        "Gió về cuối sông",
        "Ai người lữ thứ",
        "Có nhớ đò không",
        "",
        "Rồi bà im lặng.",
    ) == [
        "Bà ngồi bên bếp lửa, khẽ hát lại cho lũ cháu nghe bài ca xưa:",
        "Trăng lên đầu núi\nGió về cuối sông\nAi người lữ thứ\nCó nhớ đò không",
        "Rồi bà im lặng.",
    ]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("ngư-", "ời", "người"),
        ("Việt-", "Nam", "Việt-Nam"),
        ("cà-", "phê", "cà-phê"),
        ("inter-", "national", "international"),
        ("ngư\u00ad", "ời", "người"),
    ],
)
def test_hyphens_at_line_ends(tmp_path: Path, first: str, second: str, wanted: str) -> None:
    found = one(
        tmp_path,
        f"Bến Lạc nằm ở khúc sông hẹp nhất, nơi nước chảy xiết, {first}",
        f"{second} ta không được xuống tắm một mình ở nơi này bao giờ.",
    )
    assert len(found) == 1 and f"xiết, {wanted} ta" in found[0]


def test_sentences_go_on_across_pages(tmp_path: Path) -> None:
    file = PdfFile()
    for number, row in enumerate(
        (
            "Đêm ấy mưa to, nước sông dâng cao và cô Quyên ngồi một mình ở",
            "trong căn nhà cuối xóm, chờ mãi mà không thấy ông Thoại về, dù",
            "trời đã sáng.",
        ),
        start=1,
    ):
        file.page().put(row, 60, 80).put(f"Trang {number}/3", 180, 570)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert lines(book) == [
        "Đêm ấy mưa to, nước sông dâng cao và cô Quyên ngồi một mình ở trong căn nhà cuối xóm, "
        "chờ mãi mà không thấy ông Thoại về, dù trời đã sáng."
    ]
    assert ("page number", "Trang 1/3") in reasons(book)


def test_a_drop_cap(tmp_path: Path) -> None:
    file = PdfFile().page().put("Đ", 60, 95, 30)
    file.put("êm ấy mưa to, nước sông dâng cao, gió thổi mạnh qua", 82, 80)
    file.put("hàng tre và cô Quyên ngồi một mình trong căn nhà", 82, 95)
    file.put("cuối xóm, chờ mãi.", 60, 110)
    assert lines(read_book(file.write(tmp_path / "a.pdf"))) == [
        "Đêm ấy mưa to, nước sông dâng cao, gió thổi mạnh qua hàng tre và cô Quyên ngồi một mình "
        "trong căn nhà cuối xóm, chờ mãi."
    ]


def test_powers_and_note_marks(tmp_path: Path) -> None:
    file = PdfFile().page()
    x = 60.0
    for text, size, up in (
        ("Rộng 10", 11, 0), ("5", 6, 4), (" mét, bến Lạc", 11, 0), ("1", 6, 4),
        (" rất xưa, có CO", 11, 0), ("2", 6, -2), (" ở đó.", 11, 0),
    ):  # fmt: skip
        file.put(text, x, 80 - up, size)
        x += width(text, size)
    file.put("Người ta vẫn kể về bến ấy mãi cho đến tận ngày hôm nay.", 60, 95)
    file.put("1", 60, 536, 5).put("Một bến đò ở miền Trung nước ta.", 64, 540, 8)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert " ".join(lines(book)) == (
        "Rộng 10⁵ mét, bến Lạc rất xưa, có CO₂ ở đó. "
        "Người ta vẫn kể về bến ấy mãi cho đến tận ngày hôm nay."
    )
    assert ("note mark", "1") in reasons(book)
    assert any(why == "note" and "Một bến đò" in text for why, text in reasons(book))


def test_notes_stand_after_the_text_of_their_page(tmp_path: Path) -> None:
    from sonca.book.sources import pdf

    file = PdfFile()
    for page, (tree, town) in enumerate((("gạo", "Vinh"), ("đa", "Huế"))):
        file.page().lines(wrapped(PROSE[page * 300 : page * 300 + 250] + ".", 300), 60, 80)
        file.put(f"{page + 1} Một bến đò ở miền Trung,", 60, 500, 8)
        file.put(f"gần {town}, nay đã mất.", 60, 511, 8)
        file.put(f"* Cây {tree}.", 60, 522, 8)
    blocks = pdf.read(file.write(tmp_path / "a.pdf")).blocks
    assert [b.text for b in blocks if b.skip == "note"] == [
        "1 Một bến đò ở miền Trung, gần Vinh, nay đã mất.", "* Cây gạo.",
        "2 Một bến đò ở miền Trung, gần Huế, nay đã mất.", "* Cây đa.",
    ]  # fmt: skip
    assert [b.skip for b in blocks] == [None, "note", "note", None, "note", "note"]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pages_that_are_turned(tmp_path: Path, rotation: int) -> None:
    file = PdfFile(rotation=rotation).page()
    rows = wrapped(PROSE[:300].rsplit(" ", 1)[0] + ".", 280)
    file.lines(rows, 60, 80)
    assert lines(read_book(file.write(tmp_path / "a.pdf"))) == [" ".join(rows)]


def test_a_stamp_across_the_page_is_no_text(tmp_path: Path) -> None:
    file = PdfFile(stamp="BẢN NHÁP").page()
    rows = wrapped(PROSE[:600].rsplit(" ", 1)[0] + ".", 300)
    file.lines(rows, 60, 80)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert lines(book) == [" ".join(rows)]
    assert ("page", "BẢN NHÁP") in reasons(book)


# Columns


def columns(path: Path, left: str, right: str, *, title: str = "", across: bool = False) -> Path:
    """A page with two columns; the lines of both one by one in the file if `across`."""
    file = PdfFile().page()
    if title:
        file.put(title, 60, 50, 18)
    one, other = wrapped(left, 140), wrapped(right, 140)
    if across:
        for index in range(max(len(one), len(other))):
            for x, rows in ((50, one), (220, other)):
                if index < len(rows):
                    file.put(rows[index], x, 90 + 15 * index)
    else:
        file.lines(one, 50, 90)
        file.lines(other, 220, 90)
    return file.write(path)


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("title", ["", "Chương 1: Một tên chương dài qua hai cột"])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, across: bool, title: str) -> None:
    left, right = PROSE[:600].rsplit(" ", 1)[0], PROSE[600:1100].split(" ", 1)[1]
    path = columns(tmp_path / "a.pdf", left, right, title=title, across=across)
    found = " ".join(lines(read_book(path)))
    assert found == f"# {title} {left} {right}" if title else f"{left} {right}"


def test_three_columns(tmp_path: Path) -> None:
    words = PROSE.split()[:180]
    parts = [" ".join(words[i : i + 60]) for i in (0, 60, 120)]
    file = PdfFile().page()
    for x, part in zip((30, 155, 280), parts, strict=True):
        file.lines(wrapped(part, 110), x, 60)
    found = " ".join(lines(read_book(file.write(tmp_path / "a.pdf"))))
    assert found == " ".join(words)


def test_two_texts_side_by_side_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = wrapped(PROSE[:1500].rsplit(" ", 1)[0] + ".", 140)
    days = "".join(f"on day {day} the old man sat by the water and told it, " for day in range(25))
    right = wrapped(f"Long ago {days}and so it ends.", 140)
    file = PdfFile()
    for start in range(0, min(len(left), len(right)), 12):
        file.page()
        file.lines(left[start : start + 12], 50, 60)
        file.lines(right[start : start + 12], 220, 60)
    rest = (len(file.pages)) * 12
    found = " ".join(lines(read_book(file.write(tmp_path / "a.pdf"))))
    assert found == " ".join(left[:rest]) + " " + " ".join(right[:rest])


def test_a_table_is_read_by_rows(tmp_path: Path) -> None:
    file = PdfFile().page().put("Bảng sau đây ghi tên và tuổi của những người ở bến Lạc.", 60, 60)
    for index, row in enumerate((("Tên", "Tuổi"), ("Quyên", "19"), ("Khuê", "60"))):
        file.put(row[0], 60, 90 + 15 * index).put(row[1], 200, 90 + 15 * index)
    found = lines(read_book(file.write(tmp_path / "a.pdf")))
    assert found[0].endswith("bến Lạc.")
    assert " ".join(found[1:]).replace("\n", " ") == "Tên, Tuổi Quyên, 19 Khuê, 60"


# Heads, numbers, outline


@pytest.mark.parametrize("shown", ["{}", "- {} -", "Trang {}", "{} / 4", "[{}]", "– {} –"])
def test_page_numbers_of_every_form(tmp_path: Path, shown: str) -> None:
    file = PdfFile()
    for number in range(7, 11):
        file.page().put(f"Đây là câu thứ {number} của truyện này.", 60, 80)
        file.put(shown.format(number), 200, 560, 9)
    found = lines(read_book(file.write(tmp_path / "a.pdf")))
    assert " ".join(found) == " ".join(f"Đây là câu thứ {n} của truyện này." for n in range(7, 11))


def test_numbers_that_are_text_stay(tmp_path: Path) -> None:
    assert one(tmp_path, "Anh bao nhiêu tuổi?", "30", "Thế còn em?", "19") == [
        "Anh bao nhiêu tuổi?", "30\nThế còn em?", "19",
    ]  # fmt: skip


def test_numbers_that_are_headings_stay(tmp_path: Path) -> None:
    file = PdfFile().page().put("BẾN VẮNG", 150, 200, 28).put("Nhà xuất bản Văn Nghệ", 140, 500)
    for number in (1, 2):
        file.page().put(str(number), 200, 60, 16)
        file.lines(wrapped(PROSE[:700], 300), 60, 100)
    found = lines(read_book(file.write(tmp_path / "a.pdf")))
    assert "# 1" in found and "# 2" in found
    assert any(line.endswith("Nhà xuất bản Văn Nghệ") for line in found)


def test_a_heading_that_occurs_once_is_no_running_head(tmp_path: Path) -> None:
    file = PdfFile()
    for number in range(1, 5):
        file.page().put(f"Chương {number}", 60, 50, 16)
        file.put(f"Đây là chương thứ {number} của truyện này.", 60, 80)
    found = lines(read_book(file.write(tmp_path / "a.pdf")))
    assert found[:2] == ["# Chương 1", "Đây là chương thứ 1 của truyện này."]
    assert found[6:] == ["# Chương 4", "Đây là chương thứ 4 của truyện này."]


def test_the_outline_decides_where_chapters_begin(tmp_path: Path) -> None:
    file = PdfFile().page().put("Lời đầu của một cuốn sách rất ngắn.", 60, 80).page()
    file.put("Sáng", 60, 80).put("Trời sáng dần trên sông.", 60, 110)
    file.put("Chiều", 60, 300).put("Gió thổi từ núi xuống.", 60, 330)
    file.outline = [("Sáng", 1, 70), ("Chiều", 1, 290)]
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert [c.title for c in book.chapters] == ["Sáng", "Chiều"]
    assert lines(book)[-2:] == ["# Chiều", "Gió thổi từ núi xuống."]


@pytest.mark.parametrize(
    ("outline", "wanted"),
    [
        ("Một 0, Hai 0", ["Một", "Hai"]),
        ("Bến Lạc 0, Một 1, Hai 1", ["Bến Lạc", "Một", "Hai"]),
        (
            "Phần I 0, Một 1, Hai 1, Ba 1, Phần II 0, Bốn 1, Mục 2",
            ["Phần I", "Một", "Hai", "Ba", "Phần II", "Bốn"],
        ),
        ("Sáng 0, Mục 1, Mục 1, Mục 1, Chiều 0", ["Sáng", "Chiều"]),
        ("Chỉ một 0", ["Chỉ một"]),
    ],
)
def test_which_level_of_an_outline_divides_the_book(outline: str, wanted: list[str]) -> None:
    entries = [
        Entry(text.rpartition(" ")[0], int(text[-1]), page, None)
        for page, text in enumerate(outline.split(", "))
    ]
    assert [entry.title for entry in dividing(entries)] == wanted


# Files that cannot be read, or hardly


def test_a_scan_is_named(tmp_path: Path) -> None:
    file = PdfFile().page().page()
    file.picture_pages = {0, 1}
    with pytest.raises(InvalidRequest, match=r"scan.*--ocr"):
        read_book(file.write(tmp_path / "a.pdf"))


def test_a_scan_is_recognized_where_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for Tesseract writes its table of words, in pixels at 300 dots an inch."""
    rows = [
        ("Trời", 1, 100, 200),
        ("sáng", 1, 300, 200),
        ("~^", 2, 100, 230),
        ("dần.", 3, 100, 260),
    ]
    table = "".join(
        f"5\\t1\\t1\\t1\\t{line}\\t1\\t{x}\\t{y}\\t150\\t40\\t90\\t{word}\\n"
        for word, line, x, y in rows
    )
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf 'level\\n{table}'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    file = PdfFile().page()
    file.picture_pages = {0}
    path = file.write(tmp_path / "a.pdf")
    book = read_book(path, options=BookOptions(ocr=True))
    assert [line.split() for line in lines(book)] == [["Trời", "sáng", "dần."]]
    assert "Tesseract" in book.mended[0]


def test_recognition_without_tesseract_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = PdfFile().page()
    file.picture_pages = {0}
    with pytest.raises(InvalidRequest, match="tesseract-ocr-vie"):
        read_book(file.write(tmp_path / "a.pdf"), options=BookOptions(ocr=True))


def test_pages_that_are_pictures_among_others_are_reported(tmp_path: Path) -> None:
    file = PdfFile().page().page().put("Trời sáng dần trên sông.", 60, 80)
    file.picture_pages = {0}
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert lines(book) == ["Trời sáng dần trên sông."]
    assert "1 of 2 pages" in book.mended[0]


def test_a_password_is_named(tmp_path: Path) -> None:
    file = PdfFile(password="bí mật".encode("ascii", "ignore").decode()).page()
    file.put("Chào.", 60, 80)
    with pytest.raises(InvalidRequest, match="password"):
        read_book(file.write(tmp_path / "a.pdf"))


@pytest.mark.parametrize("seed", range(15))
def test_damaged_files_end_in_a_word_or_in_what_is_left(tmp_path: Path, seed: int) -> None:
    path, _ = novel(tmp_path / "a.pdf")
    data = bytearray(path.read_bytes())
    dice = random.Random(seed)
    for _ in range(dice.randrange(1, 40)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path.write_bytes(bytes(data[: dice.randrange(len(data) // 2, len(data) + 1)]))
    try:
        read_book(path)
    except InvalidRequest as error:
        assert "a.pdf" in str(error)


def test_what_is_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(InvalidRequest, match="damaged"):
        read_book(path)


@pytest.mark.parametrize(
    ("encode", "table"), [(to_tcvn3, "latin-1"), (to_vni, "cp1252")], ids=["tcvn3", "vni"]
)
def test_letters_of_old_fonts_are_put_right(tmp_path: Path, encode, table: str) -> None:  # type: ignore[no-untyped-def]
    assert encodings.plausibility(encode(PROSE).decode(table)) < 0.5
    file = PdfFile().page()
    file.lines(wrapped(encode(PROSE[:800]).decode(table), 300), 60, 80)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert " ".join(lines(book)).startswith(PROSE[:200])
    assert "fonts" in book.mended[0]


@pytest.mark.parametrize("mark", ["(1)", "1", "[1]"])
def test_a_note_mark_that_is_set_like_the_text(tmp_path: Path, mark: str) -> None:
    text = PROSE[:400].rsplit(" ", 1)[0].replace("Bến Lạc", f"Bến Lạc{mark}", 1)
    file = PdfFile().page()
    file.lines(wrapped(text, 280), 60, 80)
    file.put(f"{mark} Một bến đò nhỏ ven sông.", 60, 520, 8)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert " ".join(lines(book)) == " ".join(text.replace(mark, "", 1).split())
    assert ("note", f"{mark} Một bến đò nhỏ ven sông.") in reasons(book)


def test_a_file_that_is_cut_off_is_read(tmp_path: Path) -> None:
    file = PdfFile().page()
    file.lines(wrapped(PROSE[:300], 280), 60, 80)
    path = file.write(tmp_path / "a.pdf")
    path.write_bytes(path.read_bytes().rpartition(b"xref\n0")[0])
    book = read_book(path)
    assert lines(book)[0].startswith("Bến Lạc nằm")
    assert "ends too early" in " ".join(book.mended)


def test_a_head_that_repeats_the_chapters_title_with_the_page(tmp_path: Path) -> None:
    file = PdfFile()
    rows = wrapped(PROSE, 280)
    for at in range(4):
        file.page()
        if at:
            file.put(f"Chương 1: Bến cũ   {at + 7}", 60, 40, 9)
        else:
            file.put("Chương 1: Bến cũ", 60, 60, 16)
        file.lines(rows[at * 8 : at * 8 + 8], 60, 100)
    book = read_book(file.write(tmp_path / "a.pdf"))
    assert [chapter.title for chapter in book.chapters] == ["Chương 1: Bến cũ"]
    assert sum("Bến cũ" in line for line in lines(book)) == 1
