"""Markdown as GitHub, Pandoc and Obsidian write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.sources import markdown, read_book, tex

WILD = Path(__file__).parent / "data" / "wild"


def lines(book: Book) -> list[str]:
    return [
        ("# " if each.kind == "heading" else "") + each.text
        for chapter in book.chapters
        for each in chapter.paragraphs
        if each.kind != "separator"
    ]


def read(tmp_path: Path, text: str) -> Book:
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    return read_book(path)


def test_the_reported_file() -> None:
    book = read_book(WILD / "m01.md")
    assert lines(book) == [
        "# Chương 1: Bến cũ",
        "Ông Tư rất già, xem trang này nhé.",
        "Trích: trăng lên.",
        "Tên, Tuổi",
        "Quyên, 19",
        "1. Thứ nhất",
        "2. Thứ hai",
        "Việc chưa xong",
        "Việc xong",
        "Công thức E = mc² và code. Gạch bỏ H₂O, 10⁵.",
        "HTML trong bài",
        "Dòng thơ một\ndòng thơ hai\ndòng thơ ba",
        "# Mục con",
        "# Chương 2: Đò chiều",
        "Hết.",
        "# Setext tiêu đề",
        "Đoạn cuối.",
    ]
    assert [c.title for c in book.chapters] == [
        "Chương 1: Bến cũ",
        "Chương 2: Đò chiều",
        "Setext tiêu đề",
    ]
    reasons = {(u.reason, u.text) for u in book.unspoken}
    assert ("note", "Ghi chú của ông Tư.") in reasons
    assert ("note mark", "[^1]") in reasons


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # Notes
        ("Bến Lạc[^a].\n\n[^a]: Một bến\n    ở miền Trung.", ["Bến Lạc."]),
        ("Bến Lạc^[một bến] xưa.", ["Bến Lạc xưa."]),
        ("Bến Lạc[^mất] xưa.", ["Bến Lạc xưa."]),
        ("Như đã viết [@nguyen2020, tr. 5] rồi.", ["Như đã viết rồi."]),
        ("Bến Lạc^1^ và Bến<sup>2</sup> xưa.", ["Bến Lạc và Bến xưa."]),
        # Attributes
        ("# Bến {#ben .dau}\n\nMột.\n\n# Đò {-}\n\nHai.", ["# Bến", "Một.", "# Đò", "Hai."]),
        ("Chữ [nhỏ]{.smallcaps} và [liên kết](x){target=_blank}.", ["Chữ nhỏ và liên kết."]),
        ("Một.\n{: .lop}\n\nHai.", ["Một.", "Hai."]),
        ("::: {.note}\nCẩn thận.\n:::\n\nHết.", ["Cẩn thận.", "Hết."]),
        # Lists
        ("1) một\n2) hai", ["1) một", "2) hai"]),
        ("5. năm\n6. sáu\n   - con", ["5. năm", "6. sáu", "con"]),
        ("- [ ] chưa\n- [X] xong\n1. [x] rồi", ["chưa", "xong", "1. rồi"]),
        ("1. đoạn một\n\n   đoạn hai\n2. mục hai", ["1. đoạn một", "đoạn hai", "2. mục hai"]),
        ("Bến\n:   Nơi đò đỗ.\n", ["Bến", "Nơi đò đỗ."]),
        # Tables
        ("|A|B|\n|-|-|\n|x|**y**|\n|z||", ["A, B", "x, y", "z"]),
        ("Tên | Tuổi\n---|---\nQuyên. | 19", ["Tên, Tuổi", "Quyên. 19"]),
        # Formulas, raised and lowered
        (r"Ta có $\frac{1}{2}$ số bánh.", ["Ta có 1⁄2 số bánh."]),
        ("$$\na^2 + b^2 = c^2\n$$", ["a² + b² = c²"]),
        ("CO~2~ nặng 2^10^ và x<sup>2</sup>, H<sub>2</sub>O.", ["CO₂ nặng 2¹⁰ và x², H₂O."]),
        # Other programs' signs
        ("> [!NOTE]\n> Nhớ lấy.", ["Nhớ lấy."]),
        ("Xem [[Bến Lạc|bến ấy]] và [[Đò]].", ["Xem bến ấy và Đò."]),
        ("Rất ==quan trọng== đấy. ![[anh.png]]", ["Rất quan trọng đấy."]),
        ("| Trăng lên\n| Gió thổi\n|   đò về", ["Trăng lên\nGió thổi\nđò về"]),
        ("[TOC]\n\nMột.\n\n\\newpage\n\nHai.", ["Một.", "Hai."]),
        ("Một<br>hai<br/>ba <b>bốn</b><!-- ẩn -->.", ["Một\nhai\nba bốn."]),
        ("<p align=center>Giữa <b>trang</b></p>\n\nHết.", ["Giữa trang", "Hết."]),
        # What stays
        ("Giá $5 và $10 thôi.", ["Giá $5 và $10 thôi."]),
        ("Mảng a[1] và [2] và [x] {y}.", ["Mảng a[1] và [2] và [x] {y}."]),
        ("Khoảng ~10 km và ~20 km.", ["Khoảng ~10 km và ~20 km."]),
        ("a == b, c == d", ["a == b, c == d"]),
        ("Tập {a, b} và {1; 2}.", ["Tập {a, b} và {1; 2}."]),
        ("2^8 và 3^9", ["2^8 và 3^9"]),
        ("- một\n- hai", ["một", "hai"]),
        ("Anh: em :) và {} và [] và ^^", ["Anh: em :) và {} và [] và ^^"]),
    ],
)  # fmt: skip
def test_kinds_of_markdown(tmp_path: Path, text: str, wanted: list[str]) -> None:
    assert lines(read(tmp_path, text)) == wanted


def test_notes_are_told_from_their_marks(tmp_path: Path) -> None:
    book = read(tmp_path, "Bến[^1] Lạc[^2].\n\n[^1]: Một.\n[^2]: Hai[^1].\n\nSau.")
    assert lines(book) == ["Bến Lạc.", "Sau."]
    assert [u.text for u in book.unspoken if u.reason == "note"][:1] == ["Một."]


def test_notes_stand_after_the_paragraph_that_refers_to_them() -> None:
    text = "Một[^b] và[^a].\n\nHai.\n\n[^a]: Chú a.\n[^b]: Chú b,\n\n    dài.\n[^c]: Mồ côi.\n"
    blocks = [(b.text, b.skip) for b in markdown.read(text).blocks if b.skip != "note mark"]
    assert blocks[:3] == [("Một và.", None), ("Chú b,", "note"), ("dài.", "note")]
    assert blocks[3:5] == [("Chú a.", "note"), ("Hai.", None)]


def test_what_html_hides_stays_hidden(tmp_path: Path) -> None:
    book = read(tmp_path, "Một.\n\n<!-- ghi chú -->\n\n<div hidden>Bí mật</div>\n\nHai.")
    assert lines(book) == ["Một.", "Hai."]
    assert [u.reason for u in book.unspoken] == ["hidden", "hidden"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("E = mc^2", "E = mc²"),
        (r"\dfrac{a+b}{2}", "(a+b)⁄2"),
        (r"x_1^2 + x_{12}", "x₁² + x₁₂"),
        (r"\sqrt{2} \approx 1{,}41", "√2 ≈ 1,41"),
        (r"\sqrt[3]{x+1}", "∛(x + 1)"),
        (r"2\times 10^{-5}\,\text{m}", "2 × 10⁻⁵ m"),
        (r"90^\circ", "90°"),
        (r"\Delta = b^2 - 4ac \ge 0", "Δ = b² - 4ac ≥ 0"),
        (r"e^{kx}", "e^(kx)"),
        (r"50\%", "50%"),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", None),
        (r"\unknown{x}", None),
        (r"\frac{1}", None),
        ("{{{", None),
        ("x^", None),
        ("{" * 390, None),
        ("x" * 500, None),
    ],
)
def test_tex(source: str, wanted: str | None) -> None:
    found = tex.line(source)
    assert found == wanted or (found or "").replace(" ", "") == (wanted or "").replace(" ", "")
