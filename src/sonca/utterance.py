"""What is said: an utterance, its words, and where each comes from in the reader's text.

Values only. How text becomes utterances is the business of `sonca.text`; how they become
sound, of `sonca.engines`. Both sides meet in these types and need not know each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Priority(IntEnum):
    """Who waits for the sound of a request. Every surface says so once; lower is sooner."""

    REALTIME = 0
    """Heard while it is made: sound is handed out as it comes, the first as soon as can be."""
    FILE = 1
    """Somebody waits for the whole: an utterance is handed out once it is complete and found
    possible, and one that is not is made again."""
    BATCH = 2
    """Nobody waits. As `FILE`, and all others go first."""


Span = tuple[int, int]
"""Half-open range ``(start, end)`` of code points: ``text[start:end]``."""


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and the piece of the original text it reads.

    Several words may share a source (``25`` is "hai mươi lăm"), and a word's source is never
    empty: highlighting, captions and marks all follow it.
    """

    spoken: Span
    """Where the word stands in `Utterance.spoken`."""
    source: Span
    """Where it comes from in the original text of the whole plan."""
    foreign: str | None = None
    """The original spelling, if the word is not Vietnamese. An engine that can switch
    language may speak this instead of the Vietnamese reading."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """The unit of speech: about one sentence, with the silence that follows it."""

    span: Span
    """Where it stands in the original text."""
    original: str
    """The original text of the span, untouched."""
    spoken: str
    """What the engine says: Vietnamese words in NFC with plain punctuation; never empty."""
    pause_s: float
    """Silence after it, in seconds, >= 0."""
    words: tuple[Word, ...] = field(default=())
    """The spoken words in order."""

    @property
    def syllables(self) -> int:
        """How many syllables are spoken. Vietnamese writes one per blank-separated word."""
        return len(self.words) or len(self.spoken.split())


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of the text that makes no sound, and why. Nothing is dropped without one."""

    span: Span
    reason: str
    """``separator``, ``emoji``, ``symbols`` or ``controls``."""
