"""Turns text into the numbers a Piper voice reads, and which word each of them belongs to.

Voices were trained on what espeak-ng says a text sounds like, clause by clause, with the
punctuation put back in; this makes the same again. Knows nothing of graphs or sound.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from sonca.engines.piper.voice_config import VoiceConfig
from sonca.espeakng import CONTROLS, Library
from sonca.utterance import Word

MAX_PHONEMES = 400
"""Longest sequence given to the model at once: about 30 s; attention grows with its square."""

# What ends a clause, what a voice sees of it, and whether a sentence ends there. It is what
# espeak-ng 1.52 does, tried out on every punctuation mark of Unicode's general, CJK and
# full-width blocks. Marks that voices do not see ("") still part clauses.
_MARKS: dict[str, tuple[str, bool]] = {
    **dict.fromkeys(".۔｡።", (".", True)),
    **dict.fromkeys("!‼", ("!", True)),
    **dict.fromkeys("?⁇;؟", ("?", True)),
    **dict.fromkeys(",､", (",", False)),
    **dict.fromkeys(":", (":", False)),
    **dict.fromkeys(";–—⁏··؛", (";", False)),
    **dict.fromkeys("։。！．？।॥\u2029", ("", True)),
    **dict.fromkeys("¡¿…、，：；", ("", False)),
}
_RUN = re.compile(f"[{''.join(map(re.escape, _MARKS))}]+")
_END = ("", True)
"""The end of the text, with no mark."""
_GOES_ON = (",", ":", ";")
_LANGUAGE_SWITCH = re.compile(r"\([^)]+\)")
_STRESS = re.compile("[ˈˌ]")


@dataclass(frozen=True, slots=True)
class PhonemeIds:
    """What the model reads at once."""

    ids: tuple[int, ...]
    """Phoneme ids with start, end and padding, never empty."""
    words: tuple[tuple[int, int], ...]
    """``(index of the word in the utterance, index in `ids` where it begins)``, in order."""


@dataclass(frozen=True, slots=True)
class _Clause:
    phonemes: str
    """As espeak-ng says them, with what is put after them; NFD."""
    words: tuple[tuple[int, int], ...]
    """Word index, index in `phonemes`."""
    ends_sentence: bool


class Phonemizer:
    """Reads text for voices. Belongs to the thread of its `Library`."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._alone: dict[tuple[str, str], str] = {}

    def sentences(self, text: str, words: Sequence[Word], config: VoiceConfig) -> list[PhonemeIds]:
        """Returns what a voice reads for a text; nothing if there is nothing that it can say."""
        clean = CONTROLS.sub(" ", text)
        spans = [word.spoken for word in words]
        if config.phoneme_type == "text":
            clauses = iter([_letters(clean, spans)])
        else:
            clauses = self._clauses(clean, spans, config.espeak_voice)
        found = []
        for group in _by_sentence(clauses):
            for part in _in_parts(group):
                sentence = encode(*part, config)
                if sentence is not None:
                    found.append(sentence)
        return found

    def _clauses(
        self, text: str, spans: Sequence[tuple[int, int]], voice: str
    ) -> Iterator[_Clause]:
        start = 0
        starts = [span[0] for span in spans]
        for ipa, upto in self._library.clauses(text, voice):
            stop, (mark, ends) = _terminator(text, start, upto)
            said = _LANGUAGE_SWITCH.sub("", ipa)
            first, last = bisect_left(starts, start), bisect_left(starts, stop)
            spelled = [text[slice(*span)] for span in spans[first:last]]
            at = self._word_starts(said, spelled, voice)
            after = mark + (" " if mark in _GOES_ON else "") if said else ""
            yield _clause(said, after, [(first + n, i) for n, i in enumerate(at)], ends)
            start = stop

    def _word_starts(self, said: str, words: Sequence[str], voice: str) -> list[int]:
        """Returns where each word begins in what is said of the clause.

        Mostly one group of sounds is one word; where the library joined some ("of the") or
        read one as several ("25"), the words said alone are laid along it.
        """
        groups = [match.start() for match in re.finditer(r"\S+", said)]
        if len(groups) == len(words):
            return groups
        alone = [self._say_alone(word, voice) for word in words]
        joined = "".join(alone)
        kept = [i for i, c in enumerate(said) if not c.isspace() and not _STRESS.match(c)]
        target = "".join(said[i] for i in kept)
        blocks = SequenceMatcher(None, joined, target, autojunk=False).get_matching_blocks()
        starts, position = [], 0
        for sounds in alone:
            index = _across(position, blocks)
            starts.append(kept[index] if index < len(kept) else len(said))
            position += len(sounds)
        return starts

    def _say_alone(self, word: str, voice: str) -> str:
        """Returns the sounds of one word without stress and blanks."""
        known = self._alone.get((word, voice))
        if known is None:
            said = _LANGUAGE_SWITCH.sub("", self._library.phonemes(word, voice))
            known = _STRESS.sub("", said).replace(" ", "")
            if len(self._alone) > 4096:
                self._alone.clear()
            self._alone[word, voice] = known
        return known


