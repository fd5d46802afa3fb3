"""Reads one sentence: folds it, applies the rules, reads the words that are left.

`read` takes a stretch of the source and returns the spoken words, each with its source span, and
the punctuation that engines use for prosody. It knows no other sentence.
"""

from __future__ import annotations

import re

from sonca.text.folding import fold
from sonca.text.foreign_text import read_foreign_text
from sonca.text.reading import Reading, Token
from sonca.text.rules.fallback import is_english, read_word
from sonca.text.rules.order import rules_for
from sonca.text.rules.rule import LETTER, Replacement, Workspace
from sonca.text.vietnamese.broken import settled
from sonca.text.vietnamese.initials import before_name, before_number
from sonca.text.vietnamese.syllables import is_unmarked, nearest, syllable
from sonca.text.vietnamese.wordlists import words

_PIECE = re.compile(LETTER + r"+|[\x01\x02]+|\x03+|[ ]+|[.?!…]+|.", re.DOTALL)
_BEFORE_BRACKET = re.compile(r"(?:\A|\W)[A-ZĐ][ghiru]?\. \(")
_LIST_NUMBER = re.compile(r"\W{0,3}(?:\d{1,3}|[IVX]{2,5})\Z")
_OPENING, _CLOSING = "([【「『", ")]】」』"


def read(source: str, start: int, end: int, reading: Reading) -> list[Token]:
    """Returns the tokens of ``source[start:end]`` in order. Blanks give none."""
    if reading.language != "vi":
        return read_foreign_text(source, start, end)
    folded = fold(source, start, end)
    work = Workspace(folded, reading, folded.text, folded.text)
    if reading.lexicon is not None:
        found = reading.lexicon.find(work.text)
        work.replace([Replacement(*entry, "lexicon", module="lexicon") for entry in found])
    for rule in rules_for(work.text):
        rule.apply(work)
    return _assemble(source, work)


def _assemble(source: str, work: Workspace) -> list[Token]:
    """Puts replacements and left-over words in the order of the source."""
    tokens: list[Token] = []
    masked = work.masked
    english = work.text.isascii() and is_english(work.text)
    at = 0
    while at < len(masked):
        new = work.replacements.get(at)
        if new is not None:
            end, said = new.end, (new.spoken, new.rule, new.foreign, False, new.module)
        else:
            found = _PIECE.match(masked, at)
            assert found is not None  # the last alternative matches anything
            piece, end = found[0], found.end()
            if piece[0] == " ":
                at = end
                continue
            if not piece[0].isalpha():
                said = (_mark(work, at, end), "punctuation", None, True, "normalizer")
            elif not english and (known := syllable(piece)) is not None:
                said = (known, "syllable", None, False, "vietnamese.syllables")
            elif work.folded.disguised and is_unmarked(piece):
                said = (nearest(piece), "look-alike letters", piece, False, "lookalikes")
            else:
                spoken, rule, foreign = read_word(piece, work, at)
                said = (settled(spoken), rule, foreign, False, "rules.fallback")
        span = work.folded.source(at, end)
        tokens.append(Token(span, source[span[0] : span[1]], *said))
        at = end
    return tokens


def _mark(work: Workspace, at: int, end: int) -> str:
    """Returns punctuation where it shapes the melody, nothing where it is silent."""
    text, piece = work.text, work.masked[at:end]
    following = text[end : end + 2]
    if piece[0] in ".?!…":
        strongest = max(piece, key=".…!?".index)
        if strongest != "." or len(piece) > 1:
            return "…" if strongest == "." else strongest
        if following == " (" and _BEFORE_BRACKET.search(text[max(0, at - 3) : at + 3]):
            return ","  # chị B. (28 tuổi)
        if following[:1].isupper() and following[1:].islower() and _LIST_NUMBER.match(text[:at]):
            return "."  # 1.Giới thiệu
        if following and (following[1:].islower() or _abbreviated(text, at)):
            return ""  # anh M. đi, tp. HCM: the sentence was not cut here
        if following and (following[0].isalnum() or following[0] == "," or before_name(text, at)):
            return ""  # inside a name or a number, not at its end
        return "."
    if piece in ",;:":
        return piece
    if piece in _OPENING + _CLOSING:
        return _bracket(work, at, end)
    dash = piece in "–—―-" and text[at - 1 : at] == " " and following[:1] == " "
    return "," if dash else ""


def _abbreviated(text: str, dot: int) -> bool:
    """Returns whether the word before a dot is an abbreviation that ends nothing."""
    word = re.search(r"(?<!\w)[^\W\d_]{1,5}\Z", text[max(0, dot - 6) : dot])
    if word is None:
        return False
    known = len(word[0]) > 1 and word[0].lower() in words("dotted.tsv")
    return known or before_number(word[0], text[dot + 1 : dot + 3])


def _bracket(work: Workspace, at: int, end: int) -> str:
    """Returns a comma where a bracket opens or closes among words."""
    text, masked = work.text, work.masked
    if any(
        text[i : i + 1] in ("x", "X") and masked[i] != text[i] for i in (max(0, at - 2), end + 1)
    ):
        return ""  # beside an x that was read as a sign: "(2 + 3) x 5"
    if masked[at] in _OPENING:
        return "," if text[at - 1 : at] == " " and text[:at].rstrip()[-1:].isalnum() else ""
    follows = text[end : end + 2]
    opened = max(text.rfind(sign, 0, at) for sign in _OPENING)
    apart = opened <= 0 or text[opened - 1] == " "
    return "," if apart and follows[:1] in " " and follows[1:2].isalnum() else ""
