"""From an utterance to what VieNeu reads: phonemes by sea-g2p, and how long they may take.

Sonca has read numbers, dates and signs already, so only sea-g2p's phonemes are used, with foreign
words in their own spelling, in the marks with which it knows them. Knows no graph.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sonca.engines.vieneu.config import MAX_FRAMES
from sonca.utterance import Utterance, Word

MAX_CHARACTERS = 256
"""Of text at once; what is longer does not always fit into `MAX_FRAMES`."""
SHORT_SYLLABLES = 3
"""Up to so many the model may go on after the end, with words of its own."""

_FRAMES_PER_PHONEME, _SLACK_FRAMES = 2.0, 24
_FIRST_SYLLABLE, _EACH_FURTHER = 13, 5
_FEW_SYLLABLES, _LONG_SYLLABLE = 4, 24
_MARKUP = re.compile(r"<\|emotion_\d+\|>|</?en>")
_VOWELS = re.compile("[aeiouyæɐɑɒɔəɘɛɜɤɯɵøœʉʊʌɪɨɚɝᵻᵿ]+")
_INSIDE_VOWELS = re.compile(r"[\dː]")
"""Tones and length: they part no syllable."""
_NO_TEXT = re.compile(r"[<>|\[\]{}\x00-\x1f\x7f\ud800-\udfff]+")
"""What could pass for a mark of the model's own, and what cannot be encoded."""
_NOT_SPELLING = re.compile(r"[^\w .,'’&+-]+")
_BEGINS_WITH_PUNCTUATION = re.compile(r"^[^\w<]+")
_ENDS_OPEN = re.compile(r"[\s,;:–—-]+$")
_ELLIPSIS = re.compile(r"…|\.{2,}")
_WORD = re.compile(r"(?:<en>[^<]*</en>|\S)+")
_CLAUSE_ENDS = ",;:.?!"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of an utterance that the model speaks at once."""

    phonemes: str
    syllables: int
    most_frames: int
    """Longer than that it cannot be: what comes after is the model's own."""
    at_mark: bool = True
    """Whether there is punctuation after it in the text."""

    @property
    def short(self) -> bool:
        """Whether it is of those after which the model may go on by itself."""
        return 0 < self.syllables <= SHORT_SYLLABLES


class FrontEnd:
    """Phonemes of Vietnamese with English inside. May be used from any thread."""

    def __init__(self) -> None:
        from sea_g2p import G2P

        self._g2p: Any = G2P(lang="vi")

    def pieces(self, utterance: Utterance, most: int = MAX_CHARACTERS) -> list[Spoken]:
        """Returns what is to be spoken, in order, in pieces of at most `most` characters; nothing
        if there is nothing in it to say."""
        texts = split(plain_text(utterance), most)
        said = [(text, str(self._g2p.convert(text, punc_norm=True))) for text in texts]
        return [
            replace(spoken(phonemes), at_mark=text[-1] in _CLAUSE_ENDS)
            for text, phonemes in said
            if any(c.isalpha() for c in phonemes)
        ]


def plain_text(utterance: Utterance) -> str:
    """Returns an utterance's text as sea-g2p takes it: in lower case, foreign words in their own
    spelling, no punctuation before the first word (a line that begins with it makes the model
    stumble, issue 201), and a full stop for an ellipsis, at which it makes no pause (issue 112)."""
    text = "".join(_with_foreign(utterance)).lower()
    text = _ELLIPSIS.sub(".", text)
    text = _ENDS_OPEN.sub("", _BEGINS_WITH_PUNCTUATION.sub("", text))
    return " ".join(text.split())


def _with_foreign(utterance: Utterance) -> Iterator[str]:
    """Yields the spoken text, its foreign words as they are written, once each."""
    at = 0
    for (_, foreign), group in groupby(utterance.words, key=_origin):
        words = list(group)
        start, end = words[0].spoken[0], words[-1].spoken[1]
        spelled = _NOT_SPELLING.sub(" ", foreign or "").strip()
        if spelled:
            yield _NO_TEXT.sub(" ", utterance.spoken[at:start])
            yield f"<en>{spelled}</en>"
            at = end
    yield _NO_TEXT.sub(" ", utterance.spoken[at:])


def _origin(word: Word) -> tuple[tuple[int, int] | int, str | None]:
    """Returns what the words of one foreign word have in common."""
    return (word.source if word.foreign else 0), word.foreign


def split(text: str, most: int = MAX_CHARACTERS) -> list[str]:
    """Returns a text in pieces of at most `most` characters: cut after punctuation if it can be,
    else between words, else anywhere."""
    pieces, words, size = [], list[str](), 0
    for word in _parts(text, most):
        if size + len(word) > most:
            count = _clause(words, most // 3)
            pieces.append(" ".join(words[:count]))
            words = words[count:]
            size = sum(len(each) + 1 for each in words)
        if size + len(word) > most:  # what is left has no punctuation
            pieces.append(" ".join(words))
            words, size = [], 0
        words.append(word)
        size += len(word) + 1
    return [*pieces, " ".join(words)] if words else pieces


def _parts(text: str, most: int) -> Iterator[str]:
    """Yields the words of a text, a foreign one with its marks; those too long in parts."""
    for match in _WORD.finditer(text):
        word = match[0]
        if len(word) > most:
            word = _MARKUP.sub("", word)
        yield from (word[at : at + most] for at in range(0, len(word), most))


def _clause(words: list[str], least: int) -> int:
    """Returns how many of the words go up to the last punctuation that has `least` characters
    before it; all of them if there is none."""
    size, found = 0, len(words)
    for count, word in enumerate(words, 1):
        size += len(word) + 1
        if size > least and word[-1] in _CLAUSE_ENDS:
            found = count
    return found


def spoken(phonemes: str) -> Spoken:
    """Returns phonemes with their syllables counted and their length bounded."""
    syllables = count_syllables(phonemes)
    return Spoken(phonemes, syllables, min(MAX_FRAMES, longest(phonemes, syllables)))


def count_syllables(phonemes: str) -> int:
    """Returns how many syllables phonemes have: runs of vowels, one at least for each word."""
    total = 0
    for word in _MARKUP.sub("", phonemes).split():
        if any(c.isalpha() for c in word):
            total += max(1, len(_VOWELS.findall(_INSIDE_VOWELS.sub("", word))))
    return total


def longest(phonemes: str, syllables: int) -> int:
    """Returns how many frames phonemes can take: the bounds that upstream has measured."""
    length = len(_MARKUP.sub("", phonemes))
    most = _SLACK_FRAMES + math.ceil(_FRAMES_PER_PHONEME * length)
    count = max(1, syllables)
    if count <= _FEW_SYLLABLES and length <= _LONG_SYLLABLE * count:
        most = min(most, _FIRST_SYLLABLE + _EACH_FURTHER * (count - 1))
    return most
