"""Sound between the engine and the encoder, taken in batches.

What arrives while one batch is being encoded makes the next: a fast engine costs few trips to
the encoder's thread, and a slow one has each piece sent at once.
"""

from __future__ import annotations

import asyncio
import contextlib

from sonca.audio import AudioChunk
from sonca.synthesizer import Speech

BATCH_S = 2.0
"""Seconds of sound that may wait here; beyond it the speech is not read, and beyond what the
speech itself holds the engine makes no more."""


class Inbox:
    """Reads a speech in a task of its own. Belongs to the event loop."""

    def __init__(self, speech: Speech, *, limit_s: float = BATCH_S) -> None:
        self._speech = speech
        self._limit_s = limit_s
        self._chunks: list[AudioChunk] = []
        self._waiting_s = 0.0
        self.ended = False
        """Whether the speech has ended, well or not."""
        self._error: Exception | None = None
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._task = asyncio.create_task(self._fill())

    @property
    def complete(self) -> bool:
        """Whether the speech has ended, well, and nothing more will arrive."""
        return self.ended and self._error is None

    @property
    def rate_hz(self) -> int | None:
        """The sample rate of what waits here, None while there is nothing."""
        return self._chunks[0].sample_rate_hz if self._chunks else None

    async def wait(self) -> None:
        """Until there is something to take. Raises what the speech raised if it is nothing."""
        while not self._chunks and not self.ended:
            self._changed.clear()
            await self._changed.wait()
        if not self._chunks:
            self.check()

    def check(self) -> None:
        """Raise what the speech raised, if it did, though there may be sound before it."""
        if self._error is not None:
            raise self._error

    async def settle(self, seconds: float) -> None:
        """Wait up to `seconds` for the speech to end, well or not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._task)
        self._limit_s = BATCH_S

    async def take(self) -> list[AudioChunk]:
        """Everything that has arrived, at least one chunk; empty at the end."""
        await self.wait()
        taken, self._chunks, self._waiting_s = self._chunks, [], 0.0
        self._room.set()
        return taken

    def close(self) -> None:
        """Stop reading, and the engine with it."""
        self._speech.cancel()
        self._task.cancel()

    async def _fill(self) -> None:
        try:
            async for chunk in self._speech:
                self._chunks.append(chunk)
                self._waiting_s += chunk.duration_s
                self._changed.set()
                while self._waiting_s > self._limit_s:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:
            self._error = error
        finally:
            self.ended = True
            self._changed.set()
