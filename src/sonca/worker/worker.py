"""The door to an engine: requests are admitted here, from any thread.

An engine that keeps one core busy may be loaded several times: each copy lives on a thread of
its own (`sonca.worker.member`) with a line of its own, and nothing is shared but this door. A
copy is added when somebody comes while all others have work, so that one caller costs one
engine. Knows nothing of text, voices' names, formats or HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Literal

from sonca.engines.base import Engine, EngineInfo
from sonca.errors import Busy, EngineError, ShuttingDown
from sonca.worker.feed import Feed
from sonca.worker.job import Counters, Job, Request
from sonca.worker.member import Member
from sonca.worker.scheduler import LANES, Lane
from sonca.worker.ticket import Ticket

log = logging.getLogger(__name__)

State = Literal["loading", "ready", "draining", "broken", "closed"]


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """Counters since the worker started."""

    state: State
    engines: int
    """Copies of the engine that are loaded."""
    depth: dict[Lane, int]
    """Requests in flight per lane."""
    utterances: int
    audio_s: float
    busy_s: float
    """Seconds the engine worked, of all copies together; over `audio_s` it is the real-time
    factor."""
    cancelled: int
    failed: int
    rebuilt: int
    reused: int
    """Utterances whose sound was there already."""
    shared: int
    """Utterances that were being made for somebody else."""
    remade: int
    """Utterances made again because their sound was impossible."""
    suspect: int
    """Utterances whose sound stayed impossible."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a request in flight is."""

    lane: Lane
    member: Member
    twin: int | None
    since: float
    """When it came, on the worker's clock."""


