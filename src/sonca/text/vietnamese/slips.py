"""Reads a misspelled word as the Vietnamese syllable it was meant for.

Only what no syllable can be is mended: ươ with one horn ("nguời", "đưọc"), a tone on the wrong
letter or twice ("tiêńg", "ngườì"), a letter twice ("đii"), iê, yê, uâ and uê that lost their
hats ("tiéng", "tuàn"). What could mean two words stays.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sonca.text.vietnamese.syllables import syllable

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_MAX_LETTERS = 10  # "nghiêng" and a few that are too many
_UNTONED = {"đươc": "được", "môt": "một"}
"""Frequent words without their tone; others of the kind get the acute."""
_FINAL = "(?=[cimnptu])"
_REPAIRS = (
    (re.compile(f"(?:uơ|ưo|ơư|uươ|ưuơ){_FINAL}"), "ươ"),
    (re.compile(r"ươ\Z"), "uơ"),
    (re.compile(f"(?<=[iy])e{_FINAL}"), "ê"),
    (re.compile(r"(?<=u)e\Z"), "ê"),
    (re.compile(r"(?<=[^q]u)a(?=[nty]\Z)"), "â"),
)


def _toned(letters: str) -> str:
    """Returns the letters with every tone, in both cases."""
    both = letters + letters.upper()
    return "".join(unicodedata.normalize("NFC", c + tone) for c in both for tone in _TONES)


def _any(letters: str) -> str:
    """Returns the letters with every tone and without, in both cases."""
    return letters + letters.upper() + _toned(letters)


def _possible() -> str:
    """Returns what finds vowels that cannot stand side by side, and foreign letters."""
    a, e, i, o, u = map(_any, ("aăâ", "eê", "iy", "oôơ", "uư"))
    oh, e_tone, i_tone = _any("ơ"), _toned("e"), _toned("iy")
    bare_u, horned_u = _any("u"), _any("ư")
    toned, odd = _toned("aăâeêioôơuưy"), "ÄËÏÑÖÜäëïñöüĀāĄ-ďĒ-ħĪ-ŧŪ-žƏǍ-ǰǴ-ȳḀ-ẙ"
    vowel = a + e + i + o + u
    return (
        f"(?=[{vowel}{odd}])(?:(?=.[{vowel}])"  # for speed: one class first, then a second
        f"(?:[{bare_u}](?:[{oh}]\\w|[{e_tone}](?!\\w)|[{u}]|(?<![qQ].)[{_toned('a')}][ntyNTY])"
        f"|[{horned_u}](?:[{_any('o')}{horned_u}]|[{oh}](?!\\w))"
        f"|[{oh}][{horned_u}]|[{o}][{o}]|[{i}][{i}]|[{e}][{e}]|[{a}][{a}]"
        f"|[{i}](?:[{e_tone}]|(?<=[{i_tone}])[eE])[cmnptuCMNPTU]"
        f"|[{toned}][{vowel}]?[{toned}]|(?<=đ)ươ[ct](?!\\w))"
        f"|[{odd}]|ô(?<=[mM]ô)t(?!\\w))"
    )


POSSIBLE = re.compile(_possible())
"""Finds something in every text that holds a word that `mended` can mend."""


@lru_cache(maxsize=8192)
def mended(word: str) -> str | None:
    """Returns the syllable meant; None if the word is right, or no slip that can only mean one."""
    low = word.lower()
    if low.isascii() or len(low) > _MAX_LETTERS or syllable(low) is not None:
        return None
    if low in _UNTONED:
        return _UNTONED[low]
    plain, tone = _without_tones(low)
    for letters in dict.fromkeys((plain, re.sub(r"(.)\1", r"\1", plain), _once(plain))):
        for shape in (letters, _repaired(letters)):
            if (said := with_tone(shape, tone)) is not None:
                return said
    return None


def _without_tones(word: str) -> tuple[str, str]:
    """Returns the word without tones, on whatever letters they stand, and the last of them."""
    out, tone = "", ""
    for char in word:
        marks = unicodedata.normalize("NFD", char)
        own = [m for m in marks[1:] if m in _TONES]
        if own and (char != "ñ" or out):
            tone = own[0]
        shaped = unicodedata.normalize("NFC", "".join(m for m in marks if m not in _TONES))
        out += shaped if shaped in "ăâđêôơư" else marks[0]
    return out, tone


def _once(word: str) -> str:
    """Returns the word with one letter of two that are alike: the one with a hat or a horn."""
    out = ""
    for char in word:
        if out and _base(char) == _base(out[-1]):
            out = out[:-1] + max(char, out[-1])
        else:
            out += char
    return out


def _base(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0]


def _repaired(word: str) -> str:
    for wrong, right in _REPAIRS:
        word = wrong.sub(right, word)
    return word


def with_tone(word: str, tone: str) -> str | None:
    """Returns the syllable that a toneless word makes with a tone."""
    if not tone:
        return _UNTONED.get(word) or syllable(word)
    for index, char in enumerate(word):
        if _base(char) in "aeiouy":
            marked = unicodedata.normalize("NFC", char + tone)
            return syllable(word[:index] + marked + word[index + 1 :])
    return None
