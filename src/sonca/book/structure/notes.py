"""Finds notes that no link shows: lines that begin with a mark which stands in the text before.

`bến Lạc (1)` … `(1) Một bến đò`, with brackets of any kind, stars or raised figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sonca.book.model import TextBlock
from sonca.book.structure import headings

_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_LINE = re.compile(
    r"\s*(?:(?:chú\s+thích|ghi\s+chú|cước\s+chú)\s*:?\s+)?"
    r"(?:\[[←↑^]?\s?(?P<square>\d{1,3}|\*{1,3})\]|\((?P<round>\d{1,3}|\*{1,3})\)"
    rf"|\{{(?P<curly>\d{{1,3}})\}}|(?P<raised>[¹²³⁰⁴-⁹]{{1,3}}|[ᵃ-ᵐ]|[{_CIRCLED}])"
    r"|(?P<star>[*†‡]{1,3})|(?P<plain>\d{1,3})(?:[.):]|\s?[-–](?=\s)))\s*[.:,]?\s*[^\W_]",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"\[(?P<square>\d{1,3}|\*{1,3})\]|\((?P<round>\d{1,3}|\*{1,3})\)|\{(?P<curly>\d{1,3})\}"
    rf"|(?P<raised>(?:[¹²³⁰⁴-⁹]{{1,3}}|[{_CIRCLED}]))(?!\w)"
    r"|(?<=[\w,.;:!?\"”’»)])(?P<star>[*†‡]{1,3})(?![\w*])"
)
_SIGN = re.compile(rf"[\[({{*†‡¹²³⁰⁴-⁹{_CIRCLED}]")
_RAISED: dict[str, str] = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐ", "0123456789abcdefghijklm", strict=True)
)
_RAISED |= {circled: str(number) for number, circled in enumerate(_CIRCLED, start=1)}
_PLAIN = str.maketrans(_RAISED)
_STARS = re.compile(r"[*†‡]{1,3}\Z")
_SEPARATOR = re.compile(r"[\W_]+\Z")
_MAX_MORE = 3
"""Paragraphs that a note may have beside its first."""
_STROKE = re.compile(r"\s*[_\-–—―*─]{3,}\s*\Z")
_NEAR = 30
"""So many blocks behind its mark a note may stand in the middle of the text."""
_Span = tuple[int, int]
_Owners = dict[int, tuple[int, _Span] | None]


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
    listed = any(headings.is_notes(b.text) for b in blocks)
    everywhere = _marks(blocks, skips, range(len(blocks)), "" if listed else "square")
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
        if _STARS.match(bare):
            yield f"star {bare}"
        elif bare.isdecimal() or len(bare) == 1:
            yield f"raised {bare}"


def _key(match: re.Match[str]) -> str:
    """Returns a mark as lines and text share it: what kind of brackets, which number."""
    kind = match.lastgroup or ""
    return f"{kind} {match[kind].translate(_PLAIN)}"


def _notes_of(
    blocks: Sequence[TextBlock], spoken: Sequence[int], marks: _Marks, everywhere: _Marks
) -> dict[int, tuple[int, _Span] | None]:
    """Returns the notes of a section, each with the mark that refers to it, if there is one."""
    heads = [i for i in spoken if headings.is_notes(blocks[i].text)]
    if heads and (lines := _listed(blocks, [i for i in spoken if i > heads[-1]])):
        return {i: _owner(match, marks) or _owner(match, everywhere) for i, match in lines.items()}
    lines = _last_lines(blocks, spoken)
    owners = {i: _owner(m, marks, before=i) for i, m in lines.items()}
    known = [i for i, owner in owners.items() if owner is not None]
    if not _are_enough(known, lines) or _is_introduced(blocks, spoken, min(lines)):
        owners = {}
    found = dict(sorted(owners.items()))
    found |= _further(blocks, spoken, found)
    for index in spoken:
        match = _LINE.match(blocks[index].text) if index not in found else None
        owner = _sure_owner(blocks, index, match, marks, everywhere) if match else None
        if owner is not None:
            found[index] = owner
    return dict(sorted(found.items()))


def _last_lines(blocks: Sequence[TextBlock], spoken: Sequence[int]) -> dict[int, re.Match[str]]:
    """Returns the lines at a section's end that begin with a mark."""
    lines: dict[int, re.Match[str]] = {}
    more: list[int] = []  # what may be further paragraphs of the note before
    for index in reversed(spoken):
        match = _LINE.match(blocks[index].text)
        if match is not None:
            if more and not _may_have_more(match, lines):
                break
            more.clear()
            lines[index] = match
        elif not _SEPARATOR.match(blocks[index].text):
            more.append(index)
            if len(more) > _MAX_MORE or (not lines and not blocks[index].indent):
                break
    return lines


