"""Cuts the source text into sentences, lazily, and says what silence follows each.

Works on the untouched source, so its spans are final. It knows punctuation, lines and which
dots do not end a sentence; it does not know how anything is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sonca.text import pauses
from sonca.text.stops import ends_glued
from sonca.text.vietnamese.broken import joins
from sonca.text.vietnamese.initials import (
    before_name,
    before_number,
    before_province,
    goes_on,
    is_unnamed_person,
)
from sonca.text.vietnamese.wordlists import words

MAX_SOURCE = 1000
"""Longest piece, in source characters, that is read at once. It bounds the cost of every rule,
whatever the input; no real sentence is so long."""

_BREAKS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINE = re.compile(f"[^{_BREAKS}]+")
_STOP = re.compile("[.?!…;。！？；｡]+")
_CLOSERS = re.compile(r"(?:[\"”’'»)\]}】」』*_]|\[(?:\d{1,3}|[a-z])\]){0,8}")
"""What may follow a stop in its sentence: closing quotes and brackets, the marks of notes."""
_BLANK = re.compile(r"\s*")
_QUOTES = frozenset('"”’»」』')
_DASHES = "-–—―‒"
_LAST_TOKEN = re.compile(r"[^\s\"“‘'(\[]+\Z")
_LIST_MARK = re.compile(r"(?:\d{1,3}|[IVXLivxl]{1,6}|[A-Za-zĐđÔ]|\d{1,3}(?:\.\d{1,3}){1,4})\Z")
_UNCERTAIN = re.compile(r"[\d(]\?(?: ?[-–—] ?[\d?]|\))")
"""A question mark that says that a year is not certain: "(1766?–1820)", "(?-1789)"."""
_HEADING = re.compile(
    r"[\W_]{0,20}(?:chương|phần|quyển|hồi|tập|màn|cảnh|chapter|part)\s{1,3}"
    r"(?:thứ\s{1,3})?(?:\d{1,5}|[ivxlcdm]{1,9}\b|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|cuối"
    r"|kết)",
    re.IGNORECASE,
)
_HEADING_LIMIT = 100
_SEPARATOR = re.compile(r"[\W_]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the source without outer blanks, and the silence that follows it."""

    start: int
    end: int
    pause_s: float


def sentences(text: str) -> Iterator[Sentence]:
    """Yields the sentences of `text` in order; together they hold all that is not blank."""
    for start, end, block_pause in _blocks(text):
        for stop, pause in _cuts(text, start, end, block_pause):
            while stop - start > MAX_SOURCE:
                cut, cut_pause = _soft_cut(text, start, start + MAX_SOURCE)
                right = _trim(text, start, cut)
                if right > start:
                    yield Sentence(start, right, cut_pause)
                start = _skip(text, cut, stop)
            if stop > start:
                yield Sentence(start, stop, pause)
            start = _skip(text, stop, end)


def _skip(text: str, at: int, end: int) -> int:
    match = _BLANK.match(text, at, end)
    return match.end() if match else at


def _blocks(text: str) -> Iterator[tuple[int, int, float]]:
    """Yields lines without outer blanks; a line that was only wrapped goes on into the next."""
    at, start = 0, -1
    while line := _LINE.search(text, at):
        at = line.end()
        left = _skip(text, line.start(), at)
        if left == at:
            continue
        right = _trim(text, left, at)
        start = left if start < 0 else start
        following = _skip(text, right, len(text))
        if following >= len(text):
            yield start, right, pauses.END_OF_TEXT
            return
        if not _wrapped(text, left, right, following):
            yield start, right, _line_pause(text, start, right, following)
            start = -1


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _wrapped(text: str, start: int, end: int, following: int) -> bool:
    """Returns whether the line break is only typography: a long line, no stop, a small letter."""
    return (
        end - start >= 40
        and text[following].islower()
        and (text[end - 1].isalpha() or text[end - 1] == ",")
        and text.count("\n", end, following) <= 1
    )


def _line_pause(text: str, start: int, end: int, following: int) -> float:
    line = text[start:end] if end - start <= _HEADING_LIMIT else ""
    if _HEADING.match(line):
        return pauses.CHAPTER
    if line.isupper() and len(line) > 2 and line[-1] not in ".,;:?!":
        return pauses.HEADING
    stop = _LINE.match(text, following)
    if stop and stop.end() - following <= 200 and _SEPARATOR.match(text, following, stop.end()):
        return pauses.SCENE
    if text[following] in _DASHES or text[start] in _DASHES:
        return pauses.TURN
    return pauses.PARAGRAPH if text.count("\n", end, following) > 1 else pauses.LINE


def _cuts(text: str, start: int, end: int, pause_s: float) -> Iterator[tuple[int, float]]:
    """Yields the ends of the sentences inside a block, and at last the block's own."""
    begin, at = start, start
    while match := _STOP.search(text, at, end):
        at = match.end()
        closers = _CLOSERS.match(text, at, end)
        stop = closers.end() if closers else at
        after = _skip(text, stop, end)
        if after >= end:
            break
        if match[0] == "?" and _UNCERTAIN.match(text, match.start() - 1):
            continue
        pause = _boundary(text, begin, match, stop, after)
        if pause is not None:
            if set(text[at:stop]) & _QUOTES:
                pause = max(pause, pauses.TURN)  # the speaker has finished
            yield stop, pause
            begin = at = after
        elif match.start() - begin > MAX_SOURCE:  # the end of the line may be far
            cut, pause = _soft_cut(text, begin, begin + MAX_SOURCE)
            yield cut, pause
            begin = at = _skip(text, cut, end)
    yield end, pause_s


