"""From an utterance to phonemes: Vietnamese by sea-g2p, other languages by espeak-ng.

Words are read run by run between marks, and the marks are put back as they stand: that is how
both kinds of model were trained, and it tells which phonemes are which word's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sonca.engines.kokoro.phonemes import Phonemes
from sonca.engines.kokoro.vietnamese import to_kokoro
from sonca.espeakng import CONTROLS, Library
from sonca.utterance import Utterance, Word

_WORD = re.compile(r"[^\W_]+(?:['’.&+-]?[^\W_]+)*", re.UNICODE)
_MARKS = str.maketrans(
    {"–": "—", "―": "—", "«": "“", "»": "”", "„": "“", "[": "(", "]": ")", "\u3002": "."}
)
_NO_MARK = re.compile(r'[^;:,.!?—…"()“” ]')
_OPENING = '“("'
_NOT_SPELLING = re.compile(r"[^\w .'’&+-]+")

Said = list[str]
"""Phonemes, one entry for each word of a run."""
Read = Callable[[str, Sequence["_Token"]], Said]
"""Says the words of a run, which are somewhere in a text."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the text, or of what is written in its place."""

    start: int
    stop: int
    owner: int
    """The utterance's word, -1 if it is none's."""
    foreign: str | None = None


class FrontEnd:
    """Reads for voices of all languages. Belongs to the thread that made it."""

    def __init__(self) -> None:
        self._g2p: Any = None
        self._library: Library | None = None

    def phonemes(self, utterance: Utterance, language: str) -> Phonemes:
        """Returns what is said in a language (BCP 47), with the marks; empty if it is nothing."""
        text = CONTROLS.sub(" ", utterance.spoken)
        read: Read
        if language.split("-")[0] == "vi":
            tokens = list(_with_foreign(text, utterance.words))
            read = self._vietnamese
        else:
            tokens = list(_tokens(text, utterance.words))
            read = partial(self._espeak, voice=_ESPEAK.get(language.lower(), language.lower()))
        return _joined(text, tokens, read)

    def close(self) -> None:
        """Frees espeak-ng."""
        if self._library is not None:
            self._library.close()
            self._library = None

    def _vietnamese(self, text: str, run: Sequence[_Token]) -> Said:
        if self._g2p is None:
            from sea_g2p import G2P

            self._g2p = G2P(lang="vi")
        said = []
        for token in run:
            if token.foreign is not None:
                said.append(_foreign(str(self._g2p.convert(f"<en>{token.foreign}</en>"))))
                continue
            word = text[token.start : token.stop].lower()
            groups = str(self._g2p.convert(word)).split()
            said.append(" ".join(to_kokoro(word, group) for group in groups))
        return said

    def _espeak(self, text: str, run: Sequence[_Token], voice: str) -> Said:
        if self._library is None:
            self._library = Library()
        groups = self._library.phonemes(text[run[0].start : run[-1].stop], voice).split()
        if len(groups) == len(run):
            return groups
        return _shared(groups, [token.stop - token.start for token in run])


_ESPEAK = {"en": "en-us", "fr": "fr-fr"}
"""Where espeak-ng's name for a language is another one."""


def _foreign(said: str) -> str:
    """Returns English phonemes of sea-g2p as the model was given them."""
    return to_kokoro("", said)


def _tokens(text: str, words: Sequence[Word]) -> Iterator[_Token]:
    """Yields the words of a text, each with the utterance's word in which it begins."""
    index = 0
    for match in _WORD.finditer(text):
        while index < len(words) and words[index].spoken[1] <= match.start():
            index += 1
        inside = index < len(words) and words[index].spoken[0] < match.end()
        yield _Token(match.start(), match.end(), index if inside else -1)


def _with_foreign(text: str, words: Sequence[Word]) -> Iterator[_Token]:
    """Yields the words of a text; those that read one foreign word are one, in its spelling."""
    last: tuple[object, str] | None = None
    for token in _tokens(text, words):
        word = words[token.owner] if token.owner >= 0 else None
        spelled = _NOT_SPELLING.sub(" ", word.foreign).strip() if word and word.foreign else ""
        if not spelled:
            last = None
            yield token
        elif word is not None and (word.source, spelled) != last:
            last = (word.source, spelled)
            # It reaches over all words that read it, so that no mark stands between them.
            upto = max(
                w.spoken[1] for w in words if (w.source, w.foreign) == (word.source, word.foreign)
            )
            yield _Token(token.start, max(token.stop, upto), token.owner, spelled)


def _joined(text: str, tokens: Sequence[_Token], read: Read) -> Phonemes:
    """Returns the phonemes of all runs with the marks between them."""
    made: list[str] = []
    words: list[tuple[int, int]] = []
    length = 0
    for run, marks in _runs(text, tokens):
        lead = marks if made else "".join(c for c in marks if c in _OPENING)
        made.append(lead)
        length += len(lead)
        for number, (token, said) in enumerate(zip(run, read(text, run), strict=True)):
            gap = " " if number and said else ""
            if token.owner >= 0 and said:
                words.append((token.owner, length + len(gap)))
            made.append(gap + said)
            length += len(made[-1])
    if not any(c.isalpha() for piece in made for c in piece):
        return Phonemes("")
    tail = _marks(text[tokens[-1].stop :]).rstrip()
    return Phonemes("".join(made) + tail, tuple(words))


def _runs(text: str, tokens: Sequence[_Token]) -> Iterator[tuple[list[_Token], str]]:
    """Yields words that no mark parts, with the marks before them."""
    run: list[_Token] = []
    before, at = "", 0
    for token in tokens:
        marks = _marks(text[at : token.start])
        if run and marks != " ":
            yield run, before
            run, before = [], marks
        elif not run:
            before = marks
        run.append(token)
        at = token.stop
    if run:
        yield run, before


def _marks(between: str) -> str:
    """Returns what the model sees of the text between two words, a blank at least."""
    seen = _NO_MARK.sub(" ", between.translate(_MARKS))
    return " ".join(seen.split(" ")) if seen.strip() else " "


def _shared(groups: Sequence[str], lengths: Sequence[int]) -> Said:
    """Gives groups of phonemes to words where espeak-ng joined or parted some, by their lengths
    in writing."""
    said = ["" for _ in lengths]
    total, written = sum(len(group) for group in groups) or 1, sum(lengths)
    at, word, until = 0, 0, float(lengths[0])
    for group in groups:
        middle = (at + len(group) / 2) * written / total
        while middle > until and word + 1 < len(lengths):
            word += 1
            until += lengths[word]
        said[word] = f"{said[word]} {group}".strip()
        at += len(group)
    return said
