"""Where sentences end, and where they only look so."""

from __future__ import annotations

import pytest

from sonca.text.splitter import sentences


def split(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Tàu chạy lúc 10:30 từ ga số 3.5 nhé.",
        "Ông ở TP.HCM đã lâu.",
        "TS. Nguyễn Văn An nói.",
        "PGS. TS. Lê Thị Bình có mặt.",
        "Nguyễn A. Tuấn là bạn tôi.",
        "Anh... anh nói thật chứ?",
        "“Mẹ ơi!” – con bé gọi.",
        "Cái gì? hắn hỏi lại.",
        "Xem tại abc.com.vn nhé.",
        "1. Giới thiệu",
        "I. Mở đầu",
        "Đ... Đại ca!",
        "Giá 1.500.000 đồng.",
        "Táo, cam, v.v. và mận.",
        "P. Bến Nghé, Q. 1 ở trung tâm.",
    ],
)
def test_one_sentence(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Một. Hai! Ba? Bốn… Năm.", ["Một.", "Hai!", "Ba?", "Bốn…", "Năm."]),
        ("“Đi đi.” Hắn quát.", ["“Đi đi.”", "Hắn quát."]),
        ("- Ai đó? - Tôi.", ["- Ai đó?", "- Tôi."]),
        ("Xong.Rồi về.", ["Xong.", "Rồi về."]),
        ("một; hai", ["một;", "hai"]),
        ("Một\nHai", ["Một", "Hai"]),
        ("Trời 38,5 độ. Nóng quá.", ["Trời 38,5 độ.", "Nóng quá."]),
        ("Năm 2020. Sau đó.", ["Năm 2020.", "Sau đó."]),
        ("Nó học lớp 5. 3 năm sau nó lớn.", ["Nó học lớp 5.", "3 năm sau nó lớn."]),
    ],
)
def test_several_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_wrapped_line_goes_on() -> None:
    text = "Hai bên bờ là tre, tre dày đến nỗi ban ngày cũng\nnghe tối. Người ta nói thế."
    assert len(split(text)) == 2
    assert split("Thơ ngắn\nxuống dòng") == ["Thơ ngắn", "xuống dòng"]


def test_pieces_are_bounded() -> None:
    from sonca.text.splitter import MAX_SOURCE

    assert max(s.end - s.start for s in sentences("một hai ba " * 2000)) <= MAX_SOURCE
