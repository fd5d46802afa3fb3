"""From text to utterances."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sonca.utterance import Skipped, Utterance, Word


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read."""

    region: Literal["north", "central", "south"] = "north"


def plan_iter(text: str, reading: Reading | None = None) -> Iterator[Utterance | Skipped]:
    """Placeholder until the text package lands."""
    del reading
    for match in re.finditer(r"[^.!?…\n]+[.!?…]*", text):
        piece = match.group()
        if not re.search(r"\w", piece):
            if piece.strip():
                yield Skipped(match.span(), "separator")
            continue
        start = match.start() + len(piece) - len(piece.lstrip())
        piece = piece.strip()
        words = tuple(
            Word(word.span(), (start + word.start(), start + word.end()))
            for word in re.finditer(r"\w+", piece)
        )
        yield Utterance((start, start + len(piece)), piece, piece, 0.3, words)
