"""The catalogue: every name a voice goes by, and which voice stands in for one that is not here.

Holds values only; it knows nothing of engines but their names.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from sonca.errors import UnknownVoice, Unsupported
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

    def distance(self, voice: Voice) -> tuple[bool, bool, bool]:
        """Returns how far a voice is from it: gender counts most, then region, then tone."""
        return (
            voice.gender != self.gender,
            self.region is not None and voice.region != self.region,
            voice.tone != _TONES_ALIKE.get(self.tone, self.tone),
        )


_ROLES = {"male": _Wish("male"), "female": _Wish("female"), "narrator": _Wish("male")}
_TONES_ALIKE = {"very deep": "deep", "quiet": "soft", "very high": "high"}


class Catalogue:
    """The voices that can speak now, in order; the first of an engine is its default."""

    def __init__(
        self, voices: Iterable[Voice], *, refused: Iterable[tuple[Voice, str]] = ()
    ) -> None:
        """`refused` are voices that may not speak here, each with the reason: to ask for one by
        name is answered with it."""
        self.voices = tuple(voices)
        self._refused = {voice.id: reason for voice, reason in refused}
        self._by_name: dict[str, Voice] = {}
        for voice in self.voices:
            self._by_name.setdefault(voice.id, voice)
        for voice in self.voices:
            for alias in voice.aliases:
                self._by_name.setdefault(alias, voice)

    def of(self, engine: str) -> tuple[Voice, ...]:
        """Returns the voices of one engine."""
        return tuple(voice for voice in self.voices if voice.engine == engine)

    def resolve(self, name: str | None, engine: str | None, default_engine: str) -> Resolution:
        """Returns the voice for `name` (None: the default), within `engine` if one was asked for.

        A voice that only another engine has, or a VietTTS voice that is not installed, is
        replaced by the nearest of the same gender, and the resolution says so. `UnknownVoice`
        for a name nobody knows, `Unsupported` for a voice that may not speak here.
        """
        name = name or ""
        key = name.strip().lower()
        voice = self._by_name.get(key)
        if voice is not None and engine in (None, voice.engine):
            return Resolution(voice)
        if voice is None and key in self._refused:
            raise Unsupported(self._refused[key], field="voice")
        home = engine or default_engine
        voices = self.of(home)
        wish = _wish(voice) if voice is not None else known_names().get(key)
        if key and wish is None:
            ids = ", ".join(voice.id for voice in voices)
            raise UnknownVoice(
                f"unknown voice {name[:60]!r}; {home} has: {ids}. Also understood: male, female, "
                "narrator, OpenAI's names and the 24 names of VietTTS",
                field="voice",
            )
        if not voices:
            raise UnknownVoice(
                f"the engine {home} has no voice yet; add one, or name another model",
                field="voice",
            )
        if wish is None:
            return Resolution(voices[0])
        return Resolution(min(voices, key=wish.distance), name if wish.substitute else None)


def _wish(voice: Voice) -> _Wish:
    return _Wish(voice.gender, voice.region, voice.tone, substitute=True)


@functools.cache
def known_names() -> dict[str, _Wish]:
    """Returns names that are understood though no installed engine may have them."""
    wishes = dict(_ROLES)
    for row in rows("openai.tsv"):
        wishes[row["name"]] = _Wish(row["gender"], row["region"], row["tone"])
    for row in rows("viettts.tsv"):
        wishes[row["id"]] = _Wish(row["gender"], None, row["tone"], substitute=True)
    return wishes


def rows(table: str) -> list[dict[str, str]]:
    """Returns a table of this package, one dict a line."""
    text = resources.files("sonca.voices").joinpath("data", table).read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))
