"""A result stream that is listened to: what was not said as it should be is made again.

Sound is handed out by the utterance, because one must be whole before it can be judged. A doubtful
one is made again with other seeds, the best take is kept, and what stays doubtful is reported as
any other impossible sound is.
"""

from __future__ import annotations

import asyncio
import bisect
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sonca.audio import AudioChunk, Mark, join
from sonca.errors import Cancelled, SoncaError
from sonca.listening import Listener, Verdict
from sonca.utterance import Utterance
from sonca.voice import Voice
from sonca.worker import ResultStream, StreamItem

log = logging.getLogger(__name__)

DOUBTFUL = "doubtful"
"""The problem of an utterance that was not heard as it was to be said, in any take."""
TAKES = 3

Chunks = tuple[AudioChunk, ...]


class Made(Protocol):
    """An utterance as it was made again: `UtteranceAudio`."""

    @property
    def chunks(self) -> Chunks: ...

    @property
    def problem(self) -> str | None: ...


class Making(Protocol):
    """What makes an utterance again: `Speech`."""

    def utterances(self) -> Iterator[Made]: ...

    def cancel(self) -> None: ...


Again = Callable[[Utterance, int], Making]
"""Queues another take of an utterance; told how many there are. Raises what a request does."""
_SYLLABLE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class _Take:
    chunks: Chunks
    problem: str | None
    verdict: Verdict
    doubt: float


class VerifiedStream:
    """What a `Speech` reads in place of its result stream. With `marks`, words get theirs from what
    was heard: for engines that give none."""

    def __init__(
        self,
        stream: ResultStream,
        listener: Listener,
        voice: Voice,
        again: Again,
        on_better: Callable[[Utterance, Chunks], None],
        *,
        marks: bool,
    ) -> None:
        self._stream = stream
        self._listener = listener
        self._language = voice.language or "vi"
        self._voice = f"{listener.name} {voice.engine} {voice.id} {voice.version}"
        self._again = again
        self._on_better = on_better
        self._marks = marks
        self._cancelled = False
        self._making: Making | None = None

    def __iter__(self) -> Iterator[StreamItem]:
        chunks: list[AudioChunk] = []
        for item in self._stream:
            if item.chunk is not None:
                chunks.append(item.chunk)
                continue
            yield from self._heard(item, tuple(chunks))
            chunks.clear()

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        chunks: list[AudioChunk] = []
        async for item in self._stream:
            if item.chunk is not None:
                chunks.append(item.chunk)
                continue
            for each in await asyncio.to_thread(self._heard, item, tuple(chunks)):
                yield each
            chunks.clear()

    def cancel(self) -> None:
        self._cancelled = True  # before `_making` is read, as `_retake` sets and reads them
        making = self._making
        if making is not None:
            making.cancel()
        self._stream.cancel()

    def abandon(self) -> None:
        self._cancelled = True
        self._stream.abandon()

    def _heard(self, end: StreamItem, chunks: Chunks) -> list[StreamItem]:
        """Returns an utterance's best take, and its end. `Cancelled` if nobody wants it any more:
        a coroutine that was cancelled leaves its thread here."""
        utterance = end.utterance
        first = self._judge(utterance, chunks, end.problem)
        limit = self._listener.limit(self._voice)
        best = self._best(utterance, first, limit)
        self._listener.learn(self._voice, first.verdict)  # after it, as all takes are judged alike
        if best is not first:
            self._on_better(utterance, best.chunks)
        problem = best.problem
        if best.doubt > limit:
            problem = problem or DOUBTFUL
            log.warning(
                "an utterance is doubtful (%.2f, usual is up to %.2f): %.60r was heard as %.60r",
                best.doubt,
                limit,
                utterance.spoken,
                best.verdict.heard,
            )
        made = best.chunks
        if self._marks and made:
            made = (_marked(utterance, made, best.verdict.times_s),)
        items = [StreamItem(utterance, chunk, chunk.duration_s) for chunk in made]
        return [*items, replace(end, problem=problem)]

    def _best(self, utterance: Utterance, first: _Take, limit: float) -> _Take:
        """Returns the first take that is beyond doubt, or the least doubtful of a few."""
        best = first
        for take in range(1, TAKES):
            if best.doubt <= limit:
                break
            other = self._retake(utterance, take, first)
            if other is None:
                break
            best = min(best, other, key=lambda each: each.doubt)
        return best

    def _retake(self, utterance: Utterance, take: int, first: _Take) -> _Take | None:
        """Returns another take; None if there is none that differs."""
        made = None
        try:
            self._check()
            self._making = making = self._again(utterance, take)
            if self._cancelled:  # meanwhile
                making.cancel()
            made = next(iter(making.utterances()), None)
        except Cancelled:
            self._check()
        except SoncaError as error:
            log.warning("a doubtful utterance cannot be made again: %s", error)
        finally:
            self._making = None
        # Of an engine that does not heed seeds every take is the same.
        if made is None or not made.chunks or _same(made.chunks, first.chunks):
            return None
        return self._judge(utterance, made.chunks, made.problem)

    def _check(self) -> None:
        if self._cancelled:
            raise Cancelled("the request was cancelled")

    def _judge(self, utterance: Utterance, chunks: Chunks, problem: str | None) -> _Take:
        self._check()
        verdict = self._listener.judge(utterance, chunks, self._language)
        return _Take(chunks, problem, verdict, self._listener.doubt(self._voice, verdict))


def _same(one: Chunks, other: Chunks) -> bool:
    if not other:
        return not one
    rate_hz = other[0].sample_rate_hz
    return np.array_equal(join(one, rate_hz).samples, join(other, rate_hz).samples)


def _marked(utterance: Utterance, chunks: Chunks, times_s: Sequence[float | None]) -> AudioChunk:
    """Returns the sound as one chunk, with a mark for each word that was heard."""
    begins = [match.start() for match in _SYLLABLE.finditer(utterance.spoken)]
    whole = join(chunks, chunks[0].sample_rate_hz)
    marks: list[Mark] = []
    for word in utterance.words:
        at = bisect.bisect_left(begins, word.spoken[0])
        time_s = times_s[at] if at < len(times_s) else None
        if time_s is not None and time_s <= whole.duration_s:
            marks.append(Mark("word", max(time_s, marks[-1].time_s if marks else 0.0), word.source))
    return replace(whole, marks=tuple(marks))
