"""Tells whether a dot without a blank after it ends a sentence: "đi.Anh", "đẹp .Tôi", "2020.Sau".

Works on the untouched source, as the splitter does. In "Node.js", "v1.2", "TP.Hồ Chí Minh",
"đ.Lê Lợi" and "dùng .NET" it ends none.
"""

from __future__ import annotations

import re
import unicodedata

from sonca.text.vietnamese.broken import GLUED, join_glued
from sonca.text.vietnamese.initials import OPENERS, goes_on, is_chain
from sonca.text.vietnamese.slips import mended
from sonca.text.vietnamese.syllables import split_tone, syllable
from sonca.text.vietnamese.wordlists import word_set, words

_WORD = re.compile(r"[“\"‘'«(\[]?([^\W\d_]+)")
_GOES_ON = re.compile(r",|\s[^\W\d_]")
_CHAIN = re.compile(r"\.[^\W_A-ZĐ]|[@_]")
_NUMBER = re.compile(r"\d[\d.,:/]{0,20}(?:[^\W\d_]{1,4}\d{0,2}|%|°C?)?(?:/[^\W\d_]{1,5})?")
_CLOSERS = "”’»)]}\"'"
_ENDINGS = word_set("net com vn org me tv io co in js py vb web core ltd inc")
"""What may follow a dot as part of a name."""


def ends_glued(text: str, begin: int, dot: int, after: int, token: str) -> bool:
    """Returns whether the dot parts two sentences; `token` stands before it, what is at `after`
    follows without a blank."""
    found = _WORD.match(text, after, after + 24)
    if found is None:
        return False
    word = found[1]
    if word.lower() in _ENDINGS or _CHAIN.match(text, found.end()):
        return False
    before = text[dot - 1 : dot] if dot > begin else ""
    if not token:
        return _after_blank(word, before)
    if word.isupper() and len(word) > 1:  # UBND, TÔI: what stands before must be Vietnamese
        spelled = token.islower() or (len(token) > 1 and token.isupper() and _known(word))
        return spelled and not token.isascii() and _known(token)
    if not _capitalised(text, word, found.end()):
        return False
    token = token.rstrip(_CLOSERS).lstrip("-–—*_")
    if _NUMBER.fullmatch(token):
        return dot - len(token) > begin or not token.isdecimal()
    if token.lower() in ("v.v", "vv"):
        return True
    if token.isalpha():
        return _ends(text, begin, dot, token, word, found.end())
    if GLUED.fullmatch(token) and join_glued(token):
        return True
    person = is_chain(token) and word.lower() in words("persons.tsv")
    return _opens(text, word, found.end()) and not person


def _after_blank(word: str, before: str) -> bool:
    """Tells "đẹp .Tôi" from "dùng .NET": a small word must be Vietnamese."""
    if not before or not (before.isspace() or before in _CLOSERS):
        return False
    if word[0].isupper():
        return word[1:].islower() or _known(word)
    return len(word) > 1 and _known(word)


def _capitalised(text: str, word: str, end: int) -> bool:
    """Returns whether a word opens a sentence by its letters: "Anh", "Ở đây"."""
    if not word[0].isupper():
        return False
    if len(word) > 1:
        return word[1:].islower()
    return not word.isascii() and _known(word) and _GOES_ON.match(text, end) is not None


def _ends(text: str, begin: int, dot: int, token: str, word: str, end: int) -> bool:
    """Returns whether a word before a dot ends its sentence."""
    low = token.lower()
    if len(token) == 1 and not token.isascii():  # ạ, ừ, Ý; but ô. is a title
        return bool(split_tone(low)[1]) or token == "ư"
    if low in words("dotted.tsv"):
        return False
    if not token.isupper() and _known(token):
        if len(token) <= 3 and goes_on(text, begin, dot, token):
            return False
        return len(token) > 2 or not token.isascii() or _known(word)
    if len(token) > 2 and not token.isupper() and _known(word):  # hihi.Mai gặp
        return text[end : end + 2].strip().islower()
    person = word.lower() in words("persons.tsv")
    return _opens(text, word, end) and not (len(token) == 1 and person)


def _opens(text: str, word: str, end: int) -> bool:
    """Returns whether a word begins a sentence of its own, whatever stands before it."""
    return word.lower() in OPENERS and (
        text[end : end + 1] == "," or text[end : end + 2].strip().islower()
    )


def _known(word: str) -> bool:
    plain = unicodedata.normalize("NFC", word)
    return (syllable(plain) or mended(plain)) is not None
