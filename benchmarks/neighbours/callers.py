"""The callers of the scenarios: a stream's reader, newcomers, who misbehaves."""

from __future__ import annotations

import http.client
import json
import math
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from types import TracebackType

import numpy as np

from sonca.bench.corpus import story
from sonca.bench.direct_call import wav
from sonca.errors import SoncaError

_RATE_HZ = 16_000
_RECORDING_S = 3.0
_SAME_PIECE_S = 0.001
"""What is read within it after something else had been sent together."""
_FLOWING = 5
"""Pieces after which a stream is under way: the first few are its own beginning."""
_WITHIN_S = 60.0


class Stream:
    """A reader who takes a long stream as fast as it comes, on a thread of its own, as a context
    manager. Flowing when entered."""

    def __init__(self, port: int, text: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN_S)
        self._body = _speech(text, "alloy", "pcm")
        self._came_s: list[float] = []
        self._flowing = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._over = ""

    def __enter__(self) -> Stream:
        self._thread.start()
        if not self._flowing.wait(_WITHIN_S) or self._over:
            self._stop.set()
            raise SoncaError(f"the stream did not begin: {self._over or 'no sound came'}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def gaps_while(self, work: Callable[[], None]) -> list[float]:
        """The seconds between pieces, of all gaps that `work` had a part in. The last counts for
        as long as it lasts by then: the piece that ends it belongs to what comes after."""
        first = len(self._came_s) - 1
        work()
        now = time.perf_counter()
        came = [*self._came_s[first:], now]
        if self._over:
            raise SoncaError(f"the stream ended too early: {self._over}")
        gaps = [later - earlier for earlier, later in pairwise(came)]
        return [gap for gap in gaps if gap > _SAME_PIECE_S]

    def _read(self) -> None:
        connection = self._connection
        try:
            connection.request("POST", "/v1/audio/speech", self._body, _JSON)
            response = connection.getresponse()
            if response.status != 200:
                self._over = f"status {response.status}: {response.read(200)!r}"
            while not self._over and not self._stop.is_set():
                if not response.read1(1 << 16):
                    self._over = "all its sound is there"
                self._came_s.append(time.perf_counter())
                if len(self._came_s) == _FLOWING:
                    self._flowing.set()
        except (OSError, http.client.HTTPException) as error:
            self._over = str(error)
        finally:
            self._flowing.set()
            connection.close()


class Visit:
    """One request for a sentence in a voice; what came of it is there after `speak`."""

    def __init__(self, port: int, voice: str, text: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN_S)
        self._body = _speech(text, voice, "pcm")
        self.served = False
        self.first_audio_s = math.inf

    def speak(self) -> None:
        """Ask, and read all of it."""
        started = time.perf_counter()
        try:
            self._connection.request("POST", "/v1/audio/speech", self._body, _JSON)
            response = self._connection.getresponse()
            response.read(1)
            self.first_audio_s = time.perf_counter() - started
            response.read()
            self.served = response.status == 200
        except (OSError, http.client.HTTPException):
            self.served = False
        finally:
            self._connection.close()


class Crowd:
    """Requests that never end, for as long as the `with` block lasts.

    Half-sent: headers that announce 500 bytes, six of them, then nothing. Stalled: a whole request
    for a long text of which nothing is read. One that the server refuses or cuts stays away.
    """

    def __init__(self, port: int, *, half_sent: int, stalled: int, text: str) -> None:
        self._port = port
        self._requests = [_request(_speech(text, "alloy", "wav"))] * stalled
        self._requests += [_request(b'{"inpu', 500)] * half_sent
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Crowd:
        for request in self._requests:
            self._connections.append(connection := socket.socket())
            connection.settimeout(_WITHIN_S)
            # Before it connects, or the kernel reads far ahead.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with suppress(OSError):
                connection.connect(("127.0.0.1", self._port))
                connection.sendall(request)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            connection.close()


_JSON = {"Content-Type": "application/json"}


def _speech(text: str, voice: str, format: str) -> bytes:
    return json.dumps({"input": text, "voice": voice, "response_format": format}).encode()


def _request(body: bytes, length: int | None = None) -> bytes:
    """A request for speech; `length` is what its header says, the truth if None."""
    return (
        b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(body) if length is None else length}\r\n\r\n".encode()
        + body
    )


def recording(seed: int) -> bytes:
    """A WAV of a few seconds that no other seed has: a tone in noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(_RECORDING_S * _RATE_HZ)) / _RATE_HZ
    sound = 0.2 * np.sin(2 * np.pi * (120 + seed) * time_s) + rng.normal(0, 0.01, len(time_s))
    return wav(sound.astype(np.float32), _RATE_HZ)


def form(field: str, name: str, data: bytes) -> tuple[bytes, str]:
    """A form with one file: its body and its content type."""
    border = secrets.token_hex(16)
    head = (
        f'--{border}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{border}--\r\n".encode()
    return body, f"multipart/form-data; boundary={border}"


def book(chars: int, seed: int) -> str:
    """Chapters of the story's words in an order of their own, about `chars` characters: no two
    sentences are equal, so that none is made once for two."""
    rng = random.Random(seed)
    words = [word.strip('.,;:!?"“”–').lower() for word in story().split()]
    parts: list[str] = []
    left = chars
    while left > 0:
        if len(parts) % 100 == 0:
            parts.append(f"Chương {len(parts) // 100 + 1}")
        line = " ".join(rng.choices(words, k=16)).strip().capitalize() + "."
        parts.append(line)
        left -= len(line) + 2
    return "\n\n".join(parts)
