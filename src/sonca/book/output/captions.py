"""Writes captions: SRT, WebVTT, LRC, and a JSON that maps every spoken span to the book's own text
and to its time. All in one pass, a line at a time, however long the book is.
"""

from __future__ import annotations

import html
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.book.model import Book, Chapter
from sonca.book.output.timeline import FAILED, ChapterArtifact, TimelineEntry

CAPTIONS = ("srt", "vtt", "lrc", "json")
"""Kinds of captions, which are also their suffixes."""
NOT_SPOKEN = "[không đọc được] "
"""Stands before a caption whose sentence could not be made."""
_MIN_S = 0.5
"""How long a caption without sound is shown."""
_LINE_CHARS = 42
_CUE_CHARS = 84


@dataclass(frozen=True, slots=True)
class FinishedChapter:
    """A chapter in the finished book."""

    title: str
    start_s: float
    """In the m4b, or 0 in a file of its own."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class SpeechProblem:
    """A sentence that is not as it should be."""

    chapter: int
    """From 0."""
    text: str
    time_s: float
    """In the m4b, or in its chapter's file."""
    reason: str
    """As `TimelineEntry.problem`."""


def write_captions(
    book: Book,
    chapters: Sequence[tuple[ChapterArtifact, FinishedChapter]],
    paths: Mapping[str, Path],
) -> list[SpeechProblem]:
    """Writes every kind of captions to its path. Returns the sentences that are not as they should
    be."""
    problems: list[SpeechProblem] = []
    with ExitStack() as stack:
        srt, vtt, lrc, mapping = (
            stack.enter_context(paths[kind].open("w", encoding="utf-8")) for kind in CAPTIONS
        )
        vtt.write("WEBVTT\n\n")
        lrc.write(_lrc_head(book))
        mapping.write(_mapping_head(book, [finished for _, finished in chapters]))
        numbers, separators = itertools.count(1), itertools.chain(["\n"], itertools.repeat(",\n"))
        for artifact, finished in chapters:
            chapter = book.chapters[artifact.chapter]
            for entry in artifact.timeline(finished.start_s):
                text = chapter.paragraphs[entry.paragraph].text[slice(*entry.span)]
                for cue in _cues(entry, text):
                    srt.write(_srt(next(numbers), cue))
                    vtt.write(_vtt(cue))
                    lrc.write(_lrc(cue))
                span = json.dumps(_span(artifact.chapter, chapter, entry, text), ensure_ascii=False)
                mapping.write(f"{next(separators)}  {span}")
                problems += problems_of(artifact.chapter, chapter, [entry])
        mapping.write("\n ]\n}\n")
    return problems


def problems_of(
    number: int, chapter: Chapter, entries: Iterable[TimelineEntry]
) -> Iterator[SpeechProblem]:
    """Yields the sentences of a chapter, counted from 0, that are not as they should be."""
    for entry in entries:
        if entry.problem is not None:
            line = " ".join(chapter.paragraphs[entry.paragraph].text[slice(*entry.span)].split())
            yield SpeechProblem(number, line, entry.start_s, entry.problem)


# What is shown at once


@dataclass(frozen=True, slots=True)
class _Cue:
    start_s: float
    end_s: float
    text: str


def _cues(entry: TimelineEntry, text: str) -> Iterator[_Cue]:
    """Yields a sentence, or pieces of it no longer than two lines."""
    line = " ".join(text.split())
    if entry.problem == FAILED:
        yield _Cue(entry.start_s, entry.start_s + _MIN_S, NOT_SPOKEN + line)
    elif len(line) <= _CUE_CHARS:
        yield _Cue(entry.start_s, entry.end_s, line)
    else:
        yield from _pieces(entry, text)


def _pieces(entry: TimelineEntry, text: str) -> Iterator[_Cue]:
    """Cuts a long sentence between words. Each piece is shown from its first word on."""
    begin, start_s = 0, entry.start_s
    while begin < len(text):
        end = _cut(text, begin)
        end_s = entry.end_s if end >= len(text) else max(start_s, _time_s(entry, text, end))
        piece = " ".join(text[begin:end].split())
        if piece:
            yield _Cue(start_s, end_s, piece)
        begin, start_s = end, end_s


def _cut(text: str, begin: int) -> int:
    """Returns where a piece ends: after a clause in its second half, else at a blank."""
    if len(text) - begin <= _CUE_CHARS:
        return len(text)
    window = text[begin : begin + _CUE_CHARS + 1]
    at = max(window.rfind(mark) for mark in (", ", "; ", ": ", " – ", " - "))
    if at < _CUE_CHARS // 3:
        at = window.rfind(" ")
    return begin + (at + 1 if at > 0 else _CUE_CHARS)


def _time_s(entry: TimelineEntry, text: str, place: int) -> float:
    """Returns when a place in the text is heard: with the next word, or about then."""
    for time_s, start, _ in entry.words:
        if start - entry.span[0] >= place:
            return time_s
    share = place / max(1, len(text))
    return entry.start_s + share * (entry.end_s - entry.start_s)


# Formats


def _srt(number: int, cue: _Cue) -> str:
    times = f"{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}"
    return f"{number}\n{times}\n{_lines(cue.text)}\n\n"


def _vtt(cue: _Cue) -> str:
    text = html.escape(_lines(cue.text), quote=False)
    return f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{text}\n\n"


def _lrc_head(book: Book) -> str:
    author = f"[ar:{_plain(book.author)}]\n" if book.author else ""
    return f"[ti:{_plain(book.title)}]\n{author}"


def _lrc(cue: _Cue) -> str:
    minutes, rest = divmod(round(cue.start_s * 100), 6000)
    return f"[{minutes:02}:{rest // 100:02}.{rest % 100:02}]{cue.text}\n"


def _mapping_head(book: Book, chapters: Sequence[FinishedChapter]) -> str:
    head = {
        "title": book.title,
        "author": book.author,
        "chapters": [
            {"title": c.title, "start_s": round(c.start_s, 3), "duration_s": round(c.duration_s, 3)}
            for c in chapters
        ],
    }
    text = json.dumps(head, ensure_ascii=False, indent=1)
    return text.removesuffix("\n}") + ',\n "spans": ['


def _span(number: int, chapter: Chapter, entry: TimelineEntry, text: str) -> dict[str, Any]:
    paragraph = chapter.paragraphs[entry.paragraph]
    value: dict[str, Any] = {
        "chapter": number + 1,
        "paragraph": entry.paragraph + 1,
        "start": entry.span[0],
        "end": entry.span[1],
        "source": {"part": paragraph.part, "start": paragraph.start + entry.span[0]},
        "text": text,
        "start_s": round(entry.start_s, 3),
        "end_s": round(entry.end_s, 3),
    }
    if entry.speaker:
        value["speaker"] = entry.speaker
    if entry.problem:
        value["problem"] = entry.problem
    if entry.words:
        value["words"] = [[round(time_s, 3), start, end] for time_s, start, end in entry.words]
    return value


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lines(text: str) -> str:
    """Breaks a cue's text into at most two lines of about the same length."""
    text = text.replace("-->", "→")  # it would end the cue
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
