"""Makes the pages of a read-along book from its chapters: every spoken span has an id, and a clip
that says which stretch of which sound belongs to it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sonca.book.model import Chapter, Paragraph
from sonca.book.output.timeline import FAILED, TimelineEntry

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML document may hold."""


class Clip(NamedTuple):
    """A stretch of sound, and the element that is heard in it."""

    id: str
    sound: str
    """Name of its file in the package."""
    begin_s: float
    end_s: float


class Opening(NamedTuple):
    """Where a chapter begins."""

    title: str
    id: str
    """Of an element; empty for the page itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """A document of the package."""

    name: str
    """Its path in the package."""
    markup: str = field(repr=False)
    clips: tuple[Clip, ...] = ()
    openings: tuple[Opening, ...] = ()
    properties: str = ""
    """Of its row in the manifest."""


class Mark(NamedTuple):
    """A stretch of a paragraph that gets an element of its own, and when it is heard."""

    id: str
    start: int
    end: int
    begin_s: float


def marks_of(
    entries: Sequence[TimelineEntry], prefix: str, *, by_word: bool
) -> list[tuple[TimelineEntry, list[Mark]]]:
    """Returns what is to be marked of a chapter: its sentences, or their words where their times
    are known. What has no sound has no mark."""
    found = []
    for number, entry in enumerate(entries, start=1):
        if entry.problem == FAILED:
            continue
        name = f"{prefix}s{number}"
        marks = [Mark(name, *entry.span, entry.start_s)]
        if by_word and entry.words:
            marks = [
                Mark(f"{name}w{at}", start, end, entry.start_s if at == 1 else time_s)
                for at, (time_s, start, end) in enumerate(_in_order(entry), start=1)
            ]
        found.append((entry, marks))
    return found


def _in_order(entry: TimelineEntry) -> Iterator[tuple[float, int, int]]:
    """Yields the words that neither overlap nor leave the sentence."""
    reached = entry.span[0]
    for time_s, start, end in entry.words:
        if reached <= start < end <= entry.span[1]:
            yield time_s, start, end
            reached = end


def clips_of(begins: Sequence[tuple[str, float]], sound: str, duration_s: float) -> list[Clip]:
    """Returns a clip for each (id, second): it lasts to the next one, so that no pause is lost.
    What is shorter than a millisecond goes to the one before."""
    clips: list[Clip] = []
    for index, (id, begin_s) in enumerate(begins):
        begin_s = clips[-1].end_s if clips else (0.0 if index == 0 else begin_s)
        following = begins[index + 1][1] if index + 1 < len(begins) else duration_s
        end_s = round(following, 3)
        if end_s > begin_s:
            clips.append(Clip(id, sound, begin_s, end_s))
    return clips


def chapter_page(
    chapter: Chapter,
    number: int,
    entries: Sequence[TimelineEntry],
    sound: tuple[str, float],
    *,
    language: str,
    by_word: bool,
) -> Page:
    """Returns a chapter as one page; `sound` is its file's name in the package and its length in
    seconds."""
    marked = marks_of(entries, "", by_word=by_word)
    by_paragraph: dict[int, list[Mark]] = {}
    for entry, marks in marked:
        by_paragraph.setdefault(entry.paragraph, []).extend(marks)
    rows = [
        _row(paragraph, by_paragraph.get(at, []), first=at == 0)
        for at, paragraph in enumerate(chapter.paragraphs)
    ]
    begins = [(mark.id, mark.begin_s) for _, marks in marked for mark in marks]
    return Page(
        f"text/{number:04}.xhtml",
        document(chapter.title, "\n".join(rows), language),
        tuple(clips_of(begins, *sound)),
        (Opening(chapter.title, ""),),
    )


def document(title: str, body: str, language: str) -> str:
    """Returns an XHTML document in the folder of the pages."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{language}" xml:lang="{language}">\n'
        f"<head><title>{escaped(title) or '–'}</title>"
        '<link rel="stylesheet" type="text/css" href="../style.css"/></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def escaped(text: str) -> str:
    """Returns a text as it may stand in an XML document, in attributes too."""
    return html.escape(_NO_XML.sub("", text))


def _row(paragraph: Paragraph, marks: Sequence[Mark], *, first: bool) -> str:
    pieces, reached = [], 0
    for mark in marks:
        start = max(mark.start, reached)
        pieces.append(_shown(paragraph.text[reached:start]))
        pieces.append(f'<span id="{mark.id}">{_shown(paragraph.text[start : mark.end])}</span>')
        reached = max(reached, mark.end)
    inside = "".join(pieces) + _shown(paragraph.text[reached:])
    if paragraph.kind == "heading":
        name = "h1" if first else "h2"
        return f"<{name}>{inside}</{name}>"
    kind = ' class="separator"' if paragraph.kind == "separator" else ""
    return f"<p{kind}>{inside}</p>"


def _shown(text: str) -> str:
    return escaped(text).replace("\n", "<br/>")
