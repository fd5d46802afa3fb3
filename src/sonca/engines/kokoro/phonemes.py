"""Phonemes with the words that they belong to, and the pieces that the model takes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sonca.engines.kokoro.symbols import MAX_SYMBOLS, PAD

_ENDS = (".!?…", ",;:—")
"""Marks at which a long text is cut, the better ones first."""


@dataclass(frozen=True, slots=True)
class Phonemes:
    """What is said, in the symbols of the model."""

    text: str
    words: tuple[tuple[int, int], ...] = ()
    """``(index of the word in the utterance, index in `text` where it begins)``, in order."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the model reads at once."""

    ids: tuple[int, ...]
    """With the padding at both ends."""
    words: tuple[tuple[int, int], ...]
    """``(index of the word in the utterance, index in `ids` where it begins)``, in order."""

    at_mark: bool = False
    """Whether it ends in punctuation."""

    @property
    def count(self) -> int:
        """How many phonemes they are: it chooses the style."""
        return len(self.ids) - 2


def pieces(phonemes: Phonemes, symbols: Mapping[str, int], most: int = MAX_SYMBOLS) -> list[Tokens]:
    """Returns phonemes as the model reads them, in pieces of at most `most`.

    What is longer is cut after a full stop if there is one in its second half, else after another
    mark, between words, or anywhere. Phonemes that the model does not know are left out.
    """
    known = [(symbol, at) for at, symbol in enumerate(phonemes.text) if symbol in symbols]
    made: list[Tokens] = []
    for start, stop in _cuts("".join(symbol for symbol, _ in known), most):
        part = known[start:stop]
        places = [at for _, at in part]
        until = known[stop][1] if stop < len(known) else len(phonemes.text) + 1
        begins = 0 if not made else places[0]
        words = tuple(
            (word, 1 + min(sum(place < at for place in places), len(part) - 1))
            for word, at in phonemes.words
            if begins <= at < until
        )
        ids = (PAD, *(symbols[symbol] for symbol, _ in part), PAD)
        made.append(Tokens(ids, words, part[-1][0] in "".join(_ENDS)))
    return made


def _cuts(text: str, most: int) -> Iterator[tuple[int, int]]:
    """Yields the ranges of a text's pieces, without blanks at their ends."""
    start = 0
    while start < len(text):
        stop = len(text)
        if stop - start > most:
            stop = _cut(text, start, start + most)
        first, last = start, stop
        while first < last and text[first] == " ":
            first += 1
        while last > first and text[last - 1] == " ":
            last -= 1
        if any(symbol.isalpha() for symbol in text[first:last]):
            yield first, last
        start = stop


def _cut(text: str, start: int, stop: int) -> int:
    """Returns the best place to cut in the second half of a range."""
    half = (start + stop) // 2
    for marks in (*_ENDS, " "):
        found = max(text.rfind(mark, half, stop) for mark in marks)
        if found >= 0:
            return found + 1
    return stop
