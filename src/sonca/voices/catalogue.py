"""The catalogue: every name a voice goes by, and which voice stands in for one that is not here.

Holds values only; which engines are installed and what voices they bring is told to it.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from sonca.errors import UnknownVoice
from sonca.voice import Voice


@dataclass(frozen=True, slots=True)
class Resolution:
    """The voice for a request, and the name it stands in for if it is not the one asked for."""

    voice: Voice
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a name that is not a voice of ours asks for."""

    gender: str
    region: str | None = None
    tone: str = "standard"
    substitute: bool = False
    """Whether to say that this is a stand-in: a person's voice was asked for."""


_ROLES = {"male": _Wish("male"), "female": _Wish("female"), "narrator": _Wish("male")}
_TONES_ALIKE = {"very deep": "deep", "quiet": "soft", "very high": "high"}


class Catalogue:
    """The voices that can speak now, in order; the first of an engine is its default."""

    def __init__(self, voices: Iterable[Voice]) -> None:
        self.voices = tuple(voices)
        self._by_name: dict[str, Voice] = {}
        for voice in self.voices:
            self._by_name.setdefault(voice.id, voice)
        for voice in self.voices:
            for alias in voice.aliases:
                self._by_name.setdefault(alias, voice)

    def of(self, engine: str) -> tuple[Voice, ...]:
        """The voices of one engine."""
        return tuple(voice for voice in self.voices if voice.engine == engine)

    def resolve(self, name: str | None, engine: str | None, default_engine: str) -> Resolution:
        """The voice for `name` (None: the default), within `engine` if one was asked for.

        A voice that only another engine has, or a VietTTS voice that is not installed, is
        replaced by the nearest of the same gender, and the resolution says so. `UnknownVoice`
        for a name nobody knows.
        """
        home = engine or default_engine
        if name is None or not name.strip():
            return Resolution(self._default(home))
        key = name.strip().lower()
        voice = self._by_name.get(key)
        if voice is not None and engine in (None, voice.engine):
            return Resolution(voice)
        wish = _wish(voice) if voice is not None else known_names().get(key)
        if wish is None:
            raise UnknownVoice(self._unknown(name, home), field="voice")
        return Resolution(self._nearest(home, wish), name if wish.substitute else None)

    def _default(self, engine: str) -> Voice:
        voices = self.of(engine)
        if not voices:
            raise UnknownVoice(
                f"the engine {engine} has no voice yet; add one, or name another model",
                field="voice",
            )
        return voices[0]

    def _nearest(self, engine: str, wish: _Wish) -> Voice:
        """The engine's voice that differs least: gender first, then region, then tone."""
        self._default(engine)
        tone = _TONES_ALIKE.get(wish.tone, wish.tone)
        return min(
            self.of(engine),
            key=lambda voice: (
                voice.gender != wish.gender,
                wish.region is not None and voice.region != wish.region,
                voice.tone != tone,
            ),
        )

    def _unknown(self, name: str, engine: str) -> str:
        ids = ", ".join(voice.id for voice in self.of(engine))
        return (
            f"unknown voice {name[:60]!r}; {engine} has: {ids}. Also understood: male, female, "
            "narrator, OpenAI's names and the 24 names of VietTTS"
        )


def _wish(voice: Voice) -> _Wish:
    return _Wish(voice.gender, voice.region, voice.tone, substitute=True)


@functools.cache
def known_names() -> dict[str, _Wish]:
    """Names that are understood though no installed engine may have them."""
    wishes = dict(_ROLES)
    for row in rows("openai.tsv"):
        wishes[row["name"]] = _Wish(row["gender"], row["region"], row["tone"])
    for row in rows("viettts.tsv"):
        wishes[row["id"]] = _Wish(row["gender"], None, row["tone"], substitute=True)
    return wishes


def rows(table: str) -> list[dict[str, str]]:
    """A table of this package, one dict a line."""
    text = resources.files("sonca.voices").joinpath("data", table).read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))
