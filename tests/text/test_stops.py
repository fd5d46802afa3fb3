"""A dot without a blank after it ends a sentence where a sentence begins, and nowhere else."""

from __future__ import annotations

import pytest

from sonca.text import pauses, plan
from sonca.text.splitter import sentences


def split(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Tôi đi.", "Anh ở lại."),
        ("Dạ vâng ạ.", "Con về đây."),
        ("Nó đi.", "Ở nhà vắng lắm."),
        ("Trời đẹp .", "Tôi đi chơi ."),
        ("Trời đẹp .", "tôi đi chơi."),
        ("Mua năm 2020.", "Sau đó bán."),
        ("Còn 5kg.", "Anh mua hết."),
        ("Giảm 50%.", "Nhưng hết hàng."),
        ("Lúc 7h.", "Tôi dậy."),
        ("Ta cười.", "“Anh về đi.”"),
        ("“Anh đi”.", "Cô ấy nói."),
        ("Anh ấy (28 tuổi).", "Chị ấy cũng vậy."),
        ("Mua táo, cam, v.v.", "Rồi về."),
        ("Ở bên FPT.", "Tôi làm ba năm."),
        ("Tôi dùng Facebook.", "Nhưng ít thôi."),
        ("Hắn ch.ết.", "Tôi khóc."),
        ("Nguời.", "Đi thôi."),
        ("TÔI ĐI.", "ANH Ở LẠI."),
        ("Họp lúc 8h30.", "Trời mưa to."),
        ("Sang nước Ý.", "Anh ấy thích."),
        ("Hihi.", "Mai gặp nhé."),
        ("Gửi a@b.vn.", "Anh chờ nhé."),
        ("Năm trước.", "UBND đã duyệt."),
        ("Vui quá !", "Tôi về."),
    ],
)
def test_a_sentence_ends(first: str, second: str) -> None:
    assert split(first + second) == [first, second]
    assert plan(first + second)[0].pause_s >= pauses.SENTENCE


@pytest.mark.parametrize(
    "text",
    [
        "Cài Node.js v1.2 nhé.",
        "Gửi a.b@c.vn nhé.",
        "Ở TP.HCM và TP.Hồ Chí Minh.",
        "Nhà ở 12 đ.Lê Lợi, x.Tân Phú, h.Củ Chi.",
        "Ở q.Tân Bình, p.Bến Nghé.",
        "Gặp bs.Lan và ThS.Lê Hà.",
        "Liên hệ A.Hùng, c.Lan, ô.Ba.",
        "Viết bằng .NET và .Net Core.",
        "Cài ASP.NET hoặc VB.Net đi.",
        "Ông B.Obama đến.",
        "Truyện của NXB.Trẻ in.",
        "Vào abc.com.vn xem.",
        "Nó t.ự.t.ử rồi.",
        "Hắn ch . ết rồi, c . h . ế . t.",
        "⋆｡°✩ Hết chap 1 ✩°｡⋆",
        "Ở P.HÒA BÌNH, TP.HUẾ, Q.TÂN BÌNH.",
        "Bà Ng.V.Anh và T.A.Tuấn.",
        "Số 1.500.000 và 3.5 nhé.",
        "Tập tin bao.Cao.docx đây.",
    ],
)
def test_a_sentence_goes_on(text: str) -> None:
    assert split(text) == [text]
