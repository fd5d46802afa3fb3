"""Holds how a text is to be read, and one step of its reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sonca.text.lexicon import Lexicon
    from sonca.utterance import Span

Region = Literal["north", "central", "south"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read. Equal readings of equal text give equal plans."""

    region: Region = "north"
    """Chooses nghìn/ngàn, linh/lẻ, and mươi tư/mươi bốn."""
    language: str = "vi"
    """BCP 47, of the voice. Another language than Vietnamese is not read, only cut into words:
    its engine reads it."""
    lexicon: Lexicon | None = None
    """The user's own readings; they win over every rule."""

    @property
    def thousand(self) -> str:
        return "nghìn" if self.region == "north" else "ngàn"

    @property
    def odd(self) -> str:
        """The word for an empty tens place: một trăm *linh* năm."""
        return "linh" if self.region == "north" else "lẻ"

    @property
    def four(self) -> str:
        """The word for four after tens: hai mươi *tư*."""
        return "tư" if self.region == "north" else "bốn"


_GUESSES = {
    "foreign": "read as English",
    "loan spelling": "cut into syllables by its spelling",
    "syllables run together": "taken for words without a blank between",
    "cluster": "taken for a syllable with one consonant too many",
    "typing slip": "taken for a slip of the keyboard",
    "unmarked syllable": "taken for a syllable typed without its marks",
    "masked word": "a letter is hidden, and was filled in",
    "unknown letter": "no reading is known",
}
"""The rules that guess, and what they guess."""


@dataclass(frozen=True, slots=True)
class Token:
    """One step of a reading: a piece of the source and what is said for it."""

    span: Span
    """Where it stands in the source."""
    original: str
    spoken: str
    """Vietnamese words; punctuation that shapes the melody; or nothing."""
    rule: str
    """The name of the rule that read it."""
    foreign: str | None = None
    """The original spelling of a word that is not Vietnamese."""
    punctuation: bool = False
    module: str = ""
    """Where the rule is: a module of `sonca.text`, such as ``rules.dates``."""

    @property
    def unsure(self) -> str | None:
        """Why the reading may be wrong; None for one that is certain enough."""
        return _GUESSES.get(self.rule)
