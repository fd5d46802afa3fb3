"""Answers that carry sound: whole, or streamed as it is made."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sonca.errors import Cancelled, SoncaError
from sonca.server.errors import spec_of
from sonca.server.services import Services
from sonca.server.speech.audio_stream import AudioStream
from sonca.server.speech.submit import client_gone
from sonca.synthesizer import Speech

log = logging.getLogger(__name__)


class SpeechResponse(Response):
    """Streams a speech.

    The first sound is awaited before the status line, so that what goes wrong gets its status.
    What goes wrong later ends the answer early, and visibly: an error event where the body has
    one, else a connection that is cut before the last chunk. A client that goes away stops the
    engine within one step.

    The time that it may take is the speech's own deadline; sending takes as long as the reader
    does.
    """

    def __init__(
        self,
        stream: AudioStream,
        services: Services,
        *,
        api: str,
        voice: str | None,
        more_headers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Answers with `stream`. `api` is for the metrics; `voice` is how the request calls a
        recording that it has cloned; `more_headers` is asked when the first sound is there."""
        assert stream.format is not None
        self.status_code = 200
        self.background = None
        self.media_type = stream.body.media_type or stream.format.media_type
        self._stream = stream
        self._metrics = services.metrics
        self._api = api
        self._format = stream.format.name
        self._voice = voice
        self._more_headers = more_headers
        self.init_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = self._stream
        async with listened_to(stream, scope, receive):
            await stream.begin()
            waited_s = time.perf_counter() - scope["state"]["started_s"]
            self._metrics.first_audio_seconds.labels(self._api).observe(waited_s)
            self._set_headers()
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if stream.complete:
                await send({"type": "http.response.body", "body": stream.first, "more_body": False})
            else:
                await self._send_parts(scope, send)
        sent = self._metrics.sent_audio_seconds.labels(self._api, self._format)
        sent.inc(stream.duration_s)

    def _set_headers(self) -> None:
        stream, speech = self._stream, self._stream.speech
        headers = {
            "x-sample-rate": str(stream.sample_rate_hz),
            "x-voice": quote(heard(speech, self._voice)),  # a file's name may be any Unicode
            "x-model": speech.voice.engine,
            "x-recipe": speech.recipe.header(),
            "cache-control": "no-store",
            "x-accel-buffering": "no",  # or nginx collects what we stream
        }
        if speech.instead_of is not None:
            headers["x-voice-substituted"] = substitution(speech)
        if stream.complete:
            headers["content-length"] = str(len(stream.first))
            headers["x-duration-seconds"] = f"{stream.duration_s:.3f}"
            if speech.suspects:
                headers["x-suspect-utterances"] = str(len(speech.suspects))
        self.headers.update(headers | dict(self._more_headers()))

    async def _send_parts(self, scope: Scope, send: Send) -> None:
        state = scope["state"]
        connection = state.get("connection")  # None where another server runs the app
        reader = StreamReader(self._stream, connection)
        if connection is not None:
            state["admission"].reader = reader
        try:
            async for part in self._stream.parts():
                reader.sent_bytes += len(part)
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except SoncaError as error:
            await self._break_off(error, state, send)
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _break_off(self, error: SoncaError, state: dict[str, Any], send: Send) -> None:
        """Ends early. Returning before the last chunk makes the server cut the connection."""
        gone = isinstance(error, Cancelled)
        reason = state.get("cut", "gone") if gone else type(error).__name__
        self._metrics.broken_streams.labels(reason).inc()
        if not gone:
            state["error_code"] = spec_of(error).code
            log.error("a stream broke off after %.1f s: %s", self._stream.duration_s, error)
        elif reason == "stalled":
            log.warning(
                "a stream was cut after %.1f s of sound: its reader took nothing for "
                "SONCA_STALL_TIMEOUT_S, and somebody else needed the place",
                self._stream.duration_s,
            )
        last = self._stream.body.failed(error)
        if last is not None:
            await send({"type": "http.response.body", "body": last, "more_body": False})


def heard(speech: Speech, asked: str | None) -> str:
    """Returns the voice that is heard as people name it: a recording's name, if one is cloned."""
    return asked if asked and speech.voice.cloned else speech.voice.id


def substitution(speech: Speech) -> str:
    """Returns which voice was asked for, and which speaks instead."""
    return f"{speech.instead_of} -> {speech.voice.id}"


class StreamReader:
    """The reader of a stream.

    What the system says that he took moves in large steps: a player's buffers take half a minute
    of sound at once, and then nothing while it is played. So nobody has stalled before the sound
    that he took would be over.
    """

    def __init__(self, stream: AudioStream, connection: Any) -> None:
        self.sent_bytes = 0
        self._stream = stream
        self._connection = connection
        self._began_at = time.monotonic()

    @property
    def stalled_s(self) -> float:
        """See `sonca.server.lifecycle.Evictable`."""
        taken = 1 - self._connection.count_unread() / max(1, self.sent_bytes)
        is_playing = time.monotonic() - self._began_at < self._stream.duration_s * taken
        return 0.0 if is_playing else float(self._connection.stalled_s)

    def cut(self, reason: str) -> None:
        """Closes his connection at once."""
        self._connection.cut(reason)


@contextlib.asynccontextmanager
async def listened_to(stream: AudioStream, scope: Scope, receive: Receive) -> AsyncIterator[None]:
    """Stops a stream when the client goes away, and closes it at the end."""
    watcher = asyncio.create_task(_cancel_when_gone(stream, scope, receive))
    try:
        yield
    finally:
        watcher.cancel()
        stream.close()
        for suspect in stream.speech.suspects:
            log.warning("the sound of characters %d to %d is %s", *suspect.span, suspect.problem)


async def _cancel_when_gone(stream: AudioStream, scope: Scope, receive: Receive) -> None:
    await client_gone(scope, receive)
    stream.speech.cancel()
