"""How a text is to be read: the listener's region and the user's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sonca.text.lexicon import Lexicon

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
        """Four after tens: hai mươi *tư*."""
        return "tư" if self.region == "north" else "bốn"
