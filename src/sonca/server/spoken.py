"""One speech on its way to bytes: taken in batches, encoded on a pool's thread, kept if asked.

The event loop only waits; the engine's thread only speaks. Knows no HTTP beyond the framing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import numpy as np

from sonca import background
from sonca.audio import AudioChunk, Mark, Samples
from sonca.encoding import Encoder, Format, encode
from sonca.errors import StorageError
from sonca.server.framing import Framing, Plain
from sonca.server.inbox import BATCH_S, Inbox
from sonca.server.keeping import Keeper
from sonca.server.services import Pools
from sonca.synthesizer import Speech

log = logging.getLogger(__name__)

WHOLE_CHARS = 1000
"""Texts up to this long may be sent as a whole, with true sizes."""
_AT_ONCE_S = 12.0
"""So much WAV is made in half a millisecond, sooner than another thread has woken up."""
_WHOLE_LIMIT_S = 180.0
"""No such text lasts longer, and no more than this is held."""


class Spoken:
    """The encoded sound of one speech.

    `begin` first; then either `whole`, if it is `complete`, or `frames`; `close` in any case.
    """

    def __init__(
        self,
        speech: Speech,
        pools: Pools,
        *,
        format: Format | None,
        output_rate_hz: int | None = None,
        framing: Framing | None = None,
        keeper: Keeper | None = None,
        patience_s: float = 0.0,
    ) -> None:
        """`format` None encodes nothing but what is kept. With `patience_s`, `begin` waits that
        long for the end of the speech, which must be short."""
        self.speech = speech
        self.format = format
        self.framing = framing or Plain()
        self.keeper = keeper
        self.duration_s = 0.0
        """Seconds of sound encoded so far."""
        self._pools = pools
        self._output_rate_hz = output_rate_hz
        self._patience_s = patience_s
        self._rate_hz = 0
        self._encoder: Encoder | None = None
        self._held: list[Mark] = []
        self._held_from_s: float | None = None
        self._busy = threading.Lock()  # a task that is cancelled leaves its thread at work
        self._closed = False
        self._inbox = Inbox(speech, limit_s=_WHOLE_LIMIT_S if patience_s else BATCH_S)

    async def begin(self) -> None:
        """Wait for the first sound: whatever goes wrong before it is raised here."""
        if self._patience_s:
            await self._inbox.settle(self._patience_s)
        await self._inbox.wait()
        self._inbox.check()  # while nothing is sent, a clear error is better than half an answer
        rate_hz = self._inbox.rate_hz
        if self.complete and self.keeper is None and self.format is not None:
            # `whole` needs no open encoder: one trip to another thread less.
            self._rate_hz = rate_hz or self.speech.sample_rate_hz
            return
        await self._pools.run_encoder(lambda: self._open(rate_hz))

    @property
    def complete(self) -> bool:
        """Whether all sound is there already."""
        return bool(self._patience_s) and self._inbox.complete

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the encoded sound, in Hz. Known after `begin`."""
        if self._encoder is not None:
            return self._encoder.output_rate_hz
        return self._output_rate_hz or self._rate_hz

    async def whole(self) -> bytes:
        """All of it, with true sizes in its headers; kept, if it is to be."""
        chunks = await self._inbox.take()
        if self.keeper is None and sum(chunk.duration_s for chunk in chunks) <= _AT_ONCE_S:
            return self._encode_whole(chunks)
        data = await self._pools.run_encoder(lambda: self._encode_whole(chunks))
        if self.keeper is not None:
            keeper, duration_s = self.keeper, self.duration_s
            await self._pools.run_on_disk(lambda: keeper.commit(duration_s))
        return data

    async def frames(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Sound that cannot be kept is sent all the same."""
        while chunks := await self._inbox.take():
            data = await self._pools.run_encoder(lambda chunks=chunks: self._encode(chunks))  # type: ignore[misc]
            if data:
                yield data
        data = await self._pools.run_encoder(self._finish)
        if self.keeper is not None and not self.keeper.failed:
            keeper, duration_s = self.keeper, self.duration_s
            with self._keeping():
                await self._pools.run_on_disk(lambda: keeper.commit(duration_s))
        if data:
            yield data

    async def drain(self) -> None:
        """Make and keep all of it, sending nothing. Raises if it cannot be kept."""
        while chunks := await self._inbox.take():
            await self._pools.run_encoder(lambda chunks=chunks: self._keep(chunks))  # type: ignore[misc]
        if self.keeper is not None:
            keeper, duration_s = self.keeper, self.duration_s
            await self._pools.run_on_disk(lambda: keeper.commit(duration_s))

    def cancel(self) -> None:
        """The reader has gone: stop the engine. What waits for sound gets `Cancelled`."""
        self.speech.cancel()

    def close(self) -> None:
        """Stop and free everything; what is not committed is not kept. May be called again."""
        self._inbox.close()
        try:
            self._pools.encode.submit(self._release).add_done_callback(background.report)
        except RuntimeError:  # the pools are closed: the server is stopping
            self._release()

    # On a pool's thread

    def _open(self, rate_hz: int | None) -> None:
        with self._busy:
            if self._closed:
                return
            self._rate_hz = rate_hz or self.speech.sample_rate_hz
            if self.keeper is not None:
                self.keeper.open(self._rate_hz)
            if self.format is not None:
                self._encoder = Encoder(
                    self.format, self._rate_hz, output_rate_hz=self._output_rate_hz
                )

    def _encode(self, chunks: list[AudioChunk]) -> bytes:
        with self._busy:
            if self._closed or self._encoder is None:
                return b""
            samples, marks = _joined(chunks)
            if self._held_from_s is None:
                self._held_from_s = self.duration_s
            self._held += marks
            data = self._encoder.feed(samples)
            self.duration_s += len(samples) / self._rate_hz
            if self.keeper is not None and not self.keeper.failed:
                with self._keeping():
                    self.keeper.feed(samples)
            return self._delta(data)

    def _delta(self, data: bytes) -> bytes:
        """The frame of `data`. Marks wait for bytes: an encoder may hold the first ones back."""
        if not data:
            return b""
        time_s = self.duration_s if self._held_from_s is None else self._held_from_s
        marks, self._held, self._held_from_s = self._held, [], None
        return self.framing.delta(data, time_s, marks)

    def _finish(self) -> bytes:
        with self._busy:
            if self._closed or self._encoder is None:
                return b""
            data = self._encoder.finish()
            if self.keeper is not None and not self.keeper.failed:
                with self._keeping():
                    self.keeper.finish()
            return self._delta(data) + self.framing.done(self.duration_s)

    def _encode_whole(self, chunks: list[AudioChunk]) -> bytes:
        with self._busy:
            assert self.format is not None
            samples, _ = _joined(chunks)
            data = encode(samples, self._rate_hz, self.format, output_rate_hz=self._output_rate_hz)
            self.duration_s = len(samples) / self._rate_hz
            if self.keeper is not None and not self._closed:
                self.keeper.feed(samples)
                self.keeper.finish()
            return data

    def _keep(self, chunks: list[AudioChunk]) -> None:
        with self._busy:
            if self._closed:
                return
            samples, _ = _joined(chunks)
            self.duration_s += len(samples) / self._rate_hz
            if self.keeper is not None:
                self.keeper.feed(samples)

    def _release(self) -> None:
        with self._busy:
            self._closed = True
            if self._encoder is not None:
                self._encoder.close()
            if self.keeper is not None:
                self.keeper.close()

    @contextlib.contextmanager
    def _keeping(self) -> Iterator[None]:
        """The listener is not to lose the sound because the disk is full: the id, which is sent
        already, will answer 404."""
        try:
            yield
        except StorageError as error:
            assert self.keeper is not None
            self.keeper.failed = True
            log.warning("the audio is sent but cannot be kept: %s", error)


def _joined(chunks: list[AudioChunk]) -> tuple[Samples, list[Mark]]:
    """(N,) the samples of all chunks, and their marks."""
    if not chunks:
        return np.zeros(0, np.float32), []
    marks = [mark for chunk in chunks for mark in chunk.marks]
    return np.concatenate([chunk.samples for chunk in chunks]), marks
