"""Reads dates: days, months, years, quarters, weekdays."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.wordlists import word_set


def is_day_month(day: int, month: int) -> bool:
    return (
        1 <= month <= 12
        and 1 <= day <= (29, 31)[month != 2]
        and not (day == 31 and month in (4, 6, 9, 11))
    )


def month_name(month: int, work: Workspace) -> str:
    return "tư" if month == 4 else work.cardinal(month)


def day_name(day: int, work: Workspace, before: str) -> str:
    """Names a day of the month; the first ten take "mùng", unless it is written already."""
    said = work.cardinal(day)
    return f"mùng {said}" if day <= 10 and before not in ("mùng", "mồng") else said


def year_name(year: str, work: Workspace) -> str:
    return work.padded(year) if len(year) == 2 else work.cardinal(year)


def say_day(day: int, month: int, work: Workspace, at: int) -> str:
    before = work.before(at)
    adjacent = work.text[:at].rstrip(" (")[-1:].isalpha()
    before = before if adjacent else ""
    lead = "" if before in ("ngày", "mùng", "mồng", "hôm") else "ngày "
    return f"{lead}{day_name(day, work, before)} tháng {month_name(month, work)}"


def _full(match: re.Match[str], work: Workspace) -> str | None:
    day, month = int(match["d"]), int(match["m"])
    if not is_day_month(day, month) and match.start("d") < match.start("m"):
        day, month = month, day  # the American order
    if not is_day_month(day, month):
        return None
    said = say_day(day, month, work, match.start())
    return f"{said} năm {year_name(match['y'], work)}"


def _day_range(match: re.Match[str], work: Workspace) -> str | None:
    first, last, month = int(match["a"]), int(match["b"]), int(match["m"])
    if not (is_day_month(last, month) and 1 <= first <= 31):
        return None
    before = work.before(match.start())
    lead = "" if before in ("ngày", "mùng", "mồng") else "ngày "
    said = (
        f"{lead}{day_name(first, work, before)} đến ngày {day_name(last, work, '')}"
        f" tháng {month_name(month, work)}"
    )
    return f"{said} năm {year_name(match['y'], work)}" if match["y"] else said


def _month_year(match: re.Match[str], work: Workspace) -> str | None:
    word, value, year = match["word"], int(match["m"]), match["y"]
    if word and word.lower().startswith("qu"):
        if not 1 <= value <= 4:
            return None
        return f"{word.lower()} {work.cardinal(value)} năm {year_name(year, work)}"
    if not 1 <= value <= 12 or not (word or 1900 <= int(year) <= 2100):
        return None
    if not word and work.before(match.start()) in ("lệ", "số", "giảm", "tăng"):
        return None
    return f"tháng {month_name(value, work)} năm {year_name(year, work)}"


def _month(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    value = int(match["m"])
    if not 1 <= value <= 12 or _counts_months(match, work):
        return None
    return [Replacement(match.start("m"), match.end("m"), month_name(value, work), "month")]


def _months(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    first, last = int(match["a"]), int(match["b"])
    if not (1 <= first <= 12 and 1 <= last <= 12):
        return None
    out = [
        Replacement(*match.span("a"), month_name(first, work), "month"),
        Replacement(*match.span("dash"), "đến tháng", "months"),
        Replacement(*match.span("b"), month_name(last, work), "month"),
    ]
    if match["y"]:
        out.append(Replacement(*match.span("y"), f"năm {year_name(match['y'][1:], work)}", "year"))
    return out


def _counts_months(match: re.Match[str], work: Workspace) -> bool:
    """Returns whether months are counted ("3 tháng 2 ngày"), not named ("ngày 3 tháng 2")."""
    if not work.preceded(match.start(), r"\d ?"):
        return False
    named = r"(?i:ngày|mùng|mồng|sáng|trưa|chiều|tối|đêm|hôm|dịp|lễ)[ \d–-]{1,8}"
    return not (
        work.preceded(match.start(), named, 14) or work.followed(match.end(), r"[ ,]{1,2}năm \d")
    )


def _day(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    day = int(match["d"])
    if not 1 <= day <= 31 or work.text[: match.start()].rstrip()[-1:].isdecimal():
        return None
    dated = match["t"] is not None or work.before(match.start("d") - 5) == "tháng"
    said = day_name(day, work, "") if dated else work.cardinal(day)
    return [Replacement(match.start("d"), match.end("d"), said, "day")]


def _lunar(match: re.Match[str], work: Workspace) -> list[Replacement]:
    said = work.cardinal(int(match["d"]))
    return [Replacement(match.start("d"), match.end("d"), said, "day")]


_WEEKDAYS = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
_WEEK_BEFORE = word_set("sáng trưa chiều tối đêm từ đến tới hàng mỗi các và trừ lịch ngày hôm")
_WEEK_AFTER = word_set("nghỉ hàng hằng tuần này tới đóng lễ")


_WEEK = re.compile(r"(?<!\w)(?:T[2-7]|CN)(?: ?[-–] ?| đến | tới )(?:T[2-7]|CN)(?!\w)")
"""Days that a sentence says in a row: then its other T7 are days, too."""
_NO_WEEK = re.compile(r"(?i)(?<!\w)(?:tsh|f?t3f|ft[34]|tuyến giáp|hormon|đốt sống|cột sống|nhà ga)")


def _weekday(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``T7`` among other days, before a date or after a part of the day."""
    start, end = match.span()
    if _NO_WEEK.search(work.text):
        return None
    around = work.text[max(0, start - 6) : end + 6]
    if not (
        len(re.findall(r"(?<!\w)(?:T[2-7]|CN)(?!\w)", around)) > 1
        or _WEEK.search(work.text)
        or work.followed(end, r",?:? (?:từ )?\d{1,2}(?:[hg:]| giờ)")
        or work.before(start) in _WEEK_BEFORE
        or (match[0] == "CN" and work.after(end) in _WEEK_AFTER)
        or work.followed(end, r" ?: ?(?:nghỉ|đóng|mở|\d{1,2}[hg:])")
        or work.after(end) in ("nghỉ", "hàng", "hằng", "mở", "họp")
        or work.followed(end, r",? \(?\d{1,2}/\d")
        or work.preceded(start, r"(?i:thứ (?:\d|hai|ba|tư|năm|sáu|bảy)[ ,và&–-]{1,5})")
    ):
        return None
    return "chủ nhật" if match[0] == "CN" else f"thứ {_WEEKDAYS[match[0][1]]}"


