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

import numpy as np

from sonca.audio import AudioChunk, Mark, join
from sonca.errors import SoncaError
from sonca.listening import Listener, Verdict
from sonca.utterance import Utterance
from sonca.voice import Voice
from sonca.worker import ResultStream, StreamItem

log = logging.getLogger(__name__)

DOUBTFUL = "doubtful"
"""The problem of an utterance that was not heard as it was to be said, in any take."""
TAKES = 3

Chunks = tuple[AudioChunk, ...]
Again = Callable[[Utterance, int], Chunks]
"""Makes an utterance again; told how many takes there are. Raises what a request does."""
_SYLLABLE = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class _Take:
    chunks: Chunks
    verdict: Verdict


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
        self._stream.cancel()

    def abandon(self) -> None:
        self._stream.abandon()

    def _heard(self, end: StreamItem, chunks: Chunks) -> list[StreamItem]:
        """Returns an utterance's best take, and its end."""
        utterance = end.utterance
        first = best = _Take(chunks, self._judge(utterance, chunks))
        limit = self._listener.limit(self._voice)
        self._listener.learn(self._voice, first.verdict.doubt)
        for take in range(1, TAKES):
            if best.verdict.doubt <= limit:
                break
            other = self._retake(utterance, take, first)
            if other is None:
                break
            best = min(best, other, key=lambda each: each.verdict.doubt)
        if best is not first:
            self._on_better(utterance, best.chunks)
        problem = end.problem
        if best.verdict.doubt > limit:
            problem = problem or DOUBTFUL
            log.warning(
                "an utterance is doubtful (%.2f, usual is up to %.2f): %.60r was heard as %.60r",
                best.verdict.doubt,
                limit,
                utterance.spoken,
                best.verdict.heard,
            )
        made = best.chunks
        if self._marks and made:
            made = (_marked(utterance, made, best.verdict.times_s),)
        items = [StreamItem(utterance, chunk, chunk.duration_s) for chunk in made]
        return [*items, replace(end, problem=problem)]

    def _retake(self, utterance: Utterance, take: int, first: _Take) -> _Take | None:
        """Returns another take; None if there is none that differs."""
        try:
            chunks = self._again(utterance, take)
        except SoncaError as error:
            log.warning("a doubtful utterance cannot be made again: %s", error)
            return None
        if not chunks or _same(chunks, first.chunks):  # the engine does not heed seeds
            return None
        return _Take(chunks, self._judge(utterance, chunks))

    def _judge(self, utterance: Utterance, chunks: Chunks) -> Verdict:
        return self._listener.judge(utterance, chunks, self._language)


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
