"""Reads one sentence: folds it, lets the passes claim what they know, reads the rest as words.

The seam between splitter and plan: `read` takes a stretch of the source and gives the spoken
words, each with its source span, and the punctuation that engines use for prosody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sonca.text.folding import fold
from sonca.text.initials import before_name
from sonca.text.reading import Reading
from sonca.text.sheet import LETTER, Claim, Sheet
from sonca.utterance import Span

_DIGIT = re.compile(r"[0-9²³¹⁰⁴-⁹₀-₉½⅓⅔¼-¾⅕-⅞⅐-⅒^]")
_CAPITAL = re.compile(
    r"[A-ZĐÀ-ÖØ-Þ][^\W\d_]*[A-ZĐÀ-ÖØ-ÞĂĨŨƠƯ]|\b[A-ZĐÔ]\b|[A-ZĐ]\w{0,5}\.(?!\W*\Z)|\b[A-ZĐ]{1,4}\d"
)
_DOTTED = re.compile(r"[^\W_]\.[^\W_]")
_BROKEN = re.compile(r"[-–—~…→]|\.\.")
_DRAWN = re.compile(r"([^\W\d_])\1\1", re.IGNORECASE)
_APOSTROPHE = re.compile(r"[^\W\d_][’'][^\W\d_]")
_SMILE = re.compile(r"[:;=xX^][)(\]\[DPpOov3|^*'/\\-]|_|<3|\(:|\(y\)|T\.T|@@")
_SYMBOL = re.compile(r"[^\w\s.,?!;:…\"“”‘’()'–—-]|_")
_PIECE = re.compile(LETTER + r"+|[\x01\x02]+|\x03+|[ ]+|[.?!…]+|.", re.DOTALL)
_KINDS = (
    ("any", None),
    ("short", re.compile(r"\A.{1,24}\Z")),
    ("digit", _DIGIT),
    ("capital", _CAPITAL),
    ("symbol", _SYMBOL),
    ("dotted", _DOTTED),
    ("broken", _BROKEN),
    ("drawn", _DRAWN),
    ("smile", _SMILE),
    ("apostrophe", _APOSTROPHE),
)
_STRONG = {"?": 4, "!": 3, "…": 2, ".": 1}


@dataclass(frozen=True, slots=True)
class Token:
    """One step of a reading: a piece of the source and what is said for it."""

    span: Span
    """Where it stands in the source."""
    original: str
    spoken: str
    """Vietnamese words; punctuation that shapes the melody; or nothing."""
    rule: str
    """The name of the rule that read it."""
    foreign: str | None = None
    """The original spelling of a word that is not Vietnamese."""
    punctuation: bool = False


def read(source: str, start: int, end: int, reading: Reading) -> list[Token]:
    """The tokens of ``source[start:end]`` in order. Blanks give none."""
    from sonca.text.passes import apply

    folded = fold(source, start, end)
    sheet = Sheet.of(folded, reading)
    if sheet.text:
        apply(sheet, _kinds(sheet.text))
    return _assemble(source, sheet)


def _kinds(text: str) -> frozenset[str]:
    """Which kinds of rules can find anything in the text."""
    return frozenset(kind for kind, sign in _KINDS if sign is None or sign.search(text))


def _assemble(source: str, sheet: Sheet) -> list[Token]:
    """Claims and left-over words in the order of the source."""
    from sonca.text.words import read_word

    tokens: list[Token] = []
    claims = {claim.start: claim for claim in sheet.claims}
    work, folded = sheet.work, sheet.folded
    at, size = 0, len(work)
    match = _PIECE.match
    while at < size:
        claim = claims.get(at)
        if claim is not None:
            tokens.append(_token(source, sheet, claim))
            at = claim.end
            continue
        char = work[at]
        if char == " ":
            at += 1
            continue
        found = match(work, at)
        assert found is not None  # the last alternative matches anything
        end = found.end()
        piece = found[0]
        if char.isalpha():
            spoken, rule, foreign = read_word(piece, sheet, at)
            span = folded.source(at, end)
            tokens.append(Token(span, source[span[0] : span[1]], spoken, rule, foreign))
        else:
            tokens.append(_mark(source, sheet, at, end))
        at = end
    return tokens


def _token(source: str, sheet: Sheet, claim: Claim) -> Token:
    span = sheet.folded.source(claim.start, claim.end)
    return Token(span, source[span[0] : span[1]], claim.spoken, claim.rule, claim.foreign)


_LONE = re.compile(r"(?:\A|\W)[A-ZĐ]\. \(")
_OPENING, _CLOSING = "([【「『", ")]】」』"
_QUIET = {"，": ",", "：": ":"}


def _multiplied(sheet: Sheet, start: int, end: int) -> bool:
    """Whether an x that was read as a sign stands beside the bracket: "(2 + 3) x 5"."""
    return any(
        sheet.text[at : at + 1] in ("x", "X") and sheet.work[at] != sheet.text[at]
        for at in (max(0, start - 2), end + 1)
    )


def _mark(source: str, sheet: Sheet, at: int, end: int) -> Token:
    """Punctuation: kept where it shapes the melody, silent otherwise."""
    piece = sheet.work[at:end]
    span = sheet.folded.source(at, end)
    spoken = ""
    if piece[0] in ".?!…":
        spoken = max(piece, key=lambda c: _STRONG[c])
        if spoken == "." and len(piece) > 1:
            spoken = "…"
        elif (
            piece == "."
            and sheet.text.startswith(" (", end)
            and _LONE.search(sheet.text[max(0, at - 2) : at + 3])
        ):
            spoken = ","  # chị B. (28 tuổi)
        elif piece == "." and (
            sheet.text[end : end + 1].isalnum()
            or sheet.text[end : end + 1] == ","
            or before_name(sheet.text, at)
        ):
            spoken = ""  # inside a name or a number, not at its end
    elif piece in ",;:":
        spoken = piece
    elif piece in _OPENING + _CLOSING and _multiplied(sheet, at, end):
        spoken = ""
    elif piece in _OPENING:
        before = sheet.text[:at]
        spoken = "," if before[-1:] == " " and before.rstrip()[-1:].isalnum() else ""
    elif piece in _CLOSING:
        follows = sheet.text[end : end + 2]
        opened = max(sheet.text.rfind(sign, 0, at) for sign in _OPENING)
        apart = opened <= 0 or sheet.text[opened - 1] == " "
        spoken = "," if apart and follows[:1] in " " and follows[1:2].isalnum() else ""
    elif piece in _QUIET:
        spoken = _QUIET[piece]
    elif piece in "–—―-" and sheet.text[at - 1 : at] == " " and sheet.text[end : end + 1] == " ":
        spoken = ","
    return Token(span, source[span[0] : span[1]], spoken, "punctuation", None, True)


def spoken_tokens(tokens: Sequence[Token]) -> list[Token]:
    """The tokens that are spoken as words."""
    return [t for t in tokens if t.spoken and not t.punctuation]
