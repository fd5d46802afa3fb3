"""Which pieces are sung together, in one run of the flow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sonca.engines.viettts.sentence import Sentence
from sonca.engines.viettts.streaming import Piece


@dataclass(frozen=True, slots=True)
class Company:
    """Sentences share a run only if they are in one voice and all of them are listened to or
    none, so that nobody who listens waits for what is made ahead."""

    prompt_apart: bool
    """See `Backend.prompt_apart`: company costs time, but changes nothing."""
    pack_tokens: float
    """Of whole sentences that are taken for one, as long as the prompt is not apart."""

    def gathers(self, sentence: Sentence) -> bool:
        """Whether it is sung with as many as there are: there is a prompt to share, and nobody
        listens."""
        return self.prompt_apart and not sentence.awaited

    def waits(self, sentence: Sentence, running: Iterable[Sentence]) -> bool:
        """Whether others will be ready to be sung with it. They are in slots, so there is an end
        to it."""
        return self.gathers(sentence) and any(
            not other.pieces and not other.ended and _alike(other, sentence) for other in running
        )

    def of(self, first: Sentence, running: Iterable[Sentence]) -> list[tuple[Sentence, Piece]]:
        """The first sentence's next piece, and those of others that are sung with it."""
        parts = [(first, first.pieces[0])]
        room = self.pack_tokens - len(first.tokens)
        for other in running:
            if other is first or not other.pieces or not _alike(other, first):
                continue
            if self.gathers(first):
                parts.append((other, other.pieces[0]))
            elif (
                not self.prompt_apart and first.whole and other.whole and len(other.tokens) <= room
            ):
                parts.append((other, other.pieces[0]))
                room -= len(other.tokens)
        return parts


def _alike(a: Sentence, b: Sentence) -> bool:
    """The same prompt, noise included, and the same hurry."""
    return a.voice is b.voice and a.options.seed == b.options.seed and a.awaited == b.awaited
