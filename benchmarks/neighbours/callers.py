"""Those who want little: somebody who asks for a sentence, and the reader of a long stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException
from itertools import pairwise
from typing import Any

from sonca.bench.client import JSON, Caller, connect, speech
from sonca.bench.corpus import LINES
from sonca.errors import SoncaError

WITHIN_S = 60.0
_GIVE_UP_S = 30.0
"""A caller who has waited so long has not been served."""
_SAME_PIECE_S = 0.001
"""What is read within it after something else had been sent together."""
_FLOWING = 5
"""Pieces after which a stream is under way: the first few are its own beginning."""

Answer = tuple[int, Any, bytes]


def good(answer: Answer) -> Answer:
    """Returns the answer if its status is; raises `SoncaError` with its words otherwise."""
    if answer[0] not in (200, 201, 202):
        raise SoncaError(f"status {answer[0]}: {answer[2][:300]!r}")
    return answer


def call(port: int, n: int) -> float | None:
    """Returns the seconds that a request for a sentence takes which nobody else asks for; None if
    it is not served."""
    started = time.perf_counter()
    with closing(Caller(port, _GIVE_UP_S)) as caller:
        try:
            caller.synthesize(f"Số {n}: {LINES[n % len(LINES)]}")
        except (SoncaError, OSError, HTTPException):
            return None
    return time.perf_counter() - started


class Stream:
    """A reader who takes a long stream as fast as it comes, on a thread of its own, as a context
    manager. Flowing when entered."""

    def __init__(self, port: int, text: str) -> None:
        self._connection = connect(port, WITHIN_S)
        self._body = speech(text)
        self._came_s: list[float] = []
        self._flowing = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._over = ""

    def __enter__(self) -> Stream:
        self._thread.start()
        if not self._flowing.wait(WITHIN_S) or self._over:
            self._stop.set()
            raise SoncaError(f"the stream did not begin: {self._over or 'no sound came'}")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def gaps_while(self, work: Callable[[], object]) -> list[float]:
        """Returns the seconds between pieces, of all gaps that `work` had a part in. The last
        counts for as long as it lasts by then: the piece that ends it belongs to what comes
        after."""
        first = len(self._came_s) - 1
        work()
        now = time.perf_counter()
        came = [*self._came_s[first:], now]
        if self._over:
            raise SoncaError(f"the stream ended too early: {self._over}")
        gaps = [later - earlier for earlier, later in pairwise(came)]
        return [gap for gap in gaps if gap > _SAME_PIECE_S]

    def _read(self) -> None:
        try:
            with closing(self._connection) as connection:
                connection.request("POST", "/v1/audio/speech", self._body, JSON)
                response = connection.getresponse()
                if response.status != 200:
                    self._over = f"status {response.status}: {response.read(200)!r}"
                while not self._over and not self._stop.is_set():
                    if not response.read1(1 << 16):
                        self._over = "all its sound is there"
                    self._came_s.append(time.perf_counter())
                    if len(self._came_s) == _FLOWING:
                        self._flowing.set()
        except (OSError, HTTPException) as error:
            self._over = str(error)
        finally:
            self._flowing.set()
