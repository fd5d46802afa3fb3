"""Vietnamese as Kokoro-Vietnamese learned it: sea-g2p's phonemes in Kokoro's symbols.

sea-g2p writes the Northern sounds, in which *tr* is *ch*, *s* is *x* and *gi* is *d*, and tones as
digits. The model keeps those apart by how a word is spelled, and knows tones as arrows. The table
is that of the readme of vig2p 0.1.2, the front end of its training.
"""

from __future__ import annotations

import re
import unicodedata

_AFFRICATE = ("tʃ", "ʧ")
"""Comes before all else: its first half is no t."""
_SOUNDS: tuple[tuple[str, str], ...] = (
    ("t\u032a", "t"),  # the dental t
    ("e-", "æ"),
    ("1", "→"),
    ("7", "→"),
    ("2", "↘"),
    ("3", "↗"),
    ("ɜ", "↗"),  # so sea-g2p writes the tone sắc
    ("4", "↓"),
    ("5", "ʔ↗"),
    ("6", "ʔ↓"),
    ("ɗ", "d"),
    ("đ", "d"),
    ("ʐ", "ʒ"),
)
# How a word begins in writing, the sound that stands for it, and the one that the model knows.
# `gi` is one letter: "gì" and "gìn" are `gi` with the vowel inside.
_ONSETS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile("th"), "t", "θ"),
    (re.compile("tr"), "ʧ", "ʈʂ"),
    (re.compile("gi"), "z", "ʝ"),
    # English clusters are none of Vietnamese.
    (re.compile("s(?![tpkclmnwf])"), "s", "ʂ"),
)


def to_kokoro(word: str, said: str) -> str:
    """Returns sea-g2p's phonemes of one word, as it is spelled, in the model's symbols."""
    said = said.replace(*_AFFRICATE)
    plain = _without_tones(word)
    for onset, sound, symbol in _ONSETS:
        if onset.match(plain):
            said = said.replace(sound, symbol, 1)
            break
    for sound, symbol in _SOUNDS:
        said = said.replace(sound, symbol)
    return said


def _without_tones(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in letters if not unicodedata.combining(c))
