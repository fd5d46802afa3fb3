"""Turns English phonemes (IPA from espeak-ng) into Vietnamese syllables.

A listener should hear what a Vietnamese speaker would say: clusters get a vowel ("xờ tai" for
"style"), final sounds become those that Vietnamese has, closed syllables with a stop take the
sắc tone, and the rest stay level. It knows sounds only, no spelling.
"""

from __future__ import annotations

import re
import unicodedata

from sonca.text.vietnamese.wordlists import section

# Longest first within each table.
_VOWELS = section("phonemes.tsv", "vowel")
_CONSONANTS = section("phonemes.tsv", "consonant")
_SOUNDS = sorted({**_VOWELS, **_CONSONANTS}, key=len, reverse=True)
_SOUND = re.compile("|".join(map(re.escape, _SOUNDS)))
_CODAS = section("phonemes.tsv", "coda")
# Vowel and coda that Vietnamese does not have together, and what it has instead.
_RIMES = section("phonemes.tsv", "rime")
_WITH_W = section("phonemes.tsv", "w")
# Before a final l, which Vietnamese hear as a vowel: mail, Bill, Google.
_DARK = section("phonemes.tsv", "dark")
_EPENTHESIS = section("phonemes.tsv", "syllable")
_ACUTE = "\u0301"
_ROUNDED = frozenset(("oa", "oe", "oă", "uy", "uê", "uâ", "uơ"))
_HARD = frozenset(("p", "t", "c", "ch"))


def from_ipa(ipa: str) -> str:
    """Returns Vietnamese syllables for the phonemes of a word or phrase, or nothing."""
    return " ".join(filter(None, (_word(part) for part in ipa.split())))


def _word(ipa: str) -> str:
    sounds = _sounds(ipa)
    if not any(kind == "v" for kind, _ in sounds):
        return " ".join(_EPENTHESIS.get(s, "") for _, s in sounds).strip()
    return " ".join(_syllables(sounds))


def _sounds(ipa: str) -> list[tuple[str, str]]:
    """Returns ``("v", vowel)`` and ``("c", consonant)`` in order, without stress and length."""
    plain = "".join(c for c in ipa if c not in "ˈˌ.-_|‿̩ʲ" and not unicodedata.combining(c))
    plain = plain.replace("ɐ̃", "a").replace("l̩", "əl").replace("n̩", "ən").replace("əl", "əl")
    out: list[tuple[str, str]] = []
    for match in _SOUND.finditer(plain):
        sound = match[0]
        if sound in _VOWELS:
            for part in _VOWELS[sound].split():
                out.append(("v", part))
        elif _CONSONANTS[sound]:
            out.append(("c", _CONSONANTS[sound]))
    return out


def _syllables(sounds: list[tuple[str, str]]) -> list[str]:
    nuclei = [i for i, (kind, _) in enumerate(sounds) if kind == "v"]
    out: list[str] = []
    start = 0
    for order, nucleus in enumerate(nuclei):
        onset = [s for _, s in sounds[start:nucleus]]
        last = order == len(nuclei) - 1
        following = nuclei[order + 1] if not last else len(sounds)
        between = [s for _, s in sounds[nucleus + 1 : following]]
        coda, rest = _divide(between, last)
        start = nucleus + 1 + len(between) - len(rest)
        out += _syllable(onset, sounds[nucleus][1], coda)
        if last:
            out += _trail(rest)
    return out


def _divide(between: list[str], last: bool) -> tuple[str, list[str]]:
    """Returns the coda of the syllable, and the consonants left for what follows."""
    if not between:
        return "", []
    if last:
        return between[0], between[1:]
    if len(between) == 1:
        return "", between
    if between[0] in ("i", "u"):
        return "", between
    if (
        len(between) == 2
        and between[1] in ("r", "l", "i", "u")
        and between[0] not in ("m", "n", "ng", "l")
    ):
        return "", between
    return between[0], between[1:]


def _trail(rest: list[str]) -> list[str]:
    """Returns what is still heard of a final cluster: only a hissing end."""
    return [_EPENTHESIS["x"]] if "x" in rest else []


def _syllable(onset: list[str], vowel: str, coda: str) -> list[str]:
    """Returns one syllable, after one more for each consonant that cannot join it."""
    glide = ""
    while onset and onset[-1] in ("i", "u"):
        nearer = onset.pop()
        glide = glide or nearer
    out = [_EPENTHESIS[c] for c in onset[:-1] if c in _EPENTHESIS]
    head = onset[-1] if onset else ""
    if glide == "i" and head and vowel == "u" and not coda:
        return [*out, _spell(head, "iu", "")]  # view, new, music
    if glide == "i" and head:
        return [*out, _spell(head, "i", ""), _spell("", vowel, coda)]
    if glide == "i":
        head = "d"  # you: diu, as the South says d
    if glide == "u":
        vowel = _WITH_W.get(vowel, vowel)
    return [*out, _spell(head, vowel, coda)]


def _spell(head: str, vowel: str, coda: str) -> str:
    """Writes one syllable in Vietnamese spelling, with its tone."""
    end = _CODAS.get(coda, "")
    rime = _rime(vowel, end, coda)
    stopped = end in _HARD and unicodedata.normalize("NFD", rime).endswith(("p", "t", "c", "ch"))
    if head == "c" and _level(rime)[:2] in _ROUNDED:
        out = f"qu{rime[1:]}"
    else:
        out = _front(head, rime) + rime
    return _acute(out) if stopped and _ACUTE not in unicodedata.normalize("NFD", out) else out


def _rime(vowel: str, end: str, coda: str = "") -> str:
    if coda == "l" and vowel in _DARK:
        return _DARK[vowel]
    if vowel == "ơ" and end in ("n", "t", "m", "p"):
        return "ơ" + end
    if vowel == "ă":
        return "ă" + end if end else "a"
    joined = vowel + end
    if joined in _RIMES:
        return _RIMES[joined]
    if vowel == "uy" and end in ("c", "ng"):
        return {"c": "uých", "ng": "uynh"}[end]
    if vowel == "uê" and end in ("c", "ng"):
        return {"c": "uếch", "ng": "uênh"}[end]
    if vowel == "uơ" and end:
        return "uâ" + end if end != "m" and end != "p" else "ơ" + end
    if vowel in ("uây", "oai", "uya") and end:
        return vowel
    return joined


def _level(rime: str) -> str:
    """Returns the rime without its tone."""
    letters = unicodedata.normalize("NFD", rime).replace(_ACUTE, "")
    return unicodedata.normalize("NFC", letters)


def _front(head: str, rime: str) -> str:
    """Changes the letters of c, g and ng before front vowels."""
    first = unicodedata.normalize("NFD", rime)[:1]
    if first in ("e", "i", "y"):
        head = {"c": "k", "g": "gh", "ng": "ngh"}.get(head, head)
    return "g" if head == "gi" and first == "i" else head


def _acute(syllable: str) -> str:
    """Puts the sắc tone on the vowel that carries it."""
    vowels = [i for i, c in enumerate(syllable) if c in "aăâeêioôơuưy"]
    if syllable.startswith(("qu", "gi")) and len(vowels) > 1:
        vowels = vowels[1:]
    marked = [i for i in vowels if syllable[i] in "ăâêôơư"]
    at = marked[-1] if marked else vowels[-1]
    if not marked and len(vowels) > 1 and vowels[-1] == len(syllable) - 1:
        at = vowels[0]
    letter = unicodedata.normalize("NFC", syllable[at] + _ACUTE)
    return syllable[:at] + letter + syllable[at + 1 :]
