"""A dot after a letter ends a sentence only where it means to."""

from __future__ import annotations

import pytest

from sonca.text.planning import plan


@pytest.mark.parametrize(
    "text",
    [
        "Bé Ng. bị lạc, chị Ph. đi tìm.",
        "Bị cáo Ng.V.T. và bà Ng. V. A.",
        "Nghi phạm L.V.Th. bị bắt hôm qua.",
        "Trần Thị Ng. (30 tuổi) bị bắt.",
        "Anh M. đi bộ còn chị H. ở nhà.",
        "Liên hệ A. Hùng hoặc C. Lan.",
        "Gặp Ch. Hồng để lấy hàng.",
        "Ở 45 đ. Trần Phú, p. 5, q. 3, tp. HCM.",
        "Quê ở x. Hòa Bình, h. Tân Lạc, t. Hòa Bình.",
        "Đầu tk. 19 và cuối tk. XX.",
        "Nhân vật lên Lv. 12 rồi.",
        "Đường Ng. Văn Trỗi rất đông.",
        "Theo V. I. Lênin và C. Mác.",
    ],
)
def test_the_sentence_goes_on(text: str) -> None:
    (only,) = plan(text)
    assert "." not in only.spoken[:-1]


@pytest.mark.parametrize(
    "text",
    [
        "Chị Ph. Hôm đó chị đi.",
        "Bà Ng. V. A. Sau đó bà đi.",
        "Xếp hạng A. Sau đó họ về.",
        "Uống vitamin C. Lan thấy khỏe.",
        "Giá 12.000 đ. Lê Lợi mua hai cái.",
        "Số cần tìm là x. Ta có x + 2 = 5.",
        "Chuyển vào tk. Sau đó gọi tôi.",
        "Đáp án là A. Hùng chọn B.",
        "Nạn nhân Tr. đã về. Ông Th. nói vậy.",
        "Ông ấy làm ở FPT. Lan cũng vậy.",
    ],
)
def test_the_sentence_ends(text: str) -> None:
    assert len(plan(text)) == 2