def _boundary(text: str, begin: int, match: re.Match[str], stop: int, after: int) -> float | None:
    """Returns the pause, if the run of stops ends a sentence."""
    run = match[0]
    following = text[after]
    glued = after == stop
    if ";" in run or "；" in run:
        listed = (following.isdecimal() or following in "+-−∞") and text[
            match.start() - 1
        ].isdecimal()  # (1; 2)
        return None if glued or listed else pauses.CLAUSE
    dash = following in _DASHES
    if dash and not glued:
        told = _skip(text, after + 1, len(text))
        if told < len(text) and text[told].islower():
            return None  # “…!” – con bé gọi: the narrator's tag belongs to the line
        return None if match[0] == "." and _dotted(text, begin, match.start()) else pauses.TURN
    if run == ".":
        if following == "(" and len(_last_token(text, begin, match.start())) == 1:
            return None  # chị B. (28 tuổi)
        if glued:
            return _glued(text, begin, match.start(), after)
        if following.islower() and _last_token(text, begin, match.start()).lower() in ("v.v", "vv"):
            return None
        inside = _dotted(text, begin, match.start()) or joins(text, match.start())
        return None if inside else pauses.SENTENCE
    if following.islower() or following in "=+×÷":
        return None
    if _broken_off(text, begin, match.start(), after):
        return None
    if (len(run) > 1 and not set(run) - set(".…")) or run == "…":
        return None if glued and not following.isupper() else pauses.ELLIPSIS
    if glued and not following.isupper() and following not in _DASHES + '“"':
        before = text[max(begin, match.start() - 1) : match.start()]
        said = before.isalnum() or before in _QUOTES
        return pauses.SENTENCE if run in "。！？" and said else None  # not ⋆。°✩
    return pauses.QUESTION if set(run) & set("?!？！") else pauses.SENTENCE


def _broken_off(text: str, begin: int, stop: int, after: int) -> bool:
    """Returns whether a stutter goes on: "Đ... Đại ca!"."""
    token = _last_token(text, begin, stop).lstrip("-–—")
    return (
        0 < len(token) <= 3
        and text[after : after + len(token) + 1].lower().startswith(token.lower())
        and text[after + len(token) : after + len(token) + 1].isalpha()
    )


def _glued(text: str, begin: int, dot: int, after: int) -> float | None:
    """Returns the pause of a dot without a blank after it, if it parts two sentences."""
    token = _last_token(text, begin, dot)
    return pauses.SENTENCE if ends_glued(text, begin, dot, after, token) else None


def _last_token(text: str, begin: int, at: int) -> str:
    match = _LAST_TOKEN.search(text[max(begin, at - 24) : at])
    return match[0] if match else ""


def _dotted(text: str, begin: int, dot: int) -> bool:
    """Returns whether the dot belongs to an abbreviation, an initial or a list number."""
    token = _last_token(text, begin, dot)
    if not token:
        return False
    if dot - len(token) == begin and _LIST_MARK.match(token):
        return True
    if len(token) <= 3 or "." in token:
        if (kept := goes_on(text, begin, dot, token)) is not None:
            return kept
        about = token in ("k", "kh", "c", "ca") and text[dot - len(token) - 1] == "("
        if before_number("no" if about else token, text[dot + 1 : dot + 3]):
            return True  # tk. 19, (k. 1380 – 1442)
    if len(token) == 1 and token.isupper() and dot - 1 > begin:
        if before_name(text, dot) or (token == "T" and before_province(text, dot)):
            return True
        if token == "B" and "Ô." in text[max(begin, dot - 80) : dot]:
            return True  # Ô. Ba và B. Tư
        if is_unnamed_person(text, begin, dot):
            return False
        return "1:" + token.lower() in words("dotted.tsv") or _initial(text, dot)
    return token.lower() in words("dotted.tsv") or (
        "." in token
        and token.replace(".", "").isalpha()
        and len(token) <= 8
        and token.replace(".", "").isupper()
    )


def _initial(text: str, dot: int) -> bool:
    """Tells an initial ("Nguyễn A. Tuấn") from the end of a sentence ("hạng A. Sau đó")."""
    before = text[max(0, dot - 12) : dot - 1].split()
    return not before or before[-1][:1].isupper()


def _soft_cut(text: str, start: int, limit: int) -> tuple[int, float]:
    half = start + (limit - start) // 2
    for marks, pause in ((",:;)–", pauses.COMMA_CUT), (" \t\u00a0", pauses.BLANK_CUT)):
        at = max(text.rfind(mark, half, limit) for mark in marks)
        if at >= 0:
            return at + 1, pause
    return grapheme_cut(text, half, limit), pauses.HARD_CUT


def grapheme_cut(text: str, low: int, high: int) -> int:
    """Returns the last place in ``(low, high]`` that does not part a letter from its marks; `high`
    if there is none."""
    for at in range(high, low, -1):
        if at >= len(text) or not (
            unicodedata.category(text[at]).startswith("M")
            or text[at] == "\u200d"
            or text[at - 1] == "\u200d"
            or 0x1F3FB <= ord(text[at]) <= 0x1F3FF
        ):
            return at
    return high
