"""Reads two numbers with a slash or a dash: a day, a place named after one, a fraction, a rating.

The words around decide. Without any, a pair that can be a day and is no proper fraction is a day.
"""

from __future__ import annotations

import re

from sonca.text.rules.dates import is_day_month, month_name, say_day
from sonca.text.rules.rule import Replacement, Rule, Workspace
from sonca.text.vietnamese.wordlists import word_set

_DATE_BEFORE = word_set(
    "ngày mùng mồng hôm đêm sáng trưa chiều tối dịp lễ tết từ đến tới trước sau qua vào nay mai"
    " chót hạn kỷ kỉ niệm sinh nhật khánh tuần cuối đầu ngay nghỉ kể rạng quốc mừng ngày: lịch khai"
    " giảng"
)
_FRACTION_BEFORE = word_set(
    "số giảm tăng chiếm khoảng hơn gần còn được ăn uống bằng là hết quá thiếu đạt điểm lệ một cả"
    " chỉ với cần lấy bớt thêm xấp xỉ bán mất uống cắt đổ pha gồm áp kết quả chấm"
)
_FRACTION_AFTER = word_set(
    "diện số dân cốc quãng lượng tổng thời khối bánh cái chiếc quả người học lít ly muỗng thìa chén"
    " bát tài thế cơ nước của đoạn lớp đời chặng giá thu vốn cổ phần đường giờ chiều công lần các"
    " những lá hộ hành đội tấn kg tháng mét giây inch điểm dung sản thể ngân doanh nhiệm"
    " câu"
    " độ diop đi"
    " bài thành nhân tuần cup trái viên tờ cuốn đất kho máy bình chai hộp ý ghế phiếu cử đại"
    " mục chỉ kế yêu nhu quân lực củ hecta ha thân khuôn mặt căn dự rừng hàng đàn túi vườn"
)
_MEASURED = word_set(
    "giờ số dân diện quãng tổng lượng khối cốc chén bát ly lít muỗng thìa bánh chiếc quả trái tấn"
    " kg mét giây inch dung sản thể ngân doanh giá thu vốn tài cup hộ diop hộp viên"
)
"""What a fraction is of, whatever word of time stands before it: "trước 1/2 giờ"."""
_NO_TIME = frozenset(
    ("ánh sáng", "độ sáng", "bóng tối", "phía trước", "phía sau", "mặt trước", "mặt sau", "nửa sau")
)
"""Words whose last syllable alone would be a time."""
_OVER_BEFORE = word_set("điểm đạt lệ quả áp chấm số trang slide")
_HOLIDAYS = word_set("1/5 2/9 1/6 3/2 1/1 3/3 7/5 8/3 5/9 2/3 10/10")
_MEMORIAL = word_set(
    "1/5 2/9 1/6 3/2 3/3 7/5 8/3 10/10 9/1 26/3 29/3 30/4 19/5 27/7 19/8 20/10 20/11 22/12"
)
"""Days that streets, markets and airports are named after; written with a dash too."""
_PLACE_BEFORE = word_set("đường phố lộ bay viên trường làng rạp cầu chợ máy nghiệp viện xá")
_PLACES = frozenset(
    ("công viên", "quảng trường", "đại lộ", "sân bay", "cầu vượt", "nhà máy", "nông trường")
)
_FEAST_BEFORE = word_set("khánh hôm tối chiều trưa mừng niệm quà tặng")
_RATED_BEFORE = word_set("lực khỏe khoẻ giá hạng mắt phim đau rating review apgar trải")
_STATS = word_set("hp mp sp exp mana máu nghiệm lực lượng level pin công")
_OPEN_BEFORE = word_set("cửa vụ việc động trực bán nhận")
_PRAISED = word_set("đẹp ngon tốt vời lòng hảo ưng cho xịn đỉnh lượng hay chuẩn")
_DAY_BEFORE = word_set("ngày mùng mồng hôm lễ tết dịp đêm sinh nhật niệm")
_NUMBERED = r"(?i:lớp|câu|bài|số|phòng|trang|khối|chương|phần|nhóm|tổ|đội|đề|mã) "
_PARTS = word_set("tập phần trang chương slide bài kỳ hồi ảnh hình file bản số tờ quyển điểm")
"""What is counted as "tập 01/12"; elsewhere a zero in front is a date's."""
_SCALES = frozenset((5, 6, 7, 10, 12, 20, 30, 40, 50, 60, 80, 100))
_COUNTED = word_set(
    "ngày giờ người lần năm tuần phút điểm bàn trận quả con cái triệu nghìn ngàn tỷ"
)


