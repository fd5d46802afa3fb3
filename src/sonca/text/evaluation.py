"""Scores a reading against a table of cases with accepted readings.

A table has lines ``category<TAB>input<TAB>accepted``; accepted readings stand between `` || ``,
the input decodes ``\\n``, ``\\t``, ``\\\\`` and ``\\uXXXX``, and ``<empty>`` means that nothing
may be spoken. Readings are compared in lower case with punctuation (Unicode P*) as blanks;
symbols (S*) stay, so that one left unread fails.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sonca.errors import InvalidRequest
from sonca.text.planning import plan
from sonca.text.reading import Reading
from sonca.utterance import Utterance

EMPTY = "<empty>"
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[nt\\])")


@dataclass(frozen=True, slots=True)
class Case:
    category: str
    input: str
    accepted: tuple[str, ...]
    line: int
    """Line in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    spoken: str
    written: str
    """`spoken` with every foreign word in its own spelling: what an engine that switches
    language says."""

    @property
    def spoken_accepted(self) -> bool:
        return self.spoken in self.case.accepted

    @property
    def written_accepted(self) -> bool:
        return self.written in self.case.accepted

    @property
    def correct(self) -> bool:
        """Whether one of the two forms an utterance offers is accepted: a table may write a foreign
        word as it is spelled or as it is spoken."""
        return self.spoken_accepted or self.written_accepted


def comparable(text: str) -> str:
    """Returns the text in lower case and NFC, with single blanks instead of punctuation."""
    lowered = unicodedata.normalize("NFC", text).lower()
    kept = "".join(" " if unicodedata.category(c).startswith("P") else c for c in lowered)
    return " ".join(kept.split())


def cases(path: Path) -> Iterator[Case]:
    """Yields the cases of a file; a bad line is an `InvalidRequest` that names it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"cannot read {path}: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise InvalidRequest(
                f"{path}, line {number}: {len(fields)} fields; write category, input and accepted "
                "readings with a tab between them"
            )
        category, source, accepted = fields
        readings = tuple("" if a == EMPTY else comparable(a) for a in accepted.split(" || "))
        yield Case(category, _decode(source), readings, number)


def _decode(source: str) -> str:
    plain = {"n": "\n", "t": "\t", "\\": "\\"}
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else plain[m[1]], source)


def spoken(utterances: Iterable[Utterance]) -> str:
    return comparable(" ".join(u.spoken for u in utterances))


def written(utterances: Iterable[Utterance]) -> str:
    """Returns what is said if every foreign word keeps its spelling."""
    out: list[str] = []
    for utterance in utterances:
        last = None
        for word in utterance.words:
            key = (word.source, word.foreign)
            if word.foreign is None:
                out.append(utterance.spoken[word.spoken[0] : word.spoken[1]])
            elif key != last:
                out.append(word.foreign)
            last = key
    return comparable(" ".join(out))


def score(
    table: Iterable[Case],
    reading: Reading | None = None,
    read: Callable[[str], tuple[str, str]] | None = None,
) -> list[Result]:
    """Reads every case; another reader may take our place (`read`)."""

    def ours(text: str) -> tuple[str, str]:
        planned = plan(text, reading=reading)
        return spoken(planned), written(planned)

    read = read or ours
    results = []
    for case in table:
        said, spelled = read(case.input)
        results.append(Result(case, said, spelled))
    return results
