"""Knows the names and phrases by which web pages tell their text from everything around it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from lxml import etree

from sonca.book.structure.headings import parse_heading


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
OF_PAGES = _words(
    "og: <script <form <iframe <button comment breadcrumb sidebar footer navbar menu share related "
    "ads quang binh chapter-nav pagination banner btn widget <header <nav home login"
) | {"trang chủ", "đăng nhập", "đăng ký"}
"""One of them is in the source of every page; to look for them is fast."""
_COMMENTS = _words(
    "comment comments commentlist binhluan disqus reply replies respond cmt comt idcomment"
)
_SURE = _words(
    "nav navbar navigation navbox breadcrumb breadcrumbs crumb crumbs sidebar widget widgets ads "
    "adv advert adverts advertise advertisement adsense adsbygoogle quangcao banner sponsor "
    "sponsored promo popup modal overlay cookie cookies consent gdpr share sharing social socials "
    "addthis sharethis related relate lienquan recommend recommended recommendation "
    "recommendations suggestion "
    "pagination pager paging login signup register newsletter subscribe baoloi copyright dmca "
    "disclaimer footer editsection catlinks reflist infobox noprint printfooter toolbar topbar "
    "bottombar offcanvas megamenu hotline donate skiplink backtotop scrolltop rating"
)
_MAYBE = _words(
    "menu header head top bottom side foot btn button buttons tag tags taglist hot new trending "
    "popular list like likes reads votes stats rate vote report search "
    "box setting settings config control controls "
    "tool tools meta info author date time view views category source ad author action actions "
    "user userinfo avatar signature postinfo profile "
    "byline dateline toc prev next back step more link links logo brand lang counter"
)
_PAIRS = (
    ("binh", "luan"), ("quang", "cao"), ("lien", "quan"), ("bao", "loi"), ("read", "more"),
    ("chapter", "nav"), ("chap", "nav"), ("nav", "chapter"), ("back", "top"), ("skip", "link"),
    ("screen", "reader"), ("sr", "only"), ("hot", "line"), ("off", "canvas"), ("list", "chapter"),
    ("chapter", "list"), ("dieu", "huong"), ("chia", "se"), ("de", "cu"),
)  # fmt: skip
_TEXT = re.compile(
    r"(?:chapter|chap|truyen|story|reading|entry|post|article|detail|page|main|singular|fck|news"
    r"|box|the|doc)?[-_]?(?:c|content|contents|body|text|detail|noi-?dung|chap|chapter|article"
    r"|reading|inner)[-_]?(?:chapter|chap|content|body|text|detail|truyen|inner|box|area)?"
    r"|noi-?dung.{0,20}|vung_?doc|chapter|mw-parser-output|maincontent|khung-?doc",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:chapter|chap|truyen|story|book|post|entry|article|page)[-_]?(?:title|name|heading)"
    r"|title[-_]?(?:chapter|chap|truyen|story|detail|post|news)|ten-?(?:truyen|chuong)",
    re.IGNORECASE,
)
_CHAPTER = r"(?:chương|chap|chapter|tập|phần|hồi|bài|bài viết|trang)"
_DIRECTION = r"(?:trước|trước đó|sau|kế|kế tiếp|tiếp|tiếp theo|previous|prev|next)"
_PHRASE = re.compile(
    rf"(?:{_CHAPTER} {_DIRECTION}|(?:next|previous|prev) (?:chapter|chap|page|post)"
    r"|(?:danh sách|mục lục) (?:chương|chap)|về trang (?:chủ|truyện)|trang chủ|đăng nhập|đăng ký"
    r"|cài đặt(?: đọc truyện)?|(?:tiếp tục )?đọc (?:tiếp )?(?:phần|chương)"
    r" (?:sau|kế|kế tiếp|tiếp theo)"
    r"|báo lỗi(?: chương| truyện)?|quảng cáo|advertisements?|tải (?:ứng dụng|app)|cỡ chữ"
    r"|lên đầu trang|về đầu trang|back to top|skip to (?:content|main)|bỏ qua nội dung"
    r"|chuyển đến nội dung(?: chính)?|bật/tắt.{0,20}|chia sẻ (?:bài viết|lên|qua|truyện).{0,20}"
    r"|tùy chỉnh|tuỳ chỉnh|cấu hình|sửa|\[sửa.{0,20}|all rights reserved\.?|©.{0,70}"
    r"|(?:bạn đang )?(?:đọc|xem|theo dõi) .{0,40}(?:tại|trên|ở) .{0,15}\b[\w-]+\.[a-z]{2,10}\b\S*"
    r"|copyright.{0,60}|bản quyền (?:thuộc|©).{0,60})",
    re.IGNORECASE,
)
_LINKED = re.compile(
    rf"{_DIRECTION}|xem thêm|đọc thêm|đọc tiếp|chi tiết|theo dõi|thích|lưu|in|chia sẻ|facebook"
    r"|twitter|zalo|google|email|home|menu|mục lục|bình luận|trả lời|reply|báo cáo|tải về|download",
    re.IGNORECASE,
)
_FURNITURE_HEADING = re.compile(
    r"(?:\d+ )?(?:bình luận|comments?|ý kiến(?: bạn đọc)?|nhận xét)(?: \(?\d+\)?| mới.*| về.*)?"
    r"|(?:có thể )?bạn (?:(?:cũng|có thể|sẽ) ){0,3}(?:quan tâm|thích|muốn đọc).*"
    r"|(?:truyện|tin|bài|bài viết|sách|chương) (?:cùng|liên quan|hot|đề cử|nổi bật|mới|nóng"
    r"|đọc nhiều|xem nhiều|khác).*|cùng (?:chuyên mục|thể loại|tác giả).*|xem thêm|đọc thêm"
    r"|đọc nhiều(?: nhất)?|tags?|từ khóa|chủ đề|related.*|you may.*|leave a (?:reply|comment)"
    r"|(?:để lại|viết|gửi) (?:một )?(?:bình luận|phản hồi|trả lời).*|theo dõi (?:chúng tôi|trên).*"
    r"|chia sẻ.*|đánh giá(?: truyện)?|danh sách chương|newsletter|quảng cáo",
    re.IGNORECASE,
)
_EDGES = "«»‹›<>←→◄►▲▼|•·:*[]() \t"


def signs(element: etree._Element) -> tuple[str, bool]:
    """Returns whether an element's class or id calls it furniture (``comments``, ``furniture`` or
    empty), and whether it may be."""
    kinds = [_signs(value) for value in (element.get("class"), element.get("id")) if value]
    sure = next((kind for kind, _ in kinds if kind), "")
    return sure, bool(sure) or any(maybe for _, maybe in kinds)


@lru_cache(maxsize=1024)
def _signs(value: str) -> tuple[str, bool]:
    parts = [part.lower() for part in _PART.findall(value[:500])]
    found = frozenset(parts)
    if found & _COMMENTS or ("binh", "luan") in pairwise(parts):
        return "comments", True
    if found & _SURE or any(pair in _PAIRS for pair in pairwise(parts)):
        return "furniture", True
    return "", bool(found & _MAYBE)


def is_text(element: etree._Element) -> bool:
    """Returns whether an element is called the text of its page."""
    if element.tag in ("article", "main") or element.get("role") == "main":
        return True
    if element.get("itemprop") in ("articleBody", "text"):
        return True
    if element.tag not in ("div", "section", "td"):
        return False
    return any(_is_text_name(value) for value in _values(element))


@lru_cache(maxsize=1024)
def _is_text_name(value: str) -> bool:
    return bool(_TEXT.fullmatch(value))


def is_title(element: etree._Element) -> bool:
    """Returns whether an element is a title of the text, and nothing more."""
    if element.tag in ("h1", "h2", "h3"):
        return True
    if element.tag not in ("div", "p", "a", "span", "h4", "strong", "b"):
        return False
    text = " ".join(" ".join(element.itertext()).split())
    if not 0 < len(text) <= 200 or is_phrase(text, linked=True):
        return False
    heading = parse_heading(text)
    return bool(heading and heading.named) or any(
        _TITLE.fullmatch(value) for value in _values(element)
    )


def is_phrase(text: str, *, linked: bool) -> bool:
    """Returns whether all that an element says is for who clicks: `Chương trước`, `Báo lỗi`; of
    more words if it is a link."""
    bare = text.strip(_EDGES)
    return bool(_PHRASE.fullmatch(bare)) or (linked and bool(_LINKED.fullmatch(bare)))


def heads_furniture(text: str) -> bool:
    """Returns whether a heading is that of comments, or of links to other pages."""
    return bool(_FURNITURE_HEADING.fullmatch(text.strip(_EDGES)))


def opens_comments(text: str) -> bool:
    """Returns whether the first words of an element head comments: `Bình luận (2)`."""
    return bool(_COMMENTS_HEAD.fullmatch(text.strip()))


def is_of_site(element: etree._Element) -> bool:
    """Returns whether an element is a site's head, with its name, or says only a date."""
    if element.get("id", "").lower() in _SITE or element.get("class", "").lower() in _SITE:
        return True
    words = set(_PART.findall(element.get("class", "").lower()))
    return bool(words & {"date", "time", "datetime"})


_SITE = frozenset(
    """header header1 masthead site-header site-title site-name branding blog-title blog-header
    header-wrapper header-inner logo""".split()  # noqa: SIM905
)
_COMMENTS_HEAD = re.compile(
    r"(?:bình luận|comments?|nhận xét|ý kiến)\s*(?:\(\s*\d+\s*\)|:?\s*\d+)"
    r"|\d+ (?:bình luận|comments?|nhận xét):?",
    re.IGNORECASE,
)


def _values(element: etree._Element) -> list[str]:
    return [*element.get("class", "").split()[:20], element.get("id", "")]
