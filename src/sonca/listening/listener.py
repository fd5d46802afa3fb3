"""Judges an utterance by what is heard of it.

The doubt of an utterance is how much of it was heard otherwise than it was to be said: syllables
that are missing, said twice, or something else, by how many it has. Tones weigh little, foreign
words less than Vietnamese ones: those are where recognisers themselves go wrong. What is too much
depends on voice and recogniser, so a voice's own first utterances say it.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from sonca.audio import AudioChunk, Samples, join
from sonca.listening.alignment import Alignment, HeardWord, align
from sonca.listening.recogniser import Recogniser
from sonca.utterance import Utterance

_WEIGHTS = {"missing": 1.0, "twice": 1.0, "extra": 0.6, "other": 0.8, "near": 0.25, "tone": 0.05}
_FOREIGN = 0.3
"""What a syllable of a foreign word counts."""
_SYLLABLE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FIRST = 12
"""Utterances of a voice after which its own doubt is known."""
_MANY = 200
_USUAL = 0.35
"""The limit before."""
_LEAST, _SPREAD = 0.12, 3.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was heard of an utterance."""

    doubt: float
    """0 where all was heard as it was to be said, 1 where nothing was."""
    missing: tuple[str, ...]
    """Expected words that were not heard."""
    twice: int
    """Words that were said twice."""
    other: tuple[str, ...]
    """Expected words for which something else was heard."""
    tones: int
    """Syllables of which only the tone was heard otherwise."""
    times_s: tuple[float | None, ...]
    """When each syllable of `Utterance.spoken` begins; None for one that was not heard."""
    heard: str
    """What the recogniser wrote down."""


class Listener:
    """Hears utterances, one at a time, and knows what is usual for each voice."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.name = recogniser.name
        self._recogniser = recogniser
        self._lock = threading.Lock()
        self._doubts: dict[str, list[float]] = defaultdict(list)

    def judge(
        self, utterance: Utterance, chunks: Sequence[AudioChunk], language: str = "vi"
    ) -> Verdict:
        """Hears one utterance."""
        rate_hz = chunks[0].sample_rate_hz if chunks else 16_000
        samples = join(chunks, rate_hz).samples if chunks else np.zeros(0, np.float32)
        return self.hear([utterance], samples, rate_hz, language)

    def hear(
        self, utterances: Sequence[Utterance], samples: Samples, rate_hz: int, language: str
    ) -> Verdict:
        """Hears utterances that were made one after another, (N,) float32."""
        said = [_expected(utterance) for utterance in utterances]
        expected = [syllable for syllables, _ in said for syllable in syllables]
        weights = [weight for _, weights in said for weight in weights]
        with self._lock:
            heard = self._recogniser.hear(samples, rate_hz, language) if len(samples) else []
        return judged(expected, weights, heard)

    def limit(self, voice: str) -> float:
        """Returns the doubt beyond which an utterance of a voice is doubtful: what lies far
        outside (3.5 times the median deviation) of what is usual for it."""
        with self._lock:
            doubts = list(self._doubts[voice])
        if len(doubts) < _FIRST:
            return _USUAL
        middle = median(doubts)
        spread = 1.4826 * median(abs(each - middle) for each in doubts)
        return max(_LEAST, middle + _SPREAD * max(spread, 0.02))

    def learn(self, voice: str, doubt: float) -> None:
        """Takes the doubt of a voice's first take of an utterance as an example of what is usual;
        single bad ones do not move a median."""
        with self._lock:
            kept = self._doubts[voice]
            if len(kept) < _MANY:
                kept.append(doubt)


def judged(
    expected: Sequence[str], weights: Sequence[float], heard: Sequence[HeardWord]
) -> Verdict:
    """Returns the verdict on syllables that were heard for those expected, each of which has a
    weight."""
    found = align(expected, [word.text for word in heard])
    return Verdict(
        doubt=_doubt(found, weights),
        missing=tuple(expected[i] for i in found.places("missing")),
        twice=found.count("twice"),
        other=tuple(expected[i] for i in found.places("other")),
        tones=found.count("tone"),
        times_s=_times(found, heard),
        heard=" ".join(word.text for word in heard),
    )


def _doubt(found: Alignment, weights: Sequence[float]) -> float:
    total = sum(weights)
    if not total:
        return 0.0
    lost = sum(
        _WEIGHTS.get(pair.kind, 0.0) * (1.0 if pair.expected is None else weights[pair.expected])
        for pair in found.pairs
    )
    return min(1.0, lost / total)


def _times(found: Alignment, heard: Sequence[HeardWord]) -> tuple[float | None, ...]:
    times: list[float | None] = [None] * found.expected
    for pair in found.pairs:
        if pair.expected is not None and pair.heard is not None:
            times[pair.expected] = heard[pair.heard].start_s
    return tuple(times)


def _expected(utterance: Utterance) -> tuple[list[str], list[float]]:
    """Returns the syllables that are to be said, and what each counts."""
    foreign = [word.spoken for word in utterance.words if word.foreign is not None]
    syllables, weights = [], []
    for match in _SYLLABLE.finditer(utterance.spoken):
        syllables.append(match[0].lower())
        inside = any(low <= match.start() < high for low, high in foreign)
        weights.append(_FOREIGN if inside else 1.0)
    return syllables, weights
