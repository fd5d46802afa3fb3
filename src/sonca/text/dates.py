"""Dates: days, months, years, quarters, weekdays, and whether ``3/2`` is one at all."""

from __future__ import annotations

import re

from sonca.text.sheet import Claim, Rule, Sheet, parts
from sonca.text.tables import word_set


def is_day_month(day: int, month: int) -> bool:
    return (
        1 <= month <= 12
        and 1 <= day <= (29, 31)[month != 2]
        and not (day == 31 and month in (4, 6, 9, 11))
    )


def month_name(month: int, sheet: Sheet) -> str:
    return "tư" if month == 4 else sheet.cardinal(month)


def day_name(day: int, sheet: Sheet, before: str) -> str:
    """The first ten days take "mùng", unless it is written already."""
    said = sheet.cardinal(day)
    return f"mùng {said}" if day <= 10 and before not in ("mùng", "mồng") else said


def year_name(year: str, sheet: Sheet) -> str:
    return sheet.padded(year) if len(year) == 2 else sheet.cardinal(year)


def say_day(day: int, month: int, sheet: Sheet, at: int) -> str:
    before = sheet.before(at)
    adjacent = sheet.text[:at].rstrip(" (")[-1:].isalpha()
    before = before if adjacent else ""
    lead = "" if before in ("ngày", "mùng", "mồng", "hôm") else "ngày "
    return f"{lead}{day_name(day, sheet, before)} tháng {month_name(month, sheet)}"


def _full(match: re.Match[str], sheet: Sheet) -> str | None:
    day, month = int(match["d"]), int(match["m"])
    if not is_day_month(day, month) and match.start("d") < match.start("m"):
        day, month = month, day  # the American order
    if not is_day_month(day, month):
        return None
    said = say_day(day, month, sheet, match.start())
    return f"{said} năm {year_name(match['y'], sheet)}"


def _day_range(match: re.Match[str], sheet: Sheet) -> str | None:
    first, last, month = int(match["a"]), int(match["b"]), int(match["m"])
    if not (is_day_month(last, month) and 1 <= first <= 31):
        return None
    before = sheet.before(match.start())
    lead = "" if before in ("ngày", "mùng", "mồng") else "ngày "
    said = (
        f"{lead}{day_name(first, sheet, before)} đến ngày {day_name(last, sheet, '')}"
        f" tháng {month_name(month, sheet)}"
    )
    return f"{said} năm {year_name(match['y'], sheet)}" if match["y"] else said


def _month_year(match: re.Match[str], sheet: Sheet) -> str | None:
    word, value, year = match["word"], int(match["m"]), match["y"]
    if word and word.lower().startswith("qu"):
        if not 1 <= value <= 4:
            return None
        return f"{word.lower()} {sheet.cardinal(value)} năm {year_name(year, sheet)}"
    if not 1 <= value <= 12 or not (word or 1900 <= int(year) <= 2100):
        return None
    if not word and sheet.before(match.start()) in ("lệ", "số", "giảm", "tăng"):
        return None
    return f"tháng {month_name(value, sheet)} năm {year_name(year, sheet)}"


