"""Upstream's rules that Sonca has replaced by its own, kept for comparison with upstream.

`sonca.text` cleans and splits text: this drops brackets, colons and CJK, and writes `Ây Ai` for
every AI, inside words too. `sonca.engines.viettts.prompt.vad` chooses the stretch of speech that
is imitated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sonca.engines.viettts.prompt.vad import MAX_S, MIN_S, RATE_HZ, Segment

_IMAGE = re.compile(r"!\[[^\]]*\]\(http[^)]*\)")
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+|www\.[A-Za-z0-9./]+")
_EMOJI = re.compile(
    "[\U0001f600-\U0001f64f\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f1e0-\U0001f1ff"
    "\u2702-\u27b0\u24c2-\U0001f251\U0001f900-\U0001f9ff\U0001fa70-\U0001faff"
    "\U0001f004-\U0001f0cf]+"
)
_REPLACEMENTS = (
    ("<input>", ""), ("..", "."), ("!.", "!"), ("!", "."), ("?.", "?"), ("?", "."),
    (" .", "."), (" ,", ","), ('"', ""), ("'", ""), ("AI", "Ây Ai"), ("A.I", "Ây Ai"),
    ("$", ""), ("(", ""), (")", ""), ("**", ""), (" = ", " bằng "), ("#", ""),
    ("\\", ""), ("```", ""), ("- ", ""), ("+ ", ""), (":", ""), (",,", ","),
    (", ,", ","), (",.", "."), (".,", "."), ("..", "."), (". .", "."),
)  # fmt: skip
_MARKS = frozenset(".?!;:")
_CLOSING = frozenset('"”')


def remove_urls(text: str) -> str:
    return _URL.sub("", _IMAGE.sub("", text))


def remove_emojis(text: str) -> str:
    return _EMOJI.sub("", text)


def remove_punctuation(text: str) -> str:
    for old, new in _REPLACEMENTS:
        text = text.replace(old, new)
    return " ".join(text.split())


def normalize(text: str) -> str:
    """Upstream's clean-up without its Vietnamese normaliser."""
    return remove_punctuation(remove_emojis(remove_urls(text.strip())))


def split(
    text: str,
    length: Callable[[str], int],
    *,
    longest: int = 30,
    shortest: int = 10,
    merge: int = 5,
    commas: bool = False,
) -> list[str]:
    """Pieces of about `longest` units of `length`, cut after sentence marks only.

    Empty text gives no pieces (upstream fails there).
    """
    marks = _MARKS | {","} if commas else _MARKS
    if not text:
        return []
    pieces: list[str] = []
    current = ""
    for piece in _sentences(text if text[-1] in marks else text + ".", marks):
        if length(current + piece) > longest and length(current) > shortest:
            pieces.append(current)
            current = ""
        current += piece
    if current:
        if pieces and length(current) < merge:
            pieces[-1] += current
        else:
            pieces.append(current)
    return [piece.strip() for piece in pieces]


def _sentences(text: str, marks: frozenset[str]) -> list[str]:
    """Cut after each mark; a closing quote stays with the piece before it."""
    pieces: list[str] = []
    start = 0
    for at, char in enumerate(text):
        if char not in marks:
            continue
        if at > start:
            pieces.append(text[start : at + 1])
        if at + 1 < len(text) and text[at + 1] in _CLOSING and pieces:
            pieces[-1] += text[at + 1]
            start = at + 2
        else:
            start = at + 1
    return pieces


def choose(segments: Sequence[Segment], samples: int) -> Segment:
    """Upstream's choice of the reference: the first segment of speech of 3 to 5 seconds, else
    the first 5 seconds of the recording, silence included. Half-open, in samples."""
    for start, end in segments:
        if MIN_S * RATE_HZ <= end - start <= MAX_S * RATE_HZ:
            return start, end
    return 0, min(samples, int(MAX_S * RATE_HZ))
