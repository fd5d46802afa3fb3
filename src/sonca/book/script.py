"""A chapter as it will be spoken: who says which stretch, in runs of one voice, with silences.

A run is what one request speaks. Every stretch of it knows its paragraph, so that sound can be
traced to the book. Knows no engine and no file.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

from sonca.book.cast.speakers import paragraph_pieces
from sonca.book.model import Chapter, Paragraph
from sonca.text import pauses

RUN_CHARS = 600
"""A run is closed after the paragraph that takes it over this. Runs in flight get a sentence each
in turn, so short ones are finished in the order of the book, and the encoder can follow."""
VERSION = 2
"""Changes when equal books would sound different: what was made before is then made again."""
CHAPTER_END_S = 2.0
"""Silence after a chapter."""
_TAG_S = 0.25
"""Between what somebody says and the narrator's word about it."""
_JOINT = "\n\n"
_SPOKEN = re.compile(r"[^\W_]|[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Role:
    """How somebody speaks."""

    voice: str | None = None
    """A voice's id or alias; None for the engine's default."""
    speed: float = 1.0
    """0.5 to 2.0."""
    pitch: float = 1.0
    """0.5 to 2.0, relative to the voice's own."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a paragraph in one voice."""

    paragraph: int
    """Index in the chapter."""
    start: int
    end: int
    """In the paragraph's text."""
    speaker: str
    """Empty for the narrator."""
    pause_s: float
    """Silence after it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text for one request."""

    text: str
    role: Role
    first: int
    """Index of its first segment in the chapter."""
    offsets: tuple[int, ...]
    """Where each of its segments begins in `text`."""
    slot_s: tuple[float, float] | None = None

    def segment_at(self, position: int) -> tuple[int, int]:
        """The segment that holds a position of `text`, and the position in that segment."""
        index = bisect_right(self.offsets, position) - 1
        return self.first + index, position - self.offsets[index]


@dataclass(frozen=True, slots=True)
class Script:
    """A chapter, ready to be spoken."""

    index: int
    title: str
    paragraphs: tuple[Paragraph, ...] = field(repr=False)
    segments: tuple[Segment, ...] = field(repr=False)
    runs: tuple[Run, ...] = field(repr=False)

    @property
    def chars(self) -> int:
        return sum(s.end - s.start for s in self.segments)

    def digest(self, *extra: object) -> str:
        """A hash of everything that decides how the chapter sounds and is told."""
        told = [(p.part, p.start, p.text) for p in self.paragraphs]
        runs = [(r.text, astuple(r.role), r.offsets, r.slot_s) for r in self.runs]
        content = [VERSION, self.title, told, [astuple(s) for s in self.segments], runs, extra]
        text = json.dumps(content, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def make_script(
    index: int,
    chapter: Chapter,
    role_of: dict[str, Role],
    speakers: dict[tuple[int, int], str] | None,
) -> Script:
    """The script of a chapter.

    `speakers` says who says what by (paragraph, piece), None to let the narrator say all;
    `role_of` has a role for each of them, the narrator's under the empty name.
    """
    stretches: list[tuple[int, int, int, str]] = []
    pieces = None if speakers is None else paragraph_pieces(chapter.paragraphs)
    for at, paragraph in enumerate(chapter.paragraphs):
        if paragraph.kind == "separator":
            continue
        if pieces is None or speakers is None:
            stretches.append((at, 0, len(paragraph.text), ""))
            continue
        own = [
            (at, p.start, p.end, speakers.get((at, i), "") if p.speech else "")
            for i, p in enumerate(pieces[at])
        ]
        stretches.extend(_joined(own))
    stretches = [s for s in stretches if _SPOKEN.search(chapter.paragraphs[s[0]].text, s[1], s[2])]
    segments = tuple(
        Segment(*stretch, _pause(chapter.paragraphs, stretches, i))
        for i, stretch in enumerate(stretches)
    )
    return Script(
        *(index, chapter.title, chapter.paragraphs, segments),
        tuple(_runs(chapter.paragraphs, segments, role_of)),
    )


def _joined(
    own: list[tuple[int, int, int, str]],
) -> list[tuple[int, int, int, str]]:
    """Neighbours in one paragraph that the narrator says are one stretch."""
    found: list[tuple[int, int, int, str]] = []
    for stretch in own:
        if found and not found[-1][3] and not stretch[3]:
            found[-1] = (found[-1][0], found[-1][1], stretch[2], "")
        else:
            found.append(stretch)
    return found


def _pause(
    paragraphs: Sequence[Paragraph], stretches: Sequence[tuple[int, int, int, str]], index: int
) -> float:
    if index + 1 == len(stretches):
        return CHAPTER_END_S
    here, following = stretches[index], stretches[index + 1]
    if here[0] == following[0]:
        return _TAG_S
    if any(paragraphs[i].kind == "separator" for i in range(here[0] + 1, following[0])):
        return pauses.SCENE
    if paragraphs[here[0]].kind == "heading":
        return pauses.HEADING if paragraphs[following[0]].kind == "heading" else pauses.CHAPTER
    return pauses.TURN if here[3] or following[3] else pauses.PARAGRAPH


def _runs(
    paragraphs: Sequence[Paragraph], segments: Sequence[Segment], role_of: dict[str, Role]
) -> list[Run]:
    runs: list[Run] = []
    texts: list[str] = []
    offsets: list[int] = []
    size, first = 0, 0
    role: Role | None = None

    def close(until: int) -> None:
        nonlocal texts, offsets, size, first
        if texts and role is not None:
            slot_s = paragraphs[segments[first].paragraph].slot_s
            runs.append(Run(_JOINT.join(texts), role, first, tuple(offsets), slot_s))
        texts, offsets, size, first = [], [], 0, until

    for index, segment in enumerate(segments):
        wanted = role_of.get(segment.speaker) or role_of[""]
        timed = paragraphs[segment.paragraph].slot_s is not None
        if wanted != role or size > RUN_CHARS or timed:
            close(index)
            role = wanted
        text = paragraphs[segment.paragraph].text[segment.start : segment.end]
        offsets.append(size)
        texts.append(text)
        size += len(text) + len(_JOINT)
    close(len(segments))
    return runs
