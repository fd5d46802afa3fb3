"""Finds captions that roll, as machines make them of speech: each shows what was there again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from sonca.book.model import TextBlock

_TOUCHING_S = 0.3
_SHARE = 0.5
"""Of the captions that follow right upon another, those that repeat it where a file rolls."""
_MANY_WORDS = 3
"""A line of so many words is not said twice by chance, with more below it the second time."""
_MAX_WORDS = 60


def without_repeats(blocks: Iterable[TextBlock]) -> tuple[list[TextBlock], int]:
    """Returns captions with what is new in each, line ends as blanks, and how many repeated some.

    A caption that says nothing new gives its time to the one before it.
    """
    cues = list(blocks)
    words = [cue.text.split() for cue in cues]
    overlaps = [0, *(_overlap(a, b) for a, b in pairwise(cues))]
    if not any(overlaps):
        return [_one_line(cue) for cue in cues], 0
    pairs = sum(_touch(a, b) for a, b in pairwise(cues))
    repeated = [i for i, count in enumerate(overlaps) if count]
    grown = any(overlaps[i] < len(words[i]) for i in repeated)
    rolls = grown and len(repeated) >= _SHARE * pairs
    found: list[TextBlock] = []
    count = 0
    for index, cue in enumerate(cues):
        known = overlaps[index]
        if not rolls and not _MANY_WORDS <= known < len(words[index]):
            known = 0
        count += known > 0
        if known == 0 or not found:
            found.append(_one_line(cue))
        elif known == len(words[index]):
            found[-1] = _longer(found[-1], cue)
        else:
            found.append(_after(cue, known))
    return found, count


def _touch(one: TextBlock, other: TextBlock) -> bool:
    assert one.slot_s is not None and other.slot_s is not None
    return other.slot_s[0] <= one.slot_s[1] + _TOUCHING_S


def _overlap(one: TextBlock, other: TextBlock) -> int:
    """Returns how many words at the beginning of `other` are the end of `one`, if they are a whole
    line of it, or all of it."""
    if not _touch(one, other):
        return 0
    before, after = one.text.split(), other.text.split()
    if len(before) > _MAX_WORDS or len(after) > _MAX_WORDS:
        return 0
    for size in _line_ends(one.text):
        if before[-size:] == after[:size]:
            return size
    return 0


def _line_ends(text: str) -> Sequence[int]:
    """Returns the words in the last line, in the last two and so on, the most first."""
    sizes, total = [], 0
    for line in reversed(text.split("\n")):
        total += len(line.split())
        if line.strip():
            sizes.append(total)
    return sizes[::-1]


def _one_line(cue: TextBlock) -> TextBlock:
    return replace(cue, text=cue.text.replace("\n", " "))


def _longer(cue: TextBlock, other: TextBlock) -> TextBlock:
    assert cue.slot_s is not None and other.slot_s is not None
    return replace(cue, slot_s=(cue.slot_s[0], max(cue.slot_s[1], other.slot_s[1])))


def _after(cue: TextBlock, known: int) -> TextBlock:
    """Returns a caption without its first words; places in the file stay true."""
    at = 0
    for _ in range(known):
        while cue.text[at].isspace():
            at += 1
        while at < len(cue.text) and not cue.text[at].isspace():
            at += 1
    rest = cue.text[at:]
    at += len(rest) - len(rest.lstrip())
    return _one_line(replace(cue, text=cue.text[at:], start=cue.start + at))
