"""Word files as Word, LibreOffice and Google Docs leave them: numbers, styles, changes, tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.sources import read_book
from sonca.errors import InvalidRequest
from tests.book.book_files import pack
from tests.book.docx_files import (
    docx,
    field,
    item,
    numbering,
    p,
    r,
    style,
    styled,
    sub,
    sup,
)

WILD = Path(__file__).parent / "data" / "wild"


def lines(book: Book) -> list[str]:
    """All paragraphs; headings with a mark before them."""
    return [
        ("# " if each.kind == "heading" else "") + each.text
        for chapter in book.chapters
        for each in chapter.paragraphs
    ]


def spoken(tmp_path: Path, body: str, **parts: str) -> list[str]:
    return lines(read_book(docx(tmp_path / "a.docx", body, **parts)))


# What was reported


def test_reported_numbers_of_a_contract() -> None:
    assert lines(read_book(WILD / "d01_numbering.docx")) == [
        "HỢP ĐỒNG THUÊ NHÀ",
        "Điều 1. Đối tượng thuê",
        "1. Bên A cho bên B thuê căn nhà.",
        "2. Thời hạn thuê là hai năm.",
        "Điều 2. Giá thuê",
        "1. Giá thuê trả theo tháng:",
        "a) trả bằng tiền mặt;",
        "b) trả bằng chuyển khoản.",
        "Các bên thực hiện theo Điều 2 ở trên.",
    ]


def test_reported_tracked_changes_and_hidden_text() -> None:
    book = read_book(WILD / "d02_tracked.docx")
    assert lines(book) == [
        "# Chương 1",
        "Quyên đã lên đò.",
        "Ông Tư kể chuyện.",
        "Câu này được dời đi chỗ khác.",
        "Gạch bỏ.",
        "# Chương 2",
        "Hết.",
    ]
    assert [(u.reason, u.text) for u in book.unspoken] == [("hidden", "Chữ ẩn không ai thấy.")]


def test_reported_styles_that_are_based_on_headings() -> None:
    book = read_book(WILD / "d03_based_on.docx")
    assert [c.title for c in book.chapters] == ["Người lái đò", "Căn nhà ven sông", "Mưa"]


def test_reported_table_raised_numbers_fraction_and_box() -> None:
    assert lines(read_book(WILD / "d04_table_etc.docx"))[1:-2] == [
        "Họ tên, Tuổi",
        "Nguyễn Quyên, 19",
        "Diện tích 10⁵ mét, bến Lạc rất xưa.",
        "Ta có 1⁄2 số bánh.",
        "Trước hộp sau hộp.",
        "Chữ trong hộp",
        "Gạchnối, Hà-Nội.",
        "Xem thêm",
    ]


def test_reported_contents_and_drop_cap_of_google_docs() -> None:
    assert lines(read_book(WILD / "d05_gdocs_toc.docx")) == [
        "# Người lái đò",
        "Ngày xưa có bến đò.",
        "# Căn nhà ven sông",
        "Quyên lên đò.",
        "# Mưa",
        "Tạnh rồi.",
    ]


def test_reported_soft_breaks_after_a_heading() -> None:
    assert lines(read_book(WILD / "d07_softbreaks.docx")) == [
        "# Chương 1: Bến cũ",
        "Ông Tư kể chuyện.\nTrời mưa.",
        "# Chương 2: Đò chiều",
        "Quyên lên đò.",
    ]


@pytest.mark.parametrize(("name", "what"), [("r14_rtf", "RTF"), ("r15_doc", "older Word")])
def test_reported_files_of_another_kind_are_named(name: str, what: str) -> None:
    with pytest.raises(InvalidRequest, match=what):
        read_book(WILD / f"{name}.docx")


# Numbers


@pytest.mark.parametrize(
    ("levels", "items", "wanted"),
    [
        ([("upperRoman", "%1.")], [0, 0, 0, 0], ["I.", "II.", "III.", "IV."]),
        ([("lowerRoman", "(%1)")], [0, 0], ["(i)", "(ii)"]),
        ([("upperLetter", "Mục %1:")], [0, 0], ["Mục A:", "Mục B:"]),
        ([("decimalZero", "Chương %1")], [0, 0], ["Chương 01", "Chương 02"]),
        ([("decimal", "%1."), ("decimal", "%1.%2.")], [0, 1, 1, 0, 1], "1. 1.1. 1.2. 2. 2.1."),
        (
            [("decimal", "Khoản %1."), ("lowerLetter", "%2)"), ("bullet", "\uf0b7")],
            [0, 1, 2, 1],
            ["Khoản 1.", "a)", "", "b)"],
        ),
        ([("bullet", "-")], [0, 0], ["", ""]),
        ([("none", "")], [0], [""]),
        ([("chineseCounting", "%1、")], [0, 0], ["1、", "2、"]),
        ([("upperRoman", "Phần %1"), ("decimal", "%1.%2")], [0, 1], ["Phần I", "I.1"]),
    ],
)
def test_every_format_of_number(
    tmp_path: Path, levels: list[tuple[str, str]], items: list[int], wanted: str | list[str]
) -> None:
    body = "".join(item("nội dung.", level) for level in items)
    wanted = wanted.split() if isinstance(wanted, str) else wanted
    found = spoken(tmp_path, body, numbers=numbering(*levels))
    assert found == [f"{number} nội dung.".strip() for number in wanted]


def test_legal_numbers_set_the_level_above_in_numerals(tmp_path: Path) -> None:
    numbers = numbering(("upperRoman", "%1."), ("decimal", "%1.%2"), more="<w:isLgl/>")
    assert spoken(tmp_path, item("a") + item("b", 1), numbers=numbers) == ["1. a", "1.1 b"]


def test_an_instance_that_starts_anew_and_one_that_goes_on(tmp_path: Path) -> None:
    nums = (
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/></w:num>'
    )
    body = "".join(item("a", 0, id) for id in (1, 1, 2, 2, 3))
    numbers = numbering(("decimal", "%1."), nums=nums)
    assert spoken(tmp_path, body, numbers=numbers) == ["1. a", "2. a", "1. a", "2. a", "3. a"]


def test_numbers_that_a_style_gives(tmp_path: Path) -> None:
    number = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = style("Dieu", "Điều luật", number, based_on="H1") + style("Con", "C", "", "Dieu")
    body = styled("Phạm vi", "Dieu") + p("Luật này quy định.") + styled("Đối tượng", "Con")
    found = spoken(tmp_path, body, styles=styles, numbers=numbering(("decimal", "Điều %1.")))
    assert found == ["# Điều 1. Phạm vi", "Luật này quy định.", "# Điều 2. Đối tượng"]


def test_a_style_tied_to_a_level(tmp_path: Path) -> None:
    numbers = numbering(("decimal", "Điều %1."), ("decimal", "%1.%2."))
    numbers = numbers.replace('%1.%2."/>', '%1.%2."/><w:pStyle w:val="Khoan"/>')
    number = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    body = item("Giá") + styled("Trả sau", "Khoan")
    found = spoken(tmp_path, body, styles=style("Khoan", "Khoản", number), numbers=numbers)
    assert found == ["Điều 1. Giá", "1.1. Trả sau"]


def test_a_paragraph_may_take_its_style_s_number_back(tmp_path: Path) -> None:
    number = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = style("D", "D", number)
    none = '<w:pStyle w:val="D"/><w:numPr><w:numId w:val="0"/></w:numPr>'
    body = styled("một", "D") + p("giữa", none) + styled("hai", "D")
    found = spoken(tmp_path, body, styles=styles, numbers=numbering(("decimal", "%1.")))
    assert found == ["1. một", "giữa", "2. hai"]


def test_numbers_without_a_list_are_none(tmp_path: Path) -> None:
    assert spoken(tmp_path, item("a", id=7) + item("b", level=12)) == ["a", "b"]


def test_items_of_a_list_are_no_wrapped_lines(tmp_path: Path) -> None:
    body = (
        p("Cần mang theo những thứ sau đây khi đi qua sông vào mùa nước nổi")
        + item("áo phao cứu sinh còn tốt và vừa người mặc")
        + item("đèn pin, bật lửa và một ít đồ ăn khô cho trẻ")
        + item("tiền lẻ")
        + p("Rồi hãy đi.")
    )
    assert spoken(tmp_path, body, numbers=numbering(("bullet", "•"))) == [
        "Cần mang theo những thứ sau đây khi đi qua sông vào mùa nước nổi",
        "áo phao cứu sinh còn tốt và vừa người mặc",
        "đèn pin, bật lửa và một ít đồ ăn khô cho trẻ",
        "tiền lẻ",
        "Rồi hãy đi.",
    ]


def test_wrapped_lines_that_a_converter_left_are_joined(tmp_path: Path) -> None:
    rows = (
        "Người ta gọi bến ấy là bến Lạc, còn người lái đò thì gọi là",
        "Thoại đò. Ông sinh vào một đêm mưa lớn ở làng này, năm",
        "1972, tức là vào khoảng mồng 5 Tết, trong một căn nhà nhỏ",
        "cuối sông của bà nội. Đất nước Việt Nam khi ấy vẫn còn",
        "rất nghèo.",
    )
    assert spoken(tmp_path, "".join(map(p, rows))) == [" ".join(rows)]


# Styles


@pytest.mark.parametrize(
    "styles",
    [
        style("A", "Tên truyện con", based_on="B") + style("B", "Chữ to", based_on="H1"),
        style("A", "Lạ", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
        style("A", "Con", based_on="B")
        + style("B", "B", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
        style("A", "Tiêu đề 1"),
    ],
)
def test_a_style_is_a_heading_by_what_it_is_based_on(tmp_path: Path, styles: str) -> None:
    body = styled("Bến", "A") + p("Một.") + styled("Đò", "A") + p("Hai.")
    book = read_book(docx(tmp_path / "a.docx", body, styles=styles))
    assert [c.title for c in book.chapters] == ["Bến", "Đò"]


def test_styles_that_are_no_headings(tmp_path: Path) -> None:
    styles = (
        style("A", "A", '<w:pPr><w:outlineLvl w:val="9"/></w:pPr>', based_on="H1")
        + style("B", "B", based_on="C")
        + style("C", "C", based_on="B")
    )
    body = styled("Một.", "A") + styled("Hai.", "B") + styled("Ba.", "missing")
    assert spoken(tmp_path, body, styles=styles) == ["Một.", "Hai.", "Ba."]


def test_a_paragraph_s_own_outline_level(tmp_path: Path) -> None:
    top, none = '<w:outlineLvl w:val="0"/>', '<w:pStyle w:val="H1"/><w:outlineLvl w:val="9"/>'
    body = p("Bến", top) + p("Một.") + p("Không phải tên.", none) + p("Đò", top) + p("Hai.")
    assert spoken(tmp_path, body) == ["# Bến", "Một.", "Không phải tên.", "# Đò", "Hai."]


# Changes and hidden text


@pytest.mark.parametrize(
    "look",
    ["<w:vanish/>", '<w:vanish w:val="1"/>', "<w:webHidden/>", '<w:rStyle w:val="An"/>'],
)
def test_hidden_runs_are_silent_and_cut_nothing(tmp_path: Path, look: str) -> None:
    styles = style("An", "Ẩn", "<w:rPr><w:vanish/></w:rPr>")
    body = p(r("Trời ") + r("bí mật ", look) + r("sáng."))
    book = read_book(docx(tmp_path / "a.docx", body, styles=styles))
    assert lines(book) == ["Trời sáng."]
    assert [(u.reason, u.text) for u in book.unspoken] == [("hidden", "bí mật")]


@pytest.mark.parametrize("look", ['<w:vanish w:val="0"/>', "<w:strike/>", "<w:caps/>", "<w:b/>"])
def test_runs_that_are_seen_are_spoken(tmp_path: Path, look: str) -> None:
    assert spoken(tmp_path, p(r("Trời ") + r("rất ", look) + r("sáng."))) == ["Trời rất sáng."]


def test_a_hidden_end_of_a_paragraph_hides_no_text(tmp_path: Path) -> None:
    assert spoken(tmp_path, p("Trời sáng.", "<w:rPr><w:vanish/></w:rPr>")) == ["Trời sáng."]


def test_moved_text_is_read_where_it_went(tmp_path: Path) -> None:
    moved = "<w:moveFrom>{0}</w:moveFrom>", "<w:moveTo>{0}</w:moveTo>"
    body = p("Một. ") + p(r("Hai. ") + moved[0].format(r("Dời."))) + p(moved[1].format(r("Dời.")))
    assert spoken(tmp_path, body) == ["Một.", "Hai.", "Dời."]


def test_a_paragraph_whose_end_was_deleted_goes_on(tmp_path: Path) -> None:
    body = p("Trời ", "<w:rPr><w:del/></w:rPr>") + p("sáng.") + p("Hết.")
    assert spoken(tmp_path, body) == ["Trời sáng.", "Hết."]


def test_a_placeholder_is_not_read(tmp_path: Path) -> None:
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = p(r("Tên: ") + control.format("<w:showingPlcHdr/>", r("Bấm vào đây để nhập")))
    body += p(r("Tên: ") + control.format("", r("Quyên")))
    assert spoken(tmp_path, body) == ["Tên:", "Tên: Quyên"]


# Raised and lowered


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        (r("2") + sup("10") + r(" byte"), "2¹⁰ byte"),
        (r("x") + sup("2") + r(" + y") + sup("2"), "x² + y²"),
        (r("10") + sup("-") + sup("5"), "10⁻⁵"),
        (r("30 m") + sup("2") + r(" sàn"), "30 m² sàn"),
        (r("CO") + sub("2") + r(" và H") + sub("2") + r("SO") + sub("4"), "CO₂ và H₂SO₄"),
        (r("e") + sup("kx"), "e^(kx)"),
        (r("a") + sub("ij"), "a_(ij)"),
        (r("20") + sup("th"), "20th"),
        (r("(a + b)") + sup("2"), "(a + b)²"),
        (r("bến Lạc") + sup("1") + r(" xưa"), "bến Lạc xưa"),
        (r("Hết.") + sup("12"), "Hết."),
        (r("năm 1945") + sup("3") + r(" ấy"), "năm 1945 ấy"),
        (r("bến") + sup("[2]") + r(" xưa"), "bến xưa"),
        (r("bến") + sup("*") + r(" xưa"), "bến xưa"),
        (r("Word") + sup("TM") + r(" và Excel") + sup("®"), "Word và Excel"),
        (r("Trộn ") + sup("1") + r("/") + sub("2") + r(" thìa"), "Trộn 1⁄2 thìa"),
        (r("Trộn 1 ") + sup("3") + r("⁄") + sub("4") + r(" thìa"), "Trộn 1 3⁄4 thìa"),
        (r("và/hoặc") + sup("2"), "và/hoặc"),
    ],
)
def test_raised_and_lowered_text(tmp_path: Path, runs: str, wanted: str) -> None:
    assert spoken(tmp_path, p(runs)) == [wanted]


def m(tag: str, *inside: str) -> str:
    return f"<m:{tag}>{''.join(inside)}</m:{tag}>"


def mr(text: str) -> str:
    return m("r", m("t", text))


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (m("f", m("num", mr("3")), m("den", mr("4"))), "3⁄4"),
        (m("f", m("num", mr("a+b")), m("den", mr("2"))), "(a+b)⁄2"),
        (mr("1") + m("f", m("num", mr("1")), m("den", mr("2"))), "1 1⁄2"),
        (m("sSup", m("e", mr("x")), m("sup", mr("2"))) + mr("=4"), "x² = 4"),
        (m("sSub", m("e", mr("a")), m("sub", mr("1"))), "a₁"),
        (m("rad", m("radPr"), m("deg"), m("e", mr("2"))), "√2"),
        (m("rad", m("deg", mr("3")), m("e", mr("x+1"))), "∛(x+1)"),
        (m("d", m("e", mr("x"), mr("+1"))), "(x+1)"),
    ],
)
def test_formulas(tmp_path: Path, formula: str, wanted: str) -> None:
    body = p(r("Ta có ") + m("oMath", formula) + r("."))
    assert spoken(tmp_path, body) == [f"Ta có {wanted}."]


# Tables, boxes, fields


def table(*rows: str) -> str:
    cells = ("".join(f"<w:tc>{p(c)}</w:tc>" for c in row.split("|")) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    body = p("Đầu.") + table("STT|Tên|Tuổi", "1|Quyên|19", "2.|Khuê|") + p("Cuối.")
    wanted = ["Đầu.", "STT, Tên, Tuổi", "1, Quyên, 19", "2. Khuê", "Cuối."]
    assert spoken(tmp_path, body) == wanted


def test_a_table_that_only_arranges_text_is_read_as_text(tmp_path: Path) -> None:
    long = "Ông Tư kể chuyện bến Lạc cho đám trẻ nghe. " * 6
    assert spoken(tmp_path, table(f"{long}|Bên cạnh.")) == [long.strip(), "Bên cạnh."]


def test_a_table_inside_a_cell(tmp_path: Path) -> None:
    body = f"<w:tbl><w:tr><w:tc>{table('a|b')}{p('c')}</w:tc></w:tr></w:tbl>"
    assert spoken(tmp_path, body) == ["a, b", "c"]


def test_a_text_box_stands_after_its_paragraph(tmp_path: Path) -> None:
    box = f"<w:r><w:pict><w:txbxContent>{p('Hộp.')}{table('a|b')}</w:txbxContent></w:pict></w:r>"
    assert spoken(tmp_path, p(r("Trước ") + box + r("sau."))) == ["Trước sau.", "Hộp.", "a, b"]


@pytest.mark.parametrize("text", ["Trang {}", "{}", "- {} -", "Trang {} / {}"])
def test_page_numbers_are_fields_and_silent(tmp_path: Path, text: str) -> None:
    body = "".join(r(piece) + field(" PAGE ", r("7")) for piece in text.split("{}")[:-1])
    assert spoken(tmp_path, p("Một.") + p(body + r(text.split("{}")[-1])) + p("Hai.")) == [
        "Một.",
        "Hai.",
    ]


def test_other_fields_are_read(tmp_path: Path) -> None:
    body = r("Hình ") + field(" SEQ Hình ", r("3")) + r(", trang ") + field(" PAGEREF x ", r("9"))
    simple = '<w:fldSimple w:instr=" AUTHOR ">' + r("Quyên") + "</w:fldSimple>"
    assert spoken(tmp_path, p(body) + p(simple)) == ["Hình 3, trang 9", "Quyên"]


# Contents

BODY = styled("Bến cũ", "H1") + p("Một.") + styled("Đò chiều", "H1") + p("Hai.")
READ = ["# Bến cũ", "Một.", "# Đò chiều", "Hai."]


def linked(text: str) -> str:
    return f'<w:hyperlink w:anchor="_x">{r(text)}</w:hyperlink>'


@pytest.mark.parametrize(
    "contents",
    [
        p("Bến cũ\t3") + p("Đò chiều\t12"),
        p("Mục lục") + p("1. Bến cũ\t3") + p("2. Đò chiều\txii"),
        p(linked("Bến cũ")) + p(linked("Đò chiều")),
        p(field(' TOC \\o "1-3" ', "</w:p><w:p>".join(r(t) for t in ("Bến cũ 3", "Đò chiều 9")))),
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        f"</w:sdtPr><w:sdtContent>{p('Trong sách')}{p('Bến cũ')}</w:sdtContent></w:sdt>",
        styled("Bến cũ 3", "TOC1"),
    ],
)
def test_contents_are_silent(tmp_path: Path, contents: str) -> None:
    assert spoken(tmp_path, contents + BODY) == READ


def test_lines_with_tabs_or_links_that_are_no_contents(tmp_path: Path) -> None:
    body = p("Quyên\t19") + p("Khuê\t45") + p(linked("Trang chủ")) + p("Xem chương 2.")
    assert spoken(tmp_path, body) == ["Quyên 19", "Khuê 45", "Trang chủ", "Xem chương 2."]


# Breaks


def test_soft_breaks(tmp_path: Path) -> None:
    body = (
        styled("Chương 1\nBến cũ\nÔng Tư kể chuyện bến Lạc cho đám trẻ.", "H1")
        + styled("Chương 2", "H1")
        + p("Trăng lên đầu núi\nGió về cuối sông\nAi người lữ thứ")
        + p("Hắn nói:\n- Đi thôi!\n- Ừ.")
        + p("Câu đầu.\nChương 3: Đò chiều\nCâu sau.")
    )
    assert spoken(tmp_path, body) == [
        "# Chương 1\nBến cũ",
        "Ông Tư kể chuyện bến Lạc cho đám trẻ.",
        "# Chương 2",
        "Trăng lên đầu núi\nGió về cuối sông\nAi người lữ thứ",
        "Hắn nói:",
        "- Đi thôi!",
        "- Ừ.",
        "Câu đầu.",
        "Chương 3: Đò chiều",
        "Câu sau.",
    ]


def test_a_drop_cap_of_word_s(tmp_path: Path) -> None:
    cap = '<w:framePr w:dropCap="margin" w:lines="3"/>'
    assert spoken(tmp_path, p("Đ", cap) + p("êm ấy mưa.")) == ["Đêm ấy mưa."]


def test_notes_are_in_parts_of_their_own(tmp_path: Path) -> None:
    body = p(
        r("Bến Lạc") + '<w:r><w:rPr><w:rStyle w:val="R"/></w:rPr><w:footnoteReference w:id="2"/>'
        "</w:r>" + r(" xưa.")
    )
    notes = f'<w:footnote w:id="2">{p(r("Một bến đò."))}</w:footnote>'
    styles = style("R", "footnote reference")
    book = read_book(docx(tmp_path / "a.docx", body, styles=styles, footnotes=notes))
    assert lines(book) == ["Bến Lạc xưa."]
    assert [(u.reason, u.text) for u in book.unspoken] == [("note", "Một bến đò.")]


def test_notes_stand_after_the_paragraph_that_refers_to_them(tmp_path: Path) -> None:
    from sonca.book.sources import docx as reader

    mark = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    body = p(r("Một") + mark.format(3) + r(".")) + p(r("Hai") + mark.format(2) + r("."))
    notes = "".join(
        f'<w:footnote w:id="{id}">{p(text)}</w:footnote>'
        for id, text in ((2, "Chú hai."), (3, "Chú một."), (4, "Không ai gọi."))
    )
    path = docx(tmp_path / "a.docx", body, footnotes=notes)
    assert [(b.text, b.skip) for b in reader.read(path).blocks] == [
        ("Một.", None),
        ("Chú một.", "note"),
        ("Hai.", None),
        ("Chú hai.", "note"),
        ("Không ai gọi.", "note"),
    ]


def test_a_contract_of_four_levels(tmp_path: Path) -> None:
    """Articles count on through the chapters (`lvlRestart`)."""
    numbers = numbering(
        ("upperRoman", "Chương %1."), ("decimal", "Điều %2."), ("decimal", "%3."),
        ("lowerLetter", "%4)"),
    ).replace('%2."/>', '%2."/><w:lvlRestart w:val="0"/>')  # fmt: skip
    levels = (0, 1, 2, 3, 3, 2, 1, 2, 0, 1, 2, 3)
    body = "".join(item(f"Nội dung {at}.", level) for at, level in enumerate(levels))
    found = spoken(tmp_path, body, numbers=numbers)
    assert [line.partition(" Nội dung")[0].removeprefix("# ") for line in found] == [
        "Chương I.", "Điều 1.", "1.", "a)", "b)", "2.", "Điều 2.", "1.",
        "Chương II.", "Điều 3.", "1.", "a)",
    ]  # fmt: skip


def test_the_main_part_is_where_the_package_says(tmp_path: Path) -> None:
    relation = (
        '<Relationships><Relationship Type="http://x/officeDocument" Target="/text/main.xml"/>'
        "</Relationships>"
    )
    body = "<w:body><w:p><w:r><w:t>Chào.</w:t></w:r></w:p></w:body>"
    body = f"<w:document xmlns:w='w'>{body}</w:document>"
    path = pack(tmp_path / "a.docx", {"_rels/.rels": relation, "text/main.xml": body})
    assert lines(read_book(path)) == ["Chào."]
