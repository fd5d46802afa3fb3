"""Previews a book before any of it is spoken: chapters, lengths, cast, what is left out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sonca import text as texts
from sonca.book.cast.attribution import Attribution, attribute
from sonca.book.model import Book, Unspoken
from sonca.text.vietnamese.syllables import syllable
from sonca.utterance import Skipped

SECONDS_PER_CHAR = 0.069
"""Read-aloud Vietnamese prose at speed 1, pauses included: 592 s for a story of 8,600."""

_AROUND = "\"'“”‘’«»()[]{}.,;:!?…-–—*"
_MAX_WORD = 30
# What may hold something that makes no sound: no letter or digit at all, or a run of symbols.
_SUSPECT = re.compile(
    r"\A[\W_]+\Z|[\u2190-\u2bff\u3000-\u303f\ufe0e\ufe0f\U0001f000-\U0001faff]"
    r"|(?:^|[.!?…\n]\s*)[\W_]{3,}(?:$|\n)|[\x00-\x08\x0e-\x1f]"
)


@dataclass(frozen=True, slots=True)
class ChapterPlan:
    """A chapter of the preview."""

    title: str
    chars: int
    duration_s: float
    """Estimated."""
    speeches: int
    """Pieces that characters say."""


@dataclass(frozen=True, slots=True)
class UnsureWord:
    """A word whose reading is a guess."""

    word: str
    count: int
    spoken: str
    why: str

    @property
    def lexicon_line(self) -> str:
        """The line of a lexicon that fixes the reading; its end is to be edited."""
        return f"{self.word}\t{self.spoken}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What `sonca book plan` shows."""

    book: Book
    chapters: tuple[ChapterPlan, ...]
    attribution: Attribution
    unspoken: tuple[Unspoken, ...]
    unsure: tuple[UnsureWord, ...]
    """The most frequent first."""

    @property
    def duration_s(self) -> float:
        return sum(chapter.duration_s for chapter in self.chapters)

    @property
    def unknown(self) -> int:
        """How many speeches have no known speaker."""
        return sum(not line.speaker for line in self.attribution.lines)


def preview(book: Book) -> Preview:
    """Returns the preview of a whole book. 5,000 chapters take seconds."""
    attribution = attribute(book)
    speeches = [0] * len(book.chapters)
    for line in attribution.lines:
        speeches[line.chapter] += 1
    chapters = tuple(
        ChapterPlan(chapter.title, chapter.chars, chapter.chars * SECONDS_PER_CHAR, count)
        for chapter, count in zip(book.chapters, speeches, strict=True)
    )
    unspoken = (*book.unspoken, *silent(book))
    return Preview(book, chapters, attribution, unspoken, tuple(unsure_words(book)))


def unsure_words(book: Book) -> Iterator[UnsureWord]:
    """Yields the words whose reading is a guess, each read once and by itself, the most frequent
    first."""
    pieces: Counter[str] = Counter()
    for chapter in book.chapters:
        for paragraph in chapter.paragraphs:
            pieces.update(paragraph.text.split())
    counts: Counter[str] = Counter()
    for piece, count in pieces.items():
        word = piece.strip(_AROUND)
        if word.isalpha() and 2 <= len(word) <= _MAX_WORD:
            counts[word] += count
    for word, count in counts.most_common():
        if syllable(unicodedata.normalize("NFC", word)) is not None:
            continue
        tokens = texts.explain(word)
        why = next((token.unsure for token in tokens if token.unsure), None)
        if why is not None:
            spoken = " ".join(token.spoken for token in tokens if not token.punctuation)
            yield UnsureWord(word, count, spoken.strip(), why)


def silent(book: Book) -> Iterator[Unspoken]:
    """Yields stretches of the chapters that make no sound, as the text planner finds them."""
    for chapter in book.chapters:
        for paragraph in chapter.paragraphs:
            if paragraph.kind == "separator":
                yield Unspoken(paragraph.text, "separator", paragraph.part, paragraph.start)
            elif _SUSPECT.search(paragraph.text):
                for part in texts.plan_iter(paragraph.text):
                    if isinstance(part, Skipped):
                        low, high = part.span
                        start = paragraph.start + low
                        yield Unspoken(paragraph.text[low:high], part.reason, paragraph.part, start)


def to_json(found: Preview, speed: float | None = None) -> dict[str, Any]:
    """Returns the preview as JSON; `speed` is how many seconds of sound are made per second."""
    book = found.book
    return {
        "title": book.title,
        "author": book.author,
        "format": book.format,
        "encoding": book.encoding,
        "characters": book.chars,
        "duration_s": round(found.duration_s, 1),
        "chapters_by": book.chapters_by,
        "chapters_why": book.chapters_why,
        "build_s": round(found.duration_s / speed, 1) if speed else None,
        "chapters": [
            {
                "title": c.title,
                "characters": c.chars,
                "duration_s": round(c.duration_s, 1),
                "speeches": c.speeches,
            }
            for c in found.chapters
        ],
        "cast": [
            {"name": c.name, "gender": c.gender, "speeches": c.lines, "aliases": c.aliases}
            for c in found.attribution.characters
        ],
        "speeches": len(found.attribution.lines),
        "speeches_of_unknown": found.unknown,
        "mended": list(book.mended),
        "unsure": [
            {"word": w.word, "count": w.count, "spoken": w.spoken, "why": w.why}
            for w in found.unsure
        ],
        "unspoken": [
            {"reason": u.reason, "part": u.part, "start": u.start, "text": u.text}
            for u in found.unspoken
        ],
    }
