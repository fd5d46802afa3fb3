"""Finds where chapters begin, from all that tells: contents, headings, classes, lines, files.

Every kind of evidence gives its own starts; the best is taken, and said why. What a table of
contents leaves out and headings name is added to it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sonca.book import limits
from sonca.book.model import TextBlock
from sonca.book.structure import headings
from sonca.book.structure.headings import Heading, parse_heading

_GENERIC = re.compile(
    r"(?:nội dung|nội dung chính|văn bản|bắt đầu(?: đọc)?|hết|kết thúc sách|text|start|begin"
    r"(?: reading)?|the end|end|main|body|content|untitled|unknown|section|chapter|document"
    r"|không (?:có )?(?:tiêu đề|tên)|phần không tên|book|sách|truyện"
    r"|(?:part|section|chapter|page|file|index_split|split|text|id|ch|c|x|html?)?[-_. ]?\d{3,}"
    r"(?:[-_]split[-_]\d+)?|.{1,60}\.x?html?)\s*\Z",
    re.IGNORECASE,
)
"""Titles that converters put into contents for want of a better one."""
_TITLE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:chap(?:ter)?s?|chuong|title|heading|head|tieu[-_]?de|tua[-_]?de|tenchuong"
    r"|chapter(?:title|head|heading|name|number)|ct|cn|h[1-4])(?:\d*$|\d*[\s_-])",
    re.IGNORECASE,
)
_FIRST_BLOCKS = 5
_BODY_CHARS = 60
"""A longer block is text."""
_SIGNS = re.compile(r"[\W_]+")
_FILE_SHARE = 0.6
"""So many files must begin with a line that can be a title before files are chapters."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Where chapters begin."""

    titles: dict[int, str]
    """By the index of the block that begins it, each chapter's title."""
    by: str = ""
    """``contents``, ``headings``, ``classes``, ``lines``, ``list``, ``files``, ``pattern``, or
    two of them."""
    why: str = ""
    """In words, for people."""


def find_starts(
    blocks: Sequence[TextBlock], listed: Iterable[str] = (), how: str = "auto", title: str = ""
) -> Starts:
    """Finds where chapters begin. `listed` are the titles in a printed table of contents; `how`
    is as `BookOptions.chapters`; `title` is the book's, and no chapter's."""
    if any(block.slot_s for block in blocks):
        return Starts({})
    if how == "auto":
        return _best(blocks, listed, form(title))
    if how == "toc":
        opened = {i: short(b.opens) for i, b in enumerate(blocks) if b.opens}
        return Starts(opened or by_list(blocks, listed), "contents", "as asked")
    if how == "headings":
        found = by_level(blocks)
        lines = by_lines(blocks)
        return Starts(found if len(found) >= len(lines) else lines, "headings", "as asked")
    if how == "files":
        return Starts(_all_files(blocks), "files", "as asked")
    pattern = re.compile(how)
    matching = {i: short(b.text) for i, b in enumerate(blocks) if pattern.search(b.text)}
    return Starts(matching, "pattern", f"the lines that match {how!r}, as asked")


def _best(blocks: Sequence[TextBlock], listed: Iterable[str], own: str) -> Starts:
    opened = {i: short(b.opens) for i, b in enumerate(blocks) if b.opens}
    toc = {i: t for i, t in opened.items() if not _GENERIC.match(t) and form(t) != own}
    marked, lines = _without_own(by_level(blocks), own), by_lines(blocks)
    if _named(blocks, lines) > max(1, 2 * len(marked)):
        marked, kind = lines, "lines"
    else:
        kind = "headings"
    missing = [i for i in marked if not _covered(blocks, toc, i)]
    if len(toc) > 1:
        named = sum(headings.is_named(blocks[i].text) for i in missing)
        parts = all((h := parse_heading(t)) and h.rank == "part" for t in toc.values())
        if (named > 1 and named * 2 >= len(toc)) or (parts and len(missing) >= len(toc)):
            both = _joined(blocks, toc, marked)
            why = f"the contents name {len(toc)}, {kind} show {len(missing)} more"
            return Starts(both, f"contents and {kind}", why)
        return Starts(toc, "contents", f"{len(toc)} entries; {kind} show {len(marked)}")
    about = "there are no contents"
    if opened:
        about = "the contents name but one chapter" if toc else "the contents name no chapter"
    if len(marked) > 1 or (marked and not toc):
        return Starts(_joined(blocks, toc, marked) if toc else marked, kind, about)
    for by, found in (
        ("lines", lines or by_count(blocks)),
        ("classes", by_class(blocks) or by_look(blocks)),
        ("list", by_list(blocks, listed)),
        ("files", by_file(blocks)),
    ):
        if len(found) > 1 or (found and by == "lines" and not toc):
            return Starts(found, by, f"{about}, and no headings")
    return Starts(toc or opened, "contents" if opened else "", about)


