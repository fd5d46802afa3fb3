"""Times of day, durations and minutes of play."""

from __future__ import annotations

import re

from sonca.text.numbers import DIGITS, cardinal
from sonca.text.sheet import Rule, Sheet
from sonca.text.tables import word_set


def _minutes(text: str, sheet: Sheet) -> str:
    if len(text) == 2 and text[0] == "0":
        return f"không {DIGITS[int(text[1])]}"
    return cardinal(text, sheet.reading)


def _say(hour: str, minute: str | None, second: str | None, sheet: Sheet, end: int) -> str:
    said = f"{cardinal(int(hour), sheet.reading)} giờ"
    if minute and (int(minute) or second):
        said += f" {_minutes(minute, sheet)}"
        if not sheet.text[end : end + 5].lower().startswith((" phút", "phút")):
            said += " phút"
    if second:
        said += f" {_minutes(second, sheet)} giây"
    return said


_HALVES = {"am": " sáng", "a.m": " sáng", "pm": " chiều", "p.m": " chiều"}


_RATIO = re.compile(r"(?:t[ỷỉ] (?:lệ|số)|pha|trộn|khung hình)(?: [^\W\d_]+){0,4} \Z", re.IGNORECASE)


def _clock(match: re.Match[str], sheet: Sheet) -> str | None:
    hour, minute = match["h"], match["m"]
    if match[0][len(hour) :].startswith(("G ", " G")):
        return None  # mạng 5G 10 triệu thuê bao
    ratio = match[0][len(hour)] == ":" and sheet.before(match.start()) not in _HOUR_BEFORE
    if ratio and _RATIO.search(sheet.text[max(0, match.start() - 48) : match.start()]):
        return None
    if int(hour) > 24 or int(minute or 0) > 59 or int(match["s"] or 0) > 59:
        return None
    said = _say(hour, minute, match["s"], sheet, match.end())
    half = (match["half"] or "").lower()
    if half.startswith("p") and int(hour) == 12:
        return said + " trưa"
    if half.startswith("p") and 6 <= int(hour) < 12:
        return said + " tối"
    return said + _HALVES.get(half, "")


def _hours(match: re.Match[str], sheet: Sheet) -> str | None:
    return f"{cardinal(int(match['h']), sheet.reading)} giờ"


_HOUR_BEFORE = word_set("lúc từ đến khoảng vào trước sau tới hồi")
_HOUR_AFTER = word_set("sáng trưa chiều tối đêm kém rưỡi đúng khuya hôm ngày")


def _short_hours(match: re.Match[str], sheet: Sheet) -> str | None:
    """``9g`` is an hour only in the company of hours; elsewhere it is a weight."""
    near = sheet.before(match.start()) in _HOUR_BEFORE or sheet.after(match.end()) in _HOUR_AFTER
    ranged = re.match(r" ?[-–] ?\d{1,2}[gh]\b", sheet.text[match.end() :]) or re.search(
        r"\d[gh]\d{0,2} ?[-–] ?\Z", sheet.text[: match.start()]
    )
    return _hours(match, sheet) if int(match["h"]) <= 24 and (near or ranged) else None


def _quotes(match: re.Match[str], sheet: Sheet) -> str | None:
    """``30'45''`` in minutes and seconds; a height or an angle has other signs before it."""
    minute, second = match["m"], match["s"]
    said = cardinal(int(minute), sheet.reading)
    if second or sheet.before(match.start()) != "phút":
        said += " phút"
    return f"{said} {cardinal(int(second), sheet.reading)} giây" if second else said


def _added(match: re.Match[str], sheet: Sheet) -> str:
    first, more = (cardinal(int(match[i]), sheet.reading) for i in (1, 2))
    return f"{first} cộng {more}"


_LEFT = r"(?<![\w:/.,])"

RULES = (
    Rule(
        "time",
        "digit",
        rf"{_LEFT}(?P<h>\d{{1,2}}) ?(?:[hHgG]|giờ ?) ?(?P<m>[0-5]?\d)(?: ?(?:phút|ph|p|[’'′]"
        rf"(?![’'′]))|m(?=\d{{1,2}}s|(?!\w)))?"
        r"(?: ?(?P<s>[0-5]?\d) ?(?:giây|s|[’'′]{2}|[\"”″]))?(?P<half>)(?![\w]|[.,:]\d)",
        _clock,
    ),
    Rule(
        "time",
        "digit",
        rf"{_LEFT}(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
        r"(?: ?(?P<half>[AaPp]\.?[Mm])\b)?(?: ?h)?(?![\w:]|[.,]\d)",
        _clock,
    ),
    Rule(
        "time",
        "digit",
        rf"{_LEFT}(?P<h>\d{{1,2}}) ?(?P<m>)(?P<s>)(?P<half>[AaPp][Mm])(?![\w])",
        _clock,
    ),
    Rule("hours", "digit", rf"{_LEFT}(?P<h>\d{{1,2}})g(?![\w/])", _short_hours),
    Rule(
        "duration",
        "digit",
        rf"{_LEFT}(?P<m>\d{{1,3}})(?:ph?|m(?=\d{{1,2}}s))(?P<s>[0-5]?\d)s?(?![\w/])",
        _quotes,
    ),
    Rule("minutes", "digit", rf"{_LEFT}(?P<m>\d{{1,2}})(?P<s>)p(?![\w/])", _quotes),
    Rule("hours", "digit", rf"{_LEFT}(?P<h>\d{{1,4}})(?: ?h| ?H(?![A-Z]))(?![\w/])", _hours),
    Rule(
        "minutes",
        "digit",
        rf"{_LEFT}(?P<m>\d{{1,3}})[’'′](?![’'′]|\p{{L}}|\d{{3}}(?!\d))(?:(?P<s>\d{{1,2}})(?:[’'′]{{2}}|[\"″]))?",
        _quotes,
    ),
    Rule(
        "seconds",
        "digit",
        rf"{_LEFT}(?P<m>\d{{1,3}})(?:[’'′]{{2}})(?!\w)",
        lambda m, s: f"{cardinal(int(m['m']), s.reading)} giây",
    ),
    Rule("added time", "digit", r"(?<=phút )(\d{1,3}) ?\+ ?(\d{1,2})(?![\w])", _added),
)
