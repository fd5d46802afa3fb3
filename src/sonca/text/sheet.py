"""Rules and the sheet of one sentence they work on: what has been read and what is left.

Rules claim pieces of the sentence and say how they are spoken. Claimed characters are blotted
out in `work`, which keeps its length, so positions never shift and no rule reads a piece
twice. `text` stays whole, for rules that look around.

Patterns stay linear: every repeat is bounded or over a single character class.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from sonca.text import numbers
from sonca.text.folding import Folded
from sonca.text.reading import Reading

NUMBER_BLOT = "\x01"
WORD_BLOT = "\x02"
SILENT_BLOT = "\x03"

LETTER = r"[^\W\d_²³¹⁰⁴-⁹₀-₉½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒ⁿₙ]"
"""One letter. Patterns write it ``\\p{L}``: for `re`, small figures are letters too."""
NUMBER = (
    r"(?:\d{1,3}(?:\.\d{3}){1,6}(?:,\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){2,6}(?:\.\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){1,6}\.\d{1,12}(?![.,]?\d)"
    r"|\d{1,3}(?:['’]\d{3}){1,6}(?!\d)"
    r"|[1-9]\d{0,2}(?: \d{3}){1,6}(?:,\d{1,12})?(?![.,]?\d| \d)"
    r"|\d{1,18}[.,]\d{1,12}(?![.,]?\d)"
    r"|\d{1,18}(?!\d|[.,]\d))"
)
"""A number with any separators; take care of what stands before it."""
NUMBER_START = r"(?<![\d])(?<!\d[.,])"


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern with ``\\p{L}``, compiled when it is first needed."""
    return re.compile(pattern.replace(r"\p{L}", LETTER), flags)


@dataclass(slots=True)
class Claim:
    start: int
    end: int
    spoken: str
    """Blank-separated words, lower case; empty for something silent."""
    rule: str
    foreign: str | None = None


@dataclass(slots=True)
class Sheet:
    folded: Folded
    reading: Reading
    text: str
    work: str
    claims: dict[int, Claim] = field(default_factory=dict)
    """By where they start."""

    def claim(self, fresh: list[Claim], blot: str = WORD_BLOT) -> None:
        """Take pieces, in order, out of what is left to read."""
        pieces, at = [], 0
        for claim in fresh:
            self.claims[claim.start] = claim
            pieces.append(self.work[at : claim.start])
            pieces.append((blot if claim.spoken else SILENT_BLOT) * (claim.end - claim.start))
            at = claim.end
        self.work = "".join(pieces) + self.work[at:]

    def cardinal(self, value: int | str) -> str:
        """A whole number in the words of the reader's region."""
        return numbers.cardinal(value, self.reading)

    def number(self, written: str, *, grouped: bool = False, point: str = "phẩy") -> str:
        """A number as it is written, with any separators, in words."""
        return numbers.number(written, self.reading, grouped=grouped, point=point)

    def padded(self, figures: str) -> str:
        """Figures that may be filled up with zeros: then one by one."""
        return numbers.digits(figures) if figures[0] == "0" else self.cardinal(figures)

    def before(self, at: int, words: int = 1) -> str:
        """Up to `words` lower-case words that end right before `at`, blanks between."""
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
        """The lower-case word that follows `at`, or nothing."""
        match = compiled(r"[ ]?(\p{L}+)").match(self.text, at)
        return match[1].lower() if match else ""

    def preceded(self, at: int, pattern: str, width: int = 40) -> re.Match[str] | None:
        """The match of `pattern` that ends at `at`, within `width` characters."""
        return compiled(rf"(?:{pattern})\Z").search(self.text[max(0, at - width) : at])

    def followed(self, at: int, pattern: str) -> re.Match[str] | None:
        """The match of `pattern` that begins at `at`."""
        return compiled(pattern).match(self.text, at)


Read = Callable[[re.Match[str], Sheet], "str | Claim | list[Claim] | None"]


@dataclass(frozen=True)
class Rule:
    """One named way of reading."""

    name: str
    pattern: str
    read: Read
    when: str = "digit"
    """The kind of sentence that can hold a match at all: a name in the table of kinds
    (``digit``, ``capital``, ``symbol``...)."""
    blot: str = NUMBER_BLOT
    flags: int = 0

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return compiled(self.pattern, self.flags)

    def apply(self, sheet: Sheet) -> None:
        """Claim every match that `read` has a reading for."""
        fresh: list[Claim] = []
        for match in self.compiled.finditer(sheet.work):
            start, end = match.span()
            result = self.read(match, sheet) if end > start else None
            if isinstance(result, str):
                left = len(match[0]) - len(match[0].lstrip(" "))
                right = len(match[0]) - len(match[0].rstrip(" "))
                if left < end - start:  # outer blanks are nobody's source
                    start, end = start + left, end - right
                fresh.append(Claim(start, end, result, self.name))
            elif isinstance(result, Claim):
                fresh.append(result)
            elif result is not None:
                fresh.extend(result)
        if fresh:
            sheet.claim(fresh, self.blot)


def parts(
    match: re.Match[str],
    pattern: str,
    say: Callable[[str], str],
    rule: str,
    group: str | int = 0,
) -> list[Claim]:
    """Every part of ``match[group]`` that `pattern` finds, read by `say`."""
    offset = match.start(group)
    found = compiled(pattern).finditer(match[group])
    return [Claim(offset + p.start(), offset + p.end(), say(p[0]), rule) for p in found]