def _weekdays(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads ``T2-T4-T6`` one after the other: no range."""
    return read_parts(
        match, r"T\d|[-–]", lambda p: f"thứ {_WEEKDAYS[p[1]]}" if p[1:] else "", "weekday"
    )


def _short_weekdays(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``T2,4,6`` and ``T3-5-7`` day by day, ``T2-6`` as a range."""
    if _NO_WEEK.search(work.text):
        return None
    ranged = match["days"].count("-") + match["days"].count("–") == 1 and "," not in match["days"]
    out = []
    if not match["word"]:
        out.append(Replacement(match.start(), match.start() + 1, "thứ", "weekday"))

    def say(part: str) -> str:
        return _WEEKDAYS.get(part, "đến thứ" if ranged else "")

    return [*out, *read_parts(match, r"\d|[-–]", say, "weekday", "days")]


_QUARTERS = {"I": 1, "II": 2, "III": 3, "IV": 4}
_D, _M, _Y = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4}|\d{2})"
_LEFT, _RIGHT = r"(?<![\w/.,-])", r"(?![\w/]|[.,-]\d)"

RULES = (
    Rule(
        "days and nights",
        r"(?<![\w])(\d{1,2})N(\d{1,2})[ĐD](?![\w])",
        lambda m, w: f"{w.cardinal(m[1])} ngày {w.cardinal(m[2])} đêm",
    ),
    Rule("date", rf"{_LEFT}(?P<y>\d{{4}})([-/.]){_M}\2{_D}{_RIGHT}", _full),
    Rule("date", rf"(?<![\w/.,]){_D} ?([/.-]) ?{_M} ?\2 ?{_Y}{_RIGHT}", _full),
    Rule(
        "date range",
        rf"{_LEFT}(?P<a>\d{{1,2}}) ?[-–~] ?(?P<b>\d{{1,2}})/{_M}(?:/(?P<y>\d{{4}}))?(?![\w/]"
        rf"|[.,]\d)",
        _day_range,
    ),
    Rule(
        "quarter and year",
        r"(?<![\w])[Qq]uý (?P<q>IV|I{1,3}) ?[/-] ?(?P<y>\d{4})(?![\w/])",
        lambda m, w: f"quý {w.cardinal(_QUARTERS[m['q']])} năm {year_name(m['y'], w)}",
    ),
    Rule(
        "months of a year",
        r"(?<![\w.,])(?P<n>[1-9]|1[0-2])T/(?P<y>(?:19|20)\d\d)(?![\w/])",
        lambda m, w: f"{w.cardinal(m['n'])} tháng năm {year_name(m['y'], w)}",
    ),
    Rule(
        "weekdays",
        r"(?<!\w)(?:T|(?P<word>[Tt]hứ ))(?P<days>[2-7](?:, ?[2-7]|[-–][2-7]){1,5})"
        r"(?!\w|[.,–-]\d)",
        _short_weekdays,
    ),
    Rule("weekdays", r"(?<!\w)T[2-7](?:[-–]T[2-7]){2,5}(?!\w)", _weekdays),
    Rule(
        "quarter and year",
        r"(?<![\w])Q(?P<q>[1-4])[/-](?P<y>(?:19|20)\d\d)(?![\w/])",
        lambda m, w: f"quý {w.cardinal(m['q'])} năm {year_name(m['y'], w)}",
    ),
    Rule(
        "month and year", r"(?<![\w])(?P<word>T)(?P<m>\d{1,2})/(?P<y>\d{4})(?![\w/])", _month_year
    ),
    Rule(
        "month and year",
        rf"(?:(?<![\w])(?P<word>tháng|quý) |(?<![\w/.,-])){_M} ?[/.-] ?(?P<y>\d{{4}}){_RIGHT}",
        _month_year,
        flags=re.IGNORECASE,
    ),
    Rule(
        "date",
        r"(?:(?<=ngày )|(?<=đêm )|(?<=sáng )|(?<=dịp )|(?<=lễ ))"
        r"(?P<a>\d{1,2})(?P<sep>[-.])(?P<b>\d{1,2})(?![\w/]|[.,-]\d| ?%)",
        lambda m, w: (
            say_day(int(m["a"]), int(m["b"]), w, m.start())
            if is_day_month(int(m["a"]), int(m["b"]))
            and w.after(m.end()) not in ("tháng", "âm", "giờ")
            else None
        ),
        flags=re.IGNORECASE,
    ),
    Rule(
        "months",
        r"(?<![\w])tháng (?P<a>\d{1,2}) ?(?P<dash>[-–~]) ?(?P<b>\d{1,2})"
        r"(?P<y>/(?:19|20)\d\d)?(?![\w/]|[.,]\d)",
        _months,
        flags=re.IGNORECASE,
    ),
    Rule("month", r"(?<![\w])tháng (?P<m>\d{1,2})(?![\w/]|[.,]\d)", _month, flags=re.IGNORECASE),
    Rule(
        "day",
        r"(?<![\w])ngày (?P<d>\d{1,2})(?![\w/]|[.,]\d)(?P<t>,? tháng)?",
        _day,
        flags=re.IGNORECASE,
    ),
    Rule(
        "day", r"(?<![\w])(?:mùng|mồng) (?P<d>\d{1,2})(?![\w/]|[.,]\d)", _lunar, flags=re.IGNORECASE
    ),
    Rule("weekday", r"(?<![\w])(?:T[2-7]|CN)(?![\w])", _weekday, kind="capital"),
)
