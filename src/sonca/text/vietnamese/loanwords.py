"""Cuts foreign words in Vietnamese spelling into syllables: Xtalin, Ôxtrâylia, nitrat, cacbon.

A word is syllables of the language and, between them, the consonants of which Vietnamese makes
clusters, each said with a vowel of its own. Knows no English.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sonca.text.vietnamese.syllables import nearest, split_tone, syllable

_PLAIN = re.compile("[a-z]+\\Z")
_FRENCH = re.compile("[a-zàâéèêîôùû]+\\Z")
_ALIEN = re.compile(
    r"(?<!n)(.)\1|[jw]|ck|sh|gh(?![ei])|ea|ee|oo|ou|eu|aw|ew|ow|qu(?![aeiy])|th\Z|ph\Z|rr"
)
"""Spellings of other languages, which are left to others."""
_STEMS = re.compile(
    r"nitr|sunf|clor|cacb|silic|oxit|hidro|iot|axet|etil|metan|etan\Z|propan|butan|pentan|benzen"
    r"|polime|este\Z|axit|amoni|andehit|ancol|xenlulo|gluco|photph|natri|kali|magie|canxi|liti\Z"
    r"|heli\Z|brom|uran|titan|mangan|niken|coban|platin|germani|asen\Z|bazo|hydrat|toluen|etanol"
    r"|stiren|naphtal|glixer|phenol|anilin|xiclo|gluxit|oxi\Z|clo\Z|flo\Z"
)
"""Beginnings and ends of chemistry in Vietnamese spelling."""
_LOAN = re.compile(
    r"\Ax[ckrtlmnp]?[aeiouy]|(?<=[^aeiouy])x[aeiouy]|[bcdglnrtv][aiu]t\Z|rua\Z|uric\Z"
)
_PROPER = re.compile(r"[a-z]{3,}[aio]\Z|[aeiou]sk[aei]n?\Z|x(?:tan|in)\Z|x[trbk][aeiou]|oay\Z")
_ONSETS = {"f": "ph", "z": "d"}
_CLUSTER = {
    **{"x": "xờ", "s": "xờ", "c": "cờ", "k": "cờ", "p": "pờ", "b": "bờ", "t": "tờ", "đ": "đờ"},
    **{"d": "đờ", "g": "gờ", "f": "phờ", "ph": "phờ", "v": "vờ"},
}
_CODAS = {"s": "t", "f": "p", "b": "p", "đ": "t", "d": "t", "g": "c", "k": "c", "l": "n"}
"""Ends of syllables as Vietnamese says them: Puskin, "pút kin"."""
_VOWELS = "aăâeêioôơuưy"
_MAX_LETTERS = 30
_PIECE_LETTERS = 7


@lru_cache(maxsize=16384)
def from_loan(word: str) -> str | None:
    """Returns the syllables of a foreign word in Vietnamese spelling, None for any other."""
    low = unicodedata.normalize("NFC", word).lower()
    if not 3 <= len(low) <= _MAX_LETTERS or not low.isalpha():
        return None
    if _PLAIN.match(low) and not _looks_vietnamese(low, word):
        return None
    if _FRENCH.match(low) and _ALIEN.search(low):
        return None
    pieces = _cut(low.replace("photph", "phôtph"))
    return " ".join(pieces) if pieces and len(pieces) > 1 else None


def _looks_vietnamese(low: str, word: str) -> bool:
    """Returns whether letters without marks are a loan as Vietnamese writes it, and no English."""
    if word.isupper() or _ALIEN.search(low):
        return False
    if _STEMS.search(low) or _LOAN.search(low):
        return True
    return word.istitle() and len(low) > 4 and _PROPER.search(low) is not None


def _cut(low: str) -> list[str] | None:
    """Returns the cheapest way through a word: few pieces, syllables that begin with a
    consonant."""
    best: list[tuple[float, list[str]] | None] = [None] * (len(low) + 1)
    best[0] = (0.0, [])
    for end in range(1, len(low) + 1):
        for start in range(max(0, end - _PIECE_LETTERS), end):
            before, piece = best[start], _piece(low, start, end)
            if before is None or piece is None:
                continue
            cost, said = before[0] + piece[0], [*before[1], piece[1]]
            old = best[end]
            if old is None or cost < old[0] - 1e-9:
                best[end] = (cost, said)
    found = best[-1]
    return found[1] if found else None


def _piece(low: str, start: int, end: int) -> tuple[float, str] | None:
    """Returns what ``low[start:end]`` costs as a piece of the word, and how it is said."""
    piece, follows = low[start:end], low[end : end + 1]
    before = low[start - 1 : start] if start else ""
    if not any(map(_is_vowel, piece)):
        said = _CLUSTER.get(piece)
        if said is None or not (follows or piece in ("x", "s")):
            return None
        return (1.3 if follows else 1.6), said
    said = _syllable(piece, low[end : end + 2])
    if said is None:
        return None
    cost, plain = 1.0, _toneless(piece)
    if _is_vowel(piece[0]) and before and not _is_vowel(before):
        cost += 0.6  # xin-ga, not xing-a
    if plain.startswith(("tr", "ng")) and _is_vowel(before):
        cost += 1.5  # ni-t-rát, xin-ga
    if plain[-1] in "ctpđbgkds" and follows in ("r", "l"):
        cost += 1.6  # xô-c-rát
    if plain.startswith(("ie", "ye", "uo")) and _is_vowel(before):
        cost += 0.5  # tôi-ép
    if plain.endswith("ia") and not follows and start:
        cost += 1.1  # li-a
    if plain.endswith(("ng", "nh", "ch")) and _is_vowel(follows):
        cost += 0.6
    return cost, said


def _syllable(piece: str, follows: str) -> str | None:
    """Returns a piece of a word as a syllable that can be said; None if it is none."""
    head = _ONSETS.get(piece[0], piece[0]) + piece[1:]
    head = re.sub(r"\Ac(?=[eêiy])", "x", head)
    head = re.sub(r"\Ak(?=[aăâoôơuư])", "c", head)
    head = re.sub(r"\Ag(?=[eêi])", "gh", head)
    for candidate in (piece, head, _with_coda(head)):
        said = syllable(candidate) or _stopped(candidate)
        if said is not None:
            soft = said.endswith("in") and follows[:1] == "g" and _is_vowel(follows[1:])
            return said + "h" if soft else said  # xinh-ga-po
    return None


def _with_coda(piece: str) -> str:
    """Returns a piece that ends as Vietnamese says it."""
    ours = _CODAS.get(piece[-1])
    return piece[:-1] + ours if ours and _is_vowel(piece[-2:-1]) else piece


def _stopped(piece: str) -> str | None:
    """Returns a syllable that ends in a stop and was written without its tone: "trat"."""
    if split_tone(piece)[1] or not piece.endswith(("c", "ch", "p", "t")):
        return None
    for at, letter in enumerate(piece):
        if letter in _VOWELS:
            marked = unicodedata.normalize("NFC", letter + "\u0301")
            said = syllable(piece[:at] + marked + piece[at + 1 :])
            if said is not None:
                return said
    return nearest(piece) if syllable(nearest(piece)) and piece.isascii() else None


def _toneless(text: str) -> str:
    return split_tone(text)[0]


def _is_vowel(letter: str) -> bool:
    return letter != "" and _toneless(letter) in _VOWELS
