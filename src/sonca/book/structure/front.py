"""Finds front matter: title pages, copyright, dedications, what a publisher or a site adds.

Known by the contents' and headings' names, by form, and by what formats call it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sonca.book.model import TextBlock
from sonca.book.structure import headings
from sonca.book.structure.starts import form

FRONT = "front matter"
_NAMES = re.compile(
    r"(?:bìa(?:\s+(?:sách|trước|sau|lót|phụ))?|trang\s+bìa|cover(?:\s+page)?|front\s+cover"
    r"|(?:half[-\s]?)?title\s*page|trang\s+(?:tên\s+sách|tựa|nhan\s+đề|tiêu\s+đề|đầu)"
    r"|(?:trang\s+)?bản\s+quyền|copyrights?(?:\s+(?:page|notice))?|imprint|colophon"
    r"|thông\s+tin\s+(?:xuất\s+bản|bản\s+quyền|sách|ebook|e-book)|dedication"
    r"|(?:lời\s+)?đề\s+tặng|về\s+(?:ebook|e-book|bản\s+ebook)\s*(?:này)?|ebook\s+info"
    r"|mục\s+lục|contents|table\s+of\s+contents|toc)\s*:?\s*\Z",
    re.IGNORECASE,
)
_SIGNS = re.compile(
    r"©|\(c\)\s*\d{4}|\bISBN\b|all rights reserved|nộp lưu chiểu|giấy phép xuất bản"
    r"|chịu trách nhiệm (?:xuất bản|nội dung)|mã số thuế|giữ bản quyền|bản quyền (?:thuộc|tác phẩm)"
    r"|quyết định xuất bản|(?:ĐKXB|KHXB|QĐXB)|copyright\s+(?:\d|by)"
    r"|(?:ebook|e-book|epub|prc)\s+(?:này\s+)?(?:được\s+)?(?:thực hiện|tạo|làm|chia sẻ|hoàn thành)"
    r"|(?:thực hiện|tạo|làm)\s+(?:ebook|e-book|epub)|số hóa\s*:",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"nhà xuất bản|\bnxb\b|in lần thứ|in\s+[\d.]+\s*(?:bản|cuốn)|khổ\s+\d|in tại|in xong"
    r"|biên tập|trình bày|sửa bản in|vẽ bìa|thiết kế bìa|đối tác liên kết|website|email|điện thoại"
    r"|nguồn\s*:|https?://|www\.|số (?:xuất bản|đăng ký)",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?:tác\s+giả|dịch\s+giả|người\s+dịch|của|by|author)\b.{0,60}\Z|.{0,40}\bdịch\Z"
    r"|(?:tiểu\s+thuyết|truyện(?:\s+(?:ngắn|dài|vừa))?|tập\s+truyện.*|thơ|tản\s+văn|hồi\s+ký)\Z"
    r"|(?:nhà\s+xuất\s+bản|nxb)\b.{0,60}\Z|(?:hà\s+nội|tp\.?\s*hcm|sài\s+gòn)?\W*\d{4}\Z",
    re.IGNORECASE,
)
_PAGE_CHARS = 1500
"""A copyright page is no longer."""
_NAMED_CHARS = 3000
_EDGE = 40
"""Blocks at the ends of a file without parts in which a copyright notice may stand."""
_BEGIN = re.compile(r"\*\*\*\s*START OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
_END = re.compile(r"\*\*\*\s*END OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)


def mark_front(
    blocks: Sequence[TextBlock], skips: list[str | None], title: str, author: str
) -> None:
    """Sets the reason in `skips` for each block that is front matter."""
    _gutenberg(blocks, skips)
    pages = _pages(blocks)
    for number, page in enumerate(pages):
        if _is_front(blocks, page, skips, (title, author), number + 1 < len(pages)):
            _mark(skips, page)
    _named(blocks, skips)
    if len(pages) == 1:
        _edges(blocks, skips)
    if all(skip is not None for skip in skips):  # it is all the book has
        for index, skip in enumerate(skips):
            if skip == FRONT:
                skips[index] = None


def _mark(skips: list[str | None], page: Sequence[int]) -> None:
    for index in page:
        skips[index] = skips[index] or FRONT


def _gutenberg(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks what Project Gutenberg writes before and after a book."""
    begun = False
    for index, block in enumerate(blocks):
        if "GUTENBERG" not in block.text and "Gutenberg" not in block.text:
            continue
        if not begun and _BEGIN.search(block.text):
            _mark(skips, range(index + 1))
            begun = True
        elif _END.search(block.text):
            _mark(skips, range(index, len(blocks)))
            return


def _pages(blocks: Sequence[TextBlock]) -> list[list[int]]:
    """Returns the blocks of each file inside the book's."""
    pages: list[list[int]] = []
    for index, block in enumerate(blocks):
        if not index or block.part != blocks[index - 1].part:
            pages.append([])
        pages[-1].append(index)
    return pages


def _is_front(
    blocks: Sequence[TextBlock],
    page: Sequence[int],
    skips: Sequence[str | None],
    names: tuple[str, str],
    more: bool,
) -> bool:
    """Returns whether a whole file is a copyright or title page."""
    texts = [blocks[i].text for i in page if skips[i] is None]
    if not blocks[page[0]].part or not texts or sum(map(len, texts)) > _PAGE_CHARS:
        return False
    if any(headings.is_named(text) for text in texts):
        return False
    if any(_SIGNS.search(text) for text in texts):
        return True
    known = {form(name) for name in names} - {""}
    own = [form(text) in known for text in texts]
    title = bool(own) and form(names[0]) in {form(text) for text in texts}
    return more and title and all(o or _KIND.match(t) for o, t in zip(own, texts, strict=True))


def _named(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks what stands under a name such as `Bản quyền`, to the next heading or file."""
    for index, block in enumerate(blocks):
        name = block.opens or (block.text if block.level else "")
        if not name or len(name) > 60 or skips[index] is not None or not _NAMES.match(name.strip()):
            continue
        end = index + 1
        chars = len(block.text)
        while end < len(blocks) and blocks[end].part == block.part and not blocks[end].opens:
            if blocks[end].level and (
                block.level >= blocks[end].level or headings.is_named(blocks[end].text)
            ):
                break
            chars += len(blocks[end].text)
            end += 1
            if chars > _NAMED_CHARS:
                break
        inside = [blocks[i].text for i in range(index, end)]
        if chars <= _NAMED_CHARS and not any(headings.is_named(text) for text in inside):
            _mark(skips, range(index, end))


def _edges(blocks: Sequence[TextBlock], skips: list[str | None]) -> None:
    """Marks lines of a copyright notice before the first chapter and at the end of a text."""
    first = next((i for i, b in enumerate(blocks) if headings.is_named(b.text)), 0)
    for edge in (range(min(first, _EDGE)), range(max(first, len(blocks) - _EDGE), len(blocks))):
        lines = [i for i in edge if len(blocks[i].text) <= 2 * headings.MAX_CHARS]
        sure = [i for i in lines if _SIGNS.search(blocks[i].text)]
        _mark(skips, sure)
        if sure:
            _mark(skips, [i for i in lines if _WEAK.search(blocks[i].text) and _near(i, sure)])


def _near(at: int, others: Sequence[int]) -> bool:
    return any(abs(at - other) <= 8 for other in others)
