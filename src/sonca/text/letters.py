"""The names of letters, and how a word is spelled aloud."""

from __future__ import annotations

import unicodedata

_NAMES = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "dê", "đ": "đê", "e": "e", "ê": "ê",
    "f": "ép", "g": "giê", "h": "hát", "i": "i", "j": "gi", "k": "ca", "l": "e lờ", "m": "em mờ",
    "n": "en nờ", "o": "o", "ô": "ô", "ơ": "ơ", "p": "pê", "q": "quy", "r": "e rờ", "s": "ét",
    "t": "tê", "u": "u", "ư": "ư", "v": "vê", "w": "vê kép", "x": "ích", "y": "i", "z": "dét",
    "α": "an pha", "β": "bê ta", "γ": "gam ma", "δ": "đen ta", "ε": "ép xi lon", "θ": "tê ta",
    "λ": "lam đa", "μ": "muy", "π": "pi", "ρ": "rô", "σ": "xích ma", "τ": "tô", "φ": "phi",
    "ω": "ô mê ga", "ψ": "pờ xi", "η": "ê ta", "ξ": "xi", "χ": "khi", "κ": "cáp pa", "ν": "nu",
}  # fmt: skip

_SOUNDS = {
    "b": "bờ", "c": "cờ", "ch": "chờ", "d": "dờ", "đ": "đờ", "f": "phờ", "g": "gờ", "gh": "gờ",
    "gi": "giờ", "h": "hờ", "j": "giờ", "k": "cờ", "kh": "khờ", "l": "lờ", "m": "mờ", "n": "nờ",
    "ng": "ngờ", "ngh": "ngờ", "nh": "nhờ", "p": "pờ", "ph": "phờ", "q": "quờ", "qu": "quờ",
    "r": "rờ", "s": "sờ", "t": "tờ", "th": "thờ", "tr": "trờ", "v": "vờ", "w": "quờ", "x": "xờ",
    "z": "dờ",
}  # fmt: skip


def name(letter: str) -> str:
    """The name of one letter, such as "bê"; letters with marks go by their base. Empty if the
    letter has no Vietnamese name."""
    letter = letter.lower()
    found = _NAMES.get(letter)
    if found is None:
        base = unicodedata.normalize("NFD", letter)[0]
        found = _NAMES.get(base, "")
    return found


def spell(word: str) -> str:
    """The names of all letters of a word."""
    return " ".join(filter(None, map(name, word)))


def sound(onset: str) -> str | None:
    """A consonant as a stutterer says it: "kh" is "khờ"."""
    return _SOUNDS.get(onset.lower())