def _further(blocks: Sequence[TextBlock], spoken: Sequence[int], notes: _Owners) -> _Owners:
    """Returns the further paragraphs of notes at a section's end, with their notes' owners."""
    found: _Owners = {}
    owner: tuple[int, _Span] | None = None
    for index in spoken:
        if index in notes:
            owner = notes[index]
        elif notes and index > min(notes) and not _SEPARATOR.match(blocks[index].text):
            found[index] = (owner[0], (0, 0)) if owner else None
    return found


def _may_have_more(line: re.Match[str], below: dict[int, re.Match[str]]) -> bool:
    """Returns whether a note in brackets, or raised, goes on to the next one below it."""
    kind, number = _key(line).split(" ")
    if kind not in ("square", "raised", "curly") or not number.isdecimal():
        return False
    following = next(reversed(below.values()), None)
    return following is None or _key(following) == f"{kind} {int(number) + 1}"


def _are_enough(known: Sequence[int], lines: dict[int, re.Match[str]]) -> bool:
    """Returns whether so many lines have marks in the text that all of them are notes: more than
    half, or a third of lines in brackets that count from one."""
    if not known or any(match.lastgroup == "plain" for match in lines.values()):
        return len(known) * 2 > len(lines)
    return len(known) * (3 if _counts_on(lines.values()) else 2) >= len(lines)


def _counts_on(lines: Iterable[re.Match[str]]) -> bool:
    """Returns whether the marks of some lines, from the last one back, are 1, 2, 3 and so on."""
    numbers = [_key(line).split(" ")[1] for line in lines][::-1]
    return numbers == [str(n) for n in range(1, len(numbers) + 1)]


def _is_introduced(blocks: Sequence[TextBlock], spoken: Sequence[int], first: int) -> bool:
    """Returns whether a line before a list announces it."""
    return any(
        blocks[i].text.rstrip().endswith(":") for i in spoken if i < first and i >= first - 1
    )


def _sure_owner(
    blocks: Sequence[TextBlock],
    index: int,
    line: re.Match[str],
    marks: _Marks,
    everywhere: _Marks,
) -> tuple[int, _Span] | None:
    """Returns the mark that a line in the middle of the text belongs to, if it is no item of a
    list: [1] wherever it stands, raised figures and stars not far behind theirs, and what stands
    under a stroke."""
    kind, key = line.lastgroup, _key(line)
    if kind == "square":
        owner = everywhere.get(key)
        return owner if owner is not None and owner[0] != index else None
    owner = _owner(line, marks, before=index)
    if owner is None or index - owner[0] > _NEAR:
        return None
    if kind == "curly":
        return owner
    if kind in ("raised", "star"):
        same = [
            i
            for i in (index - 1, index + 1)
            if 0 <= i < len(blocks) and (m := _LINE.match(blocks[i].text)) and _key(m) == key
        ]
        return owner if not same else None
    if kind == "round" and "*" in key:
        return owner
    before = index - 1
    while before > owner[0] and _LINE.match(blocks[before].text):
        before -= 1
    return owner if before > owner[0] and _STROKE.match(blocks[before].text) else None


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
