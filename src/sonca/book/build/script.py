"""Divides a chapter into what is spoken: segments with their speakers, in runs of one voice.

A run is what one request speaks. Every segment of it has its paragraph, so that sound can be
traced to the book. Knows no engine and no file.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from typing import NamedTuple

from sonca.book.cast import Role
from sonca.book.cast.attribution import paragraph_pieces
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
class VoiceRun:
    """Text in one voice, for one request."""

    text: str
    role: Role
    first: int
    """Index of its first segment in the chapter."""
    offsets: tuple[int, ...]
    """Where each of its segments begins in `text`."""
    slot_s: tuple[float, float] | None = None

    def segment_at(self, position: int) -> tuple[int, int]:
        """Returns the segment that holds a position of `text`, and the position in that segment."""
        index = bisect_right(self.offsets, position) - 1
        return self.first + index, position - self.offsets[index]


@dataclass(frozen=True, slots=True)
class Script:
    """A chapter, ready to be spoken."""

    index: int
    title: str
    paragraphs: tuple[Paragraph, ...] = field(repr=False)
    segments: tuple[Segment, ...] = field(repr=False)
    runs: tuple[VoiceRun, ...] = field(repr=False)

    @property
    def chars(self) -> int:
        return sum(s.end - s.start for s in self.segments)

    def digest(self, *extra: object) -> str:
        """Returns a hash of all that decides how the chapter sounds and what its captions say."""
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
    """Returns the script of a chapter.

    `speakers` says who says what by (paragraph, piece), None to let the narrator say all;
    `role_of` has a role for each of them, the narrator's under the empty name.
    """
    pieces = None if speakers is None else paragraph_pieces(chapter.paragraphs)
    stretches: list[_Stretch] = []
    for at, paragraph in enumerate(chapter.paragraphs):
        if paragraph.kind == "separator":
            continue
        if pieces is None or speakers is None:
            stretches.append(_Stretch(at, 0, len(paragraph.text), ""))
            continue
        own = (
            _Stretch(at, p.start, p.end, speakers.get((at, i), "") if p.speech else "")
            for i, p in enumerate(pieces[at])
        )
        stretches.extend(_joined(own))
    stretches = [s for s in stretches if _SPOKEN.search(chapter.paragraphs[s[0]].text, s[1], s[2])]
    segments = tuple(
        Segment(*stretch, _pause(chapter.paragraphs, stretches, i))
        for i, stretch in enumerate(stretches)
    )
    runs = tuple(_runs(chapter.paragraphs, segments, role_of))
    return Script(index, chapter.title, chapter.paragraphs, segments, runs)


class _Stretch(NamedTuple):
    paragraph: int
    start: int
    end: int
    speaker: str


def _joined(own: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Joins neighbours in one paragraph that the narrator says."""
    for narrated, group in itertools.groupby(own, key=lambda stretch: not stretch.speaker):
        if narrated:
            first, *rest = group
            yield first._replace(end=rest[-1].end) if rest else first
        else:
            yield from group


def _pause(paragraphs: Sequence[Paragraph], stretches: Sequence[_Stretch], index: int) -> float:
    if index + 1 == len(stretches):
        return CHAPTER_END_S
    here, following = stretches[index : index + 2]
    if here.paragraph == following.paragraph:
        return _TAG_S
    between = paragraphs[here.paragraph + 1 : following.paragraph]
    if any(paragraph.kind == "separator" for paragraph in between):
        return pauses.SCENE
    if paragraphs[here.paragraph].kind == "heading":
        into_text = paragraphs[following.paragraph].kind != "heading"
        return pauses.CHAPTER if into_text else pauses.HEADING
    return pauses.TURN if here.speaker or following.speaker else pauses.PARAGRAPH


def _runs(
    paragraphs: Sequence[Paragraph], segments: Sequence[Segment], role_of: dict[str, Role]
) -> Iterator[VoiceRun]:
    first = 0
    while first < len(segments):
        role = role_of.get(segments[first].speaker) or role_of[""]
        text = ""
        offsets: list[int] = []
        for index in range(first, len(segments)):
            segment = segments[index]
            paragraph = paragraphs[segment.paragraph]
            wanted = role_of.get(segment.speaker) or role_of[""]
            full = len(text) + len(_JOINT) > RUN_CHARS
            if offsets and (wanted != role or full or paragraph.slot_s is not None):
                break
            text += _JOINT if offsets else ""
            offsets.append(len(text))
            text += paragraph.text[segment.start : segment.end]
        slot_s = paragraphs[segments[first].paragraph].slot_s
        yield VoiceRun(text, role, first, tuple(offsets), slot_s)
        first += len(offsets)
