"""Reads subtitles, SRT and WebVTT however they are written: each text with its time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sonca.book.model import Source, TextBlock
from sonca.book.sources.rolling import without_repeats
from sonca.errors import InvalidRequest

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[ \t]?[,.:][ \t]?(\d{1,3}))?"
_TIMES = re.compile(
    rf"^[ \t]*{_TIME}[ \t]*(?:-{{1,2}}|[–—])>[ \t]*{_TIME}(?![\d:])[^\n]*$", re.MULTILINE
)
_NUMBER = re.compile(r"\n[ \t]*\d{1,9}[ \t]*\n[ \t]*\Z")
_EMPTY_LINE = re.compile(r"\n\n")
"""Ends a cue of WebVTT; YouTube writes lines of one blank inside."""
_TAG = (
    r"</?[a-zA-Z][^>\n]{0,200}>|<\d{1,3}:[\d:.,]{2,12}>"  # tags; times of words
    r"|\{\\[^}\n]{0,200}\}|\{[a-zA-Z]:[^}\n]{0,40}\}"  # of Aegisub and MicroDVD
)
_TAGS = re.compile(f"(?:{_TAG})*")
_MARKUP = re.compile(_TAG)
_WORD = re.compile(rf"(?:{_TAG}|\S)+")
_BREAKS = re.compile(r"\S*\\[Nnh]\S*")
_SECONDS_PER_CHAR = 0.07
_MIN_S = 0.5
_REPORTED = 3


@dataclass(frozen=True, slots=True)
class _Cue:
    begin_s: float
    end_s: float
    text: str
    start: int
    line: str
    """The line with its times."""


def read(text: str, name: str) -> Source:
    """Reads subtitles. Raises `InvalidRequest` if there are none."""
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    web = text.lstrip("\ufeff \n").startswith("WEBVTT")
    cues = sorted(_cues(text, web), key=lambda cue: cue.begin_s)
    if not cues:
        raise InvalidRequest(
            f"{name} has no subtitle: no line like 00:00:01,000 --> 00:00:02,500", field="file"
        )
    cues, mended = _with_lengths(cues)
    blocks = (TextBlock(cue.text, start=cue.start, slot_s=(cue.begin_s, cue.end_s)) for cue in cues)
    found, repeats = without_repeats(blocks)
    if repeats:
        mended += (f"{repeats:,} rolling captions are read once, as their lines come",)
    return Source("vtt" if web else "srt", tuple(found), mended=mended)


def _cues(text: str, web: bool) -> Iterator[_Cue]:
    lines = list(_TIMES.finditer(text))
    for index, times in enumerate(lines):
        end = lines[index + 1].start() if index + 1 < len(lines) else len(text)
        body = text[times.end() : end]
        if web:
            empty = _EMPTY_LINE.search(body)
            body = body[: empty.start()] if empty else body
        elif end < len(text):
            number = _NUMBER.search("\n" + body)
            body = body[: max(0, number.start() - 1)] if number else body
        shown = _shown(body)
        left = len(shown) - len(shown.lstrip())
        if shown.strip():
            begin_s, end_s = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
            line = times[0].strip()[:60]
            yield _Cue(begin_s, end_s, shown.strip(), times.end() + left, line)


def _shown(body: str) -> str:
    """Returns what is seen of a subtitle, as long as it was: what marks the look becomes blanks
    beside the word, so that places in the file stay true."""
    if "\\" in body:
        body = _BREAKS.sub(_broken, body)
    if not ("<" in body or "{" in body or "&" in body):
        return body
    return _WORD.sub(_bare, body.replace("&nbsp;", " " * 6))


def _broken(match: re.Match[str]) -> str:
    """Blanks the line ends and hard blanks of ASS, which are no names of folders."""
    return match[0] if ":\\" in match[0] else re.sub(r"\\[Nnh]", "  ", match[0])


def _bare(match: re.Match[str]) -> str:
    word = match[0]
    tags = _TAGS.match(word)
    before = tags.end() if tags else 0
    shown = html.unescape(_MARKUP.sub("", word[before:])).replace("\xa0", " ")
    return " " * before + shown.ljust(len(word) - before)


def _with_lengths(cues: Sequence[_Cue]) -> tuple[list[_Cue], tuple[str, ...]]:
    """Gives each cue that ends before it has begun a length: up to the next, or what it takes to
    say it. Returns the cues and what was mended."""
    mended: list[str] = []
    found = list(cues)
    following_s = float("inf")
    for index in range(len(found) - 1, -1, -1):
        cue = found[index]
        if cue.end_s <= cue.begin_s:
            needed_s = max(_MIN_S, len(cue.text) * _SECONDS_PER_CHAR)
            end_s = cue.begin_s + needed_s
            if cue.begin_s < following_s < end_s:
                end_s = following_s
            found[index] = replace(cue, end_s=end_s)
            mended.append(f"the subtitle at {cue.line!r} had no length and was given one")
        following_s = min(following_s, cue.begin_s)
    return found, _shortened(mended[::-1])


def _shortened(messages: Sequence[str]) -> tuple[str, ...]:
    rest = len(messages) - _REPORTED
    return (*messages[:_REPORTED], *([f"and {rest:,} more like it"] if rest > 0 else ()))


def _seconds(parts: Iterable[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "").ljust(3, "0")) / 1000
