"""The working sheet of one sentence: what has been read so far and what is left.

Rules claim pieces of the sentence and say how they are spoken. Claimed characters are blotted
out in `work`, which keeps its length, so positions never shift and no rule reads a piece
twice. `text` stays whole, for rules that look around.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sonca.text.folding import Folded
from sonca.text.reading import Reading

NUMBER_BLOT = "\x01"
WORD_BLOT = "\x02"
SILENT_BLOT = "\x03"

LETTER = r"[^\W\d_²³¹⁰⁴-⁹₀-₉½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒ⁿₙ]"
"""One letter. `Rule` patterns write it ``\\p{L}``: for `re`, small figures are letters too."""
_LAST_WORDS = re.compile(rf"({LETTER}+)[^\w\n]*\Z")
_NEXT_WORD = re.compile(rf"[ ]?({LETTER}+)")


@dataclass(frozen=True, slots=True)
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
    claims: list[Claim] = field(default_factory=list)
    shouting: bool = False
    """Whether the sentence is all capitals, so that capitals mean nothing."""

    @classmethod
    def of(cls, folded: Folded, reading: Reading) -> Sheet:
        return cls(folded, reading, folded.text, folded.text)

    def claim(self, fresh: list[Claim], blot: str = WORD_BLOT) -> None:
        """Take pieces, in order, out of what is left to read."""
        self.claims.extend(fresh)
        pieces, at = [], 0
        for claim in fresh:
            pieces.append(self.work[at : claim.start])
            pieces.append((blot if claim.spoken else SILENT_BLOT) * (claim.end - claim.start))
            at = claim.end
        self.work = "".join(pieces) + self.work[at:]

    def before(self, at: int, words: int = 1) -> str:
        """Up to `words` lower-case words that end right before `at`, blanks between."""
        window = self.text[max(0, at - 16 * words) : at].lower()
        found: list[str] = []
        for _ in range(words):
            match = _LAST_WORDS.search(window)
            if match is None:
                break
            found.append(match[1])
            window = window[: match.start()].rstrip()
        return " ".join(reversed(found))

    def after(self, at: int) -> str:
        """The lower-case word that follows `at`, or nothing."""
        match = _NEXT_WORD.match(self.text, at)
        return match[1].lower() if match else ""


Read = Callable[[re.Match[str], Sheet], "str | Claim | list[Claim] | None"]


@dataclass(frozen=True)
class Rule:
    """One named way of reading. `when` says which sentences can hold a match at all:
    ``any`` or one of the normalizer's kinds (``digit``, ``capital``, ``symbol``...)."""

    name: str
    when: str
    pattern: str
    read: Read
    blot: str = NUMBER_BLOT
    flags: int = 0

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern.replace(r"\p{L}", LETTER), self.flags)

    def apply(self, sheet: Sheet) -> None:
        """Claim every match that `read` has a reading for."""
        fresh: list[Claim] = []
        for match in self.compiled.finditer(sheet.work):
            if match.end() == match.start():
                continue
            result = self.read(match, sheet)
            if result is None:
                continue
            if isinstance(result, str):
                start, end = match.span()
                left = len(match[0]) - len(match[0].lstrip(" "))
                right = len(match[0]) - len(match[0].rstrip(" "))
                if left < end - start:  # outer blanks are nobody's source
                    start, end = start + left, end - right
                fresh.append(Claim(start, end, result, self.name))
            elif isinstance(result, Claim):
                fresh.append(result)
            else:
                fresh.extend(result)
        if fresh:
            sheet.claim(fresh, self.blot)
