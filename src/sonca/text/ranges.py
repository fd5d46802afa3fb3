"""Two numbers and a sign between them: scores, ratios and ranges.

A lone dash between numbers is undecided: "3-1" is a score after "thắng", a range before
"ngày", and else a score where the second is not larger. The sign itself becomes "đến" only at
the end, between two things that have been read as numbers.
"""

from __future__ import annotations

import re

from sonca.text.numbers import cardinal, digits
from sonca.text.patterns import DASH
from sonca.text.sheet import LETTER, Claim, Rule, Sheet
from sonca.text.tables import word_set

_SCORE_WORDS = re.compile(
    r"(?<!\w)(?:thắng|thua|hoà|hòa|tỷ số|tỉ số|dẫn|vượt qua|đánh bại|hạ gục|đè bẹp|gỡ|chung cuộc"
    r"|set"
    r"|ván|hiệp|trận|rút ngắn|nâng|cầm chân|thất bại|luân lưu|penalty|chung kết|bán kết|tứ kết|đội"
    r"|khép lại|ấn định|cách biệt|lượt đi|lượt về|kết quả|đại thắng|hủy diệt|nghiền nát|cầm hòa|sân"
    r"|bóng|vòng loại|vòng bảng|loại)(?!\w)",
    re.IGNORECASE,
)
_COUNTED = word_set(
    "ngày tháng năm tuần giờ phút giây người trận lần bàn tuổi triệu tỷ tỉ nghìn ngàn đồng con cái"
    " chiếc quả điểm học nhân khách xe độ cân lít mét bữa buổi cuốn quyển trang từ câu bài món viên"
    " ly cốc chai hộp gói thìa muỗng phần trăm chục vạn lạng tiếng đêm hôm quý thập thế kg km cm m"
    " mm g mg ml tấn ha usd vnd đô euro vòng lượt bước tầng phòng suất vé nhà hộ thành cây loại bộ"
    " đôi cặp lớp trường công tiết môn đứa em bạn anh chị cháu bé chữ giọt múi tép củ trái bông bó"
    " nghiệm mẫu hecta thước phân inch w kw v hz ghz mhz gb tb mb gram gam nút sao cấp bậc"
)
_RATIO_BEFORE = re.compile(
    r"(?:tỷ lệ|tỉ lệ|tỷ số|tỉ số|khung hình|pha|trộn)[^.;]{0,24}\Z", re.IGNORECASE
)


_GOAL_BEFORE = word_set("gỡ thắng thua vượt dẫn hòa hoà số định bằng lên thành ngắn")
_MINUTE = re.compile(r" (?:ở |từ |ngay |vào )?phút (?:\d|bù|cuối|thứ|đầu)")


def _goal(match: re.Match[str], sheet: Sheet) -> bool:
    """ "bàn gỡ 1-1 phút 90": a score and its minute."""
    return sheet.before(match.start()) in _GOAL_BEFORE and bool(
        _MINUTE.match(sheet.text, match.end())
    )


