"""Reads two numbers and a sign between them: scores, ratios and ranges.

A lone dash between numbers is undecided: "3-1" is a score after "thắng", a range before
"ngày", and else a score where the second is not larger. The sign itself becomes "đến" only at
the end, between two things that have been read as numbers.
"""

from __future__ import annotations

import re

from sonca.text.rules.rule import Replacement, Rule, Workspace, compiled, read_parts
from sonca.text.vietnamese.wordlists import word_set

_SCORE_WORDS = (
    r"(?<!\w)(?i:thắng|thua|hoà|hòa|tỷ số|tỉ số|dẫn|vượt qua|đánh bại|hạ gục|đè bẹp|gỡ|chung cuộc"
    r"|set"
    r"|ván|hiệp|trận|rút ngắn|nâng|cầm chân|thất bại|luân lưu|penalty|chung kết|bán kết|tứ kết|đội"
    r"|khép lại|ấn định|cách biệt|lượt đi|lượt về|kết quả|đại thắng|hủy diệt|nghiền nát|cầm hòa|sân"
    r"|bóng|vòng loại|vòng bảng|loại)(?!\w)"
)
_COUNTED = word_set(
    "ngày tháng năm tuần giờ phút giây người trận lần bàn tuổi triệu tỷ tỉ nghìn ngàn đồng con cái"
    " chiếc quả điểm học nhân khách xe độ cân lít mét bữa buổi cuốn quyển trang từ câu bài món viên"
    " ly cốc chai hộp gói thìa muỗng phần trăm chục vạn lạng tiếng đêm hôm quý thập thế kg km cm m"
    " mm g mg ml tấn ha usd vnd đô euro vòng lượt bước tầng phòng suất vé nhà hộ thành cây loại bộ"
    " đôi cặp lớp trường công tiết môn đứa em bạn anh chị cháu bé chữ giọt múi tép củ trái bông bó"
    " nghiệm mẫu hecta thước phân inch w kw v hz ghz mhz gb tb mb gram gam nút sao cấp bậc"
)
_RATIO_BEFORE = r"(?i:tỷ lệ|tỉ lệ|tỷ số|tỉ số|khung hình|pha|trộn)[^.;]{0,24}"
_GOAL_BEFORE = word_set("gỡ thắng thua vượt dẫn hòa hoà số định bằng lên thành ngắn")
_MINUTE = r" (?:ở |từ |ngay |vào )?phút (?:\d|bù|cuối|thứ|đầu)"


