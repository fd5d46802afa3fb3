"""A voice: what people choose by its name, and what an engine brings with it.

Values only. Which voices there are is the business of `sonca.voices`; how one sounds, of the
engine that has it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]
Region = Literal["north", "central", "south"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of an engine."""

    id: str
    """What requests name, unique within the engine and better over all of them; lower case letters,
    digits, `-` and `_`."""
    name: str
    """What people read; says honestly what the voice is."""
    gender: Gender
    region: Region | None = None
    """Vietnamese accent, None for a voice of no region."""
    language: str = "vi"
    """BCP 47; empty if unknown."""
    tone: str = "standard"
    """``standard``, ``soft``, ``deep``, ``high``, …"""
    version: str = ""
    """Changes whenever the voice would sound otherwise, with its files."""
    model: str = ""
    """The installed model that it belongs to: the name of its folder; empty for a voice of an
    engine that has no models."""
    engine: str = ""
    """The name of the engine that has it. Filled in where engines' voices are gathered."""
    cloned: bool = False
    """Whether a recording speaks in its place."""

    earlier_names: tuple[str, ...] = ()
    """What it was called in earlier releases, in the form of ids."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """What else it goes by: its name without accents and remarks, and its earlier names."""
        return (slug(re.sub(r"\(.*?\)", "", self.name)), *self.earlier_names)


def slug(name: str, *, keep: str = "") -> str:
    """Returns a name as a key: ``Nữ dịu miền Bắc`` as ``nu-diu-mien-bac``.

    Characters in `keep` stay as they are, beside lower case letters and digits.
    """
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "-".join(re.findall(f"[a-z0-9{re.escape(keep)}]+", letters))
