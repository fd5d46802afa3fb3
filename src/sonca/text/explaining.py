"""What will be said and why, piece by piece."""

from __future__ import annotations

from sonca.text.normalizer import Token, read
from sonca.text.reading import Reading
from sonca.text.splitter import sentences
from sonca.text.verbatim import verbatim


def explain(text: str, reading: Reading | None = None) -> list[Token]:
    """Every step of reading `text`, in the order of the source.

    A token has the span it reads, what is said for it (nothing, for what is silent) and the name
    of the rule that decided.
    """
    reading = reading or Reading()
    tokens: list[Token] = []
    for sentence in sentences(text):
        if reading.language == "vi":
            tokens += read(text, sentence.start, sentence.end, reading)
        else:
            tokens += verbatim(text, sentence.start, sentence.end)
    return tokens
