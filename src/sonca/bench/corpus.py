"""The texts that are spoken in benchmarks."""

from __future__ import annotations

import functools
from importlib import resources

SIXTY = "Chiều hôm đó trời nổi gió, mây kéo xuống từ phía ngọn núi xa."
"""About 60 characters: one short sentence."""

# Of about 8 s of speech each, like the request in the document this project started from.
LINES = (
    "Ông Thoại đang định buộc đò thì nghe tiếng gọi từ bờ bên kia, một giọng nhỏ mà rất rõ.",
    "Cô gái bước xuống, nhẹ nhàng ngồi vào giữa khoang, như người đã quen đi đò từ thuở nhỏ.",
    "Những hạt mưa đầu tiên rơi xuống, thưa và nặng, mỗi hạt vỡ trên ván thuyền thành tiếng.",
    "Hai bên bờ là tre, tre dày đến nỗi ban ngày cũng nghe tối, và chẳng ai muốn dừng lại lâu.",
    "Người già trong làng kể rằng ngày xưa, mỗi mùa nước lên, bến sông này đông vui như hội.",
    "Bà kể chậm, giọng đều đều, thỉnh thoảng lại ngừng tay, nhìn ra phía bến một lúc thật lâu.",
)


@functools.cache
def story() -> str:
    """Returns a story of about 10,000 characters in three chapters."""
    return resources.files("sonca.bench").joinpath("data", "story_vi.txt").read_text("utf-8")


def of_length(chars: int) -> str:
    """Returns the beginning of the story, repeated if need be, cut at a sentence near `chars`."""
    text = story()
    while len(text) < chars:
        text += "\n\n" + story()
    end = text.rfind(".", 0, chars)
    return text[: end + 1] if end > 0 else text[:chars]