def encode(
    phonemes: str, words: Sequence[tuple[int, int]], config: VoiceConfig
) -> PhonemeIds | None:
    """Returns phonemes as ids: start, then every phoneme between paddings, then the end.

    A phoneme that the voice does not know is left out. None if it knows none of them.
    """
    ids = [*config.bos, *config.pad]
    bare = len(ids)
    begins: list[int] = []
    for phoneme in phonemes:
        begins.append(len(ids))
        for replaced in config.replacements.get(phoneme, (phoneme,)):
            known = config.ids.get(replaced)
            if known:
                ids += [*known, *config.pad]
    if len(ids) == bare:
        return None
    begins.append(len(ids))
    ids += config.eos
    at = tuple((word, min(begins[index], len(ids) - 1)) for word, index in words)
    return PhonemeIds(tuple(ids), at)


def _terminator(text: str, start: int, upto: int) -> tuple[int, tuple[str, bool]]:
    """Returns where the clause that begins at `start` ends, and the mark that ends it."""
    last = upto == len(text)
    stop = upto if last else upto - 1  # but for the last, one character of the next was read
    seen = text[start:stop]
    tail = len(seen)
    while tail and not (seen[tail - 1].isalnum() or seen[tail - 1] == "-"):
        tail -= 1
    marks = _RUN.search(seen, tail)
    if marks is None:
        return stop, _END if last else ("", False)
    # Of several marks in a row the first counts, but three dots are no full stop.
    return stop, ("", False) if marks[0].startswith("...") else _MARKS[marks[0][0]]


def _clause(
    said: str, after: str, words: Sequence[tuple[int, int]], ends_sentence: bool
) -> _Clause:
    """Returns the clause with every sound taken apart: an accent is a phoneme of its own."""
    apart = unicodedata.normalize("NFD", said)
    if len(apart) != len(said):
        words = [(word, len(unicodedata.normalize("NFD", said[:index]))) for word, index in words]
    return _Clause(apart + after, tuple(words), ends_sentence)


def _letters(text: str, spans: Sequence[tuple[int, int]]) -> _Clause:
    """Returns a text as the clause of a voice that reads letters."""
    return _clause(text, "", [(n, span[0]) for n, span in enumerate(spans)], True)


def _by_sentence(clauses: Iterator[_Clause]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yields the phonemes and words of each sentence."""
    phonemes, words = "", []
    for clause in clauses:
        words += [(word, len(phonemes) + index) for word, index in clause.words]
        phonemes += clause.phonemes
        if clause.ends_sentence:
            yield phonemes, words
            phonemes, words = "", []
    if phonemes:
        yield phonemes, words


def _in_parts(
    sentence: tuple[str, list[tuple[int, int]]],
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yields the sentence in parts that the model can take, cut between words where there are
    any."""
    phonemes, words = sentence
    while len(phonemes) > MAX_PHONEMES:
        cut = phonemes.rfind(" ", MAX_PHONEMES // 2, MAX_PHONEMES) + 1 or MAX_PHONEMES
        yield phonemes[:cut], [(word, at) for word, at in words if at < cut]
        phonemes = phonemes[cut:]
        words = [(word, at - cut) for word, at in words if at >= cut]
    yield phonemes, words


def _across(position: int, blocks: Sequence[tuple[int, int, int]]) -> int:
    """Returns the place in the second string for one in the first, along what both share."""
    for first, second, size in blocks:
        if position < first + size:
            return second + max(position - first, 0)
    return blocks[-1][1] if blocks else 0
