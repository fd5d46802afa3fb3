"""Defines a rule, and the workspace of one sentence that rules rewrite.

A rule replaces pieces of the sentence by what is spoken for them. Replaced characters are masked
in `masked`, which keeps its length, so positions never shift and no rule reads a piece twice.
`text` stays whole, for rules that look around.

Patterns stay linear: every repeat is bounded or over a single character class.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from sonca.text.folding import Folded
from sonca.text.reading import Reading
from sonca.text.vietnamese import numbers

NUMBER_MASK = "\x01"
WORD_MASK = "\x02"
SILENT_MASK = "\x03"

LETTER = r"[^\W\d_²³¹⁰⁴-⁹₀-₉½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒ⁿₙ]"
"""One letter. Patterns write it ``\\p{L}``: for `re`, small figures are letters too."""
NUMBER = (
    r"(?:\d{1,3}(?:\.\d{3}){1,8}(?:,\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){2,6}(?:\.\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){1,6}\.\d{1,12}(?![.,]?\d)"
    r"|\d{1,3}(?:['’]\d{3}){1,6}(?!\d)"
    r"|[1-9]\d{0,2}(?: \d{3}){1,6}(?:,\d{1,12})?(?![.,]?\d| \d)"
    r"|\d{1,18}[.,]\d{1,12}(?![.,]?\d)"
    r"|\d{1,18}(?!\d|[.,]\d))"
)
"""A number with any separators. It may match the end of a longer one: see `NUMBER_START`."""
NUMBER_START = r"(?<![\d])(?<!\d[.,])"


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Returns a pattern with ``\\p{L}``, compiled when it is first needed."""
    return re.compile(pattern.replace(r"\p{L}", LETTER), flags)


@dataclass(slots=True)
class Replacement:
    """A piece of the sentence and what is said for it."""

    start: int
    end: int
    spoken: str
    """Blank-separated words, lower case; empty for something silent."""
    rule: str
    foreign: str | None = None
    module: str = ""
    """Where the rule is: a module of `sonca.text`. `Rule.apply` fills it in."""


@dataclass(slots=True)
class Workspace:
    """One sentence, partly read."""

    folded: Folded
    reading: Reading
    text: str
    """The whole sentence, folded."""
    masked: str
    """The same, with masks for what has been read: as long as `text`."""
    replacements: dict[int, Replacement] = field(default_factory=dict)
    """By where they start."""

    def replace(self, fresh: list[Replacement], mask: str = WORD_MASK) -> None:
        """Takes pieces, in order, out of what is left to read."""
        pieces, at = [], 0
        for new in fresh:
            self.replacements[new.start] = new
            pieces.append(self.masked[at : new.start])
            pieces.append((mask if new.spoken else SILENT_MASK) * (new.end - new.start))
            at = new.end
        self.masked = "".join(pieces) + self.masked[at:]

    def cardinal(self, value: int | str) -> str:
        """Says a whole number in the words of the listener's region."""
        return numbers.cardinal(value, self.reading)

    def number(self, written: str, *, grouped: bool = False, point: str = "phẩy") -> str:
        """Says a number as it is written, with any separators."""
        return numbers.number(written, self.reading, grouped=grouped, point=point)

    def padded(self, figures: str) -> str:
        """Says figures that may be filled up with zeros: then one by one."""
        return numbers.digits(figures) if figures[0] == "0" else self.cardinal(figures)

    def before(self, at: int, words: int = 1) -> str:
        """Returns up to `words` lower-case words right before `at`, with blanks between."""
        window = self.text[max(0, at - 16 * words) : at].lower()
        found: list[str] = []
        for _ in range(words):
            match = compiled(r"(\p{L}+)[^\w\n]*\Z").search(window)
            if match is None:
                break
            found.append(match[1])
            window = window[: match.start()].rstrip()
        return " ".join(reversed(found))

    def after(self, at: int) -> str:
        """Returns the lower-case word that follows `at`, or nothing."""
        match = compiled(r"[ ]?(\p{L}+)").match(self.text, at)
        return match[1].lower() if match else ""

    def preceded(self, at: int, pattern: str, width: int = 40) -> re.Match[str] | None:
        """Returns the match of `pattern` that ends at `at`, within `width` characters."""
        return compiled(rf"(?:{pattern})\Z").search(self.text[max(0, at - width) : at])

    def followed(self, at: int, pattern: str) -> re.Match[str] | None:
        """Returns the match of `pattern` that begins at `at`."""
        return compiled(pattern).match(self.text, at)


Read = Callable[[re.Match[str], Workspace], "str | Replacement | list[Replacement] | None"]


@dataclass(frozen=True)
class Rule:
    """One named way of reading."""

    name: str
    pattern: str
    read: Read
    kind: str = "digit"
    """The kind of sentence that can hold a match at all: ``digit``, ``capital``, ``symbol``...
    (the table of kinds stands beside the order of the rules)."""
    mask: str = NUMBER_MASK
    flags: int = 0

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return compiled(self.pattern, self.flags)

    @cached_property
    def module(self) -> str:
        """The module of `sonca.text` in which the rule is, such as ``rules.dates``."""
        return self.read.__module__.removeprefix("sonca.text.")

    def apply(self, work: Workspace) -> None:
        """Replaces every match that `read` has a reading for."""
        fresh: list[Replacement] = []
        for match in self.regex.finditer(work.masked):
            start, end = match.span()
            result = self.read(match, work) if end > start else None
            if isinstance(result, str):
                left = len(match[0]) - len(match[0].lstrip(" "))
                right = len(match[0]) - len(match[0].rstrip(" "))
                if left < end - start:  # outer blanks keep their place in the source
                    start, end = start + left, end - right
                fresh.append(Replacement(start, end, result, self.name))
            elif isinstance(result, Replacement):
                fresh.append(result)
            elif result is not None:
                fresh.extend(result)
        for new in fresh:
            new.module = self.module
        if fresh:
            work.replace(fresh, self.mask)


def read_parts(
    match: re.Match[str],
    pattern: str,
    say: Callable[[str], str],
    rule: str,
    group: str | int = 0,
) -> list[Replacement]:
    """Reads every part of ``match[group]`` that `pattern` finds; `say` returns its words."""
    offset = match.start(group)
    found = compiled(pattern).finditer(match[group])
    return [Replacement(offset + p.start(), offset + p.end(), say(p[0]), rule) for p in found]