def _without_own(starts: dict[int, str], own: str) -> dict[int, str]:
    """Returns starts without a first one that is only the book's title."""
    first = min(starts, default=-1)
    if len(starts) > 1 and form(starts[first]) == own and own:
        return {i: title for i, title in starts.items() if i != first}
    return starts


def _named(blocks: Sequence[TextBlock], starts: Iterable[int]) -> int:
    return sum(headings.is_named(blocks[i].text) for i in starts)


def _covered(blocks: Sequence[TextBlock], toc: dict[int, str], index: int) -> bool:
    """Returns whether the contents have a start at a heading, or at most two short lines beside.
    A part's start is not that of its first chapter."""
    if index in toc:
        return True
    own = parse_heading(blocks[index].text)
    for at in range(max(0, index - 2), index + 2):
        if at in toc and all(headings.can_head(b.text) for b in blocks[at:index]):
            other = parse_heading(blocks[at].text)
            part = other is not None and other.rank == "part"
            if not part or own is None or own.rank == "part":
                return True
    return False


def _joined(
    blocks: Sequence[TextBlock], toc: dict[int, str], marked: dict[int, str]
) -> dict[int, str]:
    more = {i: title for i, title in marked.items() if not _covered(blocks, toc, i)}
    fuller = {i: t for i, t in marked.items() if i in toc and form(toc[i]) in form(t)}
    return _merged(blocks, dict(sorted((toc | more | fuller).items())))


# Each kind of evidence


