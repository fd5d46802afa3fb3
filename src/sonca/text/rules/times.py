"""Reads times of day, durations and minutes of play."""

from __future__ import annotations

import re

from sonca.text.rules.rule import Rule, Workspace
from sonca.text.vietnamese.wordlists import word_set


def _say(hour: str, minute: str | None, second: str | None, work: Workspace, end: int) -> str:
    said = f"{work.cardinal(int(hour))} giờ"
    if second and work.followed(end, r"(?i: ?giây)"):
        return f"{said} {work.cardinal(int(minute or 0))} phút {work.cardinal(int(second))}"
    if second and int(minute or 0) + int(second):
        said += f" {work.cardinal(int(minute or 0))} phút"
        return f"{said} {work.cardinal(int(second))} giây" if int(second) else said
    if minute and int(minute):
        said += f" {work.padded(minute)}"
        if not work.followed(end, r"(?i: ?phút)"):
            said += " phút"
    return said


_HALVES = {"am": " sáng", "a.m": " sáng", "pm": " chiều", "p.m": " chiều"}
_RATIO = r"(?i:t[ỷỉ] (?:lệ|số)|pha|trộn|khung hình)(?: [^\W\d_]+){0,4} "


def _clock(match: re.Match[str], work: Workspace) -> str | None:
    hour, minute = match["h"], match["m"]
    if match[0][len(hour) :].startswith(("G ", " G")):
        return None  # mạng 5G 10 triệu thuê bao
    ratio = match[0][len(hour)] == ":" and work.before(match.start()) not in _HOUR_BEFORE
    if ratio and work.preceded(match.start(), _RATIO, 48):
        return None
    if int(hour) > 24 or int(minute or 0) > 59 or int(match["s"] or 0) > 59:
        return None
    said = _say(hour, minute, match["s"], work, match.end())
    half = (match["half"] or "").lower()
    if half.startswith("p") and int(hour) == 12:
        return said + " trưa"
    if half.startswith("p") and 6 <= int(hour) < 12:
        return said + " tối"
    return said + _HALVES.get(half, "")


def _hours(match: re.Match[str], work: Workspace) -> str | None:
    return f"{work.cardinal(int(match['h']))} giờ"


_HOUR_BEFORE = word_set("lúc từ đến khoảng vào trước sau tới hồi")
_HOUR_AFTER = word_set("sáng trưa chiều tối đêm kém rưỡi đúng khuya hôm ngày")


