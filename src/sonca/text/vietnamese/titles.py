"""Tells when a letter with a dot is a title ("gặp A. Hùng") or a kind of place ("12 đ. Lê Lợi")."""

from __future__ import annotations

import re

from sonca.text.vietnamese.wordlists import word_set, words

TITLES = {"A": "anh", "C": "chị", "E": "em", "a": "anh", "c": "chị", "e": "em", "Ch": "chị"}
_NAMED = re.compile(r"\.\s?([A-ZĐÀ-Ỵ][^\W\d_]{0,7})(?![^\W\d_])")
_TITLE_BEFORE = word_set(
    "hệ gặp gọi hỏi nhắn tin gửi tìm nhờ báo mời ơn đưa giao cho với của và hoặc hay cùng do theo"
    " lh alo sđt đt zalo hotline trách chủ là bởi thưa chào bên nhắc thăm đón rước nhà xin mua thuê"
    " giúp hộ dùm phiền"
)
_GRADED = word_set(
    "vitamin nhóm lớp hạng loại điểm khối đội bảng tổ câu án chọn khoanh mục phần tố hepatitis gan"
)
"""Words near which A and C are marks or sorts, not people."""
_CALLED = re.compile(r" (?:ơi|à|ạ|nhé|nha)(?!\w)")
_PHONED = re.compile(r"[^\n.]{0,30}?[ (:–-]\(?\+?\d[\d .]{6}")


def is_title(text: str, dot: int) -> bool:
    """Returns whether the letter before the dot is anh, chị or em before a given name: "gặp A.
    Hùng hoặc C. Lan". After a surname it is an initial, at the start of a line an answer."""
    start = dot - 2 if text[max(0, dot - 2) : dot] == "Ch" else dot - 1
    if text[start:dot] not in TITLES or text[max(0, start - 1) : start].isalnum():
        return False
    found = _NAMED.match(text, dot)
    if found is None or found[1] not in words("given_names.tsv"):
        return False
    if _CALLED.match(text, found.end()):
        return True
    before = text[max(0, start - 28) : start]
    if not before.strip() or before[-1] == "\n":
        return _PHONED.match(text, found.end()) is not None
    near = re.findall(r"[^\W\d_]+", before.lower())
    if not near or not _GRADED.isdisjoint(near):
        return False
    return near[-1] in _TITLE_BEFORE or before.rstrip()[-1] in ":(,/–-"


_PLACED = re.compile(
    r"\.\s?(?P<first>[A-ZĐÀ-Ỵ][^\W\d_]*|số(?= \d))(?P<next> [A-ZĐÀ-Ỵ0-9]|\s*(?:[,.;)–-]|\Z))?"
)
_PLACE_BEFORE = re.compile(
    r"(?:\A|\n|[,;(–:-]|(?-i:[A-ZĐÀ-Ỵ][^\W\d_]{1,7}) "
    r"|(?<![\w.,])\d{1,4}[a-dA-D]?(?:/\d{1,4}[a-dA-D]?){0,4}"
    r"|(?<!\w)(?:ở|tại|thuộc|về|đến|tới|ra|vào|từ|góc|tư|ngụ|trú|hẻm|ngõ|quê|trên|dọc|khu|phố|nhà"
    r"|xã|phường|ấp|thôn|qua|số|và|hết|ngay|gần|đường))[ ]?\Z",
    re.IGNORECASE,
)
_KINDS = frozenset(("đ", "p", "q", "x", "h", "t", "tx", "tt", "kp"))
_PRICE = re.compile(r"(?<!\w)(?:giá|tiền|phí|bán|mua|trả|tốn|lương|phạt)(?!\w)", re.IGNORECASE)


def is_place(text: str, dot: int) -> bool:
    """Returns whether the small letters before the dot are a kind of place before its name: "12
    đ. Lê Lợi, x. Tân Phú". After a price "đ." is money."""
    start = dot
    while start > 0 and dot - start < 3 and text[start - 1].islower():
        start -= 1
    kind = text[start:dot]
    if kind not in _KINDS:
        return False
    found = _PLACED.match(text, dot)
    if found is None or found["first"].isupper():
        return False
    before = text[max(0, start - 28) : start]
    kept = _PLACE_BEFORE.search(before)
    if kept is None or (kind == "đ" and _PRICE.search(before)):
        return False
    if found["first"] == "số":
        return kind == "đ"
    return found["next"] is not None or (kind == "đ" and kept[0].strip(" ,;(–:-\n") != "")
