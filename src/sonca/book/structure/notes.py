"""Finds notes that no link shows: lines that begin with a mark which stands in the text before.

`bến Lạc (1)` … `(1) Một bến đò`, with brackets of any kind, stars or raised figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sonca.book.model import TextBlock
from sonca.book.structure import headings

_LINE = re.compile(
    r"\s*(?:\[(?P<square>\d{1,3}|\*{1,3})\]|\((?P<round>\d{1,3}|\*{1,3})\)|\{(?P<curly>\d{1,3})\}"
    r"|(?P<raised>[¹²³⁰⁴-⁹]{1,3})|(?P<star>[*†‡]{1,3})|(?P<plain>\d{1,3})[.):])\s*[.:]?\s*[^\W_]"
)
_MARK = re.compile(
    r"\[(?P<square>\d{1,3}|\*{1,3})\]|\((?P<round>\d{1,3}|\*{1,3})\)|\{(?P<curly>\d{1,3})\}"
    r"|(?P<raised>[¹²³⁰⁴-⁹]{1,3})(?!\w)|(?<=[\w,.;:!?\"”’»)])(?P<star>[*†‡]{1,3})(?![\w*])"
)
_SIGN = re.compile(r"[\[({*†‡¹²³⁰⁴-⁹]")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_STARS = re.compile(r"[*†‡]{1,3}\Z")
_SEPARATOR = re.compile(r"[\W_]+\Z")
_Span = tuple[int, int]


@dataclass(slots=True)
class FoundNotes:
    """What was found in some blocks, by index."""

    owners: dict[int, int] = field(default_factory=dict)
    """The block that refers to a note, by the note's own."""
    marks: dict[int, list[_Span]] = field(default_factory=dict)
    """Where marks stand in a block's text."""


def find_notes(blocks: Sequence[TextBlock], skips: list[str | None]) -> FoundNotes:
    """Marks notes and what heads them in `skips`, and returns the marks that refer to them."""
    found = FoundNotes()
    if not any(
        b.skip == "note mark" or _SIGN.search(b.text) or headings.is_notes(b.text) for b in blocks
    ):
        return found
    everywhere = _marks(blocks, skips, range(len(blocks)), "square")
    for start, end in _sections(blocks, skips):
        spoken = [i for i in range(start, end) if skips[i] is None]
        lines = _notes_of(blocks, spoken, _marks(blocks, skips, spoken), everywhere)
        for index, owner in lines.items():
            skips[index] = "note"
            if owner is not None:
                found.owners[index] = owner[0]
                if owner[1] != (0, 0):
                    found.marks.setdefault(owner[0], []).append(owner[1])
        for index in _headings_of(blocks, spoken, lines):
            skips[index] = "note"
    return found


def _sections(blocks: Sequence[TextBlock], skips: Sequence[str | None]) -> Iterator[_Span]:
    """Yields what lies between two headings, files or chapters."""
    start = 0
    for index in range(1, len(blocks)):
        block, before = blocks[index], blocks[index - 1]
        other = skips[index] is None and (
            (block.part != before.part and skips[index - 1] is None) or block.opens
        )
        heading = block.level or headings.parse_heading(block.text)
        if other or (skips[index] is None and heading and not headings.is_notes(block.text)):
            yield start, index
            start = index
    yield start, len(blocks)


_Marks = dict[str, tuple[int, _Span]]
"""The first place of each mark: block and span, (0, 0) for one that was taken out already."""


def _marks(
    blocks: Sequence[TextBlock],
    skips: Sequence[str | None],
    among: Sequence[int],
    kind: str = "",
) -> _Marks:
    marks: _Marks = {}
    for index in among:
        text = blocks[index].text
        if skips[index] is not None:
            continue
        for key in _raised_before(blocks, index) if not kind else ():
            marks.setdefault(key, (index, (0, 0)))
        if not _SIGN.search(text):
            continue
        for match in _MARK.finditer(text):
            if match.start() > 0 and (not kind or match.lastgroup == kind):
                marks.setdefault(_key(match), (index, match.span()))
    return marks


def _raised_before(blocks: Sequence[TextBlock], index: int) -> Iterator[str]:
    """Yields the marks that were taken out of a paragraph because they were raised."""
    while index > 0 and blocks[index - 1].skip == "note mark":
        index -= 1
        bare = blocks[index].text.strip("[](){} ")
        if bare.isdecimal() or _STARS.match(bare):
            yield f"{'raised' if bare.isdecimal() else 'star'} {bare}"


def _key(match: re.Match[str]) -> str:
    """Returns a mark as lines and text share it: what kind of brackets, which number."""
    kind = match.lastgroup or ""
    return f"{kind} {match[kind].translate(_RAISED)}"


def _notes_of(
    blocks: Sequence[TextBlock], spoken: Sequence[int], marks: _Marks, everywhere: _Marks
) -> dict[int, tuple[int, _Span] | None]:
    """Returns the notes of a section, each with the mark that refers to it, if there is one."""
    heads = [i for i in spoken if headings.is_notes(blocks[i].text)]
    if heads and (lines := _listed(blocks, [i for i in spoken if i > heads[-1]])):
        return {i: _owner(match, marks) for i, match in lines.items()}
    lines = {}
    for index in reversed(spoken):
        match = _LINE.match(blocks[index].text)
        if match is None and not _SEPARATOR.match(blocks[index].text):
            break
        if match is not None:
            lines[index] = match
    owners = {i: _owner(m, marks, before=i) for i, m in lines.items()}
    first = min(lines, default=0)
    introduced = any(
        blocks[i].text.rstrip().endswith(":") for i in spoken if i < first and i >= first - 1
    )
    known = [i for i, owner in owners.items() if owner is not None]
    if lines and len(known) * 2 > len(lines) and not introduced:
        return dict(sorted(owners.items()))
    # [1] lines belong to a mark wherever it stands.
    return {
        i: everywhere[_key(match)]
        for i in spoken
        if (match := _LINE.match(blocks[i].text))
        and match.lastgroup == "square"
        and _key(match) in everywhere
        and everywhere[_key(match)][0] != i
    }


def _listed(blocks: Sequence[TextBlock], after: Sequence[int]) -> dict[int, re.Match[str]]:
    """Returns the lines right after a heading such as `Chú thích` that begin with a mark."""
    lines = {}
    for index in after:
        match = _LINE.match(blocks[index].text)
        if match is None:
            break
        lines[index] = match
    return lines


def _owner(
    line: re.Match[str], marks: _Marks, before: int | None = None
) -> tuple[int, _Span] | None:
    kind, number = _key(line).split(" ")
    kinds = ("round", "square", "raised", "curly") if kind == "plain" else (kind, "raised", "star")
    kinds = (*kinds, "round", "square") if kind == "star" else kinds
    for each in kinds:
        owner = marks.get(f"{each} {number}")
        if owner is not None and (before is None or owner[0] < before):
            return owner
    return None


def _headings_of(
    blocks: Sequence[TextBlock], spoken: Sequence[int], lines: dict[int, tuple[int, _Span] | None]
) -> Iterator[int]:
    """Yields the heading and the line right before the notes of a section."""
    if not lines:
        return
    for index in reversed([i for i in spoken if i < min(lines)]):
        text = blocks[index].text
        if not (headings.is_notes(text) or _SEPARATOR.match(text)):
            return
        yield index
