"""Chapters by the best of all evidence, titles said once, front matter silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.options import BookOptions
from sonca.book.sources import read_book
from sonca.book.structure.headings import parse_heading
from tests.book.book_files import CONTAINER, pack

WILD = Path(__file__).parent / "data" / "wild"


def titles(book: Book) -> list[str]:
    return [chapter.title for chapter in book.chapters]


def said(book: Book) -> list[list[str]]:
    return [
        [" ".join(p.text.split()) for p in c.paragraphs if p.kind != "separator"]
        for c in book.chapters
    ]


def epub(
    folder: Path,
    pages: dict[str, str],
    contents: list[tuple[str, str]] = [],  # noqa: B006
    title: str = "Bến Vắng",
) -> Book:
    """An EPUB of these pages, with an NCX of (title, page)."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    refs = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    points = "".join(
        f"<navPoint><navLabel><text>{text}</text></navLabel><content src='{name}'/></navPoint>"
        for text, name in contents
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="2.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{title}</dc:title><dc:creator>Lê Thử</dc:creator></metadata><manifest>{items}"
        '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
        f'<spine toc="ncx">{refs}</spine></package>'
    )
    ncx = f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
    parts = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": package,
        "OEBPS/toc.ncx": ncx,
    } | {
        f"OEBPS/{name}": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
        for name, body in pages.items()
    }
    return read_book(pack(folder / "a.epub", parts))


@pytest.mark.parametrize(
    "line",
    [
        *("Chap 1", "CHAP 12: Bão", "[Chương 1] Gặp gỡ", "【Chương 1】", "【Chương 12】 Bão"),
        *(
            "☆ Chương 1 ☆",
            "★★ Chương 3: Mưa ★★",
            "--- Chương 1 ---",
            "- Chương 1 -",
            "=== C1: A ===",
        ),
        *(
            "Q.1 - Chương 1",
            "Quyển 2 Chương 5: Mưa",
            "Q1 - C12: Mưa",
            "Tập 3, Chương 4",
            "Vol.1 Ch.2",
        ),
        *(
            "Bến Vắng - Chương 1",
            "<Bến Vắng> - Chương 2: Mưa",
            "《Bến Vắng》 Chương 3",
            "Bến | Chap 9",
        ),
        *(
            "Đệ nhất chương",
            "Đệ thập nhị hồi: Mưa",
            "ĐỆ 12 CHƯƠNG",
            "Chương1:",
            "Chương12: Bão",
            "C1: A",
        ),
        *("Ch.12 - Bão", "Phiên ngoại", "Phiên ngoại 3: Tết", "PN2", "Văn án", "Extra", "Extra 2"),
        *(
            "Tiết tử",
            "Hậu ký",
            "Đại kết cục",
            "\ufeffChương 1",
            "\u200bChương 2",
            "Chương 1.5: Giữa",
        ),
        *(
            "Chương 1-2",
            "Chương 5 (tiếp)",
            "Chương 1：Gặp gỡ",
            "Chương 1 ~ Gặp gỡ",
            "chương 7: bão",
        ),
        *("Chương 3 gặp gỡ", "Chapter Twelve", "Chương đặc biệt", "Quyển Thượng", "#Chương 7"),
    ],
)
def test_headings_of_web_novels(line: str) -> None:
    head = parse_heading(line)
    assert head is not None and head.named


@pytest.mark.parametrize(
    "line",
    [
        *("C4 nổ ở cổng làng", "C1 là một loại vitamin.", "Anh nói - Chương 1 hay lắm.", "bộ ba"),
        *(
            "Chương 12 của ông kể về bến đò",
            "Hồi 3 giờ chiều",
            "Tập trung",
            "Bài 5 triệu",
            "Ch. Dũng",
        ),
        *(
            "Chương 1 cuốn sách nói về bến. Chương 2 thì không.",
            "Trong Chương 3",
            "Tiết kiệm 5 nghìn",
        ),
        *("Quận 1 - Thành phố", "Văn án mạng này lạ", "Mở màn đêm nhạc, cô hát.", "phần hai"),
    ],
)
def test_lines_that_are_no_headings(line: str) -> None:
    head = parse_heading(line)
    assert head is None or not head.named


PAGE = "<p>Ông Tư kể chuyện.</p>"


