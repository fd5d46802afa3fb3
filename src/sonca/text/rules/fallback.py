"""Reads words that no rule has replaced and that are not said as they stand.

A word that is no Vietnamese syllable is looked up, or taken for Vietnamese that is run together
or lacks its marks, or read through its English sound. A few English words are spelled like
syllables ("the", "can", "me"). In a sentence of English they are English; anywhere else they
are what they look like.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.rules.rule import Workspace
from sonca.text.vietnamese.letters import letter_name, letter_sound, spell
from sonca.text.vietnamese.loanwords import from_loan
from sonca.text.vietnamese.syllables import is_unmarked, nearest, segment, split_tone, syllable
from sonca.text.vietnamese.transliteration import transliterate
from sonca.text.vietnamese.wordlists import (
    abbreviation,
    known_foreign,
    mapping,
    unit_alone,
    word_set,
)

_BOTH = word_set(
    "a am an be bee bin bye can do go gun he hi him i in lo man me men my no on pen run see she so"
    " son sun the then thin this to too van we win yen you fan pan ten ban den fun hen"
)
"""English words that are spelled like Vietnamese syllables."""
_MIN_ENGLISH = 3
"""A sentence of fewer words is never taken for English."""


@lru_cache(maxsize=64)
def is_english(text: str) -> bool:
    """Returns whether a sentence without any marks holds English words and nothing that is only
    Vietnamese."""
    words = [w for w in re.findall("[A-Za-z]+", text) if not w.isupper() or w == "I"]
    odd = [w for w in words if len(w) > 1 and syllable(w) is None]
    both = all(w.lower() in _BOTH for w in words if syllable(w) is not None)
    return len(words) >= _MIN_ENGLISH and len(odd) >= 2 and len(odd) * 2 >= len(words) and both


def read_word(word: str, work: Workspace, at: int) -> tuple[str, str, str | None]:
    """Returns ``(spoken, rule, original spelling)``; the spelling is None if the word is
    Vietnamese."""
    if syllable(word) is not None:
        return known_foreign(word) or transliterate(word), "English sentence", word
    if len(word) == 1:
        if word == "k" and _means_no(work, at):
            return "không", "abbreviation", None
        said = letter_name(word)
        return (said, "letter", None) if said else ("", "unknown letter", word)
    short = mapping("shorthand.tsv").get(word.lower()) or unit_alone(word)
    if short is None and word.islower() and len(word) <= 5:
        short = abbreviation(word.upper())
    if short is not None:
        return short, "abbreviation", None
    named = known_foreign(word) is not None or (len(word) == 3 and word.istitle())
    variable = len(word) <= 3 and word.isascii() and not named
    if variable and _in_formula(word, work, at):
        return spell(word), "variables", None
    if (known := known_foreign(word)) is not None:
        return known, "foreign word list", word
    return _spelled(word, work)


_TONE_LOST = re.compile(r"(?:ph|nh|ngh?|kh|gi)(?:[aeiouy]|ie|uo|ua|oa|oe|uy)(?:ch?|p|t)")
"""What is no English and lost its tone: "hạnh phuc", "nhac"."""


def _spelled(word: str, work: Workspace) -> tuple[str, str, str | None]:
    """Returns the same for a word that stands in no list: by its spelling, or as English."""
    if (clustered := _clustered(word)) is not None:
        return clustered, "cluster", word
    loan = from_loan(word)
    if loan is not None and not split_tone(word.lower())[1]:
        return loan, "loan spelling", word
    if (joined := _joined(word)) is not None:
        return joined, "syllables run together", None
    if word.isascii() and is_unmarked(word) and _typed_without_marks(work):
        return nearest(word), "unmarked syllable", word
    if loan is not None:
        return loan, "loan spelling", word
    if _TONE_LOST.fullmatch(word) and (toned := nearest(word)) != word:
        return toned, "unmarked syllable", word
    return transliterate(word), "foreign", word


_OPERATOR = "=+×÷<>≤≥≠²³√*/^"


def _in_formula(word: str, work: Workspace, at: int) -> bool:
    """Returns whether an operator or a figure touches the letters in a text with an equation."""
    text = work.text
    if "=" not in text and "+" not in text:
        return False
    before, after = text[:at].rstrip()[-1:], text[at + len(word) :].lstrip()[:1]
    return before.isdecimal() or any(side and side in _OPERATOR for side in (before, after))


_K_NAMED_BEFORE = word_set(
    "số hệ vitamin nhóm chữ loại lớp hằng tham biến điểm âm với và là theo hàm chất"
)


def _means_no(work: Workspace, at: int) -> bool:
    """Returns whether a lone k is the "không" of hurried typing: "k có", "đc k?"."""
    text = work.text
    if (
        any(c in text for c in "=+<>")
        or text[at - 1 : at].strip()
        or text[at + 1 : at + 2] in ("-", ".")
    ):
        return False
    before, after = work.before(at), work.after(at + 1)
    if before in _K_NAMED_BEFORE or not (before or after):
        return False
    return len(after) > 1 or after == "ạ" or (not after and len(before) > 1)


def _clustered(word: str) -> str | None:
    """Reads a Vietnamese-looking word with one consonant too many: "Krông", "grừ"."""
    if word.isascii():
        return None
    rest = syllable(word[1:])
    extra = letter_sound(word[0])
    return f"{extra} {rest}" if rest and extra else None


def _joined(word: str) -> str | None:
    """Reads Vietnamese run together without blanks ("sốngđộng", "hahaha")."""
    low = word.lower()
    marked = not low.isascii()
    pieces = segment(low)
    if not pieces or len(pieces) * 2 > len(low) + 1:
        return None
    repeated = len(pieces) > 1 and len(set(pieces)) == 1 and len(pieces[0]) > 1
    return " ".join(pieces) if (marked and split_tone(low)[0]) or repeated else None


def _typed_without_marks(work: Workspace) -> bool:
    """Returns whether the sentence is Vietnamese typed without marks."""
    words = [w for w in work.text.split() if w.isalpha()]
    return work.text.isascii() and len(words) >= 3 and all(is_unmarked(w) for w in words)
