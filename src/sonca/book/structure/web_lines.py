"""Finds lines that sites and their scrapers leave between the lines of a story: `Chương trước |
Mục lục | Chương sau`, `Nguồn: https://…`, counters of readers and words.

Only lines that say nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sonca.book.model import TextBlock

WEB = "page"
_MAX_CHARS = 120
_STEP = (
    r"(?:(?:chương|chap|chapter|trang|phần|tập|hồi|page|part)\s+"
    r"(?:trước(?:\s+đó)?|sau|kế(?:\s+tiếp)?|tiếp(?:\s+theo)?|previous|prev|next)"
    r"|(?:previous|prev|next)\s+(?:chapter|chap|page|part))"
)
_PLACE = (
    rf"(?:{_STEP}|trước|sau|tiếp|kế\s+tiếp|previous|prev|next|mục\s+lục|danh\s+sách\s+chương"
    r"|trang\s+chủ|(?:về|lên)\s+đầu\s+trang|home|index|top|toc|back|bình\s+luận|báo\s+lỗi)"
)
_BETWEEN = r"\s*[|/•·»«<>←→◄►▲\[\]()–—-][\s|/•·»«<>←→◄►▲\[\]()–—-]*"
_SIGN = r"[^\w.!?…,;]*"
_NAVIGATION = re.compile(
    rf"{_SIGN}(?:{_PLACE}(?:{_BETWEEN}{_PLACE}){{1,4}}|{_STEP}(?:\s+{_PLACE}){{0,3}}){_SIGN}\Z",
    re.IGNORECASE,
)
_ADDRESS = r"(?:https?://\S+|(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}(?:/\S*)?)"
_SOURCE = re.compile(
    r"[\W_]*(?:(?:nguồn|source|link(?:\s+gốc)?|web(?:site)?|trang)\s*[:：]\s*"
    r"|(?:bạn\s+đang\s+)?(?:đọc|xem|tải|nghe)\s+(?:thêm\s+|tiếp\s+|truyện\s+|ebook\s+|sách\s+|full\s+|.{0,40}\s)?"
    r"(?:tại|trên|ở|từ)\s*[:：]?\s*(?:web(?:site)?\s+|trang\s+)?"
    r"|truyện\s+(?:được\s+)?(?:đăng|copy|sao\s+chép|lấy|cập\s+nhật)\s+(?:\w+\s+){0,4}(?:tại|từ|bởi|trên|ở)\s*[:：]?\s*)"
    rf"{_ADDRESS}[\W_]*\Z|[\W_]*(?:https?://|www\.)\S+\s*\Z",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"[\W_]*(?:số\s+(?:từ|chữ)|lượt\s+(?:đọc|xem|thích)|word\s*count)?[\s:：]*\d[\d.,]*\s*[kKmM]?\s*"
    r"(?:từ|chữ|words?|lượt\s+(?:đọc|xem|thích|bình\s+chọn)|reads?|votes?|views?|likes?|stars?"
    r"|comments?|bình\s+luận|bình\s+chọn)[\W_]*\Z"
    r"|[\W_]*(?:\d[\d.,]*[kKmM][\s|·•,-]+)(?:\d[\d.,]*[kKmM]?[\s|·•,-]*){1,3}\Z",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"[\W_]*(?:\d|chương|chap|trang|phần|tập|hồi|pa|prev|next|trước|sau|tiếp|kế|mục|danh|về|lên|home"
    r"|index|top|toc|back|bình|báo|nguồn|source|link|web|bạn|đọc|xem|tải|nghe|truyện|http|www|số|lượt"
    r"|word)",
    re.IGNORECASE,
)
"""Cheap: how such a line begins."""


def mark_web(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Sets the reason in `skips` for each line that is of a web page only."""
    for index, block in enumerate(blocks):
        text = block.text
        if len(text) > _MAX_CHARS or skips[index] is not None or not _MAY.match(text):
            continue
        if _NAVIGATION.match(text) or _SOURCE.match(text) or _COUNTER.match(text):
            skips[index] = WEB