@pytest.mark.parametrize(
    ("pages", "contents", "wanted", "by"),
    [
        (
            {"a.xhtml": f"<h2>Bến cũ</h2>{PAGE}<h2>Đò chiều</h2>{PAGE}"},
            [("Nội dung", "a.xhtml")],
            ["Bến cũ", "Đò chiều"],
            "headings",
        ),
        (
            {f"{n}.xhtml": f"<h3>Chương {n}</h3>{PAGE}" for n in range(1, 7)},
            [("Chương 1", "1.xhtml"), ("Chương 2", "2.xhtml")],
            [f"Chương {n}" for n in range(1, 7)],
            "contents and headings",
        ),
        (
            {f"{n}.xhtml": f"<p>Chương {n}</p>{PAGE}" for n in range(1, 4)},
            [("part0001", "1.xhtml")],
            ["Chương 1", "Chương 2", "Chương 3"],
            "lines",
        ),
        (
            {n: f"<p class='tieude'>{n[0]} đò</p>{PAGE}" for n in ("A.xhtml", "B.xhtml")},
            [],
            ["A đò", "B đò"],
            "classes",
        ),
        (
            {n: f"<p class='calibre3'>{n[0]} đò</p>{PAGE}" for n in ("A.xhtml", "B.xhtml")},
            [],
            ["A đò", "B đò"],
            "files",
        ),
        (
            {
                "1.xhtml": f"<h2>Một</h2><h3>a</h3>{PAGE}<h3>b</h3>{PAGE}",
                "2.xhtml": f"<h2>Hai</h2>{PAGE}",
            },
            [("Một", "1.xhtml"), ("Hai", "2.xhtml")],
            ["Một", "Hai"],
            "contents",
        ),
    ],
)
def test_the_best_evidence_is_taken(
    tmp_path: Path,
    pages: dict[str, str],
    contents: list[tuple[str, str]],
    wanted: list[str],
    by: str,
) -> None:
    book = epub(tmp_path, pages, contents)
    assert (titles(book), book.chapters_by) == (wanted, by)
    assert book.chapters_why


@pytest.mark.parametrize(
    ("heads", "once"),
    [
        ("<h2>Chương 1: Bến cũ</h2><p>Chương 1: Bến cũ</p>", ["Chương 1: Bến cũ"]),
        ("<h2>Chương 1</h2><p>Chương 1: Bến cũ</p>", ["Chương 1: Bến cũ"]),
        ("<h2>Chương 1: Bến cũ</h2><p>BẾN CŨ</p>", ["Chương 1: Bến cũ"]),
        ("<h2>Bến cũ</h2><p>Chương 1 - Bến cũ</p>", ["Chương 1 - Bến cũ"]),
        ("<h2>Chương 1: Bến cũ</h2><h3>CHƯƠNG I: BẾN CŨ</h3>", ["Chương 1: Bến cũ"]),
        ("<h2>Chương 1</h2><p>Nguồn: truyenabc.vn</p><p>Chương 1</p>", ["Chương 1"]),
        ("<h1>Bến Vắng</h1><h2>Chương 1</h2>", ["Bến Vắng", "Chương 1"]),
        ("<h2>Chương 1</h2><p>Bến cũ</p>", ["Chương 1", "Bến cũ"]),
        ("<h2>Bến Vắng - Chương 1: A</h2><p>Chương 1: A</p>", ["Chương 1: A"]),
        ("<div>Chương 1: Bến cũ<br/><br/>Chương 1: Bến cũ</div>", ["Chương 1: Bến cũ"]),
    ],
)
def test_a_title_is_said_once(tmp_path: Path, heads: str, once: list[str]) -> None:
    pages = {"1.xhtml": f"{heads}{PAGE}", "2.xhtml": f"<h2>Chương 2: Mưa</h2>{PAGE}"}
    book = epub(tmp_path, pages, [("Chương 1", "1.xhtml"), ("Chương 2: Mưa", "2.xhtml")])
    assert said(book) == [[*once, "Ông Tư kể chuyện."], ["Chương 2: Mưa", "Ông Tư kể chuyện."]]


