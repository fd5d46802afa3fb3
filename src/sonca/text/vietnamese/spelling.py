"""Turns letters into sounds by spelling alone, where English phonemes cannot help.

Used for foreign words with letters of other languages, for scripts that can be written in Latin
letters, and for everything where espeak-ng is not installed.
"""

from __future__ import annotations

import re
import unicodedata

from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import section

_PAIRS = tuple(section("spelling.tsv", "pair").items())
_ONSETS = {"d": "đ", "s": "x", "c": "c", "k": "c"}
_CODA = section("spelling.tsv", "coda")
_VOWEL = "aăâeêioôơuưy"
_RUN = re.compile(r"([^aăâeêioôơuưy]*)([aăâeêioôơuưy]+)([^aăâeêioôơuưy]*)")
_CYRILLIC = section("spelling.tsv", "letter")


def romanized(word: str) -> str:
    """Writes Cyrillic and Greek in Latin letters; nothing for a script without such a table."""
    out = []
    for char in unicodedata.normalize("NFC", word.lower()):
        base = unicodedata.normalize("NFD", char)[0]
        letter = _CYRILLIC.get(char, _CYRILLIC.get(base, base if base.isascii() else None))
        if letter is None:
            return ""
        out.append(letter)
    return "".join(out)


def from_spelling(word: str) -> str:
    """Returns Vietnamese syllables for any Latin letters; nothing if there is no vowel to say."""
    flat = unicodedata.normalize("NFC", word.lower())
    flat = "".join(_base(c) for c in flat)
    for pair, sound in _PAIRS:
        flat = flat.replace(pair, sound)
    flat = re.sub(r"(.)\1+", r"\1", flat)
    out: list[str] = []
    for part in flat.split():
        out += _syllables(part)
    return " ".join(out)


def _base(char: str) -> str:
    if char in "ăâêôơưđ" or char.isascii():
        return char
    letters = unicodedata.normalize("NFD", char)
    kept = unicodedata.normalize(
        "NFC", letters[0] + "".join(m for m in letters[1:] if m in "\u0302\u0306\u031b")
    )
    if kept in _VOWEL + "đ":
        return kept
    return {"ø": "ơ", "œ": "ơ", "æ": "e", "ß": "x", "ł": "l", "þ": "th", "ı": "i"}.get(
        char, letters[0] if letters[0].isascii() else ""
    )


def _syllables(part: str) -> list[str]:
    runs = list(_RUN.finditer(part))
    if not runs:
        return []
    out: list[str] = []
    carried = ""
    for index, run in enumerate(runs):
        onset = carried + run[1]
        vowel, after = run[2][:3], run[3]
        last = index == len(runs) - 1
        coda, carried = (after, "") if last else _share(after)
        out += _one(onset, vowel, coda)
    return out


def _share(cluster: str) -> tuple[str, str]:
    if len(cluster) <= 1 or cluster in ("ch", "th", "ph", "kh", "nh", "ng", "tr", "gi"):
        return ("", cluster)
    return cluster[0], cluster[1:]


def _one(onset: str, vowel: str, coda: str) -> list[str]:
    out: list[str] = []
    for size in range(len(onset), -1, -1):
        tail = onset[len(onset) - size :]
        tail = _ONSETS.get(tail, tail)
        said = _fit(tail, vowel, coda)
        if said:
            out += [
                f"{_ONSETS.get(c, c)}ờ"
                for c in onset[: len(onset) - size]
                if syllable(f"{_ONSETS.get(c, c)}ờ")
            ]
            return [*out, said]
    return out or ([vowel[0]] if syllable(vowel[0]) else [])


def _fit(onset: str, vowel: str, coda: str) -> str | None:
    """Returns the closest syllable there is."""
    ends = [coda, _CODA.get(coda, coda), coda[:1], _CODA.get(coda[:1], ""), ""]
    for nucleus in (vowel, vowel[:2], vowel[:1]):
        for end in ends:
            for head in (onset, {"c": "k", "g": "gh", "ng": "ngh"}.get(onset, onset)):
                said = head + nucleus + end
                if syllable(said):
                    return said
                if end in ("p", "t", "c", "ch"):
                    place = len(head) + len(nucleus) - 1
                    marked = unicodedata.normalize("NFC", said[place] + "\u0301")
                    stopped = syllable(said[:place] + marked + said[place + 1 :])
                    if stopped:
                        return stopped
    return None
