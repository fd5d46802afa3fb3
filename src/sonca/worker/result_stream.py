"""One request's stream: the worker puts sound in, one reader takes it out.

The reader may be a thread (`for piece in stream`) or a coroutine (`async for`). A stream puts
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
    problem: str | None = None
    """At the end of an utterance: what is wrong with its sound (``short``, ``long``,
    ``silent``), if it came out impossible in every attempt."""

    @property
    def duration_s(self) -> float:
        """Seconds of sound in it."""
        return 0.0 if self.chunk is None else self.chunk.duration_s


def _nobody(_: int) -> None:
    """For a stream whose worker has nothing more to do with it."""


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
        on_leave: Callable[[int], None] = _nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = id
        self._on_cancel = on_cancel
        self._on_room = on_room
        self._on_leave = on_leave
        self._clock = clock
        self._lock = threading.Lock()
        self._ready: deque[StreamItem] = deque()
        self._utterances: dict[int, Utterance] = {}
        self._ahead: dict[int, list[StreamItem]] = {}
        self._current = 0
        self._unread_s = 0.0
        self._ahead_s = 0.0
        self._full = False
        self._behind_since: float | None = None
        self._behind_s = 0.0
        self._ended = False
        self._error: BaseException | None = None
        self._wake: Callable[[], None] | None = None

    # The worker's side

    def begin(self, index: int, utterance: Utterance) -> None:
        """Announce the utterance number `index`, counted from 0."""
        self._utterances[index] = utterance

    def put(self, index: int, chunk: AudioChunk) -> None:
        """Add sound of the utterance `index`."""
        self._place(index, StreamItem(self._utterances[index], chunk))

    def finish(self, index: int, problem: str | None = None) -> None:
        """The utterance `index` is complete; `problem` says if its sound is impossible."""
        self._place(index, StreamItem(self._utterances.pop(index), None, problem))

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come: all is said, or `error` happened. The first end counts."""
        with self._lock:
            if self._ended:
                return
            self._close(error)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

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

    @property
    def full(self) -> bool:
        """Whether the reader has fallen behind and should be given no new utterance."""
        return self._full

    def _place(self, index: int, piece: StreamItem) -> None:
        with self._lock:
            if self._ended:
                return
            if index != self._current:
                self._ahead.setdefault(index, []).append(piece)
                self._ahead_s += piece.duration_s
                self._full = self._full or self._ahead_s > AHEAD_S
                return
            self._append(piece)
            while piece.chunk is None:  # the utterance is over: whatever waited behind it follows
                self._current += 1
                waiting = self._ahead.pop(self._current, [])
                for piece in waiting:
                    self._ahead_s -= piece.duration_s
                    self._append(piece)
                if not waiting:
                    break
            self._notify()

    def _append(self, piece: StreamItem) -> None:
        self._ready.append(piece)
        self._unread_s += piece.duration_s
        if self._unread_s > HIGH_WATER_S:
            self._full = True
            if self._behind_since is None:
                self._behind_since = self._clock()

    def _close(self, error: BaseException | None) -> None:
        """Nothing more will come. Under the lock."""
        self._ended, self._error = True, error
        self._ahead.clear()
        # A speech that is kept after its end must not keep the engine.
        self._on_room = self._on_cancel = self._on_leave = _nobody
        self._notify()

    def _notify(self) -> None:
        """Wake the reader, if it sleeps. Under the lock, or a waker that is left meanwhile is
        lost."""
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()

    # The reader's side

    def cancel(self) -> None:
        """Give up: the engine stops within one step and iteration ends with `Cancelled`."""
        with self._lock:
            if self._ended and not self._ready:
                return
            self._ready.clear()
            cancel, leave = self._on_cancel, self._on_leave
            # All may be made already: a reader who is not told takes the rest for the whole.
            self._close(Cancelled("the request was cancelled"))
        cancel(self.id)
        leave(self.id)

    def abandon(self) -> None:
        """Nobody can read any more. Takes no lock: it is called by the garbage collector, in the
        middle of anything."""
        if not self._ended:
            self._on_cancel(self.id)

    def __iter__(self) -> Iterator[StreamItem]:
        woken = threading.Event()
        while True:
            woken.clear()
            piece = self._take(woken.set)
            if piece is not None:
                yield piece
            elif self._ended and not self._ready:
                self._raise_error()
                return
            else:
                woken.wait()

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        while True:
            woken.clear()
            piece = self._take(lambda: _call_soon(loop, woken.set))
            if piece is not None:
                yield piece
            elif self._ended and not self._ready:
                self._raise_error()
                return
            else:
                await woken.wait()

    def _take(self, wake: Callable[[], None]) -> StreamItem | None:
        """The next piece; if there is none yet, `wake` is called once there may be."""
        with self._lock:
            if not self._ready:
                if not self._ended:
                    self._wake = wake
                return None
            piece = self._ready.popleft()
            self._unread_s -= piece.duration_s
            few = self._unread_s < LOW_WATER_S
            if few and self._behind_since is not None:
                self._behind_s += self._clock() - self._behind_since
                self._behind_since = None
            room = self._full and few and self._ahead_s < AHEAD_S / 2
            if room:
                self._full = False
        if room:
            self._on_room(self.id)
        return piece

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Wake a coroutine from another thread, unless its loop has gone meanwhile."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        if not loop.is_closed():
            raise
