"""The callers: threads that post texts and time what comes back."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sonca.errors import SoncaError

_HEADER_BYTES = 44
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


class Caller:
    """One client with a connection of its own."""

    def __init__(self, port: int, timeout_s: float = 3600.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._used = time.perf_counter()

    def synthesize(self, text: str) -> Reply:
        """Post `text` to the predecessor's route and read all of the WAV."""
        body = json.dumps({"text": text, "store": False}).encode()
        headers = {"Content-Type": "application/json"}
        if time.perf_counter() - self._used > _IDLE_S:
            self._connection.close()
        started = time.perf_counter()
        self._connection.request("POST", "/api/tts/synthesize", body, headers)
        response = self._connection.getresponse()
        header = response.read(_HEADER_BYTES + 2)
        first_audio_s = time.perf_counter() - started
        if response.status != 200 or len(header) < _HEADER_BYTES:
            raise SoncaError(f"status {response.status}: {header + response.read(200)!r}")
        count = len(header) - _HEADER_BYTES + len(response.read())
        total_s = time.perf_counter() - started
        self._used = time.perf_counter()
        rate_hz = int.from_bytes(header[24:28], "little")
        return Reply(total_s, first_audio_s, count / 2 / rate_hz)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def ask(
    port: int, method: str, path: str, body: bytes = b"", kind: str = "application/json"
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request on a connection of its own: status, headers and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request(method, path, body or None, {"Content-Type": kind} if body else {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def metric(port: int, prefix: str) -> int:
    """The sum of the server's metrics whose line begins with `prefix`."""
    _, _, text = ask(port, "GET", "/metrics")
    lines = [line for line in text.decode().splitlines() if line.startswith(prefix)]
    return round(sum(float(line.split()[-1]) for line in lines))


def idle(port: int, prefix: str, within_s: float = 20.0) -> int:
    """The metric once it is 0, or what it still is after `within_s`."""
    until = time.perf_counter() + within_s
    while (left := metric(port, prefix)) and time.perf_counter() < until:
        time.sleep(0.1)
    return left


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
    """`callers` threads post `requests_each` texts each, starting together."""
    replies: list[Reply] = []
    failures: list[Exception] = []
    start = threading.Barrier(callers + 1)

    def call(number: int) -> None:
        caller = Caller(port)
        start.wait()
        try:
            for n in range(requests_each):
                replies.append(caller.synthesize(texts[(number + n) % len(texts)]))
        except Exception as error:
            failures.append(error)
        finally:
            caller.close()

    threads = [threading.Thread(target=call, args=(n,)) for n in range(callers)]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Load(replies, time.perf_counter() - started)
