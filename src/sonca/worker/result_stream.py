"""One request's stream: the worker puts sound in, one reader takes it out.

The reader may be a thread (`for item in stream`) or a coroutine (`async for`). It puts
the utterances in order, whatever order the engine finishes them in, and knows when its reader
has fallen behind. It knows nothing of engines or scheduling.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from sonca.audio import AudioChunk
from sonca.errors import Cancelled
from sonca.utterance import Utterance

HIGH_WATER_S = 30.0
"""Seconds of unread sound at which the engine stops making more for this reader."""
LOW_WATER_S = 15.0
"""Seconds of unread sound at which it goes on."""
AHEAD_S = 120.0
"""Seconds of sound that may wait behind an utterance that is still being made: engines with many
slots make many at once, and kept sound of a whole book may come in the time of one sentence."""


@dataclass(frozen=True, slots=True)
class StreamItem:
    """Sound of one utterance, or, with no chunk, the end of it."""

    utterance: Utterance
    chunk: AudioChunk | None
    duration_s: float = 0.0
    """Seconds of sound in it."""
    problem: str | None = None
    """At the end of an utterance: what is wrong with its sound (``short``, ``long``,
    ``silent``), if it came out impossible in every attempt."""


def _ignore(_: int) -> None:
    """Stands for what a worker does no more for a stream that has ended."""


class ResultStream:
    """The reader's side is iteration and `cancel`; the rest is the worker's.

    `on_cancel` takes no lock: it is also called by the garbage collector. `on_leave` may.
    """

    def __init__(
        self,
        id: int,
        *,
        on_cancel: Callable[[int], None],
        on_room: Callable[[int], None],
        on_leave: Callable[[int], None] = _ignore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = id
        self.ended = False
        """Whether nothing more will come. Read only, as `full`."""
        self.full = False
        """Whether the reader has fallen behind and should be given no new utterance."""
        self._on_cancel = on_cancel
        self._on_room = on_room
        self._on_leave = on_leave
        self._clock = clock
        self._lock = threading.Lock()
        self._ready: deque[StreamItem] = deque()
        self._ahead: dict[int, list[StreamItem]] = {}
        self._current = 0
        self._unread_s = 0.0
        self._ahead_s = 0.0
        self._behind_since: float | None = None
        self._behind_s = 0.0
        self._error: BaseException | None = None
        self._wake: Callable[[], None] | None = None

    # The worker's side

    def put(self, index: int, item: StreamItem) -> None:
        """Adds sound of the utterance number `index`, counted from 0, or its end."""
        with self._lock:
            if self.ended:
                return
            self._ahead.setdefault(index, []).append(item)
            self._ahead_s += item.duration_s
            # What is next goes to the reader; after the end of an utterance, what waited behind it.
            while waiting := self._ahead.pop(self._current, None):
                seconds = sum(each.duration_s for each in waiting)
                self._ahead_s -= seconds
                self._unread_s += seconds
                self._ready += waiting
                if waiting[-1].chunk is not None:
                    break
                self._current += 1
            if self._unread_s > HIGH_WATER_S and self._behind_since is None:
                self._behind_since = self._clock()
            if self._unread_s > HIGH_WATER_S or self._ahead_s > AHEAD_S:
                self.full = True
            if self._ready:
                self._wake_reader()

    def end(self, error: BaseException | None = None) -> None:
        """Ends the stream: all is said, or `error` happened. The first end counts."""
        with self._lock:
            if not self.ended:
                self._close(error)

    @property
    def cancelled(self) -> bool:
        """Whether the reader gave up."""
        return isinstance(self._error, Cancelled)

    @property
    def behind_s(self) -> float:
        """Seconds so far in which the reader was behind: that time is its own."""
        with self._lock:
            since = self._behind_since
            return self._behind_s + (0.0 if since is None else self._clock() - since)

    def _close(self, error: BaseException | None) -> None:
        """Ends the stream. Under the lock."""
        self.ended, self._error = True, error
        self._ahead.clear()
        # A speech that is kept after its end must not keep the engine.
        self._on_room = self._on_cancel = self._on_leave = _ignore
        self._wake_reader()

    def _wake_reader(self) -> None:
        """Wakes the reader, if it sleeps. Under the lock, or a waker left meanwhile is lost."""
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()

    # The reader's side

    def cancel(self) -> None:
        """Gives up: the engine stops within one step and iteration ends with `Cancelled`."""
        with self._lock:
            if self.ended and not self._ready:
                return
            self._ready.clear()
            cancel, leave = self._on_cancel, self._on_leave
            # All may be made already: a reader who is not told takes the rest for the whole.
            self._close(Cancelled("the request was cancelled"))
        cancel(self.id)
        leave(self.id)

    def abandon(self) -> None:
        """Cancels a stream that nobody can read any more. Takes no lock: it is called by the
        garbage collector, in the middle of anything."""
        if not self.ended:
            self._on_cancel(self.id)

    def __iter__(self) -> Iterator[StreamItem]:
        woken = threading.Event()
        while True:
            woken.clear()
            item = self._take(woken.set)
            if item is not None:
                yield item
            elif self.ended and not self._ready:
                if self._error is not None:
                    raise self._error
                return
            else:
                woken.wait()

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        while True:
            woken.clear()
            item = self._take(lambda: _call_soon(loop, woken.set))
            if item is not None:
                yield item
            elif self.ended and not self._ready:
                if self._error is not None:
                    raise self._error
                return
            else:
                await woken.wait()

    def _take(self, wake: Callable[[], None]) -> StreamItem | None:
        """Returns the next item; if there is none yet, `wake` is called once there may be."""
        with self._lock:
            if not self._ready:
                if not self.ended:
                    self._wake = wake
                return None
            item = self._ready.popleft()
            self._unread_s -= item.duration_s
            few = self._unread_s < LOW_WATER_S
            if few and self._behind_since is not None:
                self._behind_s += self._clock() - self._behind_since
                self._behind_since = None
            room = self.full and few and self._ahead_s < AHEAD_S / 2
            if room:
                self.full = False
        if room:
            self._on_room(self.id)
        return item


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Wakes a coroutine from another thread, unless its loop has gone meanwhile."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        if not loop.is_closed():
            raise
