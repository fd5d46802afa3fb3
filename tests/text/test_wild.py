"""What other projects' users reported is read as a listener would expect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sonca.text.evaluation import comparable, written
from sonca.text.planning import plan
from sonca.utterance import Utterance

DATA = Path(__file__).parent / "data"
ROWS = [
    line.split("\t")
    for line in (DATA / "wild.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
FAILING = set((DATA / "wild_failing.txt").read_text(encoding="utf-8").split())


def _decoded(source: str) -> str:
    return source.replace(r"\n", "\n").replace(r"\\", "\\")


def _heard(utterances: list[Utterance]) -> list[list[str]]:
    """Returns the words between pauses: the ends of utterances, and stops and colons inside."""
    pieces = (re.split(r"[.!?…;:,](?:\s|$)", u.spoken) for u in utterances)
    return [words for piece in pieces for part in piece if (words := comparable(part).split())]


def _pauses(parts: list[list[str]]) -> set[int]:
    """Returns how many words stand before each pause."""
    at, places = 0, set()
    for words in parts:
        at += len(words)
        places.add(at)
    return places


@pytest.mark.parametrize(
    ("name", "source", "accepted"),
    [
        pytest.param(
            *row, id=row[0], marks=pytest.mark.xfail(strict=True) if row[0] in FAILING else ()
        )
        for row in ROWS
    ],
)
def test_wild_text_is_read_as_meant(name: str, source: str, accepted: str) -> None:
    utterances = list(plan(_decoded(source)))
    heard = _heard(utterances)
    said = " ".join(word for words in heard for word in words)
    readings = accepted.split(" || ")
    wanted = {comparable(reading.replace("|", " ")): reading for reading in readings}
    assert said in wanted or (said := written(utterances)) in wanted
    if (reading := wanted.get(" ".join(w for words in heard for w in words))) is not None:
        parts = [comparable(part).split() for part in reading.split(" | ")]
        assert _pauses(parts) <= _pauses(heard)
