"""Whether the server takes new work, and the requests that are being answered.

Touched from the event loop alone, but for `drain`, which a signal handler calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sonca.errors import Busy, ShuttingDown

_SMOOTHING = 0.2
_RETRY_S = (2.0, 60.0)
"""The shortest and the longest time to come back after."""


class Evictable(Protocol):
    """A reader of a stream, who may have to make room for others."""

    @property
    def stalled_s(self) -> float:
        """Seconds for which he has taken nothing of what waits for him; 0 for one who may be
        playing what he has taken."""

    def cut(self, reason: str) -> None:
        """Closes his connection at once."""


@dataclass(eq=False, slots=True)
class Admission:
    """A request that is being answered, and so has one of the places."""

    entered_at: float
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its place is free again."""
    reader: Evictable | None = None
    """Who loses the place if he stalls and somebody needs it. None if nobody does."""


class Lifecycle:
    """Counts the work in flight and says when there is to be no more."""

    def __init__(
        self,
        max_in_flight: int,
        *,
        stall_timeout_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.draining = False
        self.stall_timeout_s = stall_timeout_s
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._places: set[Admission] = set()
        self._held_s = 0.0

    @property
    def in_flight(self) -> int:
        """Requests that make or take in sound, from the last byte of their body until the last
        byte of the answer is sent."""
        return len(self._places)

    def drain(self) -> None:
        """Takes no new work from now on."""
        self.draining = True

    async def enter(self) -> Admission:
        """Counts a request in, or raises `ShuttingDown` or `Busy`. Where all places are taken, a
        reader who has stalled makes room."""
        while True:
            if self.draining:
                raise ShuttingDown("the server is shutting down; try again soon")
            if self.in_flight < self._max_in_flight:
                break
            if not await self._make_room():
                raise self._busy()
        place = Admission(self._clock())
        self._places.add(place)
        return place

    def leave(self, place: Admission) -> None:
        """Counts a request out."""
        self._places.discard(place)
        place.left.set()
        held_s = self._clock() - place.entered_at
        self._held_s += _SMOOTHING * (held_s - self._held_s)

    async def _make_room(self) -> bool:
        """Cuts the reader who has stalled longest, if one has for `stall_timeout_s`, and waits
        until his place is free. Returns whether there was one."""
        stalled = {
            place: place.reader.stalled_s for place in self._places if place.reader is not None
        }
        longest = max(stalled, key=stalled.__getitem__, default=None)
        if longest is None or stalled[longest] < self.stall_timeout_s:
            return False
        assert longest.reader is not None
        longest.reader.cut("stalled")
        longest.reader = None  # so that nobody else waits for the same place
        await longest.left.wait()
        return True

    def _busy(self) -> Busy:
        shortest_s, longest_s = _RETRY_S
        return Busy(
            f"{self.in_flight} requests are being answered and the limit is "
            f"{self._max_in_flight}, twice SONCA_QUEUE_LIMIT; try again soon",
            # About when half of them will have been answered.
            retry_after_s=min(max(shortest_s, self._held_s / 2), longest_s),
            reason="too_many_requests",
        )
