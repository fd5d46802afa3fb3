"""Finds what belongs to printed pages and not to the text: page numbers and running heads.

A converter leaves them as lines of their own, often in the middle of a sentence. They are told by
what they have in common: numbers that count on, lines that come again beside them or that cut a
sentence in two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sonca.book.model import TextBlock
from sonca.book.structure import headings

NUMBER = "page number"
HEAD = "running head"
_MAX_CHARS = 80
_STOPS = '.!?…:;”"»)]'
_ALONE = re.compile(r"[\W_]*(?P<n>\d{1,4})[\W_]*\Z")
_SAID = re.compile(
    r"[\W_]*(?:(?:trang(?:\s+số)?|page|pg|p|tr)\b\.?\s*(?:số\s*)?(?P<a>\d{1,4})"
    r"(?:\s*(?:/|of|trên|trong)\s*\d{1,4})?|(?P<b>\d{1,4})\s*(?:/|of|trên)\s*\d{2,4}"
    r"|(?P<d>[-–—~|\[])\s*(?P<c>\d{1,4})\s*[-–—~|\]])[\W_]*\Z",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_SIGNS = re.compile(r"[\W_]+")
_EDGE = re.compile(r"\A\d{1,4}(?=\D)|(?<=\D)\d{1,4}\Z")
_NUMBERED = re.compile(r"\d{1,4}\s*[|·•—–/]\s*\D+\Z|\D+?\s*[|·•—–/]\s*\d{1,4}\Z")
_PARTS = re.compile(r"[—–|]| - ")
_WEB = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
_YEAR = 1500
_NEAR = 20
"""So many blocks that are set aside may stand between a page's mark and the text."""
_TIMES = 3
"""So often a line comes again between others before it is a running head by that alone."""


@dataclass(frozen=True, slots=True)
class _Number:
    at: int
    value: int
    said: bool
    """Whether it says so: `Trang 12`, `- 12 -`, `12/230`."""


def mark_pages(
    blocks: Sequence[TextBlock], skips: list[str | None], names: Sequence[str] = ()
) -> None:
    """Sets the reason in `skips` for each block that is a page number or a running head. `names`
    are the book's title and author."""
    short = [
        i
        for i, b in enumerate(blocks)
        if skips[i] is None and 0 < len(b.text) <= _MAX_CHARS and "\n" not in b.text and not b.item
    ]
    lines = _Lines(blocks, skips, set(short))
    known = {_form(part) for name in names for part in _PARTS.split(name)} - {""}
    numbers = _numbers(blocks, short, lines, known)
    for number in numbers:
        skips[number.at] = NUMBER
    near = {i for n in numbers for i in lines.around(n.at) if i in lines.short}
    found = _heads(blocks, short, lines, near, known)
    for index in found:
        skips[index] = HEAD
    if found:  # a number beside a running head
        for index in short:
            alone = skips[index] is None and _ALONE.match(blocks[index].text)
            beside = (index - 1, index + 1)
            if alone and not blocks[index].level and any(i in found for i in beside):
                skips[index] = NUMBER


class _Lines:
    """The lines of a book, with those around a place that may be text."""

    def __init__(
        self, blocks: Sequence[TextBlock], skips: Sequence[str | None], short: set[int]
    ) -> None:
        self.blocks, self.skips, self.short = blocks, skips, short

    def before(self, at: int) -> int:
        """Returns the last line before a place that is not set aside, -1 for none near."""
        near = range(at - 1, max(-1, at - 1 - _NEAR), -1)
        return next((i for i in near if self.skips[i] is None), -1)

    def after(self, at: int) -> int:
        """Returns the next line that is not set aside, -1 for none near."""
        near = range(at + 1, min(len(self.blocks), at + 1 + _NEAR))
        return next((i for i in near if self.skips[i] is None), -1)

    def around(self, at: int) -> tuple[int, int]:
        return self.before(at), self.after(at)

    def cuts(self, at: int) -> bool:
        """Returns whether a line stands in the middle of a sentence: a longer line than this one,
        which a title above a page's text is not, goes on behind it."""
        texts, chars = self.blocks, len(self.blocks[at].text)
        lows, highs = self._beside(at, self.before), self._beside(at, self.after)
        lows = [low for low in lows if len(texts[low].text) > chars]
        return any(continues(texts[a].text, texts[b].text) for a in lows for b in highs)

    def _beside(self, at: int, step: Callable[[int], int], reach: int = 3) -> list[int]:
        """Returns the next lines on one side that may be text, past others that may be none."""
        found: list[int] = []
        for _ in range(2 * reach):
            at = step(at)
            if at < 0 or self.blocks[at].level or len(found) >= reach:
                break
            short = at in self.short
            if short and headings.parse_heading(self.blocks[at].text):
                if not _ALONE.match(self.blocks[at].text):
                    break
                continue
            found.append(at)
            if not short or not self._aside(at):
                break
        return found

    def _aside(self, at: int) -> bool:
        text = self.blocks[at].text
        return bool(_ALONE.match(text) or _SAID.match(text)) or (
            text[:1].isupper() and text[-1:] not in _STOPS + "," and len(text) <= 60
        )


