"""Lays what was heard beside what was to be said, syllable by syllable.

A syllable costs what it differs in: nothing, the tone alone, its onset or its rime, or all of it.
The cheapest way through both (Needleman and Wunsch, 1970) says what is missing, what is said twice
and what is something else, and when each expected syllable sounds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS = frozenset("aăâeêioôơuưy")
_GAP = 1.0
_OTHER = 1.4
"""Of a syllable that is heard as another: less than to miss one and hear one too many."""
_TONE, _PART = 0.2, 0.7

Kind = Literal["same", "tone", "near", "other", "missing", "extra", "twice"]


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word that a recogniser heard, and when."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One expected syllable and what was heard for it."""

    kind: Kind
    expected: int | None
    """Which of the expected syllables; None for one that is too many."""
    heard: int | None
    """Which of those heard; None for one that is missing."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The cheapest way through what was to be said and what was heard."""

    pairs: tuple[Pair, ...]
    expected: int
    """How many syllables were to be said."""

    def count(self, *kinds: Kind) -> int:
        """Returns how many syllables are of those kinds."""
        return sum(pair.kind in kinds for pair in self.pairs)

    def places(self, *kinds: Kind) -> list[int]:
        """Returns the expected syllables of those kinds, in order."""
        return [p.expected for p in self.pairs if p.kind in kinds and p.expected is not None]


def align(expected: Sequence[str], heard: Sequence[str]) -> Alignment:
    """Aligns syllables in lower case. Costs ``len(expected) * len(heard)`` steps."""
    rows, columns = len(expected) + 1, len(heard) + 1
    costs = np.zeros((rows, columns))
    costs[:, 0] = np.arange(rows) * _GAP
    costs[0, :] = np.arange(columns) * _GAP
    for i in range(1, rows):
        for j in range(1, columns):
            costs[i, j] = min(
                costs[i - 1, j - 1] + difference(expected[i - 1], heard[j - 1]),
                costs[i - 1, j] + _GAP,
                costs[i, j - 1] + _GAP,
            )
    return Alignment(_way_back(costs, expected, heard), len(expected))


def _way_back(costs: np.ndarray, expected: Sequence[str], heard: Sequence[str]) -> tuple[Pair, ...]:
    pairs: list[Pair] = []
    i, j = len(expected), len(heard)
    while i or j:
        if i and j:
            cost = difference(expected[i - 1], heard[j - 1])
            if np.isclose(costs[i, j], costs[i - 1, j - 1] + cost):
                pairs.append(Pair(_kind(cost), i - 1, j - 1))
                i, j = i - 1, j - 1
                continue
        if i and np.isclose(costs[i, j], costs[i - 1, j] + _GAP):
            pairs.append(Pair("missing", i - 1, None))
            i -= 1
        else:
            near = [expected[k] for k in (i - 1, i) if 0 <= k < len(expected)]
            twice = any(difference(each, heard[j - 1]) < _PART for each in near)
            pairs.append(Pair("twice" if twice else "extra", None, j - 1))
            j -= 1
    return tuple(reversed(pairs))


def _kind(cost: float) -> Kind:
    if cost == 0.0:
        return "same"
    if cost <= _TONE:
        return "tone"
    return "near" if cost < _OTHER else "other"


@lru_cache(maxsize=65536)
def difference(one: str, other: str) -> float:
    """Returns how much two syllables differ, 0 to 1.4."""
    if one == other:
        return 0.0
    (onset, rime, tone), (other_onset, other_rime, other_tone) = parts(one), parts(other)
    if onset == other_onset and rime == other_rime:
        return _TONE if tone != other_tone else 0.0
    if onset == other_onset or rime == other_rime:
        return _PART
    return _OTHER


@lru_cache(maxsize=65536)
def parts(syllable: str) -> tuple[str, str, str]:
    """Returns the onset, the rime and the tone of a syllable, as they are written."""
    plain, tone = "", ""
    for char in unicodedata.normalize("NFD", syllable):
        if char in _TONES:
            tone = char
        else:
            plain += char
    plain = unicodedata.normalize("NFC", plain)
    at = next((i for i, char in enumerate(plain) if char in _VOWELS), len(plain))
    if plain[:2] in ("qu", "gi") and len(plain) > 2 and plain[2] in _VOWELS:
        at = 2
    onset = {"k": "c", "q": "c", "qu": "cu", "gh": "g", "ngh": "ng"}.get(plain[:at], plain[:at])
    return onset, plain[at:].replace("y", "i"), tone