def by_level(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds headings that the format marks: the highest level that occurs more than once, and the
    single ones above it; a lone heading only if it says that it is a chapter's."""
    counts = Counter(b.level for b in blocks if b.level)
    several = [level for level in range(1, 7) if counts[level] > 1]
    if not several:
        return {
            i: short(b.text) for i, b in enumerate(blocks) if b.level and headings.is_named(b.text)
        }
    top = several[0]
    ranks = {h.rank for b in blocks if b.level == top and (h := parse_heading(b.text))}
    if ranks == {"part"} and counts[top + 1] > counts[top]:
        top += 1  # parts that hold chapters
    chosen = {i for i, b in enumerate(blocks) if 0 < b.level <= top}
    lowest = min(counts)
    if lowest < top and counts[lowest] == 1 and blocks[min(chosen)].level < top:
        chosen.discard(min(chosen))  # the book's own title
    return _merged(blocks, {i: short(blocks[i].text) for i in sorted(chosen)})


def by_lines(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds lines that read as headings; bare numbers only if they count from one."""
    found = {i: h for i, b in enumerate(blocks) if (h := parse_heading(b.text))}
    named = {i: h for i, h in found.items() if h.named}
    chosen = named or _counting(blocks, found)
    starts: dict[int, str] = {}
    for index, head in chosen.items():
        title = short(blocks[index].text)
        following = index + 1
        if (
            not head.title
            and following < len(blocks)
            and following not in chosen
            and following + 1 < len(blocks)
            and following + 1 not in chosen
            and headings.can_be_title(blocks[following].text)
        ):
            title = short(f"{title.rstrip(' .:')}: {blocks[following].text}")
        starts[index] = title
    return _merged(blocks, starts)


def _counting(blocks: Sequence[TextBlock], found: dict[int, Heading]) -> dict[int, Heading]:
    """Finds numbers that count from 1, with text between them. Others are not headings, and
    neither is a list."""
    chosen: dict[int, Heading] = {}
    titled = {bool(head.title) for head in found.values()}
    for kind in sorted(titled):  # bare numbers first
        chosen, expected = {}, 1
        for index, head in found.items():
            if bool(head.title) == kind and headings.value(head.number) == expected:
                chosen[index] = head
                expected += 1
        between = all(b - a > 1 for a, b in zip(chosen, list(chosen)[1:], strict=False))
        if len(chosen) > 1 and between and max(chosen) + 1 < len(blocks):
            return chosen
    return {}


def by_count(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds lines that count from one under any name: `Ngày thứ nhất`, `Ngày thứ hai`."""
    series: dict[str, dict[int, str]] = {}
    for index, block in enumerate(blocks):
        if len(block.text) <= headings.MAX_CHARS and not block.item:
            counted = headings.parse_counted(block.text)
            if counted and counted[1] == len(series.get(counted[0], ())) + 1:
                series.setdefault(counted[0], {})[index] = short(block.text)
    found = max(series.values(), key=len, default={})
    order = sorted(found)
    between = all(b - a > 1 for a, b in itertools.pairwise(order))
    return found if len(found) > 1 and between and order[-1] + 1 < len(blocks) else {}


def by_class(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds short paragraphs whose class says that they are titles."""
    short_ones = [i for i, b in enumerate(blocks) if b.hint and not b.level and len(b.text) <= 100]
    classes = {b.hint for b in blocks if b.hint}
    telling = {hint for hint in classes if _TITLE_CLASS.search(hint)}
    chosen: dict[int, str] = {}
    last = -2
    for index in short_ones:
        if blocks[index].hint not in telling:
            continue
        if last == index - 1 and chosen:
            first = next(reversed(chosen))
            chosen[first] = short(f"{chosen[first].rstrip(' .:')}: {blocks[index].text}")
        else:
            chosen[index] = short(blocks[index].text)
        last = index
    return chosen


def by_look(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds short lines of a class that nothing else has, with text between them, from the book's
    beginning on: its titles, whatever the class is called."""
    by_hint: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        if block.hint and not block.level:
            by_hint.setdefault(block.hint, []).append(index)
    best: list[int] = []
    for indices in by_hint.values():
        if len(best) < len(indices) and len(indices) > 1 and indices[0] < _FIRST_BLOCKS:
            titles = all(headings.can_be_title(blocks[i].text) for i in indices)
            if titles and all(
                any(len(block.text) > _BODY_CHARS for block in blocks[first + 1 : end])
                for first, end in itertools.pairwise([*indices, len(blocks)])
            ):
                best = indices
    return {index: short(blocks[index].text) for index in best}


def by_list(blocks: Sequence[TextBlock], listed: Iterable[str]) -> dict[int, str]:
    """Finds lines that a printed table of contents names."""
    titles = {form(headings.without_leader(title)) for title in listed} - {""}
    if not titles:
        return {}
    return {
        i: short(b.text)
        for i, b in enumerate(blocks)
        if len(b.text) <= headings.MAX_CHARS and form(b.text) in titles
    }


def _files(blocks: Sequence[TextBlock]) -> list[int]:
    """Returns the first block of each file inside the book's."""
    return [i for i, b in enumerate(blocks) if i == 0 or b.part != blocks[i - 1].part]


def by_file(blocks: Sequence[TextBlock]) -> dict[int, str]:
    """Finds files that begin with a line that can be a title, where most do."""
    files = _files(blocks)
    titled = {i: short(blocks[i].text) for i in files if headings.can_be_title(blocks[i].text)}
    return titled if len(titled) > 1 and len(titled) >= len(files) * _FILE_SHARE else {}


def _all_files(blocks: Sequence[TextBlock]) -> dict[int, str]:
    found = {}
    for number, index in enumerate(_files(blocks), start=1):
        block = blocks[index]
        plain = headings.can_be_title(block.text) or block.level
        found[index] = short(block.opens or (block.text if plain else f"Phần {number}"))
    return found


def _merged(blocks: Sequence[TextBlock], starts: dict[int, str]) -> dict[int, str]:
    """Joins a part's heading to the chapter's right after it, with both in its title."""
    merged: dict[int, str] = {}
    carried: tuple[int, str] | None = None
    order = sorted(starts)
    for position, index in enumerate(order):
        title = starts[index]
        if carried is not None:
            title = short(f"{carried[1]} – {title}")
        first = carried[0] if carried is not None else index
        following = order[position + 1] if position + 1 < len(order) else len(blocks)
        body = blocks[index + 1 : following]
        head = parse_heading(blocks[index].text)
        only_title = len(body) == 1 and title.endswith(body[0].text.strip())
        if following < len(blocks) and (not body or only_title) and head and head.rank == "part":
            carried = (first, title)
            continue
        merged[first] = title
        carried = None
    return merged


def form(text: str) -> str:
    """Returns what equal titles have in common: letters and digits."""
    return _SIGNS.sub("", headings.plain(text).casefold())


def short(title: str) -> str:
    """Returns a title for lists: on one line, without decoration, not too long."""
    title = " ".join(title.split()).strip("*_#=~ ")
    if len(title) <= headings.MAX_CHARS and not title[:1].isalnum():
        title = headings.plain(title) or title
    if len(title) <= limits.MAX_TITLE_CHARS:
        return title
    return title[: limits.MAX_TITLE_CHARS - 1] + "…"