def _pair(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    one, other, text = match["a"], match["b"], work.text
    start, end = match.span()
    previous = work.before(start)
    if previous in _GOAL_BEFORE and work.followed(end, _MINUTE):
        return _score(match, work)  # "bàn gỡ 1-1 phút 90"
    if work.after(end) in _COUNTED or text[end : end + 2].strip()[:1] in ("%", "°", "‰"):
        return None
    if "=" in text or max(len(one), len(other)) > 3:
        return None
    if work.preceded(start, r"[+×÷*] ?\d*[.,]?\d* ?", 16) or work.followed(end, r" ?[+×÷*]"):
        return None  # a sum
    if work.before(start, 2) in ("tỷ số", "tỉ số"):
        return _score(match, work)
    if previous in ("từ", "khoảng", "tuổi", "ngày", "tháng", "chương", "tập", "câu", "trang", "số"):
        return None
    around = text[max(0, start - 60) : start] + "\n" + text[end : end + 40]
    nothing = one == "0" and len(other) == 1  # 0-1
    told = nothing or int(one) >= int(other) or re.search(_SCORE_WORDS, around)
    return _score(match, work) if told or _between_names(text, match) else None


def _between_names(text: str, match: re.Match[str]) -> bool:
    """Returns whether capitals stand on both sides: "Brazil 1-7 Đức"."""
    before = text[: match.start()].rstrip().rpartition(" ")[2]
    after = text[match.end() :].lstrip()
    return before[:1].isupper() and after[:1].isupper() and before[-1:].isalpha()


def _score(match: re.Match[str], work: Workspace, sign: str = "") -> list[Replacement]:
    return [
        Replacement(*match.span("a"), work.cardinal(match["a"]), "score"),
        Replacement(match.end("a"), match.start("b"), sign, "score"),
        Replacement(*match.span("b"), work.cardinal(match["b"]), "score"),
    ]


def _colon(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    if "=" in work.text:
        return None
    ratio = work.preceded(match.start(), _RATIO_BEFORE)
    over = ratio and "số" not in ratio[0].lower()[:6] and int(match["a"]) < int(match["b"])
    return _score(match, work, "trên" if over else "")


def _chain(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``4-4-2``, ``1-2-3`` one after the other."""
    return read_parts(
        match, r"\d+|[-–]", lambda p: work.padded(p) if p.isdecimal() else "", "chain"
    )


def _to(match: re.Match[str], work: Workspace) -> str | None:
    """Reads a dash as "đến", but not inside a code such as ``A12-05``."""
    code = work.preceded(match.start(), r"[A-ZĐ]\d{1,4}", 5) and work.followed(match.end(), r"\d")
    return None if code else "đến"


_PARTS_OF_DAY = word_set("sáng trưa chiều tối đêm khuya")
_AMOUNT = r"(?:(?P<head>\p{L}{1,8}) )?\x01{1,12}(?: ?(?P<unit>\p{L}{1,8}))?"


def _same_kind(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads a dash between equal things as "đến": "9h sáng - 5h chiều", "trang 5 - trang 10",
    "3 tuổi - 5 tuổi"."""
    left = compiled(rf"{_AMOUNT}(?: (?:tuần|tháng|năm) (?:này|nay|trước|qua|tới))?\Z").search(
        work.masked[max(0, match.start() - 40) : match.start()].lower()
    )
    right = compiled(rf"(?:(?:sáng|trưa|chiều|tối|đêm) (?=thứ ))?{_AMOUNT}").match(
        work.masked[match.end() : match.end() + 40].lower()
    )
    if left is None or right is None:
        return None
    part = "head" if right["head"] is not None else "unit"
    one, other = left[part], right[part]
    same = other is not None and (one == other or {one, other} <= _PARTS_OF_DAY)
    return [Replacement(*match.span("dash"), "đến", "range")] if same else None


RULES = (
    Rule(
        "chain",
        r"(?<![\w.,/-])(?:\d{1,3}(?:[-–]\d{1,3}){2,6}|\d{1,5}(?:[-–]\d{1,5}){3,6})(?![\w/]"
        r"|[.,-]\d)",
        _chain,
    ),
    Rule(
        "score",
        r"(?<![\w.,/:+-])(?<!\d )(?P<a>\d{1,3}) ?[-–—] ?(?P<b>\d{1,3})(?![\w/%]|[.,:-]\d"
        r"| ?[-–] ?\d)",
        _pair,
    ),
    Rule("ratio", r"(?<![\w.,/:])(?P<a>\d{1,4})(?: : |:)(?P<b>\d{1,7})(?![\w/]|[.,:]\d)", _colon),
)

LATE_RULES = (
    Rule(
        "range",
        r"(?<=thứ )(?:hai|ba|tư|năm|sáu|bảy) ?(?P<dash>[-–—]) ?(?=thứ |chủ nhật)",
        lambda m, w: [Replacement(*m.span("dash"), "đến", "range")],
        kind="broken",
        flags=re.IGNORECASE,
    ),
    Rule("range", r"(?<=(?<!\w)[Aa]) ?[-–] ?(?=[Zz](?!\w))", lambda m, w: "đến", kind="broken"),
    Rule(
        "range",
        r"(?:(?<=\p{L})|(?<=\x01)) ?(?P<dash>[-–—]) ?(?=\x01|\p{L}{1,8} [\x01t])",
        _same_kind,
        kind="broken",
    ),
    Rule(
        "range",
        r"(?<=\x01) ?(?:[-–—−‑~]|->|→) ?(?=\x01|thứ \x01|tháng \x01|ngày \x01|năm \x01|chủ nhật)",
        _to,
        kind="broken",
    ),
)
