"""Who speaks next. Pure bookkeeping: no threads, no clock, no sound.

The unit is the sentence. A caller who has not been served yet goes before everyone who has, so
a short request never waits for a chapter; but every `SERVED_EVERY`-th sentence of a lane goes to
somebody who has been served, so that a chapter moves however many short requests keep coming.
Among those, whoever has had the fewest sentences since joining goes first. The interactive lane
goes before bulk, but every `BULK_EVERY`-th sentence is bulk's while bulk waits, so that it always
moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from sonca.utterance import Priority

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, ...] = ("interactive", "bulk")


LANE_OF: dict[Priority, Lane] = {
    Priority.REALTIME: "interactive",
    Priority.FILE: "interactive",
    Priority.BATCH: "bulk",
}
"""The queue that a request waits in: books have one of their own."""


BULK_EVERY = 8
"""Under full interactive load, one sentence in this many belongs to bulk."""

SERVED_EVERY = 8
"""While newcomers keep coming, one sentence in this many belongs to those who came before."""


@dataclass(slots=True)
class _Waiting:
    lane: Lane
    order: int
    turns: int
    """Sentences had, counted from where the lane stood when the request joined, or last came back
    from a block (start-time fair queueing): nobody jumps ahead for ever or waits for old debts."""
    served: bool = False
    blocks: set[str] = field(default_factory=set)


WITHOUT_A_TURN = frozenset({"starved", "voice"})
"""Reasons to be blocked that are found only when a request is picked: it had no sentence then."""


@dataclass(slots=True)
class _LaneState:
    now: int = 0
    """Where the lane stands: the turns that the request picked last had had."""
    unserved_run: int = 0
    """Newcomers picked in a row while somebody served before waited."""


class Scheduler:
    """The requests that have sentences left to say. Ids are the caller's."""

    def __init__(self) -> None:
        self._requests: dict[int, _Waiting] = {}
        self._order = 0
        self._interactive_run = 0
        self._lanes = {lane: _LaneState() for lane in LANES}
        self._last_picked: tuple[int, Callable[[], None]] | None = None
        """Who, and what takes the pick back."""

    def add(self, id: int, lane: Lane) -> None:
        """Lets a request join its lane."""
        self._requests[id] = _Waiting(lane, self._order, self._lanes[lane].now)
        self._order += 1

    def remove(self, id: int) -> None:
        """Forgets a request: nothing left to say, failed or cancelled. Unknown ids are ignored."""
        self._requests.pop(id, None)

    def block(self, id: int, reason: str) -> None:
        """Passes over a request until `unblock` with the same reason. If it was picked last and
        has had no sentence after all, the pick does not count."""
        if id not in self._requests:
            return
        self._requests[id].blocks.add(reason)
        if reason in WITHOUT_A_TURN and self._last_picked and self._last_picked[0] == id:
            self._last_picked[1]()
            self._last_picked = None

    def unblock(self, id: int, reason: str) -> None:
        """Takes one reason away; a request without reasons goes on."""
        request = self._requests.get(id)
        if request is not None and reason in request.blocks:
            request.blocks.discard(reason)
            # What it could not use meanwhile is nobody's debt.
            request.turns = max(request.turns, self._lanes[request.lane].now)

    def ready(self, id: int) -> bool:
        """Returns whether a request is there and nothing blocks it."""
        return id in self._requests and not self._requests[id].blocks

    @property
    def can_pick(self) -> bool:
        """Whether `pick` would name somebody."""
        return any(not request.blocks for request in self._requests.values())

    def pick(self, *, for_unserved: bool = False) -> int | None:
        """Returns whose next sentence is to be made, None if none can go. Counts the turn.

        `for_unserved` passes over bulk and everyone who has been served.
        """
        waiting = [(id, request) for id, request in self._requests.items() if not request.blocks]
        if for_unserved:
            waiting = [(i, j) for i, j in waiting if j.lane == "interactive" and not j.served]
        before = self._interactive_run
        lane = self._next_lane({request.lane for _, request in waiting})
        if lane is None:
            return None
        peers = [(id, request) for id, request in waiting if request.lane == lane]
        state = replace(self._lanes[lane])
        served = self._is_for_the_served(lane, peers)
        id, request = min(
            (p for p in peers if p[1].served == served), key=lambda p: (p[1].turns, p[1].order)
        )
        turns = request.turns

        def take_back() -> None:
            request.turns, request.served = turns, served
            self._lanes[lane], self._interactive_run = state, before

        self._last_picked = (id, take_back)
        self._lanes[lane].now = max(self._lanes[lane].now, request.turns)
        request.served = True
        request.turns += 1
        return id

    def _is_for_the_served(self, lane: Lane, peers: list[tuple[int, _Waiting]]) -> bool:
        """Returns whether the next sentence of the lane goes to one of `peers` that was served
        before."""
        state, kinds = self._lanes[lane], {request.served for _, request in peers}
        if kinds == {False}:
            return False
        if False in kinds and state.unserved_run < SERVED_EVERY - 1:
            state.unserved_run += 1
            return False
        state.unserved_run = 0
        return True

    def _next_lane(self, waiting: set[Lane]) -> Lane | None:
        if "interactive" not in waiting:
            return "bulk" if "bulk" in waiting else None
        if "bulk" not in waiting:
            return "interactive"
        self._interactive_run += 1
        if self._interactive_run < BULK_EVERY:
            return "interactive"
        self._interactive_run = 0
        return "bulk"
