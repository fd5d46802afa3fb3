"""EPUB and HTML as exporters, scrapers and converters leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.options import BookOptions
from sonca.book.sources import read_book
from sonca.book.spoken import spoken_chapters
from tests.book.book_files import C1, epub_parts, pack

WILD = Path(__file__).parent / "data" / "wild"


def said(book: Book) -> list[str]:
    return [line.spoken for chapter in spoken_chapters(book) for line in chapter]


def page(
    tmp_path: Path, body: str, head: str = "", options: BookOptions | None = None
) -> list[str]:
    """What is said of a page of XHTML in an EPUB, after its first chapter."""
    parts = epub_parts(
        c2=f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head>{head}</head><body><h2>Căn nhà</h2>{body}</body></html>",
        **{"OEBPS/text/s.css": ".wm{display:none} p.note1 > b{visibility:hidden}"},
    )
    book = read_book(pack(tmp_path / "a.epub", parts), options=options)
    lines = said(book)
    return lines[lines.index("căn nhà") + 1 :]


FILES = {
    "e01_gdocs_notes": ["bến lạc ngày xưa", "!miền trung"],
    "e02_pandoc2_notes": ["bến lạc ngày xưa", "!miền trung"],
    "e03_calibre_docx_notes": ["bến lạc ngày xưa", "!miền trung", "!notes"],
    "e04_vn_paren_notes": ["bến lạc ngày xưa", "ông lý trưởng.", "!miền trung", "!đứng đầu làng"],
    "e05_word_html_notes": ["bến lạc ngày xưa"],
    "e06_sup": ["mười mũ năm con vạc", "hai mũ mười", "ích bình phương", "bến lạc rộng"],
    "e07_pagebreak": ["cô ngồi bên cửa", "trăng lên cao, gió lặng", "bị cắt đôi"],
    "e08_css_hidden": ["bên cửa sổ", "!truyenlau", "!trang lậu", "!ẩn"],
    "e09_dropcaps": ["đêm ấy", "trăng lên cao", "mùa thu", "em ơi", "gió thổi"],
    "e10_ruby": ["vào thành trường an lúc nửa đêm", "hắn là võ giả"],
    "e16_poem": ["nước lớn ròng\nthương em", "trăng tà\nngười về"],
    "n10_table": ["sản lượng", "một. rửa sạch"],
    "t08_style_hidden": ["ông tư kể", "!bản quyền", "!trang gốc", "!mờ", "!tí"],
    "r01_missing_file": ["ông tư"],
    "r03_amp_title": ["ông tư", "quyên"],
    "r04_nbsp_title": ["ông tư", "quyên"],
    "r05_ncx_nbsp": ["chương một", "quyên"],
    "r06_ncx_broken": ["chương một", "quyên"],
    "r07_folder": ["chương một", "quyên"],
    "r08_backslash": ["chương một", "quyên"],
    "r09_upper": ["chương một", "bà khuê", "quyên"],
    "r10_spine_dup": ["ông tư"],
    "r11_mediatype": ["chương một", "quyên"],
    "r12_junk": ["ông tư"],
    "r17_backslash": ["chương một", "quyên"],
    "r18_css_missing": ["ông tư"],
    "r19_missing_cover_page": ["chương một", "quyên"],
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_others(name: str) -> None:
    text = "\n".join(said(read_book(WILD / f"{name}.epub")))
    for wanted in FILES[name]:
        assert (wanted.lstrip("!") in text) is not wanted.startswith("!")


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        ('<p>Cô <span epub:type="pagebreak">12</span>ngồi.</p>', "cô ngồi."),
        ('<p>Một đô<span role="doc-pagebreak">13</span>i.</p>', "một đôi."),
        ('<p>Cô <span style="display:none">ẩn</span>ngồi.</p>', "cô ngồi."),
        ("<p>Cô <span hidden=''>ẩn</span>ngồi.</p>", "cô ngồi."),
        ('<p>Cô <span aria-hidden="true">✦ ẩn</span> ngồi.</p>', "cô ngồi."),
        ("<p>Cô <button>Nghe</button>ngồi.</p>", "cô ngồi."),
        ("<p>Cô <svg><text>hình</text></svg>ngồi.</p>", "cô ngồi."),
        ('<p>Cô <aside epub:type="footnote">Chú.</aside>ngồi.</p>', "cô ngồi."),
        ('<p>Cô <span class="pagenum">[Pg 12]</span> ngồi.</p>', "cô ngồi."),
        ("<p>Vào <ruby>長安<rt>Trường An</rt></ruby> đêm.</p>", "vào trường an đêm."),
        ("<p>Vào <ruby>Trường An<rt>長安</rt></ruby> đêm.</p>", "vào trường an đêm."),
        ("<p>Có 10<sup>5</sup> con.</p>", "có mười mũ năm con."),
        ("<p>Rộng 5 m<sup>2</sup>.</p>", "rộng năm mét vuông."),
        ("<p>Khí CO<sub>2</sub> ít.</p>", "khí xê o hai ít."),
        ("<p>Chiếm <sup>1</sup>/<sub>2</sub> số.</p>", "chiếm một phần hai số."),
        ("<p>Bến Lạc<sup>3</sup> xưa.</p>", "bến lạc xưa."),
        (
            '<p>Có <math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn>'
            "</msup><mo>+</mo><mn>1</mn></math> nhé.</p>",
            "có ích bình phương cộng một nhé.",
        ),
        (
            '<p>Là <math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mn>2</mn><mn>3</mn>'
            "</mfrac></math>.</p>",
            "là hai phần ba.",
        ),
        (
            '<p>Là <math xmlns="http://www.w3.org/1998/Math/MathML" alttext="ma trận A"><mtable/>'
            "</math> đó.</p>",
            "là ma trận a đó.",
        ),
        ('<div class="dropcap">Đ</div><p>êm ấy.</p>', "đêm ấy."),
        ('<p><img src="t.png" alt="T"/>răng lên.</p>', "trăng lên."),
        ("<p><b>G</b> ió thổi.</p>", "gió thổi."),
        ("<table><tr><td>M</td><td>ùa thu.</td></tr></table>", "mùa thu."),
        ("<p>Ô hay! A lô.</p>", "ô hay! a lô."),
        ("<p>Y tá đến.</p>", "y tá đến."),
        ("<pre>Sông dài\ncon nước</pre>", "sông dài con nước"),
        ("<ol><li>Rửa.</li><li>Luộc.</li></ol>", "một. rửa. hai. luộc."),
        ('<ol type="a" start="2"><li>Rửa.</li></ol>', "bê, rửa."),
        ("<ol><li>1. Rửa.</li><li>2. Luộc.</li></ol>", "một. rửa. hai. luộc."),
        ('<ol style="list-style: none"><li>Rửa.</li></ol>', "rửa."),
        ("<ul><li>Rửa.</li><li>Luộc.</li></ul>", "rửa. luộc."),
        (
            "<table><tr><td>Cam</td><td>5 kg</td></tr><tr><td><p>Táo</p></td><td>2 kg</td></tr>"
            "</table>",
            "cam, năm ki lô gam táo, hai ki lô gam",
        ),
    ],
)
def test_flow_and_silence(tmp_path: Path, body: str, spoken: str) -> None:
    assert " ".join(page(tmp_path, body)) == spoken


NOTED = '<p>Bến Lạc{mark} xưa.</p><p>Trời mưa.</p>{notes}<p id="end"></p>'


@pytest.mark.parametrize(
    ("mark", "notes"),
    [
        ('<sup><a href="#n1" id="r1">[1]</a></sup>', '<p><a href="#r1" id="n1">[1]</a> Chú.</p>'),
        (
            '<a href="#n1" id="r1"><sup>1</sup></a>',
            '<ol><li id="n1"><p>Chú.<a href="#r1">↩</a></p></li></ol>',
        ),
        ('<a href="#n1" id="r1">(1)</a>', '<p id="n1"><a href="#r1">(1)</a> Chú.</p>'),
        ('<a href="#n1" id="r1">*</a>', '<div id="n1"><p><a href="#r1">*</a> Chú.</p></div>'),
        ('[<a href="#n1" id="r1">1</a>]', '<p id="n1">[1] Chú. <a href="#r1">quay lại</a></p>'),
        ('<a id="r1"></a><a href="#n1">[a]</a>', '<p id="n1"><a href="#r1">[a]</a> Chú.</p>'),
        (
            '<a href="#n1" id="r1"><sup>1</sup></a>',
            '<dl><dt>[<a href="#r1">←1</a>]</dt><dd id="n1">Chú.</dd></dl>',
        ),
        (
            '<a epub:type="noteref" href="#n1">1</a>',
            '<aside epub:type="footnote" id="n1">Chú.</aside>',
        ),
        ("[1]", "<p>[1] Chú.</p>"),
        (" (1)", "<p>(1) Chú.</p>"),
        ("*", "<p>* Chú.</p>"),
        ("{1}", "<p>{1} Chú.</p>"),
        ("<sup>1</sup>", "<h3>Chú thích</h3><ol><li>Chú.</li></ol>"),
        ("¹", "<p>¹ Chú.</p>"),
        ("<sup>1</sup>", "<hr/><p>1. Chú.</p>"),
        ("<sup>1</sup>", "<p><sup>1</sup> Chú.</p>"),
        ("<sup>(*)</sup>", "<p>(*): Chú.</p>"),
        ("<sup>[1]</sup>", "<p>Chú thích:</p><p>[1]. Chú.</p>"),
    ],
)
def test_notes_of_every_exporter(tmp_path: Path, mark: str, notes: str) -> None:
    assert page(tmp_path, NOTED.format(mark=mark, notes=notes)) == ["bến lạc xưa.", "trời mưa."]


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        ('<p>Xem <a href="#b">chương sau</a>.</p><p id="b">Nhà.</p>', "xem chương sau. nhà."),
        ("<p>Có hai điều:</p><p>(1) Đi.</p><p>(2) Ở.</p>", "có hai điều: một, đi. hai, ở."),
        ("<p>1. Đi.</p><p>2. Ở.</p>", "một. đi. hai. ở."),
        (
            "<p>Bến Lạc<sup>1</sup> xưa.</p><p>1. Đi.</p><p>2. Ở.</p><p>3. Về.</p>",
            "bến lạc xưa. một. đi. hai. ở. ba. về.",
        ),
        ('<p><a href="#b">2</a> con đò.</p><p id="b">Mưa.</p>', "hai con đò. mưa."),
    ],
)
def test_what_only_looks_like_a_note_is_spoken(tmp_path: Path, body: str, spoken: str) -> None:
    assert " ".join(page(tmp_path, body)) == spoken


def test_notes_are_read_where_the_listener_asks_for_them(tmp_path: Path) -> None:
    body = NOTED.format(
        mark='<a href="#n1" id="r1"><sup>1</sup></a>',
        notes='<hr/><ol><li id="n1"><p>Chú.<a href="#r1">↩</a></p></li></ol>',
    )
    read = page(tmp_path, body, options=BookOptions(notes="paragraph"))
    assert " ".join(read) == "bến lạc xưa. một. chú. trời mưa."
    read = page(tmp_path, body, options=BookOptions(notes="chapter"))
    assert " ".join(read) == "bến lạc xưa. trời mưa. một. chú."


@pytest.mark.parametrize(
    "body",
    [
        '<p class="wm">Ẩn.</p>',
        '<p>Nhà<span class="wm"> ẩn</span>.</p>',
        '<p class="note1"><b>Ẩn</b></p>',
        '<p style="DISPLAY : None !important">Ẩn.</p>',
        '<p style="opacity:0">Ẩn.</p>',
        '<p style="font-size:1px">Ẩn.</p>',
        '<p style="visibility: hidden">Ẩn.</p>',
        '<div style="display:none"><p>Ẩn.</p></div>',
        '<p style="position:absolute;clip:rect(0,0,0,0)">Ẩn.</p>',
    ],
)
def test_what_a_stylesheet_hides_is_hidden(tmp_path: Path, body: str) -> None:
    head = '<link rel="stylesheet" href="s.css"/>'
    assert not [line for line in page(tmp_path, body, head) if "ẩn" in line]


def test_a_later_rule_shows_again(tmp_path: Path) -> None:
    head = "<style>.a{display:none} p.a{display:block} @media print{p{display:none}}</style>"
    assert page(tmp_path, '<p class="a">Hiện.</p>', head) == ["hiện."]


def test_what_was_mended_is_reported(tmp_path: Path) -> None:
    book = read_book(WILD / "r06_ncx_broken.epub")
    assert any("damaged" in told for told in book.mended)
    parts = {f"Truyen/{name}": data for name, data in epub_parts(c1=C1).items()}
    book = read_book(pack(tmp_path / "a.epub", parts))
    assert "zipped with its folder 'Truyen/'" in " ".join(book.mended)
