"""Tells exactly what is a Vietnamese syllable: onsets, rimes and tones.

`syllable` answers for one written word. It accepts both customs of tone placement (hòa, hoà)
and puts a misplaced tone right (qúy). It knows spelling, not meaning: "can" is a syllable
even in an English sentence.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from sonca.text.vietnamese.wordlists import rows, words

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS = frozenset("aăâeêioôơuưy")
_STOPS = ("c", "ch", "p", "t")
_MAX_LETTERS = 7  # "nghiêng"


@lru_cache(maxsize=1)
def _rimes() -> dict[str, frozenset[str]]:
    """Returns the rimes of every onset, all toneless."""
    tables: dict[str, list[str]] = {}
    for group, rimes in rows("rimes.tsv"):
        tables.setdefault(group, []).extend(rimes.split())
    onsets: dict[str, frozenset[str]] = {}
    for onset, groups in rows("onsets.tsv"):
        own = [r for g in groups.split() for r in tables[g]]
        onsets["" if onset == "-" else onset] = frozenset(own)
    return onsets


@lru_cache(maxsize=1)
def onsets() -> frozenset[str]:
    """Returns the consonants with which syllables begin, such as "ngh"."""
    return frozenset(_rimes()) - {""}


@lru_cache(maxsize=1)
def _unmarked_syllables() -> frozenset[str]:
    return frozenset(_flat(onset + rime) for onset, own in _rimes().items() for rime in own)


def _flat(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))


def split_tone(word: str) -> tuple[str, str, int]:
    """Returns ``(toneless word, tone mark or "", index of the letter that carries it or -1)``."""
    out: list[str] = []
    tone, place = "", -1
    for index, char in enumerate(word):
        if char < "\x80":
            out.append(char)
            continue
        marks = unicodedata.normalize("NFD", char)
        own = [m for m in marks if m in _TONES]
        if own:
            if tone:
                return word, "", -1  # two tones: no syllable
            tone, place = own[0], index
            marks = "".join(m for m in marks if m not in _TONES)
        out.append(unicodedata.normalize("NFC", marks))
    return "".join(out), tone, place


def split_onset(word: str) -> tuple[str, str]:
    """Returns onset and rime of a toneless word; the rime may be anything."""
    for size in (3, 2, 1):
        onset = word[:size]
        if onset in _rimes() and len(word) > size and word[size] in _VOWELS:
            return onset, word[size:]
    return "", word


def _places(rime: str) -> tuple[int, ...]:
    """Returns where the tone may stand in the rime: the new custom first, then the old."""
    vowels = 0
    while vowels < len(rime) and rime[vowels] in _VOWELS:
        vowels += 1
    marked = [i for i in range(vowels) if rime[i] in "ăâêôơư"]
    if marked:
        return (marked[-1],)
    if vowels <= 1:
        return (0,)
    if vowels < len(rime) or vowels == 3:
        return (vowels - 1,) if vowels < len(rime) else (1,)
    if rime in ("oa", "oe", "uy"):
        return (1, 0)
    return (0,)


@lru_cache(maxsize=65536)
def syllable(word: str) -> str | None:
    """Returns the syllable in lower case with its tone in a customary place; None if it is none.

    `word` is one word in NFC, in any case.
    """
    word = word.lower()
    if len(word) > _MAX_LETTERS:
        return None
    if word in words("loans.tsv"):
        return word
    plain, tone, place = split_tone(word)
    for onset, rime in _readings(plain):
        if rime not in _rimes()[onset]:
            continue
        if rime.endswith(_STOPS) and tone not in ("\u0301", "\u0323"):
            continue
        if not tone:
            return word
        at = len(plain) - len(rime)
        if any(place == at + p for p in _places(rime)):
            return word
        best = at + _places(rime)[0]
        marked = unicodedata.normalize("NFC", plain[best] + tone)
        return plain[:best] + marked + plain[best + 1 :]
    return None


def _readings(plain: str) -> list[tuple[str, str]]:
    """Returns the ways to cut a toneless word into onset and rime."""
    found = []
    if plain.startswith("gi") and len(plain) > 2:
        found.append(("gi", plain[2:]))  # gia, giêng is gi + iêng with one i
        found.append(("gi", plain[1:]))
    elif plain == "gi":
        found.append(("gi", "i"))
    onset, rime = split_onset(plain)
    if onset != "gi":
        found.append((onset, rime))
    return found


@lru_cache(maxsize=1)
def _nearest() -> dict[str, str]:
    """Returns the plainest syllable for every spelling without marks."""
    table: dict[str, str] = {}
    for onset, own in sorted(_rimes().items()):
        for rime in sorted(own):
            written = onset + rime
            if rime.endswith(_STOPS):
                place = len(onset) + _places(rime)[0]
                written = written[:place] + _acute(written[place]) + written[place + 1 :]
            table.setdefault(_flat(onset + rime), written)
    return table


def _acute(letter: str) -> str:
    return unicodedata.normalize("NFC", letter + "\u0301")


def nearest(word: str) -> str:
    """Returns an unmarked syllable as one that can be said: "viết" for "viet"; others unchanged."""
    word = word.lower()
    return syllable(word) or _nearest().get(word, word)


@lru_cache(maxsize=8192)
def is_unmarked(word: str) -> bool:
    """Returns whether an ASCII word is a Vietnamese syllable typed without its marks ("viet")."""
    word = word.lower()
    return word.isascii() and word in _unmarked_syllables()


def segment(word: str, *, unmarked: bool = False) -> list[str] | None:
    """Cuts letters run together into syllables ("sốngđộng"), fewest first; None if impossible.

    With `unmarked`, syllables may lack their marks ("tuoitre").
    """
    word = word.lower()
    if len(word) > 42:
        return None
    best: list[list[str] | None] = [None] * (len(word) + 1)
    best[0] = []
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _MAX_LETTERS), end):
            head, piece = best[start], word[start:end]
            said = syllable(piece) or (piece if unmarked and is_unmarked(piece) else None)
            if head is None or said is None:
                continue
            old = best[end]
            if old is None or len(head) + 1 < len(old):
                best[end] = [*head, said]
    return best[-1]
