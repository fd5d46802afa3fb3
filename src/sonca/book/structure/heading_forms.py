"""How headings are written: names of chapters and parts, numbers, decoration.

Only patterns and word lists; `sonca.book.structure.headings` reads lines with them.
"""

from __future__ import annotations

import re
from typing import Literal

Rank = Literal["part", "chapter", "bare"]

ORDER: dict[str, Rank] = {
    **dict.fromkeys(
        ("phần", "quyển", "tập", "thiên", "bộ", "cuốn", "part", "book", "volume", "vol"), "part"
    ),
    **dict.fromkeys(
        (
            *(
                "chương",
                "chuong",
                "hồi",
                "bài",
                "màn",
                "cảnh",
                "tiết",
                "chapter",
                "chap",
                "chp",
                "act",
            ),
            *("scene", "ngoại truyện", "phiên ngoại", "extra", "episode", "side story"),
        ),
        "chapter",
    ),
}
_DIGIT_WORDS = (
    "không|một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|bẩy|tám|chín|mười|mươi|trăm|linh|lẻ|nhất|nhì"
)
_HAN_WORDS = "nhất|nhị|tam|tứ|ngũ|lục|thất|bát|cửu|thập|bách|thiên|linh"
_DIGITS = r"\d{1,5}(?:[.,]\d{1,2}(?!\d))?(?:\s?[-–+&]\s?\d{1,5}(?!\w))?[a-dA-D]?"
NUMBER = (
    rf"(?:[#№]?{_DIGITS}|[IVXLCDM]{{1,9}}(?![\w])|[ivxlcdm]{{1,9}}(?![\w])|"
    rf"(?:{_DIGIT_WORDS})(?:\s+(?:{_DIGIT_WORDS}))*|cuối(?:\s+cùng)?|kết|mở\s+đầu|đầu(?:\s+tiên)?|"
    r"đặc\s+biệt|phụ|thượng|trung|hạ|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_NAMES = "|".join(sorted(ORDER, key=len, reverse=True))
MARK = r"(?P<mark>\s*[:.\-–—|)\]/~•·：、。»>=]+\s*|\s+|\Z)"
NAMED = re.compile(
    rf"(?P<name>{_NAMES})(?:\s*[.]\s*|\s+)?"
    rf"(?P<order>(?<=[\s.])(?:thứ|số)\s+)?(?P<number>(?<=[\s.]){NUMBER}|(?<=\w)\d{{1,5}})(?![\w])"
    rf"{MARK}(?P<title>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
HAN_ORDER = re.compile(
    rf"(?:đệ|thứ)\s+(?P<number>\d{{1,5}}|(?:{_HAN_WORDS})(?:\s+(?:{_HAN_WORDS}))*)\s+"
    rf"(?P<name>chương|hồi|quyển|tiết|tập|thiên|bộ|cuốn)(?![\w]){MARK}(?P<title>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
LETTERED = re.compile(
    r"(?:[QqVv](?:ol)?\.?\s?\d{1,3}\s*[-–.,:]?\s*)?"
    rf"(?P<name>C|Ch|PN|NT)\.?\s?(?P<number>\d{{1,5}})(?![\w]){MARK}(?P<title>.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
HAN = re.compile(
    r"第\s*(?P<number>\d{1,5}|[一二三四五六七八九十百千零〇两]{1,9})\s*[章回卷节節话話]"
    r"(?P<title>.*)\Z",
    re.DOTALL,
)
BOOK_BEFORE = re.compile(
    r"(?P<book>[^\W\d_][^.!?…,;:]{1,50}?)\s+(?P<rest>(?:Chương|CHƯƠNG|Chap(?:ter)?|CHAP(?:TER)?)\s+\d{1,5})\Z"
)
"""The book's title right before the chapter's number, with nothing between."""
COUNTED = re.compile(
    rf"(?P<name>[^\W\d_]+(?:\s[^\W\d_]+)?)\s+(?:thứ\s+)?(?P<number>\d{{1,4}}|[IVXLC]{{1,6}}(?!\w)|"
    rf"(?:{_DIGIT_WORDS})(?:\s+(?:{_DIGIT_WORDS}))*)(?![\w])\s*(?P<title>[:.\-–—]\s*\S.{{0,80}})?\Z",
    re.IGNORECASE,
)
"""Any name with a number (`Ngày thứ hai`, `Đoản 3`): a heading only where it counts from one."""
BEFORE = re.compile(
    rf"(?:(?:(?:q|v|vol|t)\.?|{'|'.join(n for n, r in ORDER.items() if r == 'part')})"
    rf"\s*{NUMBER}(?![\w])\s*[-–—:.,|/]*\s*)(?P<rest>\S.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
"""A part's number before a chapter's (`Q.1 - Chương 1`)."""
AFTER_TITLE = re.compile(
    r"(?P<book>[^\W\d_].{1,70}?)\s+(?:[-–—|]|::?)\s+(?P<rest>\S.*)\Z", re.DOTALL
)
"""The book's title before the chapter's heading."""
ALONE = re.compile(
    r"(?:lời\s+(?:mở\s+đầu|nói\s+đầu|giới\s+thiệu|tựa|bạt|kết|cảm\s+ơn|ngỏ|tác\s+giả|người\s+dịch"
    r"|dẫn|đầu\s+sách|nhà\s+xuất\s+bản|cuối\s+sách)"
    r"|thay\s+lời\s+(?:tựa|kết|mở\s+đầu|giới\s+thiệu)"
    r"|mở\s+đầu|mở\s+màn|đoạn\s+kết|khúc\s+dạo\s+đầu|khúc\s+vĩ\s+thanh|dẫn\s+nhập|dẫn\s+truyện"
    r"|vĩ\s+thanh|phụ\s+lục|giới\s+thiệu|tóm\s+tắt|tựa|kết\s+thúc|đại\s+kết\s+cục|kết\s+cục|tiết\s+tử|tự\s+chương"
    r"|chung\s+chương|hậu\s+ký|hậu\s+kí|hậu\s+truyện|tiền\s+truyện|văn\s+án"
    r"|kết(?:\s+truyện)?|ngoại\s+truyện|phiên\s+ngoại|extra|side\s+story|prologue|epilogue|preface|introduction"
    r"|foreword|afterword|interlude)"
    r"(?:\s*[:.\-–—：]\s*(?P<title>.+)|\s+\d{1,3}|\s+[A-Z])?\s*\Z",
    re.IGNORECASE,
)
BARE = re.compile(r"[\[(]?(?:(?P<roman>[IVXLCDM]{1,8})|(?P<digits>\d{1,4}))\s*[.:)\]]?\s*\Z")
LISTED = re.compile(
    r"(?:(?P<roman>[IVXLCDM]{1,8})|(?P<digits>\d{1,4}))\s*[.:)\-–]\s+(?P<title>\S.{0,60})\Z"
)
"""A number and a title (`1. Gặp gỡ`): a heading only where such lines count from one."""
LOWER_TITLE = re.compile(r"(?:chương|chap|chapter|hồi)\s+\d{1,5}\s", re.IGNORECASE)
_ON = (
    "của là và thì có này kia ấy đó nọ được cũng đã đang sẽ trong cuốn kể nói viết về với cho "
    "mà nhưng rồi vẫn chưa không tôi ta anh chị ông bà em nó họ ở từ đến do bởi vì nên như "
    "giờ phút giây ngày tháng năm tuổi trăm nghìn ngàn triệu tỷ đồng người cái chiếc lần"
)
NO_TITLE = frozenset(_ON.split())
"""Words that go on with a sentence, and do not begin a title in small letters."""
BRACKETS = re.compile(
    r"[\[【〔〖《〈「『(<{](?P<inner>[^\]】〕〗》〉」』)>}]{3,100})[\]】〕〗》〉」』)>}]"
)
_BEGIN = (
    rf"{_NAMES}|lời|giới|tóm|thay|mở|đoạn|khúc|dẫn|vĩ|phụ|tựa|kết|đại|tự|chung|hậu|tiền|văn|đệ|side|pro|epi"
    r"|preface|intro|foreword|after|inter|thứ\s|第|(?:chp?|c|pn|nt|q|v|t)\.?\s?\d"
)
MAY = re.compile(
    rf"[\W_]*(?:\d|[IVXLCDM]{{1,9}}(?!\w)|{_BEGIN})"
    rf"|[^-–—|:>》】\])]{{0,90}}[-–—|:>》】\])][\W_]*(?:chương|chap|hồi|đệ|c\d|c\.|ch\.|phiên|pn|q|quyển"
    r"|tiết|bài|màn|cảnh|extra|tập|phần)",
    re.IGNORECASE,
)
"""Cheap: what no heading begins with is none. The second half is for the book's title before it."""
NUMBERED_END = re.compile(r"(?:chương|chap(?:ter)?)\s+\d{1,5}\s*\Z", re.IGNORECASE)
"""Cheap, too: how a line ends that has the book's title before the chapter's number."""
PICTURES = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\ufe0e\ufe0f\u200d]+")
UNUSUAL = re.compile(
    r"[\U0001f000-\U0001faff\u2600-\u27bf\ufe0e\ufe0f\u200d\U0001d400-\U0001d7ff\uff01-\uff5e]"
)
"""Those, letters of mathematical alphabets, and wide ones."""
UNSEEN = re.compile(r"[\ufeff\u200b-\u200f\u00ad\u2060\u202a-\u202e]")
DECORATION = " \t\u00a0\u3000*_#=~+•·●○◦☆★✩✪✦✧✿❀❁❖◆◇■□▪▫♥♡❤♪♫»«›‹|※→←►◄▶◀↔°^✶✴✯❄☀☾⊱⊰꧁꧂ღ"
DASHES = "-–—―−"