def _short_hours(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``9g`` as an hour beside words of time or another hour; elsewhere it is a weight."""
    near = work.before(match.start()) in _HOUR_BEFORE or work.after(match.end()) in _HOUR_AFTER
    ranged = work.followed(match.end(), r" ?[-–] ?\d{1,2}[gh]\b") or work.preceded(
        match.start(), r"\d[gh]\d{0,2} ?[-–] ?"
    )
    return _hours(match, work) if int(match["h"]) <= 24 and (near or ranged) else None


def _quotes(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``30'45''`` as minutes and seconds; a height or an angle has other signs before it."""
    minute, second = match["m"], match["s"]
    said = work.cardinal(int(minute))
    if second or work.before(match.start()) != "phút":
        said += " phút"
    return f"{said} {work.cardinal(int(second))} giây" if second else said


_LASTED = (
    r"(?i)(?<!\w)(?:thời lượng|dài|thời gian|thành tích|kỷ lục|kỉ lục|video|clip|bài hát"
    r"|(?P<long>trong|mất|hết|sau|về đích|chạy|bơi|đạt|pace))(?!\w)[^.,;:]{0,16}\Z"
)
_SCORED = r"(?i)(?<!\w)(?:thắng|thua|t[ỷỉ] số|hòa|hoà|dẫn|set|séc|ván|hiệp|game|t[ỷỉ] lệ)(?!\w)"


def _lasted(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``thời lượng 3:45`` and ``chạy trong 27:45`` as minutes and seconds: so many hours has
    no day, and a length is no time of day."""
    before = work.text[max(0, match.start() - 32) : match.start()]
    found = re.search(_LASTED, before)
    if found is None or re.search(_SCORED, before) or (found["long"] and int(match["m"]) <= 24):
        return None
    return _quotes(match, work)


def _precise(match: re.Match[str], work: Workspace) -> str:
    """Reads ``1:23:45.67``: what has parts of a second is a length of time."""
    hours = f"{work.cardinal(int(match['h']))} giờ " if match["h"] else ""
    whole, _, rest = match["s"].replace(".", ",").partition(",")
    seconds = work.number(f"{int(whole)},{rest}")
    return f"{hours}{work.cardinal(int(match['m']))} phút {seconds} giây"


_LEFT = r"(?<![\w:/.,])"

RULES = (
    Rule(
        "duration",
        rf"{_LEFT}(?P<m>\d{{1,3}}):(?P<s>[0-5]\d)(?![\w:]|[.,]\d)",
        _lasted,
        kind="clock",
    ),
    Rule(
        "duration",
        rf"{_LEFT}(?:(?P<h>\d{{1,2}}):)?(?P<m>[0-5]?\d):(?P<s>[0-5]\d[.,]\d{{1,3}})(?![\w:]|[.,]\d)",
        _precise,
        kind="clock",
    ),
    Rule(
        "time",
        rf"{_LEFT}(?P<h>\d{{1,2}}) ?(?:[hHgG]|giờ ?) ?(?P<m>[0-5]?\d)(?: ?(?:phút|ph|p|[’'′]"
        rf"(?![’'′]))|m(?=\d{{1,2}}s|(?!\w)))?"
        r"(?: ?(?P<s>[0-5]?\d) ?(?:giây|s|[’'′]{2}|[\"”″]))?(?P<half>)(?![\w]|[.,:]\d)",
        _clock,
    ),
    Rule(
        "time",
        rf"{_LEFT}(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
        r"(?: ?(?P<half>[AaPp]\.?[Mm])\b)?(?: ?h)?(?![\w:]|[.,]\d)",
        _clock,
    ),
    Rule("time", rf"{_LEFT}(?P<h>\d{{1,2}}) ?(?P<m>)(?P<s>)(?P<half>[AaPp][Mm])(?![\w])", _clock),
    Rule(
        "time",
        rf"{_LEFT}(?P<h>\d{{1,2}})\.(?P<m>[0-5]\d)(?P<s>)(?P<half>)"
        r"(?= (?:sáng|trưa|chiều|tối|đêm)(?!\w))",
        _clock,
    ),
    Rule("hours", rf"{_LEFT}(?P<h>\d{{1,2}})g(?![\w/])", _short_hours),
    Rule(
        "duration",
        rf"{_LEFT}(?P<m>\d{{1,3}})(?:ph?|m(?=\d{{1,2}}s))(?P<s>[0-5]?\d)s?(?![\w/])",
        _quotes,
    ),
    Rule("minutes", rf"{_LEFT}(?P<m>\d{{1,2}})(?P<s>)p(?![\w/])", _quotes),
    Rule("hours", rf"{_LEFT}(?P<h>\d{{1,4}})(?: ?h| ?H(?![A-Z]))(?![\w/])", _hours),
    Rule(
        "minutes",
        rf"{_LEFT}(?P<m>\d{{1,3}})[’'′](?![’'′]|\p{{L}}|\d{{3}}(?!\d))(?:(?P<s>\d{{1,2}})(?:[’'′]{{2}}|[\"″]))?",
        _quotes,
    ),
    Rule(
        "seconds",
        rf"{_LEFT}(?P<m>\d{{1,3}})(?:[’'′]{{2}})(?!\w)",
        lambda m, w: f"{w.cardinal(int(m['m']))} giây",
    ),
    Rule(
        "added time",
        r"(?<=phút )(\d{1,3}) ?\+ ?(\d{1,2})(?![\w])",
        lambda m, w: f"{w.cardinal(m[1])} cộng {w.cardinal(m[2])}",
    ),
)
