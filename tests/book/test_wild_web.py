"""Saved web pages: the text without menus, comments and adverts; books in HTML as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.book.model import Book
from sonca.book.sources import read_book, web_page

WILD = Path(__file__).parent / "data" / "wild"
STORY = "<p>Ông Tư kể chuyện bến Lạc cho đám trẻ nghe.</p><p>Trời mưa, gió thổi.</p>"
READ = ["Ông Tư kể chuyện bến Lạc cho đám trẻ nghe.", "Trời mưa, gió thổi."]


def lines(book: Book) -> list[str]:
    return [
        each.text
        for chapter in book.chapters
        for each in chapter.paragraphs
        if each.kind != "separator"
    ]


def read(tmp_path: Path, body: str, head: str = "") -> Book:
    path = tmp_path / "a.html"
    path.write_text(
        f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>", encoding="utf-8"
    )
    return read_book(path)


def test_the_reported_page() -> None:
    book = read_book(WILD / "h01.html")
    assert lines(book)[:2] == ["Bến vắng", "Chương 1: Bến cũ"]
    assert "chờ cháu với" in lines(book)[2] and lines(book)[3].startswith("Trời mưa…")
    assert len(lines(book)) == 4
    assert book.title == "Chương 1 - Bến vắng"
    furniture = [u.text for u in book.unspoken if u.reason == "page"]
    assert "Quảng cáo" in furniture and "Chương trước Chương tiếp" in furniture


MENU = "<ul><li><a href='/'>Trang chủ</a></li><li><a href='/t'>Thể loại</a></li><li><a>Hot</a></ul>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"<nav>{MENU}</nav>", "<footer>© 2024 Truyện. <a href='/dmca'>DMCA</a></footer>"),
        (
            f"<div class='menu'>{MENU}</div>",
            "<div class='comment-list'><p>Hay quá ad ơi.</p></div>",
        ),
        (MENU, "<div id='binh-luan'><p>Hóng chương mới.</p></div>"),
        ("<div class='breadcrumbs'>Trang chủ » Truyện</div>", "<h3>Bình luận (3)</h3><p>Hay.</p>"),
        (MENU, "<h3>Truyện cùng tác giả</h3><p>Căn nhà. Mưa.</p><h4>Xem</h4><p>Thêm.</p>"),
        (MENU, "<div class='chapter-nav'><a>Chương trước</a> <a>Chương sau</a></div>"),
        (MENU, "<p><a href='1'>« Chương trước</a> | <a href='3'>Chương tiếp »</a></p>"),
        (MENU, "<p>Bạn đang đọc truyện tại truyenabc.example</p>"),
        (MENU, "<button class='btn'>Báo lỗi</button><p>Báo lỗi chương</p>"),
        ("<div class='ads-banner'>Mua ngay!</div>", "<div class='quang-cao'>Giảm giá.</div>"),
        (f"<header><h1><a href='/'>Truyện ABC</a></h1>{MENU}</header>", ""),
        (f"<div class='site-header'><div class='logo'>ABC</div>{MENU}</div>", ""),
        (f"<aside class='sidebar'><h3>Hot</h3>{MENU}</aside>", "<div id='fb-comments'>x</div>"),
        (MENU, "<div class='social-share'>Chia sẻ lên <a>Facebook</a></div>"),
        (MENU, "<div class='related-posts'><h3>Đọc thêm</h3><p>Tin khác.</p></div>"),
        ("<form><label>Tìm kiếm</label><input></form>", "<div class='entry-tags'>Tags: đò</div>"),
    ],
)
@pytest.mark.parametrize(
    "frame", ["{}", "<div class='chapter-content'>{}</div>", "<main>{}</main>"]
)
def test_furniture_is_silent(tmp_path: Path, before: str, after: str, frame: str) -> None:
    body = f"{before}<h2>Đò chiều</h2>{frame.format(STORY)}{after}"
    book = read(tmp_path, body, "<script src='x.js'></script>")
    assert lines(book) == ["Đò chiều", *READ]


def test_a_page_of_a_story_site(tmp_path: Path) -> None:
    body = (
        "<div id='wrap'><div class='navbar navbar-default'><ul><li><a href='/'>Trang chủ</a>"
        "</ul></div><div class='container chapter' id='chapter-big-container'><div class='row'>"
        "<button>Ẩn</button><a class='truyen-title'>Bến vắng</a><h2><a class='chapter-title'"
        " href='#'>Chương 12: Đò chiều</a></h2><div class='chapter-nav'><a>Chương trước</a>"
        "<button>Danh sách</button></div><div id='chapter-c' class='chapter-c'>Ông Tư kể.<br><br>"
        "Hắn nói: Đi thôi.<div class='ads-responsive'>Quảng cáo</div><br>Trời mưa.</div>"
        "<div class='bg-info'>Bạn có thể dùng phím mũi tên để sang chương.</div></div></div>"
        "<div class='footer'>Đọc truyện online.</div></div>"
    )
    assert lines(read(tmp_path, body)) == [
        "Bến vắng",
        "Chương 12: Đò chiều",
        "Ông Tư kể.\nHắn nói: Đi thôi.",
        "Trời mưa.",
    ]


def test_a_page_of_news(tmp_path: Path) -> None:
    body = (
        "<header><a href='/'>Báo Mới</a><span>Thứ sáu</span></header><section><div>"
        "<ul class='breadcrumb'><li><a>Kinh doanh</a></ul><span class='date'>27/11/2026</span>"
        "<h1 class='title-detail'>Giá lúa tăng</h1><p class='description'>Giá lúa tăng ba ngày.</p>"
        "<article class='fck_detail'><p>Nông dân vui mừng vì giá lúa tăng ở khắp nơi.</p></article>"
        "<div class='box-tinlienquan'><h3>Tin liên quan</h3><article><a>Tin</a></article></div>"
        "</div></section><section class='box_comment'><h3>Ý kiến (5)</h3><p>Mừng quá.</p></section>"
    )
    head = "<title>Giá lúa tăng - Báo Mới</title><meta property='og:site_name' content='Báo Mới'>"
    book = read(tmp_path, body, head)
    assert book.title == "Giá lúa tăng"
    assert lines(book) == [
        "Giá lúa tăng",
        "Giá lúa tăng ba ngày.",
        "Nông dân vui mừng vì giá lúa tăng ở khắp nơi.",
    ]


def test_a_page_made_of_tables(tmp_path: Path) -> None:
    body = (
        "<table><tr><td><a href='/'>Trang chủ</a> | <a href='/f'>Diễn đàn</a> | <a>Liên hệ</a></td>"
        f"</tr><tr><td><h1>Đò chiều</h1>{STORY}</td></tr></table>"
    )
    assert lines(read(tmp_path, body)) == ["Đò chiều", *READ]


def test_a_post_of_a_blog(tmp_path: Path) -> None:
    body = (
        "<article class='post'><header><h1>Đò chiều</h1><span class='byline'>bởi Nam</span>"
        f"<time>1/6</time></header>{STORY}<p>Lúc <time>10:00</time> thì tạnh.</p>"
        "<div class='author-box'><p>Nam viết nhiều truyện.</p></div></article>"
        "<section id='comments'><h3>3 bình luận</h3><p>Hay.</p></section>"
    )
    assert lines(read(tmp_path, body)) == ["Đò chiều", *READ, "Lúc 10:00 thì tạnh."]


def test_an_article_of_wikipedia(tmp_path: Path) -> None:
    body = (
        "<div id='mw-navigation'><ul><li><a>Trang Chính</a></ul></div><main id='content'>"
        "<h1>Đò ngang</h1><div id='siteSub'>Bách khoa toàn thư mở Wikipedia</div>"
        f"<div class='mw-parser-output'>{STORY}<h2>Lịch sử<span class='mw-editsection'>[<a>sửa</a>"
        " | <a>sửa mã nguồn</a>]</span></h2><p>Từ xưa đã có.</p><div class='reflist'><ol><li>A."
        "</ol></div></div></main><footer>Trang này được sửa đổi lần cuối.</footer>"
    )
    assert lines(read(tmp_path, body)) == ["Đò ngang", *READ, "Lịch sử", "Từ xưa đã có."]


def test_a_reader_s_page_with_counts(tmp_path: Path) -> None:
    body = (
        "<nav>Khám phá</nav><div class='panel-reading'><h1>Chương 5: Gió</h1>"
        "<span class='reads'>1.2K</span><span class='votes'>30</span><pre><p>Gió thổi qua bến."
        "<span class='comment-marker'><span>3</span></span></p><p>Ông Tư ngồi im.</p></pre></div>"
        "<div class='recs'><h2>Bạn cũng sẽ thích</h2><div>Truyện A</div></div>"
    )
    assert lines(read(tmp_path, body)) == ["Chương 5: Gió", "Gió thổi qua bến.", "Ông Tư ngồi im."]


def test_a_page_of_plain_parts(tmp_path: Path) -> None:
    body = (
        "<div class='header'>TruyệnXYZ</div><div class='main'><h2>Đò chiều</h2><p class='meta'>"
        "Cập nhật: 12/3/2024 | Lượt xem: 1.234</p><div class='nav-chapter'><a>Trước</a> <a>Sau</a>"
        f"</div><div id='content'>{STORY}</div><p>Đọc truyện hay tại truyenxyz.example</p><h4>Danh "
        "sách chương</h4><ul><li><a>Chương 1</a></ul></div><div class='copyright'>2024</div>"
    )
    assert lines(read(tmp_path, body)) == ["Đò chiều", *READ]


def test_comments_longer_than_the_text_are_still_comments(tmp_path: Path) -> None:
    comments = "".join(f"<p>Chương này hay lắm, hóng chương {i} nhé ad.</p>" for i in range(40))
    body = f"<h1>Đò chiều</h1>{STORY}<div class='comments'>{comments}</div>"
    assert lines(read(tmp_path, body)) == ["Đò chiều", *READ]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        # A book with a header, a table of contents and footers of its own.
        (
            "<header id='title-block-header'><h1>Bến Lạc</h1><p class='author'>Lê Thử</p></header>"
            "<nav id='TOC'><a href='#a'>Sáng</a></nav><section><h2>Sáng</h2><p>Trời sáng.</p>"
            "<aside>Bên lề.</aside><footer>Ca dao</footer></section>",
            ["Bến Lạc", "Lê Thử", "Sáng", "Trời sáng.", "Bên lề.", "Ca dao"],
        ),
        ("<p class='comments'>Không phải bình luận.</p>", ["Không phải bình luận."]),
        (
            "<div class='share'>x</div><p>Xem <a href='x'>Trang chủ</a> của tôi.</p>",
            ["Xem Trang chủ của tôi."],
        ),
        (
            "<div class='page sidebar-right'><p>Một câu chuyện dài ở bến sông quê.</p></div>",
            ["Một câu chuyện dài ở bến sông quê."],
        ),
        (
            "<div class='menu'>x</div><h2>Thực đơn</h2><p>Sau.</p><p>Tiếp theo là canh chua.</p>",
            ["Thực đơn", "Sau.", "Tiếp theo là canh chua."],
        ),
        (
            "<script src='x'></script><h2>Chương 1</h2><p>Một.</p><h2>Chương 2</h2><p>Hai.</p>",
            ["Chương 1", "Một.", "Chương 2", "Hai."],
        ),
        (
            "<form></form><article><p>Truyện một, dài vừa phải.</p></article>"
            "<article><p>Truyện hai, cũng dài vừa phải.</p></article>",
            ["Truyện một, dài vừa phải.", "Truyện hai, cũng dài vừa phải."],
        ),
    ],
)
def test_what_is_text_stays(tmp_path: Path, body: str, wanted: list[str]) -> None:
    assert lines(read(tmp_path, body)) == wanted


def test_a_page_of_nothing_but_links_is_read_as_it_is() -> None:
    page = "<html><body class='menu'><a>Một</a><a>Hai</a><a>Ba</a></body></html>"
    assert web_page.marked(page) == page


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["<div class='menu'>", "<a href='x'>", "<p class=ads>x", "</b>"])
def test_a_hostile_page_ends(piece: str) -> None:
    web_page.marked("<form></form>" + piece * 20_000 + "Chào")