def _slash(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``a/b``: a day, a street, a fraction or a ratio, by what stands around it."""
    a, b = int(match["a"]), int(match["b"].replace(".", ""))
    before = "" if _COMMA.search(work.text, 0, match.start()) else work.before(match.start())
    after = work.after(match.end())
    said = f"{work.cardinal(a)} trên {work.cardinal(b)}"
    if is_day_month(a, b) and _names_place(a, b, before, match, work):
        return f"{work.cardinal(a)} tháng {month_name(b, work)}"
    if (a, b) == (50, 50):
        return said.replace(" trên", "")
    if (a, b) in ((24, 7), (24, 24)) and before not in ("ngày", "sáng", "đêm", "tối", "chiều"):
        return said
    if _is_rating(a, b, before, after, match, work):
        return said
    if is_day_month(a, b) and "0" in (match["a"][0], match["b"][0]):
        if before in _PARTS:
            return said
        if after not in _FRACTION_AFTER:
            return say_day(a, b, work, match.start())
    if is_day_month(a, b) and _is_date(a, b, before, after, match, work):
        return say_day(a, b, work, match.start())
    if b == 0 or a >= b or b > 1000 or after == "điểm":
        return said
    over = before in _OVER_BEFORE and not (before in ("đạt", "số") and after in _FRACTION_AFTER)
    if over and work.before(match.start(), 2) != "phân số":
        return said
    return f"{work.cardinal(a)} phần {'tư' if b == 4 else work.cardinal(b)}"


def _names_place(a: int, b: int, before: str, match: re.Match[str], work: Workspace) -> bool:
    """Returns whether a place is named after the day: "đường 3/2", "chợ 1-5"."""
    if before in ("đường", "phố", "lộ", "đ"):
        return "/" in match[0] or f"{a}/{b}" in _MEMORIAL
    if "/" in match[0] and work.before(match.start(), 2) in _PLACES:
        return True
    if before not in _PLACE_BEFORE or f"{a}/{b}" not in _MEMORIAL:
        return False
    return work.before(match.start(), 2) not in ("trận cầu", "thành viên", "học viên")


def _is_rating(
    a: int, b: int, before: str, after: str, match: re.Match[str], work: Workspace
) -> bool:
    """Returns whether one number is out of the other: "thị lực 8/10", "4/5 sao", "HP: 500/1000",
    "mở cửa 7/7", "Chương 12 (2/3)"."""
    text, start, end = work.text, match.start(), match.end()
    if after in ("sao", "điểm") and a <= b:
        return True
    if text[end : end + 1] == ")" and work.preceded(start, _PART_BEFORE, 16):
        return True
    if b >= 50 and (before in _STATS or text[:start].rstrip().endswith(":")):
        return True
    if a == b and (before in _OPEN_BEFORE or before in _PRAISED):
        return True
    return a <= b and b in _SCALES and before in _RATED_BEFORE


def _from_part_to_part(a: int, b: int, match: re.Match[str], work: Workspace) -> bool:
    """Returns whether both ends of a range are fractions: "từ 1/3 đến 2/3 dân số"."""
    other = work.followed(match.end(), r" (?:đến|tới|-|–) (\d{1,2})/(\d{1,2})(?![\w/])")
    if other is not None:
        return int(other[1]) < int(other[2]) and work.after(other.end()) in _FRACTION_AFTER
    first = work.preceded(match.start(), r"\d{1,2}/\d{1,2} (?:đến|tới|-|–) ", 16)
    return first is not None and work.after(match.end()) in _FRACTION_AFTER and a < b


def _mixed(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``1 1/2 chén``: a whole number and a fraction of the same thing."""
    a, b = int(match["a"]), int(match["b"])
    unit = work.followed(match.end(), r" ?(?:kg|g|m|cm|km|l|ml|h|inch|in|tsp|tbsp|cup)(?!\w)")
    named = work.after(match.end()) in _FRACTION_AFTER | {"năm", "ngày", "tuổi", "vòng"}
    numbered = work.preceded(match.start(), _NUMBERED)
    if not 0 < a < b or not (unit or named) or numbered:
        return None
    whole = work.cardinal(match["n"])
    if (a, b) == (1, 2):
        return f"{whole} rưỡi"
    return f"{whole} và {work.cardinal(a)} phần {'tư' if b == 4 else work.cardinal(b)}"


def _with_fraction(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether a fraction is joined to this one: "2/3 và 3/4 của 24"."""
    other = work.followed(match.end(), r"(?:,| và| hoặc| hay) \d{1,2}/\d{1,2}(?![\w/])")
    return other is not None and work.after(other.end()) in _FRACTION_AFTER


_CHANGED = r" (?:xuống|lên|còn|thành)(?: còn| chỉ)* \d{1,2}/\d"
_COMMA = re.compile(r"[,;] ?\Z")
"""The word before a comma says nothing about the number after it."""
_PART_BEFORE = r"(?i:chương|tập|phần|kỳ|bài|hồi|đoạn|quyển|trang) \d{1,4} ?\("
_WEEKDAY = r"(?i:thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ nhật|\bcn|\bt[2-7]),? ?\(?"
_JOINT = r"(?:, ?| và | đến | tới | ?[-–] ?)"
_DAYS_BEFORE = rf"(?i:(?:ngày|mùng|mồng) \d{{1,2}}(?:{_JOINT}\d{{1,2}}){{0,4}}{_JOINT}?)"
_DASHED_BEFORE = (
    r"(?i:(?:ngày|dịp|lễ|đêm|sáng|tối) \d{1,2}[-/.]\d{1,2}(?:[-/.]\d{4})?"
    r"(?:(?:, ?| và | hoặc | hay )\d{1,2}[-/.]\d{1,2}){0,5}"
    r"(?:, ?| và | đến | đến hết | tới | hoặc | hay | cho đến | - | – )(?:ngày )?)"
)
_FEAST = (
    r"(?i:(?:ngày (?:nhà giáo|phụ nữ|giải phóng|quốc|thành lập|thầy thuốc|thương binh|lễ|hội)"
    r"|cách mạng tháng)[^.,;]{0,24} )"
)


def _dash(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``a-b`` as a day: of a place named after it, a feast, or one more after others."""
    a, b = int(match["a"]), int(match["b"])
    if not is_day_month(a, b):
        return None
    start = match.start()
    before, after = work.before(start), work.after(match.end())
    if _names_place(a, b, before, match, work):
        return f"{work.cardinal(a)} tháng {month_name(b, work)}"
    if after in _COUNTED or after == "tháng":
        return None
    feast = before in _FEAST_BEFORE and f"{a}/{b}" in _MEMORIAL and work.text[start - 1] == " "
    named = f"{a}/{b}" in _MEMORIAL and (
        work.preceded(start, _FEAST) or work.text.startswith(" là ngày", match.end())
    )
    if feast or named or work.preceded(start, _DASHED_BEFORE, 70):
        return say_day(a, b, work, start)
    return None


def _from_to(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads "từ 29-4 đến 3-5" as two days if one of them can be nothing else."""
    days = [(int(match["a"]), int(match["b"])), (int(match["c"]), int(match["d"]))]
    if not all(is_day_month(*day) for day in days) or max(days[0][0], days[1][0]) <= 12:
        return None
    if work.after(match.end()) in _COUNTED:
        return None
    return [
        Replacement(*match.span("one"), say_day(*days[0], work, match.start("one")), "dash"),
        Replacement(*match.span("two"), say_day(*days[1], work, match.start("two")), "dash"),
    ]


def _is_date(
    a: int, b: int, before: str, after: str, match: re.Match[str], work: Workspace
) -> bool:
    start, end = match.span()
    if before == "số" and work.before(start, 2) == "phân số":
        return False
    if work.preceded(start, r"[+=×*÷<>−] ?", 3) or work.followed(end, r" ?[+=×*÷%<>−]"):
        return False  # a sum
    if before not in _DATE_BEFORE and _with_fraction(match, work):
        return False
    if after not in _FRACTION_AFTER and work.preceded(start, _WEEKDAY, 16):
        return True
    if a >= b and before not in _OVER_BEFORE and after != "điểm":
        return True  # prose has no improper fractions
    if work.before(start, 2) in _NO_TIME or (before not in _DAY_BEFORE and after in _MEASURED):
        return False
    if _from_part_to_part(a, b, match, work) or (a < b and work.followed(end, _CHANGED)):
        return False
    if work.preceded(start, _DAYS_BEFORE):
        return True
    if before in _DATE_BEFORE and not (before == "sau" and after in _FRACTION_AFTER):
        return after not in ("số", "dân", "diện", "quãng", "tổng", "của", "người") or a > b
    if (
        after in _FRACTION_AFTER
        or (before in _FRACTION_BEFORE and a <= b)
        or before in _OVER_BEFORE
    ):
        return False
    if a > b or (f"{a}/{b}" in _HOLIDAYS and a != 1):
        return True
    other = re.search(r"(?<![\d/])(?:1[3-9]|2\d|3[01])/\d{1,2}(?![\d/])", work.text)
    return bool(other) and a <= 31 and (a, b) != (1, 2)


RULES = (
    Rule(
        "mixed number",
        r"(?<![\w/.,-])(?<!\d )(?P<n>\d{1,3}) (?P<a>\d{1,2})/(?P<b>[2-9]|1[0-6]|32)"
        r"(?![\w/]|[.,]\d)",
        _mixed,
        kind="divided",
    ),
    Rule(
        "slash",
        r"(?<![\w/.,])(?P<a>\d{1,4})/(?P<b>\d{1,3}(?:\.\d{3}){1,2}|\d{1,7})(?![\w/]|[.,]\d)",
        _slash,
        kind="divided",
    ),
    Rule(
        "dash",
        r"(?<=từ )(?P<one>(?P<a>\d{1,2})-(?P<b>\d{1,2})) (?:đến|tới) (?:hết )?"
        r"(?P<two>(?P<c>\d{1,2})-(?P<d>\d{1,2}))(?![\w/%]|[.,-]\d)",
        _from_to,
        kind="divided",
    ),
    Rule(
        "dash",
        r"(?<![\w.,/-])(?P<a>\d{1,2})-(?P<b>\d{1,2})(?![\w/%]|[.,-]\d)",
        _dash,
        kind="divided",
    ),
)