def _month(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    value = int(match["m"])
    if not 1 <= value <= 12 or _counts_months(match, sheet):
        return None
    return [Claim(match.start("m"), match.end("m"), month_name(value, sheet), "month")]


def _months(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    first, last = int(match["a"]), int(match["b"])
    if not (1 <= first <= 12 and 1 <= last <= 12):
        return None
    claims = [
        Claim(*match.span("a"), month_name(first, sheet), "month"),
        Claim(*match.span("dash"), "đến tháng", "months"),
        Claim(*match.span("b"), month_name(last, sheet), "month"),
    ]
    if match["y"]:
        claims.append(Claim(*match.span("y"), f"năm {year_name(match['y'][1:], sheet)}", "year"))
    return claims


def _counts_months(match: re.Match[str], sheet: Sheet) -> bool:
    """ "3 tháng 2 ngày" counts months; "ngày 3 tháng 2" and "3 tháng 2 năm 1930" name one."""
    if not sheet.preceded(match.start(), r"\d ?"):
        return False
    named = r"(?i:ngày|mùng|mồng|sáng|trưa|chiều|tối|đêm|hôm|dịp|lễ)[ \d–-]{1,8}"
    return not (
        sheet.preceded(match.start(), named, 14) or sheet.followed(match.end(), r"[ ,]{1,2}năm \d")
    )


def _day(match: re.Match[str], sheet: Sheet) -> list[Claim] | None:
    day = int(match["d"])
    if not 1 <= day <= 31 or sheet.text[: match.start()].rstrip()[-1:].isdigit():
        return None
    dated = match["t"] is not None or sheet.before(match.start("d") - 5) == "tháng"
    said = day_name(day, sheet, "") if dated else sheet.cardinal(day)
    return [Claim(match.start("d"), match.end("d"), said, "day")]


def _lunar(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    said = sheet.cardinal(int(match["d"]))
    return [Claim(match.start("d"), match.end("d"), said, "day")]


_WEEKDAYS = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
_WEEK_BEFORE = word_set("sáng trưa chiều tối đêm từ đến tới hàng mỗi các và trừ lịch ngày hôm")
_WEEK_AFTER = word_set("nghỉ hàng hằng tuần này tới đóng lễ")


def _weekday(match: re.Match[str], sheet: Sheet) -> str | None:
    """``T7`` among other days, before a date or after a part of the day."""
    start, end = match.span()
    around = sheet.text[max(0, start - 6) : end + 6]
    if not (
        len(re.findall(r"(?<!\w)(?:T[2-7]|CN)(?!\w)", around)) > 1
        or sheet.before(start) in _WEEK_BEFORE
        or (match[0] == "CN" and sheet.after(end) in _WEEK_AFTER)
        or sheet.followed(end, r",? \(?\d{1,2}/\d")
        or sheet.preceded(start, r"(?i:thứ (?:\d|hai|ba|tư|năm|sáu|bảy)[ ,và&–-]{1,5})")
    ):
        return None
    return "chủ nhật" if match[0] == "CN" else f"thứ {_WEEKDAYS[match[0][1]]}"


def _weekdays(match: re.Match[str], sheet: Sheet) -> list[Claim]:
    """``T2-T4-T6``: one after the other, no span."""
    return parts(match, r"T\d|[-–]", lambda p: f"thứ {_WEEKDAYS[p[1]]}" if p[1:] else "", "weekday")


_QUARTERS = {"I": 1, "II": 2, "III": 3, "IV": 4}
_D, _M, _Y = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4}|\d{2})"
_LEFT, _RIGHT = r"(?<![\w/.,-])", r"(?![\w/]|[.,-]\d)"

RULES = (
    Rule(
        "days and nights",
        r"(?<![\w])(\d{1,2})N(\d{1,2})[ĐD](?![\w])",
        lambda m, s: f"{s.cardinal(m[1])} ngày {s.cardinal(m[2])} đêm",
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
        lambda m, s: f"quý {s.cardinal(_QUARTERS[m['q']])} năm {year_name(m['y'], s)}",
    ),
    Rule(
        "months of a year",
        r"(?<![\w.,])(?P<n>[1-9]|1[0-2])T/(?P<y>(?:19|20)\d\d)(?![\w/])",
        lambda m, s: f"{s.cardinal(m['n'])} tháng năm {year_name(m['y'], s)}",
    ),
    Rule("weekdays", r"(?<!\w)T[2-7](?:[-–]T[2-7]){2,5}(?!\w)", _weekdays),
    Rule(
        "quarter and year",
        r"(?<![\w])Q(?P<q>[1-4])[/-](?P<y>(?:19|20)\d\d)(?![\w/])",
        lambda m, s: f"quý {s.cardinal(m['q'])} năm {year_name(m['y'], s)}",
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
        lambda m, s: (
            say_day(int(m["a"]), int(m["b"]), s, m.start())
            if is_day_month(int(m["a"]), int(m["b"]))
            and s.after(m.end()) not in ("tháng", "âm", "giờ")
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
    Rule("weekday", r"(?<![\w])(?:T[2-7]|CN)(?![\w])", _weekday, when="capital"),
)
