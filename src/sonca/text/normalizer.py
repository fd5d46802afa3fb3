"""Reads one sentence: folds it, lets the rules claim what they know, reads the rest as words.

The seam between splitter and plan: `read` takes a stretch of the source and gives the spoken
words, each with its source span, and the punctuation that engines use for prosody.
"""

from __future__ import annotations

import re

from sonca.text.folding import fold
from sonca.text.initials import before_name
from sonca.text.passes import rules_for
from sonca.text.reading import Reading, Token
from sonca.text.sheet import LETTER, Claim, Sheet
from sonca.text.syllables import syllable
from sonca.text.verbatim import verbatim
from sonca.text.words import is_english, read_foreign

_PIECE = re.compile(LETTER + r"+|[\x01\x02]+|\x03+|[ ]+|[.?!…]+|.", re.DOTALL)
_OPENING, _CLOSING = "([【「『", ")]】」』"


def read(source: str, start: int, end: int, reading: Reading) -> list[Token]:
    """The tokens of ``source[start:end]`` in order. Blanks give none."""
    if reading.language != "vi":
        return verbatim(source, start, end)
    folded = fold(source, start, end)
    sheet = Sheet(folded, reading, folded.text, folded.text)
    if reading.lexicon is not None:
        found = reading.lexicon.find(sheet.text)
        sheet.claim([Claim(at, stop, said, "lexicon") for at, stop, said in found])
    for rule in rules_for(sheet.text):
        rule.apply(sheet)
    return _assemble(source, sheet)


def _assemble(source: str, sheet: Sheet) -> list[Token]:
    """Claims and left-over words in the order of the source."""
    tokens: list[Token] = []
    work = sheet.work
    english = sheet.text.isascii() and is_english(sheet.text)
    at = 0
    while at < len(work):
        claim = sheet.claims.get(at)
        if claim is not None:
            end, said = claim.end, (claim.spoken, claim.rule, claim.foreign, False)
        else:
            found = _PIECE.match(work, at)
            assert found is not None  # the last alternative matches anything
            piece, end = found[0], found.end()
            if piece[0] == " ":
                at = end
                continue
            if not piece[0].isalpha():
                said = (_mark(sheet, at, end), "punctuation", None, True)
            elif not english and (known := syllable(piece)) is not None:
                said = (known, "syllable", None, False)
            else:
                said = (*read_foreign(piece, sheet, at), False)
        span = sheet.folded.source(at, end)
        tokens.append(Token(span, source[span[0] : span[1]], *said))
        at = end
    return tokens


def _mark(sheet: Sheet, at: int, end: int) -> str:
    """Punctuation where it shapes the melody, nothing where it is silent."""
    text, piece = sheet.text, sheet.work[at:end]
    following = text[end : end + 2]
    if piece[0] in ".?!…":
        strongest = max(piece, key=".…!?".index)
        if strongest != "." or len(piece) > 1:
            return "…" if strongest == "." else strongest
        if following == " (" and re.search(r"(?:\A|\W)[A-ZĐ]\. \(", text[max(0, at - 2) : at + 3]):
            return ","  # chị B. (28 tuổi)
        if following and (following[0].isalnum() or following[0] == "," or before_name(text, at)):
            return ""  # inside a name or a number, not at its end
        return "."
    if piece in ",;:":
        return piece
    if piece in _OPENING + _CLOSING:
        return _bracket(sheet, at, end)
    dash = piece in "–—―-" and text[at - 1 : at] == " " and following[:1] == " "
    return "," if dash else ""


def _bracket(sheet: Sheet, at: int, end: int) -> str:
    """A comma where a bracket opens or closes among words."""
    text, work = sheet.text, sheet.work
    if any(text[i : i + 1] in ("x", "X") and work[i] != text[i] for i in (max(0, at - 2), end + 1)):
        return ""  # beside an x that was read as a sign: "(2 + 3) x 5"
    if work[at] in _OPENING:
        return "," if text[at - 1 : at] == " " and text[:at].rstrip()[-1:].isalnum() else ""
    follows = text[end : end + 2]
    opened = max(text.rfind(sign, 0, at) for sign in _OPENING)
    apart = opened <= 0 or text[opened - 1] == " "
    return "," if apart and follows[:1] in " " and follows[1:2].isalnum() else ""