def test_the_book_s_title_over_every_chapter_is_said_once(tmp_path: Path) -> None:
    pages = {f"{n}.xhtml": f"<h1>Bến Vắng</h1><h2>Chương {n}</h2>{PAGE}" for n in (1, 2, 3)}
    book = epub(tmp_path, pages)
    assert [line for c in said(book) for line in c].count("Bến Vắng") == 1
    assert [t.rpartition(" – ")[2] for t in titles(book)] == ["Chương 1", "Chương 2", "Chương 3"]


def test_a_chapter_whose_heading_is_a_picture_is_announced(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": f"<div><img src='1.png' alt=''/></div>{PAGE}",
        "2.xhtml": f"<h1>Chương 2</h1>{PAGE}",
        "3.xhtml": f"<p><img src='3.png' alt='Chương 3: Mưa'/></p>{PAGE}",
    }
    contents = [("Chương 1: Bến cũ", "1.xhtml"), ("Chương 2", "2.xhtml"), ("Chương 3", "3.xhtml")]
    assert [lines[0] for lines in said(epub(tmp_path, pages, contents))] == [
        "Chương 1: Bến cũ",
        "Chương 2",
        "Chương 3: Mưa",
    ]


@pytest.mark.parametrize(
    ("page", "entry"),
    [
        ("<p>Bản quyền © 2020 Nhà xuất bản Thử.</p><p>ISBN 978-604-2-12345-6</p>", ""),
        ("<p>All rights reserved.</p><p>In tại Hà Nội.</p>", ""),
        ("<p>Bến Vắng</p><p>Lê Thử</p><p>NXB Trẻ</p>", ""),
        ("<p>Tặng mẹ.</p>", "Lời đề tặng"),
        ("<h1>Mục lục</h1><p><a href='c.xhtml'>Một</a></p><p>Hai</p>", ""),
        ("<p>Tập truyện</p>", "Trang tên sách"),
        ("<p>Giấy phép xuất bản số 12. In xong và nộp lưu chiểu quý I.</p>", "Thông tin sách"),
        ("<p>Ebook được thực hiện bởi nhóm Bến.</p>", ""),
    ],
)
def test_front_matter_is_silent(tmp_path: Path, page: str, entry: str) -> None:
    pages = {"f.xhtml": page} | {f"{n}.xhtml": f"<h1>Chương {n}</h1>{PAGE}" for n in (1, 2)}
    contents = [(entry, "f.xhtml")] * bool(entry) + [(f"Chương {n}", f"{n}.xhtml") for n in (1, 2)]
    book = epub(tmp_path, pages, contents)
    assert titles(book) == ["Chương 1", "Chương 2"]
    assert said(book)[0] == ["Chương 1", "Ông Tư kể chuyện."]
    again = read_book(tmp_path / "a.epub", options=BookOptions(front=True))
    assert len(said(again)[0]) > 2 or len(said(again)) > 2 or "Mục" in page


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Lời nói đầu</h1><p>Cuốn sách này nói về quyền tác giả.</p>",
        "<p>Ngày xưa có một bến đò.</p>",
        "<h1>Chương 0</h1><p>Bản quyền © thuộc về ông.</p>",
        "<p>Gió thổi ngoài bến vắng, Lê Thử nghĩ thế.</p>",
        "<h1>Lời tựa</h1><p>Tặng những người lái đò.</p>",
    ],
)
def test_what_is_no_front_matter_is_said(tmp_path: Path, page: str) -> None:
    pages = {"f.xhtml": page} | {f"{n}.xhtml": f"<h1>Chương {n}</h1>{PAGE}" for n in (1, 2)}
    contents = [(f"Chương {n}", f"{n}.xhtml") for n in (1, 2)]
    assert not epub(tmp_path, pages, contents).unspoken


def test_chapters_as_asked(tmp_path: Path) -> None:
    pages = {f"{n}.xhtml": f"<h1>Mục {n}</h1>{PAGE}<p>* Mưa {n}</p>{PAGE}" for n in (1, 2)}
    epub(tmp_path, pages, [("Đầu", "1.xhtml"), ("Cuối", "2.xhtml")])
    for how, wanted in {
        "auto": ["Đầu", "Cuối"],
        "toc": ["Đầu", "Cuối"],
        "headings": ["Mục 1", "Mục 2"],
        "files": ["Đầu", "Cuối"],
        r"^\* Mưa": ["Mưa 1", "Mưa 2"],
    }.items():
        assert titles(read_book(tmp_path / "a.epub", options=BookOptions(chapters=how))) == wanted


