"""Captions of what was spoken: SRT, WebVTT, LRC, and a JSON that maps every spoken span to the
book's own text and its time. Each is written a line at a time, however long the book."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sonca.book.assembly import Spot
from sonca.book.model import Chapter
from sonca.book.speaking import FAILED

NOT_SPOKEN = "[không đọc được] "
"""Stands before a caption whose sentence could not be made."""
_MIN_S = 0.5
"""How long a caption without sound is shown."""
_LINE_CHARS = 42
_CUE_CHARS = 84


@dataclass(frozen=True, slots=True)
class Told:
    """A spot with its time in the whole file and the book's words."""

    chapter: int
    spot: Spot
    shift_s: float
    text: str

    @property
    def start_s(self) -> float:
        return self.shift_s + self.spot.start_s

    @property
    def end_s(self) -> float:
        return self.shift_s + self.spot.end_s


def told(index: int, chapter: Chapter, spots: Iterable[Spot], shift_s: float) -> Iterator[Told]:
    """A chapter's spots with their words, `shift_s` seconds later."""
    for spot in spots:
        text = chapter.paragraphs[spot.paragraph].text[slice(*spot.span)]
        yield Told(index, spot, shift_s, text)


@dataclass(frozen=True, slots=True)
class _Cue:
    start_s: float
    end_s: float
    text: str


def _cues(spots: Iterable[Told]) -> Iterator[_Cue]:
    """What is shown at once: a sentence, or pieces of it no longer than two lines."""
    for each in spots:
        text = " ".join(each.text.split())
        if each.spot.problem == FAILED:
            yield _Cue(each.start_s, each.start_s + _MIN_S, NOT_SPOKEN + text)
            continue
        yield from _pieces(each, text)


def _pieces(each: Told, text: str) -> Iterator[_Cue]:
    """A long sentence cut between words, each piece shown from its first word on."""
    if len(text) <= _CUE_CHARS:
        yield _Cue(each.start_s, each.end_s, text)
        return
    times = _word_times(each)
    raw, begin = each.text, 0
    start_s = each.start_s
    while begin < len(raw):
        end = _cut(raw, begin)
        following_s = each.end_s if end >= len(raw) else max(start_s, _time_at(each, times, end))
        piece = " ".join(raw[begin:end].split())
        if piece:
            yield _Cue(start_s, following_s, piece)
        begin, start_s = end, following_s


def _cut(text: str, begin: int) -> int:
    """Where a piece ends: after a clause in its second half, else at a blank."""
    if len(text) - begin <= _CUE_CHARS:
        return len(text)
    window = text[begin : begin + _CUE_CHARS + 1]
    at = max(window.rfind(mark) for mark in (", ", "; ", ": ", " – ", " - "))
    if at < _CUE_CHARS // 3:
        at = window.rfind(" ")
    return begin + (at + 1 if at > 0 else _CUE_CHARS)


def _word_times(each: Told) -> list[tuple[int, float]]:
    """(place in the spot's text, seconds) of its words."""
    return [(start - each.spot.span[0], each.shift_s + t) for t, start, _ in each.spot.words]


def _time_at(each: Told, times: list[tuple[int, float]], place: int) -> float:
    for at, time_s in times:
        if at >= place:
            return time_s
    share = place / max(1, len(each.text))
    return each.start_s + share * (each.end_s - each.start_s)


def srt(spots: Iterable[Told]) -> Iterator[str]:
    """SubRip."""
    for number, cue in enumerate(_cues(spots), start=1):
        times = f"{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}"
        yield f"{number}\n{times}\n{_lines(cue.text)}\n\n"


def vtt(spots: Iterable[Told]) -> Iterator[str]:
    """WebVTT."""
    yield "WEBVTT\n\n"
    for cue in _cues(spots):
        text = html.escape(_lines(cue.text), quote=False)
        yield f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{text}\n\n"


def lrc(spots: Iterable[Told], *, title: str, author: str) -> Iterator[str]:
    """LRC, as music players show it."""
    yield f"[ti:{_plain(title)}]\n"
    if author:
        yield f"[ar:{_plain(author)}]\n"
    for cue in _cues(spots):
        hundredths = round(cue.start_s * 100)
        minutes, rest = divmod(hundredths, 6000)
        yield f"[{minutes:02}:{rest // 100:02}.{rest % 100:02}]{cue.text}\n"


def mapping(
    spots: Iterable[Told], chapters: tuple[Chapter, ...], head: dict[str, Any]
) -> Iterator[str]:
    """JSON: `head`, and `spans`, every spoken one with its place in the book and its time."""
    begin = json.dumps(head, ensure_ascii=False, indent=1)
    yield begin[: begin.rindex("}")].rstrip() + ',\n "spans": ['
    separator = "\n  "
    for each in spots:
        yield separator + json.dumps(_span(each, chapters[each.chapter]), ensure_ascii=False)
        separator = ",\n  "
    yield "\n ]\n}\n"


def _span(each: Told, chapter: Chapter) -> dict[str, Any]:
    spot = each.spot
    paragraph = chapter.paragraphs[spot.paragraph]
    value: dict[str, Any] = {
        "chapter": each.chapter + 1,
        "paragraph": spot.paragraph + 1,
        "start": spot.span[0],
        "end": spot.span[1],
        "source": {"part": paragraph.part, "start": paragraph.start + spot.span[0]},
        "text": each.text,
        "start_s": round(each.start_s, 3),
        "end_s": round(each.end_s, 3),
    }
    if spot.speaker:
        value["speaker"] = spot.speaker
    if spot.problem:
        value["problem"] = spot.problem
    if spot.words:
        value["words"] = [[round(each.shift_s + t, 3), a, b] for t, a, b in spot.words]
    return value


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lines(text: str) -> str:
    """A cue's text in at most two lines of about the same length. An arrow would end the cue."""
    text = text.replace("-->", "→")
    if len(text) <= _LINE_CHARS:
        return text
    middle = len(text) // 2
    blanks = [i for i, c in enumerate(text) if c == " "]
    if not blanks:
        return text
    at = min(blanks, key=lambda i: abs(i - middle))
    return text[:at] + "\n" + text[at + 1 :]


def _plain(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