class Worker:
    """Owns an engine, which `load` builds on the worker's own thread; up to `engines` of them,
    each on another thread.

    At most `queue_limit` requests are in flight; beyond that `submit` raises `Busy`.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        engines: int = 1,
        queue_limit: int = 64,
        name: str = "engine",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._most = engines
        self._queue_limit = queue_limit
        self._name = name
        self._clock = clock
        self._admission = threading.Condition()  # guards the line, never held while work runs
        self._line: dict[int, _Place] = {}
        self._next_id = 0
        self._closing = False
        self._last_used = clock()
        self._planner = ThreadPoolExecutor(1, thread_name_prefix=f"sonca-{name}-planner")
        self._members: list[Member] = []
        self.loaded = self._add_member().loaded
        """Done when the first engine is loaded, with what it is, or why it is not."""

    @property
    def state(self) -> State:
        """Where the worker is in its life: ``ready`` while any of its engines is."""
        lives = {member.life for member in self._members}
        if lives == {"broken"}:
            return "broken"
        if self._closing:
            return "draining" if lives & {"loading", "ready"} else "closed"
        return "ready" if "ready" in lives else "loading"

    @property
    def stats(self) -> WorkerStats:
        """A snapshot of the counters."""
        with self._admission:
            lanes = [place.lane for place in self._line.values()]
        counts = sum((member.driver.counters for member in self._members), Counters())
        numbers = asdict(counts)
        del numbers["request_s"]
        return WorkerStats(
            state=self.state,
            engines=sum(member.life == "ready" for member in self._members),
            depth={lane: lanes.count(lane) for lane in LANES},
            **numbers,
        )

    @property
    def slots(self) -> int:
        """Utterances that can be in work at once, with all the engines it may have. Waits until
        the first is loaded; raises what went wrong with it."""
        return self.loaded.result().slots * self._most

    def retire(self, after_s: float) -> bool:
        """Take nothing more, if the line has been empty for `after_s` seconds and nothing is
        being loaded; whether it is so. `close` comes next. One decision, so that no request
        slips in between and is shut down."""
        with self._admission:
            if self._closing or self._line or not self.loaded.done():
                return False
            self._closing = self._clock() - self._last_used > after_s
            return self._closing

    def submit(self, request: Request) -> Ticket:
        """Queue a request. `Busy` when the line is full, `EngineError` when there is no engine."""
        with self._admission:
            self._check_open()
            id = self._next_id
            self._next_id += 1
            member = self._choose(request.twin)
            self._line[id] = _Place(request.lane, member, request.twin, self._clock())
        driver = member.driver
        ticket = Ticket(
            id,
            on_cancel=lambda id: driver.tell(lambda: driver.cancel(id)),
            on_room=lambda id: driver.tell(lambda: driver.caught_up(id)),
        )
        due = None if request.deadline_s is None else self._clock() + request.deadline_s
        try:
            feed = Feed(request.work, self._planner, lambda: driver.tell(lambda: driver.fed(id)))
        except BaseException as error:  # Ctrl-C too, as planning begins on the caller's thread
            self._on_end(id)
            if self._closing and isinstance(error, Exception):  # the planner had gone
                raise ShuttingDown() from error
            raise
        driver.tell(lambda: driver.admit(Job(request, ticket, feed, due)))
        return ticket

    def _choose(self, twin: int | None) -> Member:
        """The engine for a request: its twin's, so that what both want is made once, or the one
        with the shortest line."""
        places = self._line.values()
        for place in places:
            if twin is not None and place.twin == twin and place.member.alive:
                return place.member
        alive = self._alive()
        # One that is still loading would keep its request waiting, unless all are.
        ready = [member for member in alive if member.life == "ready"]
        lengths = dict.fromkeys(ready or alive, 0)
        for place in places:
            if place.member in lengths:
                lengths[place.member] += 1
        best = min(lengths, key=lengths.__getitem__)
        if lengths[best] and len(self._members) < self._most and len(ready) == len(alive):
            self._add_member()  # for those who come after: this request goes on at once
        return best

    def _add_member(self) -> Member:
        # A member that could not be loaded or broke stays in the list, so that it is not tried
        # again and again.
        count = len(self._members)
        name = f"sonca-{self._name}" + (f"-{count + 1}" if count else "")
        member = Member(self._load, name=name, on_end=self._on_end, clock=self._clock)
        self._members.append(member)
        if count:  # of the first, everyone who waits for it is told
            member.loaded.add_done_callback(_report)
        return member

    def _check_open(self) -> None:
        alive = self._alive()
        if len(self._line) >= self._queue_limit:
            # About when half of the line will have been served, by all engines together. Before
            # any has been, nobody knows; but not sooner than half of what the first has waited.
            request_s = sum(m.driver.counters.request_s for m in alive) / len(alive) ** 2
            waited_s = self._clock() - min(place.since for place in self._line.values())
            raise Busy(
                f"{len(self._line)} requests are in line and the limit is {self._queue_limit}; "
                "try again later, or raise SONCA_QUEUE_LIMIT",
                reason="queue_full",
                retry_after_s=max(1.0, request_s * len(self._line) / 2, waited_s / 2),
            )

    def _alive(self) -> list[Member]:
        """The members that can be given work; raises if there are none."""
        if self._closing:
            raise ShuttingDown()
        alive = [member for member in self._members if member.alive]
        if not alive:
            raise EngineError("the engine is broken; see the log and restart")
        return alive

    def _on_end(self, id: int) -> None:
        with self._admission:
            self._line.pop(id, None)
            self._last_used = self._clock()
            self._admission.notify_all()

    def close(self, drain_s: float = 0.0) -> None:
        """Stop: take nothing new, give what is in line `drain_s` seconds, cancel the rest."""
        with self._admission:
            self._closing = True
            self._admission.wait_for(lambda: not self._line, timeout=drain_s)
        for member in self._members:
            member.stop()
        for member in self._members:
            member.join()
        self._planner.shutdown()


def _report(loaded: Future[EngineInfo]) -> None:
    if (error := loaded.exception()) is not None:
        log.error("another copy of the engine cannot be loaded, going on without: %s", error)