def _pair(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    one, other = match["a"], match["b"]
    text = sheet.text
    following = sheet.after(match.end())
    if _goal(match, sheet):
        return _parts(match, sheet)
    if following in _COUNTED or text[match.end() : match.end() + 2].strip()[:1] in ("%", "°", "‰"):
        return None
    if "=" in text or max(len(one), len(other)) > 3:
        return None
    if re.search(r"[+×÷*] ?\d*[.,]?\d* ?\Z", text[: match.start()][-16:]) or re.match(
        r" ?[+×÷*]", text[match.end() :]
    ):
        return None  # a sum
    before = text[max(0, match.start() - 60) : match.start()]
    told = _SCORE_WORDS.search(before) or _SCORE_WORDS.search(text[match.end() : match.end() + 40])
    previous = sheet.before(match.start())
    if sheet.before(match.start(), 2) in ("tỷ số", "tỉ số"):
        return _parts(match, sheet)
    if previous in ("từ", "khoảng", "tuổi", "ngày", "tháng", "chương", "tập", "câu", "trang", "số"):
        return None
    if not told and int(one) < int(other) and not _between_names(text, match):
        return None
    return _parts(match, sheet)


def _between_names(text: str, match: re.Match[str]) -> bool:
    """ "Brazil 1-7 Đức": capitals on both sides."""
    before = text[: match.start()].rstrip().rpartition(" ")[2]
    after = text[match.end() :].lstrip()
    return before[:1].isupper() and after[:1].isupper() and before[-1:].isalpha()


def _parts(match: re.Match[str], sheet: Sheet, sign: str = "") -> list[Claim]:
    reading = sheet.reading
    a, b = match.span("a"), match.span("b")
    return [
        Claim(*a, cardinal(match["a"], reading), "score"),
        Claim(a[1], b[0], sign, "score"),
        Claim(*b, cardinal(match["b"], reading), "score"),
    ]


def _colon(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    if "=" in sheet.text:
        return None
    before = sheet.text[max(0, match.start() - 40) : match.start()]
    ratio = _RATIO_BEFORE.search(before)
    if ratio and "số" not in ratio[0].lower()[:6]:
        return _parts(match, sheet, "trên" if int(match["a"]) < int(match["b"]) else "")
    return _parts(match, sheet)


def _chain(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """``4-4-2``, ``1-2-3``: one after the other."""
    claims = []
    for part in re.finditer(r"\d+|[-–]", match[0]):
        start = match.start() + part.start()
        text = part[0]
        said = (
            ""
            if text in "-–"
            else digits(text)
            if text[0] == "0"
            else cardinal(text, sheet.reading)
        )
        claims.append(Claim(start, start + len(text), said, "chain"))
    return claims


def _to(match: re.Match[str], sheet: Sheet) -> str | None:
    """ "đến", but not inside a code such as ``A12-05``."""
    before = re.search(r"[A-ZĐ]\d{1,4}\Z", sheet.text[max(0, match.start() - 5) : match.start()])
    return None if before and sheet.text[match.end() : match.end() + 1].isdigit() else "đến"


_PARTS_OF_DAY = word_set("sáng trưa chiều tối đêm khuya")
_LEFT_END = re.compile(
    rf"(?:(?P<head>{LETTER}{{1,8}}) )?\x01{{1,12}}(?: ?(?P<unit>{LETTER}{{1,8}}))?"
    r"(?: (?:tuần|tháng|năm) (?:này|nay|trước|qua|tới))?\Z"
)
_RIGHT_END = re.compile(
    r"(?:(?:sáng|trưa|chiều|tối|đêm) (?=thứ ))?"
    rf"(?:(?P<head>{LETTER}{{1,8}}) )?\x01{{1,12}}(?: ?(?P<unit>{LETTER}{{1,8}}))?"
)


def _same_kind(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    """ "9h sáng - 5h chiều", "trang 5 - trang 10", "3 tuổi - 5 tuổi": equal things on both
    sides of the dash."""
    left = _LEFT_END.search(sheet.work[max(0, match.start() - 40) : match.start()].lower())
    right = _RIGHT_END.match(sheet.work[match.end() : match.end() + 40].lower())
    if left is None or right is None:
        return None
    head, unit = right["head"], right["unit"]
    if head is not None:
        same = head == left["head"] or {head, left["head"]} <= _PARTS_OF_DAY
    else:
        same = unit is not None and unit == left["unit"]
        same = same or {unit, left["unit"]} <= _PARTS_OF_DAY
    return [Claim(*match.span("dash"), "đến", "range")] if same else None


RULES = (
    Rule(
        "chain",
        "digit",
        r"(?<![\w.,/-])(?:\d{1,3}(?:[-–]\d{1,3}){2,6}|\d{1,5}(?:[-–]\d{1,5}){3,6})(?![\w/]"
        r"|[.,-]\d)",
        _chain,
    ),
    Rule(
        "score",
        "digit",
        r"(?<![\w.,/:+-])(?<!\d )(?P<a>\d{1,3}) ?[-–—] ?(?P<b>\d{1,3})(?![\w/%]|[.,:-]\d"
        r"| ?[-–] ?\d)",
        _pair,
    ),
    Rule(
        "ratio",
        "digit",
        r"(?<![\w.,/:])(?P<a>\d{1,4})(?: : |:)(?P<b>\d{1,7})(?![\w/]|[.,:]\d)",
        _colon,
    ),
)

LATE_RULES = (
    Rule(
        "range",
        "broken",
        r"(?<=thứ )(?:hai|ba|tư|năm|sáu|bảy) ?(?P<dash>[-–—]) ?(?=thứ |chủ nhật)",
        lambda m, s: [Claim(*m.span("dash"), "đến", "range")],
        flags=re.IGNORECASE,
    ),
    Rule("range", "broken", r"(?<=(?<!\w)[Aa]) ?[-–] ?(?=[Zz](?!\w))", lambda m, s: "đến"),
    Rule(
        "range",
        "broken",
        r"(?:(?<=\p{L})|(?<=\x01)) ?(?P<dash>[-–—]) ?(?=\x01|\p{L}{1,8} [\x01t])",
        _same_kind,
    ),
    Rule(
        "range",
        "broken",
        rf"(?<=\x01) ?(?:{DASH}|->|→) ?(?=\x01|thứ \x01|tháng \x01|ngày \x01|năm \x01|chủ nhật)",
        _to,
    ),
)
