"""A read-along EPUB of an EPUB has its own pages: what is marked on them, and what stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sonca.book.output.cleaning import clean, parsed, properties_of, written
from sonca.book.output.marking import XHTML, Text, folded
from sonca.synthesizer import Sonca
from tests.book.book_files import epub_parts, pack
from tests.book.book_helpers import build
from tests.book.test_read_along import Package

NS = 'xmlns="http://www.w3.org/1999/xhtml"'


def marked(body: str, *texts: str) -> str:
    """The body with a bracket around each text that was found."""
    root = etree.fromstring(f"<body {NS}>{body}</body>")
    text = Text(root)
    found = [(f"s{n}", place) for n, t in enumerate(texts) if (place := text.find(t))]
    text.mark(found)
    shown = etree.tostring(root, encoding="unicode")
    shown = shown.removeprefix(f"<body {NS}>").removesuffix("</body>")
    assert "".join(root.itertext()) == "".join(etree.fromstring(f"<b>{body}</b>").itertext())
    return shown


def _m(number: int, inside: str) -> str:
    return f'<span id="s{number}">{inside}</span>'


@pytest.mark.parametrize(
    ("body", "texts", "shown"),
    [
        ("<p>Một. Hai.</p>", ["Một.", "Hai."], f"<p>{_m(0, 'Một.')} {_m(1, 'Hai.')}</p>"),
        (
            "<p>Anh <em>rất</em> vui. Rồi.</p>",
            ["Anh rất vui.", "Rồi."],
            f"<p>{_m(0, 'Anh <em>rất</em> vui.')} {_m(1, 'Rồi.')}</p>",
        ),
        ("<p><b>Năm</b>.</p>", ["Năm."], f"<p>{_m(0, '<b>Năm</b>.')}</p>"),
        (
            "<p><em>Một hai. Ba</em> bốn năm.</p>",
            ["Một hai.", "Ba bốn năm."],
            f"<p><em>{_m(0, 'Một hai.')} Ba</em> {_m(1, 'bốn năm.')}</p>",
        ),
        (
            "<p>Ông kể chuyện bến Lạc<sup><a>[1]</a></sup> ngày xưa.</p>",
            ["Ông kể chuyện bến Lạc ngày xưa."],
            f"<p>{_m(0, 'Ông kể chuyện bến Lạc<sup><a>[1]</a></sup> ngày xưa.')}</p>",
        ),
        (
            "<p>Cô đứng ở cửa <span>12</span>ngồi xuống.</p>",
            ["Cô đứng ở cửa ngồi xuống."],
            f"<p>{_m(0, 'Cô đứng ở cửa <span>12</span>ngồi xuống.')}</p>",
        ),
        (
            "<p><span>Đ</span>êm ấy trăng lên.</p>",
            ["Đêm ấy trăng lên."],
            f"<p>{_m(0, '<span>Đ</span>êm ấy trăng lên.')}</p>",
        ),
        ("<p>x<!-- c -->y z</p>", ["xy"], f"<p>{_m(0, 'x<!-- c -->y')} z</p>"),
        ("<p>a<br/>b</p>", ["a b"], f"<p>{_m(0, 'a<br/>b')}</p>"),
        (
            "<p>Số 10<sup>5</sup> đó.</p>",
            ["Số 10⁵ đó."],
            f"<p>{_m(0, 'Số 10<sup>5</sup> đó.')}</p>",
        ),
        (
            "<p>Ho\u0323c ba\u0300i.</p>",
            ["Học bài."],
            "<p>" + _m(0, "Ho\u0323c ba\u0300i.") + "</p>",
        ),
        ("<p>Một\n   hai.</p>", ["Một hai."], "<p>" + _m(0, "Một\n   hai.") + "</p>"),
        ("<li>Rửa thật sạch.</li>", ["1. Rửa thật sạch."], f"<li>{_m(0, 'Rửa thật sạch.')}</li>"),
        ("<p>Một.</p>", ["Không có ở đây đâu nhé."], "<p>Một.</p>"),
        ("<p>Ừ.</p><p>Ừ.</p>", ["Ừ.", "Ừ."], f"<p>{_m(0, 'Ừ.')}</p><p>{_m(1, 'Ừ.')}</p>"),
        (
            "<p>Dòng một rồi</p><p>dòng hai dài hơn.</p>",
            ["Dòng một rồi dòng hai dài hơn."],
            f"<p>Dòng một rồi</p><p>{_m(0, 'dòng hai dài hơn.')}</p>",
        ),
    ],
)
def test_a_stretch_is_marked_whatever_stands_in_it(body: str, texts: list[str], shown: str) -> None:
    assert marked(body, *texts) == shown


def test_many_lines_in_one_element_are_all_marked() -> None:
    lines = [f"Câu số {n} kể về dòng sông." for n in range(3000)]
    assert marked("<p>" + "<br/>".join(lines) + "</p>", *lines).count("<span id=") == 3000


def test_only_base_letters_are_compared() -> None:
    assert folded("Tiếng Việt\u00ad, ﬁ ²") == folded("Tiếng\nViệt, fi2")


def _clean(body: str, head: str = "", has: tuple[str, ...] = ()) -> Any:
    root = parsed(f"<html {NS}><head>{head}</head><body>{body}</body></html>")
    clean(root, "text/a.xhtml", lambda part, id: part in has and id in ("", "x"), "Sách")
    return root


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p onclick='x()'>a</p>", "<p>a</p>"),
        ("<center>a</center>", "<div>a</div>"),
        ("<p><font color='red'>a</font></p>", "<p><span>a</span></p>"),
        ("<p>a<script>b</script>c</p>", "<p>ac</p>"),
        ("<p align='center' class='k'>a</p>", '<p class="k">a</p>'),
        ("<p><a href='b.xhtml#x'>a</a></p>", '<p><a href="b.xhtml#x">a</a></p>'),
        ("<p><a href='b.xhtml#y'>a</a></p>", "<p><a>a</a></p>"),
        ("<p><a href='none.xhtml'>a</a></p>", "<p><a>a</a></p>"),
        ("<p><a href='javascript:x()'>a</a></p>", "<p><a>a</a></p>"),
        ("<p><a href='https://a.vn/b'>a</a></p>", '<p><a href="https://a.vn/b">a</a></p>'),
        ("<p><a name='k'/>a</p>", '<p><a id="k"/>a</p>'),
        ("<p id='k'>a</p><p id='k'>b</p>", '<p id="k">a</p><p>b</p>'),
        ("<p><img src='../i.png'/></p>", '<p><img src="../i.png" alt=""/></p>'),
        ("<p><img src='none.png' alt='Hoa'/></p>", "<p><span>Hoa</span></p>"),
        ("<p><img src='https://a.vn/b.png'/></p>", "<p><span/></p>"),
        ("<p>a<odd>b</odd></p>", "<p>a<span>b</span></p>"),
        ("<p>a<div>b</div></p>", "<div>a<div>b</div></div>"),
    ],
)
def test_what_epub_3_does_not_allow_goes_and_what_is_shown_stays(body: str, shown: str) -> None:
    root = _clean(body, has=("text/b.xhtml", "i.png"))
    text = etree.tostring(root.find(f"{XHTML}body"), encoding="unicode")
    assert text == etree.tostring(
        etree.fromstring(f"<body {NS}>{shown}</body>"), encoding="unicode"
    )


def test_the_head_keeps_the_styles_that_there_are() -> None:
    head = (
        "<title>T</title><meta name='a'/><script/><style>p{}</style>"
        "<link rel='stylesheet' href='../s.css'/><link rel='stylesheet' href='no.css'/>"
    )
    root = _clean("<p>a</p>", head, ("s.css",))
    assert [link.get("href") for link in root.iter(f"{XHTML}link")] == [
        "../s.css",
        "../../highlight.css",
    ]
    assert [e.text for e in root.iter(f"{XHTML}title", f"{XHTML}style")] == ["T", "p{}"]


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><p>a &nbsp; b</p></body></html>",
        f'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x"><html {NS}><body>a&nbsp;b</body>'
        "</html>",
        "<html><body><p>a<br>b<p>c</body></html>",
        "<p>a",
    ],
)
def test_every_kind_of_document_becomes_xhtml(text: str) -> None:
    root = parsed(text)
    clean(root, "a.html", lambda *_: False, "Sách")
    again = etree.fromstring(written(root).encode())
    assert again.tag == f"{XHTML}html"
    assert "".join(again.find(f"{XHTML}body").itertext()).strip().startswith("a")


def test_the_vocabularies_of_epub_type_stay_declared() -> None:
    ops = "http://www.idpf.org/2007/ops"
    declared = f'<html {NS} xmlns:epub="{ops}" epub:prefix="z3998: http://daisy.example/#">'
    root = parsed(f'{declared}<body><p epub:type="z3998:poem">a</p></body></html>')
    clean(root, "a.xhtml", lambda *_: False, "Sách")
    assert root.get(f"{{{ops}}}prefix") == "z3998: http://daisy.example/#"


def test_svg_and_formulas_are_told_of() -> None:
    root = _clean('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')
    assert properties_of(root) == "svg"
    assert properties_of(_clean("<p>a</p>")) == ""


@pytest.fixture(scope="module")
def sonca() -> Iterator[Sonca]:
    with Sonca("tone") as sonca:
        yield sonca


def _own(sonca: Sonca, folder: Path, **target: Any) -> Package:
    source = pack(folder / "in.epub", epub_parts())
    build(sonca, source, folder / "out.epub", format="epub", **target)
    return Package(folder / "out.epub")


def test_the_book_s_own_pages_are_marked_and_heard_in_order(sonca: Sonca, tmp_path: Path) -> None:
    package = _own(sonca, tmp_path)
    assert [page["href"] for page in package.pages] == [
        "book/OEBPS/text/c%201.xhtml",
        "book/OEBPS/text/c2.xhtml",
    ]
    texts = [" ".join(text.split()) for text, *_ in package.clips()]
    assert texts[0] == "Người lái đò"
    assert "Bến Lạc nằm ở khúc sông hẹp nhất1." in texts
    assert "Một bến ở miền Trung." not in texts
    assert texts[-1] == "Hết."
    page = package.zip.read("EPUB/book/OEBPS/text/c 1.xhtml").decode()
    assert "Một bến ở miền Trung." in page
    assert "p {color: red}" in page
    nav = package.parse("EPUB/nav.xhtml")
    assert [a.text for a in nav.iter("{*}a")] == ["Người lái đò", "Căn nhà", "Chuyến đò"]
    assert all("#sonca-" in a.get("href") for a in nav.iter("{*}a"))


def test_all_sound_of_a_chapter_is_heard_whatever_is_not_on_its_page(
    sonca: Sonca, tmp_path: Path
) -> None:
    package = _own(sonca, tmp_path, by_word=True)
    by_sound: dict[str, list[tuple[float, float]]] = {}
    for _, sound, begin, end in package.clips():
        by_sound.setdefault(sound, []).append((begin, end))
    assert len(by_sound) == 3
    for clips in by_sound.values():
        assert clips[0][0] == 0
        assert all(a[1] == b[0] for a, b in itertools.pairwise(clips))


def test_a_page_that_cannot_be_taken_over_gives_pages_of_our_own(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(_text: str) -> None:
        raise ValueError("odd")

    monkeypatch.setattr("sonca.book.output.own_pages.parsed", odd)
    assert _own(sonca, tmp_path).pages[-1]["href"].startswith("text/")
