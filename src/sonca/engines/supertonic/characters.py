"""From an utterance to what the model reads: pieces of text, and the ids of their characters.

The models read letters, not phonemes: compatibility-decomposed (NFKD), so that a letter's marks
are characters of their own, in the script that they were trained on. Words of another language
go in their own spelling. Knows nothing of graphs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel
from sonca.utterance import Utterance

LONGEST = 90
"""Characters of a piece, decomposed: beyond it these models begin to leave out words. An English
report has 6.9% wrong words past 90 characters and 1.0% below 70; Vietnamese has a third more
characters than letters, so this is some 68 letters or 15 syllables."""
LANGUAGE = "vi"
_TABLE_BYTES = 16 << 20
_SHORTEST = 0.25
"""The shortest piece before a mark, in parts of the longest."""
_NEAR = 0.25
"""How far from the middle a cut may lie for a clause's sake, in parts of the longest."""
_OPENING = frozenset(
    ["và", "hoặc", "nhưng", "mà", "khi", "nếu", "thì", "vì", "để", "rồi", "nên", "trong"]
)
_MARKS = ".!?;:,…"
_PLAIN = str.maketrans(
    dict.fromkeys("–—‑", "-")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("‘’`", "'")
    # Angle brackets would be tags; upstream keeps them.
    | dict.fromkeys("_[]|/#→←<>", " ")
    | dict.fromkeys("©\\")
)
_EMOJI = re.compile("[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]+")
_ENDS = re.compile(r"[.!?;:,'\")\]}…。」』】〉》›»]$")


class CharacterTable:
    """The id of each code point, as ``unicode_indexer.json`` has it."""

    def __init__(self, ids: npt.NDArray[np.int64]) -> None:
        self._ids = ids

    @classmethod
    def load(cls, path: Path) -> CharacterTable:
        """Reads the file. `BadModel` if it is none."""
        content = read_json(path, _TABLE_BYTES)
        numbers = content if isinstance(content, list) else []
        if not numbers or not all(type(n) is int and -1 <= n < 1 << 31 for n in numbers):
            raise BadModel(f"{path} is no table of characters: it must be a list of ids")
        return cls(np.array(numbers, np.int64))

    @property
    def highest(self) -> int:
        """The highest id, -1 for a table without any."""
        return int(self._ids.max())

    def ids(self, text: str) -> npt.NDArray[np.int64]:
        """Returns the ids of a text (T,). Characters that the model does not know are left out."""
        codes = np.array([ord(c) for c in text if ord(c) < len(self._ids)], np.int64)
        ids = self._ids[codes]
        return ids[ids >= 0]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an utterance that is spoken in one go."""

    text: str
    """Decomposed, without tags; it ends with a mark."""
    at_mark: bool
    """Whether it ends where the utterance has a mark, so that a pause may follow."""

    @property
    def tagged(self) -> str:
        """What the model reads."""
        return f"<{LANGUAGE}>{self.text}</{LANGUAGE}>"


def pieces(utterance: Utterance, longest: int = LONGEST) -> list[Piece]:
    """Returns an utterance as pieces of at most `longest` characters; none if nothing in it can
    be spoken. A word that is longer is cut."""
    words = [part for word in _words(cleaned(text_of(utterance))) for part in _cut(word, longest)]
    return [
        _piece(words[start:stop], last=stop == len(words))
        for start, stop in _ranges(words, longest)
    ]


def text_of(utterance: Utterance) -> str:
    """Returns what is said, with words of another language in their own spelling."""
    said, parts, at = utterance.spoken, [], 0
    # Several spoken words may read one foreign word; it stands in the text once.
    for (_, foreign), group in groupby(utterance.words, key=lambda w: (w.source, w.foreign)):
        if foreign is not None:
            spoken = [word.spoken for word in group]
            parts += [said[at : spoken[0][0]], foreign]
            at = spoken[-1][1]
    return "".join(parts) + said[at:]


def cleaned(text: str) -> str:
    """Returns a text in the characters of the training data, a capital first; empty if nothing
    in it is a letter or a digit."""
    text = _EMOJI.sub("", unicodedata.normalize("NFKD", text.strip())).translate(_PLAIN)
    text = text.replace("@", " at ")
    text = re.sub(r" ([,.!?;:'])", r"\1", text)
    text = re.sub(r"([\"'])\1+", r"\1", text)
    text = re.sub(r"\s+", " ", text).strip()
    # A line that begins with a mark makes such models say something that is not there.
    text = text.lstrip(_MARKS + "- ")
    if not any(c.isalnum() for c in text):
        return ""
    # The planner's words are in lower case; the training data had sentences.
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def read_json(path: Path, most_bytes: int) -> object:
    """Returns what a JSON file of a model holds. `BadModel` if it cannot be read."""
    try:
        if path.stat().st_size > most_bytes:
            raise BadModel(f"{path} is larger than {most_bytes:,} bytes, it is not the model's")
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadModel(f"{path} is not JSON; fetch the model again") from error


def _words(text: str) -> Iterator[str]:
    """Yields words; what holds no letter stays with the word before it."""
    held = ""
    for part in text.split():
        if held and any(c.isalnum() for c in part):
            yield held
            held = part
        else:
            held = f"{held} {part}".lstrip()
    if held:
        yield held


def _cut(word: str, longest: int) -> list[str]:
    return [word[at : at + longest] for at in range(0, len(word), longest)]


def _ranges(words: list[str], longest: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of words that fit, as few as can be and about alike; but a cut lies at a mark
    if one is in reach, and else before a word that begins a clause if one is near."""
    start = 0
    while (left := _length(words[start:])) > longest:
        wanted = left / -(-left // longest)
        cuts = []
        length = -1
        for stop in range(start + 1, len(words)):
            length += len(words[stop - 1]) + 1
            if length > longest:
                break
            at_mark = words[stop - 1][-1] in _MARKS and length >= longest * _SHORTEST
            opens = unicodedata.normalize("NFC", words[stop]) in _OPENING
            cuts.append((not at_mark, abs(length - wanted) - opens * longest * _NEAR, stop))
        stop = min(cuts)[-1]
        yield start, stop
        start = stop
    if words:
        yield start, len(words)


def _length(words: list[str]) -> int:
    return sum(map(len, words)) + len(words) - 1


def _piece(words: list[str], *, last: bool) -> Piece:
    text = " ".join(words)
    if _ENDS.search(text):
        return Piece(text, at_mark=True)
    # Inside a sentence the voice must not fall.
    return Piece(text + ("." if last else ","), at_mark=last)
