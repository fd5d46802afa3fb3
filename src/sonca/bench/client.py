"""The callers: they post texts on the loopback and time what comes back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage

from sonca.errors import SoncaError

JSON = {"Content-Type": "application/json"}
_WAV_HEADER_BYTES = 44
_PCM_HZ = 24_000
_IDLE_S = 2.0
"""A connection unused for longer is made anew: the server may have closed it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One request, seen from outside."""

    total_s: float
    first_audio_s: float
    """Seconds to the first byte of sound."""
    audio_s: float
    """Seconds of sound that came."""


def connect(port: int, timeout_s: float = 3600.0) -> HTTPConnection:
    """Returns a connection to a server on the loopback, not opened yet."""
    return HTTPConnection("127.0.0.1", port, timeout=timeout_s)


class Caller:
    """One client of the VietTTS-compatible API, with a connection of its own."""

    def __init__(self, port: int, timeout_s: float = 3600.0) -> None:
        self._connection = connect(port, timeout_s)
        self._used = time.perf_counter()

    def synthesize(self, text: str) -> Reply:
        """Posts `text` and reads all of the WAV."""
        if time.perf_counter() - self._used > _IDLE_S:
            self._connection.close()
        body = json.dumps({"text": text, "store": False}).encode()
        reply = post(self._connection, "/api/tts/synthesize", body, wav=True)
        self._used = time.perf_counter()
        return reply

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def speech(text: str, *, voice: str = "alloy", format: str = "pcm") -> bytes:
    """Returns the body of a request to ``/v1/audio/speech``."""
    return json.dumps({"input": text, "voice": voice, "response_format": format}).encode()


def stream(port: int, text: str, *, voice: str = "alloy", timeout_s: float = 3600.0) -> Reply:
    """Posts `text` to the OpenAI-compatible route and reads all of the samples."""
    with closing(connect(port, timeout_s)) as connection:
        return post(connection, "/v1/audio/speech", speech(text, voice=voice), wav=False)


def post(connection: HTTPConnection, path: str, body: bytes, *, wav: bool) -> Reply:
    """Posts and reads all of a WAV, or of samples at 24 kHz; raises `SoncaError` if it is
    refused."""
    header_bytes = _WAV_HEADER_BYTES if wav else 0
    started = time.perf_counter()
    connection.request("POST", path, body, JSON)
    response = connection.getresponse()
    head = response.read(header_bytes + 2)
    first_audio_s = time.perf_counter() - started
    if response.status != 200 or len(head) < header_bytes:
        raise SoncaError(f"status {response.status}: {head + response.read(200)!r}")
    count = len(head) - header_bytes + len(response.read())
    total_s = time.perf_counter() - started
    rate_hz = int.from_bytes(head[24:28], "little") if wav else _PCM_HZ
    return Reply(total_s, first_audio_s, count / 2 / rate_hz)


def ask(
    port: int, method: str, path: str, body: bytes = b"", kind: str = JSON["Content-Type"]
) -> tuple[int, HTTPMessage, bytes]:
    """Returns status, headers and body of the answer to one request on its own connection."""
    with closing(connect(port)) as connection:
        connection.request(method, path, body or None, {"Content-Type": kind} if body else {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def metric(port: int, prefix: str) -> int:
    """Returns the sum of the server's metrics whose line begins with `prefix`."""
    _, _, text = ask(port, "GET", "/metrics")
    lines = [line for line in text.decode().splitlines() if line.startswith(prefix)]
    return round(sum(float(line.split()[-1]) for line in lines))


def idle(port: int, prefix: str, within_s: float = 20.0) -> int:
    """Returns the metric once it is 0, or what it still is after `within_s`."""
    until = time.perf_counter() + within_s
    while (left := metric(port, prefix)) and time.perf_counter() < until:
        time.sleep(0.1)
    return left


def together(count: int, work: Callable[[int], object]) -> float:
    """Runs `work(0)` to `work(count - 1)` on threads at once; raises what one of them raised.

    Returns the seconds until all were done.
    """
    failures: list[Exception] = []

    def one(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Load:
    """What several callers got together."""

    replies: list[Reply]
    wall_s: float

    @property
    def audio_per_s(self) -> float:
        """Seconds of sound per second of wall time."""
        return sum(reply.audio_s for reply in self.replies) / self.wall_s


def load(port: int, texts: Sequence[str], callers: int, requests_each: int) -> Load:
    """Has `callers` threads post `requests_each` texts each, starting together."""
    replies: list[Reply] = []

    def call(number: int) -> None:
        with closing(Caller(port)) as caller:
            for n in range(requests_each):
                replies.append(caller.synthesize(texts[(number + n) % len(texts)]))

    wall_s = together(callers, call)
    return Load(replies, wall_s)
