"""Words that are no Vietnamese syllable: looked up, or read through their English sound.

A reading is always found: the table of exceptions, then espeak-ng's English phonemes mapped to
syllables by rule, then the letters themselves where espeak-ng is not installed.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from sonca.text.letters import name, sound, spell
from sonca.text.sheet import WORD_BLOT, Claim, Rule, Sheet
from sonca.text.syllables import bare, nearest, segment, split_tone, syllable
from sonca.text.tables import mapping, word_set

if TYPE_CHECKING:
    from sonca.espeakng import Library

_VOICE = "en"
"""British: its "o" is the o that Vietnamese hear, and its r is silent where theirs is."""
_MAX_SOUNDED = 30
"""Longer runs of letters are no words; they are read by their spelling."""


def read_foreign(word: str, sheet: Sheet, at: int) -> tuple[str, str, str | None]:
    """``(spoken, rule, original spelling)``; the spelling is None if the word is Vietnamese."""
    if len(word) == 1:
        if word == "k" and _denies(sheet, at):
            return "không", "abbreviation", None
        return _one_letter(word)
    expanded = _shorthand(word)
    if expanded is not None:
        return expanded, "abbreviation", None
    if len(word) <= 3 and word.isascii() and _in_formula(word, sheet, at):
        return spell(word), "variables", None
    known = known_foreign(word)
    if known is not None:
        return known, "foreign word list", word
    clustered = _clustered(word)
    if clustered is not None:
        return clustered, "cluster", word
    joined = _joined(word)
    if joined is not None:
        return joined, "syllables run together", None
    if word.isascii() and bare(word) and _unmarked(sheet):
        return nearest(word), "unmarked syllable", word
    return vietnamize(word), "foreign", word


_OPERATOR = "=+×÷<>≤≥≠²³√*/^"


def _in_formula(word: str, sheet: Sheet, at: int) -> bool:
    """Whether an operator or a figure touches the letters in a text with an equation."""
    text = sheet.text
    if "=" not in text and "+" not in text:
        return False
    before, after = text[:at].rstrip()[-1:], text[at + len(word) :].lstrip()[:1]
    return (
        (bool(before) and before in _OPERATOR)
        or before.isdigit()
        or (bool(after) and after in _OPERATOR)
    )


_NAMED_K = word_set(
    "số hệ vitamin nhóm chữ loại lớp hằng tham biến điểm âm với và là theo hàm chất"
)


def _denies(sheet: Sheet, at: int) -> bool:
    """Whether a lone k is the "không" of hurried typing: "k có", "đc k?"."""
    text = sheet.text
    if (
        any(c in text for c in "=+<>")
        or text[at - 1 : at].strip()
        or text[at + 1 : at + 2] in ("-", ".")
    ):
        return False
    before, after = sheet.before(at), sheet.after(at + 1)
    if before in _NAMED_K or not (before or after):
        return False
    return len(after) > 1 or (not after and len(before) > 1)


def _one_letter(letter: str) -> tuple[str, str, str | None]:
    said = name(letter)
    if said:
        return said, "letter", None
    return "", "unknown letter", letter


def _shorthand(word: str) -> str | None:
    from sonca.text.abbreviations import lookup
    from sonca.text.units import unit_alone

    return (
        mapping("shorthand.tsv").get(word.lower())
        or unit_alone(word)
        or (lookup(word.upper()) if word.islower() and len(word) <= 5 else None)
    )


def known_foreign(word: str) -> str | None:
    """The listed reading of a foreign word, in any case."""
    return mapping("foreign.tsv").get(unicodedata.normalize("NFC", word).lower())


def _clustered(word: str) -> str | None:
    """A Vietnamese-looking word with one consonant too many: "Krông", "grừ"."""
    if word.isascii():
        return None
    rest = syllable(word[1:])
    extra = sound(word[0])
    return f"{extra} {rest}" if rest and extra else None


def _joined(word: str) -> str | None:
    """Vietnamese run together without blanks ("sốngđộng", "hahaha")."""
    low = word.lower()
    marked = not low.isascii()
    pieces = segment(low)
    if not pieces or len(pieces) * 2 > len(low) + 1:
        return None
    repeated = len(pieces) > 1 and len(set(pieces)) == 1 and len(pieces[0]) > 1
    return " ".join(pieces) if (marked and split_tone(low)[0]) or repeated else None


def _unmarked(sheet: Sheet) -> bool:
    """Whether the sentence is Vietnamese typed without marks."""
    words = [w for w in sheet.text.split() if w.isalpha()]
    return sheet.text.isascii() and len(words) >= 3 and all(bare(w) for w in words)


@lru_cache(maxsize=16384)
def vietnamize(word: str) -> str:
    """Any run of letters as Vietnamese syllables; never empty for Latin letters."""
    from sonca.text.phonemes import from_ipa
    from sonca.text.spelling import from_spelling

    if not _is_latin(word):
        return _other_script(word)
    humps = re.findall("[A-Z][a-z]+", word)
    if len(humps) > 1 and "".join(humps) == word and min(map(len, humps)) > 2:
        return " ".join(known_foreign(hump) or vietnamize(hump) for hump in humps)
    plain = _without_accents(word)
    if plain and len(plain) <= _MAX_SOUNDED:
        said = from_ipa(_phonemes(plain))
        if said:
            open_a = word.endswith(("a", "A")) and said.endswith("ơ")  # Toyota, Nvidia
            return said[:-1] + "a" if open_a else said
    return from_spelling(word) or spell(word) or word.lower()


def _without_accents(word: str) -> str:
    """The word for an English reader; nothing if its letters are plainly Vietnamese."""
    flat = unicodedata.normalize("NFD", word)
    if any(c in "đĐ\u0302\u0306\u031b" for c in flat):
        return ""
    kept = "".join(c for c in flat if not unicodedata.combining(c))
    return kept if kept.isascii() else ""


def _is_latin(word: str) -> bool:
    return all(c < "\u0250" or "\u1e00" <= c <= "\u1eff" for c in word)


def _other_script(word: str) -> str:
    """Cyrillic and Greek through Latin letters; scripts without an alphabet are silent."""
    from sonca.text.spelling import from_spelling, romanized

    if len(word) <= 3 and any(name(c) for c in word) and any(c < "\u0250" for c in word):
        return spell(word)  # πr in a formula
    latin = romanized(word)
    if not latin:
        return ""
    return syllable(latin) or from_spelling(latin)


_lock = threading.Lock()
_library: Library | None = None
_missing = False


@lru_cache(maxsize=16384)
def _phonemes(word: str) -> str:
    """English IPA; nothing if espeak-ng cannot be used here."""
    global _library, _missing
    with _lock:  # one set of C globals: one caller at a time
        if _missing:
            return ""
        try:
            if _library is None:
                from sonca.espeakng import Library

                _library = Library(private=True)
            return _library.phonemes(word.lower(), _VOICE)
        except Exception:
            _missing = True  # the letters are read instead; asking again would not help
            return ""


def _apostrophe(match: re.Match[str], sheet: Sheet) -> Claim | None:
    """English contractions and possessives as one word: ``don't``, ``McDonald's``."""
    word = match[0]
    base, _, ending = re.split("([’'])", word, maxsplit=1)
    known = known_foreign(word.replace("’", "'")) or None
    if known is None and ending.lower() == "s":
        known = known_foreign(base) or vietnamize(base)
    return Claim(match.start(), match.end(), known or vietnamize(base + ending), "foreign", word)


def _hyphenated(match: re.Match[str], sheet: Sheet) -> Claim | None:
    """Compounds that are listed as one word: ``Wi-Fi``, ``e-mail``."""
    word = match[0]
    known = known_foreign(word) or known_foreign(word.replace("-", ""))
    if known is None or (syllable(word.split("-")[0]) and syllable(word.split("-")[1])):
        return None
    return Claim(match.start(), match.end(), known, "foreign word list", word)


RULES = (
    Rule(
        "highland name",
        "apostrophe",
        r"(?<![\w’'])[HKMNRYBhkmnryb](?=[’']\p{L})",
        lambda m, s: Claim(*m.span(), sound(m[0]) or name(m[0]), "highland name", m[0]),
        WORD_BLOT,
    ),
    Rule(
        "foreign",
        "apostrophe",
        r"(?<![\w])[A-Za-z]{2,20}[’'](?:[sS]|t|re|ve|ll|d|m)(?![\w])",
        _apostrophe,
        WORD_BLOT,
    ),
    Rule(
        "foreign word list",
        "broken",
        r"(?<![\w-])[A-Za-z]{1,12}-[A-Za-z]{1,12}(?![\w-])",
        _hyphenated,
        WORD_BLOT,
    ),
)
