"""The sound of one speech on its way to an answer: taken in batches, encoded, recorded if asked.

What arrives while one batch is encoded makes the next: a fast engine costs few trips to the
encoder's thread, and a slow one has each piece sent at once. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import numpy as np

from sonca import background
from sonca.audio import AudioChunk, Samples
from sonca.encoding import Encoder, Format, encode
from sonca.errors import StorageError
from sonca.server.services import Pools
from sonca.server.speech.body import RAW, BodyFormat
from sonca.server.speech.recorder import Recorder
from sonca.synthesizer import Speech
from sonca.utterance import Priority

log = logging.getLogger(__name__)

SETTLE_S = 0.25
"""How long the first byte of a short WAV may wait for the last. A WAV that is whole has a header
with its true size, which is what `wave` and the like want; one that streams cannot have it."""
_WHOLE_LIMIT_S = 180.0
"""No text that is sent whole lasts longer, and no more than this is held."""
_BATCH_S = 2.0
"""Seconds of sound that may wait here; beyond it the speech is not read, and beyond what the
speech itself holds the engine makes no more."""
_AT_ONCE_S = 12.0
"""So much WAV is made in half a millisecond, sooner than another thread has woken up."""


class AudioStream:
    """The encoded sound of one speech: `begin`, then `parts`; `close` in any case.

    Belongs to the event loop; encoding runs on the encoder's threads.
    """

    def __init__(
        self,
        speech: Speech,
        pools: Pools,
        *,
        format: Format | None,
        output_rate_hz: int | None = None,
        body: BodyFormat = RAW,
        recorder: Recorder | None = None,
        priority: Priority = Priority.REALTIME,
    ) -> None:
        """Reads `speech` from now on. `format` None encodes nothing but what is recorded;
        `priority` FILE is for short texts, which are sent whole where they are made at once."""
        self.speech = speech
        self.format = format
        self.body = body
        self.recorder = recorder
        rate_hz = output_rate_hz or speech.sample_rate_hz
        self.sample_rate_hz = format.rate_for(rate_hz) if format else rate_hz
        """The rate of the encoded sound."""
        self.duration_s = 0.0
        """Seconds of sound encoded so far."""
        self.first = b""
        """The beginning of the body. Known after `begin`."""
        self.complete = False
        """Whether `first` is all of the body. Known after `begin`."""
        self._pools = pools
        self._output_rate_hz = output_rate_hz
        self._settle_s = SETTLE_S if format and priority is Priority.FILE else 0.0
        self._limit_s = _WHOLE_LIMIT_S if self._settle_s else _BATCH_S
        self._chunks: list[AudioChunk] = []
        self._waiting_s = 0.0
        self._ended = False
        self._error: Exception | None = None
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._reading = asyncio.create_task(self._read())
        self._is_open = False
        self._is_closed = False
        self._encoder: Encoder | None = None
        self._busy = threading.RLock()  # a task that is cancelled leaves its thread at work

    async def begin(self) -> None:
        """Waits for the first sound and encodes it. Raises whatever goes wrong before that."""
        if self._settle_s:
            await asyncio.wait([self._reading], timeout=self._settle_s)
            self._limit_s = _BATCH_S
        chunks = await self._take()
        if self._error is not None:  # while nothing is sent, better than half an answer
            raise self._error
        self.complete = self._ended and bool(self._settle_s)
        length_s = sum(chunk.duration_s for chunk in chunks)
        if self.complete and self.recorder is None and length_s <= _AT_ONCE_S:
            self.first = self._encode_whole(chunks)
            return
        self._is_open = True
        encode = self._encode_whole if self.complete else self._encode_first
        self.first = await self._pools.run_encoder(functools.partial(encode, chunks))
        if self.complete:
            await self._commit()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yields the body piece by piece. Sound that cannot be recorded is sent all the same."""
        if self.first:
            yield self.first
        if self.complete:
            return
        while chunks := await self._take():
            data = await self._pools.run_encoder(functools.partial(self._encode, chunks))
            if data:
                yield data
        data = await self._pools.run_encoder(self._finish)
        await self._commit()  # with the last byte, the recording is there
        if data:
            yield data

    def close(self) -> None:
        """Stops the engine and frees everything; what is not committed is not kept."""
        self.speech.cancel()
        self._reading.cancel()
        if not self._is_open:
            return
        try:
            self._pools.encode.submit(self._release).add_done_callback(background.report)
        except RuntimeError:  # the pools are closed: the server is stopping
            self._release()

    async def _read(self) -> None:
        """Reads the speech, as far as there is room."""
        try:
            async for chunk in self.speech:
                self._chunks.append(chunk)
                self._waiting_s += chunk.duration_s
                self._arrived.set()
                while self._waiting_s > self._limit_s:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
            self._arrived.set()

    async def _take(self) -> list[AudioChunk]:
        """Takes everything that has arrived: at least one chunk, none at the end. Raises what the
        speech raised after it."""
        while not self._chunks and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        if self._error is not None and not self._chunks:
            raise self._error
        taken, self._chunks, self._waiting_s = self._chunks, [], 0.0
        self._room.set()
        return taken

    async def _commit(self) -> None:
        recorder = self.recorder
        if recorder is not None and not recorder.failed:
            with self._recording():
                await self._pools.run_on_disk(recorder.commit)

    @contextlib.contextmanager
    def _recording(self) -> Iterator[None]:
        """Gives up the recording if it fails while sound is sent: the listener is not to lose it
        because the disk is full, and the id, which is sent already, will answer 404."""
        try:
            yield
        except StorageError as error:
            if self.complete or self.format is None:  # nothing is sent yet
                raise
            assert self.recorder is not None
            self.recorder.failed = True
            log.warning("the audio is sent but cannot be kept: %s", error)

    # On an encoder's thread

    def _encode_whole(self, chunks: list[AudioChunk]) -> bytes:
        """Encodes all of the sound, with true sizes in its headers."""
        with self._busy:
            assert self.format is not None
            samples = _joined(chunks)
            rate_hz = self.speech.sample_rate_hz
            self.duration_s = len(samples) / rate_hz
            if self.recorder is not None and not self._is_closed:
                self.recorder.open(rate_hz)
                self.recorder.feed(samples)
            return encode(samples, rate_hz, self.format, output_rate_hz=self._output_rate_hz)

    def _encode_first(self, chunks: list[AudioChunk]) -> bytes:
        with self._busy:
            if self._is_closed:
                return b""
            rate_hz = self.speech.sample_rate_hz
            if self.recorder is not None:
                self.recorder.open(rate_hz)
            if self.format is not None:
                self._encoder = Encoder(self.format, rate_hz, output_rate_hz=self._output_rate_hz)
            return self._encode(chunks)

    def _encode(self, chunks: list[AudioChunk]) -> bytes:
        with self._busy:
            if self._is_closed:
                return b""
            samples, start_s = _joined(chunks), self.duration_s
            self.duration_s += len(samples) / self.speech.sample_rate_hz
            data = self._encoder.feed(samples) if self._encoder else b""
            if self.recorder is not None and not self.recorder.failed:
                with self._recording():
                    self.recorder.feed(samples)
            return self.body.delta(data, start_s, [mark for c in chunks for mark in c.marks])

    def _finish(self) -> bytes:
        with self._busy:
            if self._is_closed:
                return b""
            data = self._encoder.finish() if self._encoder else b""
            return self.body.delta(data, self.duration_s, ()) + self.body.done(self.duration_s)

    def _release(self) -> None:
        with self._busy:
            self._is_closed = True
            if self._encoder is not None:
                self._encoder.close()
            if self.recorder is not None:
                self.recorder.close()


def _joined(chunks: list[AudioChunk]) -> Samples:
    """Returns (N,) the samples of all chunks."""
    return np.concatenate([c.samples for c in chunks]) if chunks else np.zeros(0, np.float32)