def continues(text: str, following: str) -> bool:
    """Returns whether a sentence that `text` leaves open goes on in `following`."""
    text, following = text.rstrip(), following.lstrip()
    if not text or not following or text[-1] in _STOPS:
        return False
    return (text[-1].isalnum() or text[-1] in ",-\u00ad") and following[0].islower()


def _numbers(
    blocks: Sequence[TextBlock], short: Sequence[int], lines: _Lines, known: set[str]
) -> list[_Number]:
    """Finds page numbers. One that is alone in its book must cut a sentence, or stand beside the
    book's title or author."""
    found: list[_Number] = []
    for index in short:
        text = blocks[index].text
        if blocks[index].level or not text[-8:].strip() or not _DIGITS.search(text):
            continue
        said, alone = _SAID.match(text), _ALONE.match(text)
        if said:
            says = said["d"] != "["  # [1], [2] may head chapters
            found.append(_Number(index, int(said["a"] or said["b"] or said["c"]), says))
        elif alone and not text.rstrip().endswith((".", ")", ":")) and int(alone["n"]) < _YEAR:
            found.append(_Number(index, int(alone["n"]), False))
    if not found:
        return []
    cutting = {n.at for n in found if lines.cuts(n.at)}
    sections = _sections([n for n in found if not n.said])
    if sum(at in cutting for at in sections) * 3 > len(sections):
        sections = set()  # pages are counted from one, too
    left = [n for n in found if n.at not in sections]
    if len(left) == 1 and not left[0].said and left[0].at not in cutting:
        beside = [i for i in lines.around(left[0].at) if i in lines.short]
        if not any(_form(p) in known for i in beside for p in _PARTS.split(blocks[i].text)):
            return []
    return left


def _sections(numbers: Sequence[_Number]) -> set[int]:
    """Returns the places of numbers that count from one: they head sections."""
    found: set[int] = set()
    expected = 0
    for number in numbers:
        if number.value == 1 or number.value == expected:
            found.add(number.at)
            expected = number.value + 1
    return found if len(found) > 1 else set()


def _form(text: str, *, keep: bool = False) -> str:
    """Returns what equal heads have in common: letters, and digits only if they are to be kept."""
    letters = _SIGNS.sub("", text.casefold())
    return letters if keep else _DIGITS.sub("#", _EDGE.sub("", letters) or letters)


def _heads(
    blocks: Sequence[TextBlock],
    short: Sequence[int],
    lines: _Lines,
    near: set[int],
    known: set[str],
) -> set[int]:
    """Returns the running heads. `near` are the lines beside page numbers, `known` the forms of
    the book's title and author."""
    left = [i for i in short if lines.skips[i] is None and blocks[i].text[-1] not in ".!?…,;:"]
    forms = _forms(blocks, left, near, known)
    times = Counter(forms.values())
    beside = Counter(forms[i] for i in near if i in forms)
    counted = Counter(forms[i] for i in forms if _NUMBERED.match(blocks[i].text))
    sure = {form for form, count in counted.items() if count >= _TIMES}
    found: set[int] = set()
    for index, form in forms.items():
        text = blocks[index].text
        small = text[0].islower() and not _WEB.match(text)
        if not form or form == "#" or small or text[0] in "-–—“\"'«([*":
            continue
        own = any(_form(part) in known for part in _PARTS.split(text))
        if headings.parse_heading(text) and not (own and index in near) and times[form] < 2:
            continue
        if form in sure:
            continue
        if index in near and (own or beside[form] > 1 or lines.cuts(index)):
            found.add(index)
            sure.add(form)
        elif (times[form] > 1 or own or text.isupper()) and lines.cuts(index):
            found.add(index)
            if times[form] >= _TIMES:
                sure.add(form)
    return _all_of(blocks, {i: form for i, form in forms.items() if form in sure}, near, found)


def _forms(
    blocks: Sequence[TextBlock], left: Sequence[int], near: set[int], known: set[str]
) -> dict[int, str]:
    """Returns the forms of the lines that may be running heads: those that come again, have
    figures, or may be the book's title."""
    numbered = {i for i in left if _DIGITS.search(blocks[i].text)}
    bare = {i: _DIGITS.sub("", blocks[i].text) if i in numbered else blocks[i].text for i in left}
    again = Counter(bare.values())
    longest = max(map(len, known), default=0) + 8
    return {
        i: _form(blocks[i].text, keep=headings.parse_heading(blocks[i].text) is not None)
        for i in left
        if i in near
        or i in numbered
        or again[bare[i]] > 1
        or blocks[i].text.isupper()
        or len(blocks[i].text) <= longest
    }


def _all_of(
    blocks: Sequence[TextBlock], sure: dict[int, str], near: set[int], found: set[int]
) -> set[int]:
    """Returns what was found with all lines of the forms that are sure, but for the first where it
    is a chapter's own heading, which pages repeat."""
    times, firsts = Counter(sure.values()), set[str]()
    for index, form in sure.items():
        heading = headings.parse_heading(blocks[index].text) is not None or blocks[index].level
        if heading and form not in firsts:
            found.discard(index)
        elif heading or index in near or times[form] >= _TIMES:
            found.add(index)
        firsts.add(form)
    return found