def test_a_printed_list_of_contents_names_the_chapters() -> None:
    assert said(read_book(WILD / "w5.txt")) == [
        ["Bến cũ", "Ông Tư kể chuyện."],
        ["Đò chiều", "Quyên lên đò."],
    ]


def test_a_numbered_list_is_no_chapters(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Phải mua:\n\n1. Gạo\n2. Muối\n3. Mắm\n\nThế thôi.", encoding="utf-8")
    assert titles(read_book(path)) == ["a"]
    path.write_text("1. Gặp gỡ\n\nMưa rơi.\n\n2. Chia tay\n\nHết.", encoding="utf-8")
    assert titles(read_book(path)) == ["1. Gặp gỡ", "2. Chia tay"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "w6.txt",
            [["Chương 1: Bến cũ", "Ông Tư kể chuyện."], ["Chương 2: Đò chiều", "Quyên lên đò."]],
        ),
        (
            "e13_poor_toc.epub",
            [
                [f"Chương {n}: {t}", s]
                for n, t, s in (
                    (1, "Bến cũ", "Ông Tư kể chuyện."),
                    (2, "Đò chiều", "Quyên lên đò."),
                    (3, "Tạnh", "Mưa đã tạnh."),
                    (4, "Nắng", "Nắng lên."),
                )
            ],
        ),
        (
            "e14_html_toc.epub",
            [
                ["Người lái đò", "Ông Tư kể chuyện."],
                ["Căn nhà ven sông", "Quyên lên đò."],
                ["Mưa", "Mưa đã tạnh."],
            ],
        ),
        (
            "e15_dup_heading.epub",
            [
                ["Chương 1: Bến cũ", "Ông Tư kể chuyện."],
                ["Chương 2: Đò chiều", "Quyên lên đò. - Đi đâu đó? - Về nhà."],
            ],
        ),
        (
            "e11_image_heading.epub",
            [
                ["Chương 1: Bến cũ", "Ông Tư kể chuyện."],
                ["Chương 2: Đò chiều", "Quyên lên đò."],
                ["Chương 3: Tạnh", "Mưa đã tạnh."],
            ],
        ),
        (
            "n02_nav_poor_ncx_rich.epub",
            [["Bến cũ", "Ông Tư kể chuyện."], ["Đò chiều", "Quyên lên đò."]],
        ),
        (
            "n05_notoc_class.epub",
            [
                ["Người lái đò", "Ông Tư kể chuyện."],
                ["Căn nhà", "Quyên lên đò."],
                ["Mưa", "Mưa tạnh."],
            ],
        ),
        ("n08_front.epub", [["Chương 1", "Ông Tư."], ["Chương 2", "Quyên."]]),
        (
            "t04_toc_only_part.epub",
            [
                ["Phần 1", "Chương 1", "Ông Tư."],
                ["Chương 2", "Quyên."],
                ["Phần 2", "Chương 3", "Khuê."],
                ["Chương 4", "Thoại."],
            ],
        ),
        (
            "t05_toc_split.epub",
            [["Chương 1", "Ông Tư."], ["Chương 2", "Quyên."], ["Chương 3", "Khuê."]],
        ),
    ],
)
def test_the_wild_files(name: str, wanted: list[list[str]]) -> None:
    assert said(read_book(WILD / name)) == wanted


def test_the_wild_web_novel() -> None:
    assert titles(read_book(WILD / "t03_chap.txt")) == [
        *(
            "Văn án",
            "Tiết tử",
            "Chap 1: Gặp gỡ",
            "Chap 2: Chia tay",
            "Phiên ngoại 1: Năm sau",
            "PN2",
        )
    ]


def test_a_list_of_contents_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    listed = "Mục lục\nBến cũ\nĐò chiều\nTạnh\n\n"
    body = "Bến cũ\n\nÔng Tư kể.\n\nĐò chiều\n\nQuyên lên đò.\n\nTạnh\n\nHết."
    path.write_text(listed + body, encoding="utf-8")
    book = read_book(path)
    assert titles(book) == ["Bến cũ", "Đò chiều", "Tạnh"]
    assert {u.reason for u in book.unspoken} == {"contents"}
