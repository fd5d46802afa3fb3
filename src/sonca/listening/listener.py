"""Judges an utterance by what is heard of it.

What tells is how many syllables are missing, said twice, too many or others. A recogniser hears
some of each in what is good, too, and how many depends on the voice and on the recogniser: so the
doubt of an utterance is how surprising its counts are beside what is usual for its voice. One
missing word is as clear in a long sentence as in a short one. Tones and syllables heard as near
ones do not count, foreign words less than Vietnamese ones: there recognisers themselves go wrong.
"""

from __future__ import annotations

import math
import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from sonca.audio import AudioChunk, Samples, join
from sonca.listening.alignment import Alignment, HeardWord, Kind, align
from sonca.listening.recogniser import Recogniser
from sonca.utterance import Utterance

_KINDS: dict[Kind, float] = {"missing": 0.005, "twice": 0.003, "extra": 0.01, "other": 0.02}
"""What tells, and in how many syllables of a voice it is expected before anything is known of it:
as Whisper base hears a clear voice."""
_BEFORE = 200.0
"""How many syllables of a voice weigh as much as that."""
_FOREIGN = 0.3
"""What a syllable of a foreign word counts."""
_SYLLABLE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FIRST = 12
"""Utterances of a voice after which its own doubts count."""
_MANY = 200
_LEAST, _SPREAD, _LEAST_SPREAD = 2.0, 3.5, 0.3
_DIM = 0.1
"""Of a voice of which more is usually heard otherwise, a recogniser understands too little to tell
single words: then only the worst twentieth is doubtful."""
_WORST = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was heard of an utterance."""

    syllables: float
    """How many were to be said; one of a foreign word counts less."""
    counts: tuple[float, ...]
    """How many of them, or beside them, were of each kind that tells."""
    missing: tuple[str, ...]
    """Expected words that were not heard."""
    twice: int
    """Words that were said twice."""
    other: tuple[str, ...]
    """Expected words for which something else was heard."""
    wrong: int
    """Syllables that were heard otherwise in any way but their tone."""
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
        self._kept: dict[str, list[Verdict]] = defaultdict(list)

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

    def doubt(self, voice: str, verdict: Verdict) -> float:
        """Returns how surprising it is, in nats, what was heard otherwise than it was to be said
        by a voice: 0 where nothing was, or no more than is usual for the voice."""
        with self._lock:
            usual = _usual(self._kept[voice])
        return _surprise(verdict, usual)

    def limit(self, voice: str) -> float:
        """Returns the doubt beyond which an utterance of a voice is doubtful: what lies far
        outside (3.5 times the median deviation) of its own doubts."""
        with self._lock:
            kept = list(self._kept[voice])
        if len(kept) < _FIRST:
            return _LEAST
        usual = _usual(kept)
        doubts = [_surprise(each, usual) for each in kept]
        middle = median(doubts)
        spread = 1.4826 * median(abs(each - middle) for each in doubts)
        limit = max(_LEAST, middle + _SPREAD * max(spread, _LEAST_SPREAD))
        return max(limit, float(np.quantile(doubts, _WORST))) if sum(usual) > _DIM else limit

    def learn(self, voice: str, verdict: Verdict) -> None:
        """Takes the first take of an utterance as an example of what is usual for its voice."""
        with self._lock:
            kept = self._kept[voice]
            if len(kept) < _MANY:
                kept.append(verdict)


def _usual(kept: Sequence[Verdict]) -> list[float]:
    """Returns in which share of a voice's syllables each kind is usual. The worst tenth of its
    utterances is left out: that may be what is to be found."""
    best = sorted(kept, key=lambda each: sum(each.counts) / max(1.0, each.syllables))
    best = best[: len(best) - len(best) // 10]
    syllables = sum(each.syllables for each in best) + _BEFORE
    return [
        (sum(each.counts[kind] for each in best) + share * _BEFORE) / syllables
        for kind, share in enumerate(_KINDS.values())
    ]


def _surprise(verdict: Verdict, usual: Sequence[float]) -> float:
    """Returns by how much more likely (its logarithm) what was heard is with a rate of its own than
    with the voice's, kind by kind, each of them as Poisson has rare events."""
    found = 0.0
    for count, share in zip(verdict.counts, usual, strict=True):
        mean = share * verdict.syllables
        if count > mean > 0:
            found += count * math.log(count / mean) - (count - mean)
    return found


def judged(
    expected: Sequence[str], weights: Sequence[float], heard: Sequence[HeardWord]
) -> Verdict:
    """Returns the verdict on syllables that were heard for those expected, each of which has a
    weight."""
    found = align(expected, [word.text for word in heard])
    return Verdict(
        syllables=sum(weights),
        counts=tuple(_count(found, kind, weights) for kind in _KINDS),
        missing=tuple(expected[i] for i in found.places("missing")),
        twice=found.count("twice"),
        other=tuple(expected[i] for i in found.places("other")),
        wrong=len(found.pairs) - found.count("same", "tone"),
        tones=found.count("tone"),
        times_s=_times(found, heard),
        heard=" ".join(word.text for word in heard),
    )


def _count(found: Alignment, kind: Kind, weights: Sequence[float]) -> float:
    return sum(
        1.0 if pair.expected is None else weights[pair.expected]
        for pair in found.pairs
        if pair.kind == kind
    )


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
