"""Answers that carry sound: streamed as it is made, or read from the store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sonca.errors import Cancelled, SoncaError
from sonca.server.errors import spec_of
from sonca.server.lifecycle import Lifecycle
from sonca.server.metrics import Metrics
from sonca.server.spoken import Spoken

log = logging.getLogger(__name__)

Headers = Callable[[Spoken], Mapping[str, str]]
"""The headers of an answer, asked for when its first sound is there."""


class SpeechResponse(Response):
    """Streams a speech.

    The first sound is awaited before the status line, so that what goes wrong gets its status.
    What goes wrong later ends the answer early, and visibly: an error event where the framing
    has one, else a connection that is cut before the last chunk. A client that goes away stops
    the engine within one step.

    The time that it may take is the speech's own deadline; sending takes as long as the reader
    does.
    """

    def __init__(
        self,
        spoken: Spoken,
        *,
        media_type: str,
        headers: Headers,
        metrics: Metrics,
        lifecycle: Lifecycle,
        api: str,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.media_type = media_type
        self._spoken = spoken
        self._more_headers = headers
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._api = api
        self.init_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with watched(scope, receive, self._spoken):
            await self._spoken.begin()
            whole = await self._spoken.whole() if self._spoken.complete else None
            self._count_first_audio(scope)
            self.headers.update(self._more_headers(self._spoken))
            if whole is None:
                await self._stream(scope, send)
            else:
                await self._send_whole(whole, send)
        self._metrics.sent_audio_seconds.labels(self._api, self._format).inc(
            self._spoken.duration_s
        )

    @property
    def _format(self) -> str:
        return self._spoken.format.name if self._spoken.format else "none"

    def _count_first_audio(self, scope: Scope) -> None:
        started = scope.get("state", {}).get("started_s")
        if started is not None:
            self._metrics.first_audio_seconds.labels(self._api).observe(
                time.perf_counter() - started
            )

    async def _send_whole(self, data: bytes, send: Send) -> None:
        self.headers["content-length"] = str(len(data))
        await self._start(send)
        await send({"type": "http.response.body", "body": data, "more_body": False})

    async def _stream(self, scope: Scope, send: Send) -> None:
        await self._start(send)
        try:
            with self._losing_its_place(scope.get("state", {})) as listener:
                async for frame in self._spoken.frames():
                    listener.sent_bytes += len(frame)
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
        except SoncaError as error:
            await self._break_off(error, scope, send)
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    @contextlib.contextmanager
    def _losing_its_place(self, state: Mapping[str, Any]) -> Iterator[Listener]:
        """While sound is sent, a reader who stalls may have to make room."""
        place, connection = state.get("place"), state.get("connection")
        listener = Listener(self._spoken, connection)
        if place is None or connection is None:  # it has none; or another server runs the app
            yield listener
            return
        with self._lifecycle.sending(place, listener):
            yield listener

    async def _start(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )

    async def _break_off(self, error: SoncaError, scope: Scope, send: Send) -> None:
        """End early. Returning before the last chunk makes the server cut the connection."""
        state = scope.setdefault("state", {})
        gone = isinstance(error, Cancelled)
        reason = state.get("cut", "gone") if gone else type(error).__name__
        self._metrics.broken_streams.labels(reason).inc()
        if not gone:
            state["error_code"] = spec_of(error).code
            log.error("a stream broke off after %.1f s: %s", self._spoken.duration_s, error)
        elif reason == "stalled":
            log.warning(
                "a stream was cut after %.1f s of sound: its reader took nothing for "
                "SONCA_STALL_TIMEOUT_S, and somebody else needed the place",
                self._spoken.duration_s,
            )
        last = self._spoken.framing.failed(error)
        if last is not None:
            await send({"type": "http.response.body", "body": last, "more_body": False})


class Listener:
    """The reader of a stream.

    What the system says that he took moves in large steps: a player's buffers take half a minute
    of sound at once, and then nothing while it is played. So nobody has stalled before the sound
    that he took would be over.
    """

    def __init__(self, spoken: Spoken, connection: Any) -> None:
        self.sent_bytes = 0
        self._spoken = spoken
        self._connection = connection
        self._began_at = time.monotonic()

    @property
    def stalled_s(self) -> float:
        """See `sonca.server.lifecycle.Reader`."""
        taken = 1 - self._connection.count_unread() / max(1, self.sent_bytes)
        is_playing = time.monotonic() - self._began_at < self._spoken.duration_s * taken
        return 0.0 if is_playing else float(self._connection.stalled_s)

    def cut(self, reason: str) -> None:
        """Close his connection at once."""
        self._connection.cut(reason)


@contextlib.asynccontextmanager
async def watched(scope: Scope, receive: Receive, spoken: Spoken) -> AsyncIterator[None]:
    """Cancels `spoken` when the client goes away, and closes it at the end."""
    watcher = asyncio.create_task(_cancel_when_gone(scope, receive, spoken))
    try:
        yield
    finally:
        watcher.cancel()
        spoken.close()
        for suspect in spoken.speech.suspects:
            log.warning("the sound of characters %d to %d is %s", *suspect.span, suspect.problem)


async def _cancel_when_gone(scope: Scope, receive: Receive, spoken: Spoken) -> None:
    await client_gone(scope, receive)
    spoken.cancel()


async def client_gone(scope: Scope, receive: Receive) -> None:
    """Wait until the client of a request, whose body was read, goes away; note it for the log."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.setdefault("state", {})["gone"] = True
