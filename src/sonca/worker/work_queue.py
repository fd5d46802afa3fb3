"""A request's utterances, planned ahead of the engine on another thread.

Planning text, hashing and looking into the cache cost time that belongs to no engine. A queue
keeps a few items ready, so that the engine's thread takes and never waits. It knows
nothing of what planning is: it draws from an iterator.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from sonca.audio import AudioChunk
from sonca.errors import EngineError
from sonca.utterance import Utterance

AHEAD = 4
"""Items kept ready."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One utterance to make, or one that is made already."""

    utterance: Utterance
    key: str | None = None
    """Equal keys mean equal sound: what is being made for one caller serves all. None: never
    shared or kept."""
    made: tuple[AudioChunk, ...] | None = None
    """The sound, if it is there already; marks count from the start of the utterance."""


class WorkQueue:
    """`take`, `peek` and `over` are for the engine's thread; `on_change` is called from the
    planner's when `take` may have something that it had not. The first two items are drawn at
    once, on the thread that makes the queue."""

    def __init__(
        self, work: Iterator[WorkItem], planner: Executor, on_change: Callable[[], None]
    ) -> None:
        self._work = work
        self._planner = planner
        self._on_change = on_change
        self._lock = threading.Lock()
        self._ready: deque[WorkItem] = deque()
        self._drawing = False
        self._drained = False
        self._closed = False
        self._error: Exception | None = None
        # What the first sound waits for is ready before anyone asks; and that a text has but one
        # sentence, as most have, is known without another thread. Nobody is told: nobody has
        # asked yet, and to wake the engine's thread takes from this one's time.
        for _ in range(2):
            if not self._draw_one():
                break
        if not self._drained:
            self._drawing = True
            planner.submit(self._draw)

    def take(self) -> WorkItem | None:
        """Returns the next item, None if none is ready."""
        with self._lock:
            item = self._ready.popleft() if self._ready else None
            refill = not self._drained and not self._drawing and len(self._ready) < AHEAD
            self._drawing = self._drawing or refill
        if refill:
            self._planner.submit(self._draw)
        return item

    def peek(self) -> WorkItem | None:
        """Returns what `take` would give, left where it is."""
        with self._lock:
            return self._ready[0] if self._ready else None

    def check(self) -> None:
        """Raises what planning raised, if nothing is left before it."""
        with self._lock:
            error = None if self._ready else self._error
        if error is not None:
            raise error

    @property
    def over(self) -> bool:
        """Whether nothing is left to take, now or later."""
        with self._lock:
            return self._drained and not self._ready and self._error is None

    def close(self) -> None:
        """Draws no more."""
        self._closed = True

    def _draw(self) -> None:
        """Fills up, on the planner's thread, but draws no more in one turn than what is kept ready.
        Of somebody whose sound is all there it is taken as it comes, and others want to draw."""
        for _ in range(AHEAD):
            try:
                more = self._draw_one()
            except BaseException as error:  # a library in Rust panics with one of its own
                panic = EngineError(f"the text could not be read: {error!r}")
                panic.__cause__ = error
                with self._lock:
                    self._drained, self._error, self._drawing = True, panic, False
                more = False
            self._on_change()
            if not more:
                return
        self._planner.submit(self._draw)

    def _draw_one(self) -> bool:
        """Draws the next item; returns whether there is room for one more."""
        item, error = None, None
        try:
            item = None if self._closed else next(self._work, None)
        except Exception as raised:
            error = raised
        with self._lock:
            if item is None:
                self._drained, self._error = True, error
            else:
                self._ready.append(item)
            self._drawing = item is not None and len(self._ready) < AHEAD
            return self._drawing
