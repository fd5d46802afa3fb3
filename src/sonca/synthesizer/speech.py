"""What comes back: the sound of one request, on one time line."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

from sonca.audio import AudioChunk, Mark, silence
from sonca.synthesizer.recipe import Recipe
from sonca.synthesizer.verified import VerifiedStream
from sonca.utterance import Span, Utterance
from sonca.voices import Resolution
from sonca.worker import ResultStream, StreamItem


@dataclass(frozen=True, slots=True)
class Suspect:
    """An utterance whose sound is impossible, after every attempt."""

    span: Span
    """Its place in the text."""
    problem: str
    """``short``, ``long``, ``silent`` or ``not finite``; ``doubtful`` if it was listened to and not
    heard as it was to be said."""


@dataclass(frozen=True, slots=True)
class UtteranceAudio:
    """One utterance and its sound."""

    utterance: Utterance
    chunks: tuple[AudioChunk, ...]
    """Marks count from the start of the utterance; the pause after it is not in them."""
    problem: str | None
    """What is wrong with the sound, as `Suspect.problem`; None if nothing is."""


class Speech:
    """The sound of one request: iterate it, in a thread or a coroutine, once.

    Marks count from the start of the stream. `cancel` (or leaving the `with` block) frees the
    engine within one step; so does dropping the speech half read, as a loop does that is left by
    `break`.
    """

    def __init__(
        self,
        stream: ResultStream | VerifiedStream,
        resolution: Resolution,
        sample_rate_hz: int,
        recipe: Recipe,
    ) -> None:
        self.voice = resolution.voice
        self.recipe = recipe
        """How this sound is made."""
        self.instead_of = resolution.instead_of
        """The name asked for, if `voice` stands in for it."""
        self.sample_rate_hz = sample_rate_hz
        self.suspects: list[Suspect] = []
        """Utterances read so far whose sound is impossible: reported, never passed on in
        silence."""
        self._stream = stream
        # The time line, counted in samples: it does not depend on how sound was cut into chunks.
        self._laid = 0
        self._start_s = 0.0
        self._pause_s = 0.0
        self._current: Utterance | None = None
        # Else it would keep its place in line for ever, for a reader who cannot come back.
        weakref.finalize(self, stream.abandon).atexit = False

    def __iter__(self) -> Iterator[AudioChunk]:
        for item in self._stream:
            yield from self._lay(item)

    async def __aiter__(self) -> AsyncIterator[AudioChunk]:
        async for item in self._stream:
            for chunk in self._lay(item):
                yield chunk

    def utterances(self) -> Iterator[UtteranceAudio]:
        """Yields the same sound by utterance, each as soon as it is complete, without the pauses:
        for whoever lays it on a time line of his own. Instead of iterating the speech itself."""
        chunks: list[AudioChunk] = []
        for item in self._stream:
            if item.chunk is not None:
                chunks.append(item.chunk)
                continue
            yield UtteranceAudio(item.utterance, tuple(chunks), item.problem)
            chunks.clear()

    def _lay(self, item: StreamItem) -> Iterator[AudioChunk]:
        """Lays utterances one after another: marks move to stream time, pauses go between."""
        chunk, utterance = item.chunk, item.utterance
        if chunk is None:
            if item.problem is not None:
                self.suspects.append(Suspect(utterance.span, item.problem))
            self._pause_s += utterance.pause_s
            self._current = None
            return
        rate_hz, marks = chunk.sample_rate_hz, []
        if utterance is not self._current:
            # A pause is laid when something follows it, so that no stream ends in silence.
            pause = silence(self._pause_s, rate_hz)
            if self._laid and len(pause):
                self._laid += len(pause)
                yield AudioChunk(pause, rate_hz)
            self._start_s, self._pause_s, self._current = self._laid / rate_hz, 0.0, utterance
            marks.append(Mark("sentence", self._start_s, utterance.span))
        marks += [replace(mark, time_s=mark.time_s + self._start_s) for mark in chunk.marks]
        self._laid += len(chunk.samples)
        yield AudioChunk(chunk.samples, rate_hz, tuple(marks))

    def cancel(self) -> None:
        """Stops making sound. Does nothing once all of it is made and read."""
        self._stream.cancel()

    def __enter__(self) -> Speech:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cancel()
