"""Admits requests for an engine, from any thread.

An engine that keeps one core busy may be loaded several times: each copy lives on a thread of
its own (`sonca.worker.replica`) with a line of its own, and nothing is shared but this worker. A
copy is added when somebody comes while all others have work, so that one caller costs one
engine. Knows nothing of text, voices' names, formats or HTTP.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Literal

from sonca import background
from sonca.engines.base import Engine, EngineInfo
from sonca.errors import Busy, DeadlineExceeded, EngineError, ShuttingDown
from sonca.utterance import Priority
from sonca.worker.queued_request import Counters, QueuedRequest, Request
from sonca.worker.replica import LIVING, Replica
from sonca.worker.result_stream import ResultStream
from sonca.worker.scheduler import LANE_OF, LANES, Lane
from sonca.worker.work_queue import WorkQueue

log = logging.getLogger(__name__)

PLANNERS = 4
"""Threads that read texts. A request has one of them at a time, so that one whose text or cache is
slow to come does not keep others from theirs."""
BULK_SHARE = 0.5
"""Places for books, for each of those for callers: neither takes from the other."""
STOP_S = 2.0
"""Seconds that an engine may take to notice that it is to stop."""
_LOOK_S = 0.05
"""How exact a deadline is. That of a reader who is behind moves, so it is looked at again."""
MAX_HEAL_S = 300.0
"""Seconds at most between attempts to replace copies that broke; the first comes after one."""

State = Literal["loading", "ready", "draining", "broken", "closed"]


@dataclass(slots=True, kw_only=True)
class WorkerStats(Counters):
    """The counters of all copies of an engine together, since the worker started."""

    state: State
    engines: int
    """Copies of the engine that are loaded."""
    lost: int
    """Copies that broke and are not replaced yet."""
    depth: dict[Lane, int]
    """Requests in flight per lane."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A request in flight."""

    lane: Lane
    replica: Replica
    affinity: int | None
    since: float
    """When it came, on the worker's clock."""
    stream: ResultStream
    deadline_s: float

    def due(self) -> float:
        """Returns when its time is up: that in which its reader is behind does not count."""
        return self.since + self.deadline_s + self.stream.behind_s


class Worker:
    """Owns an engine, which `load` builds on the worker's own thread; up to `engines` of them,
    each on another thread.

    At most `queue_limit` interactive requests wait for sound, and half as many of the bulk lane
    beside them; beyond that `submit` raises `Busy`. One whose reader is behind waits for nothing
    and does not count, but there are never more than twice as many in all.

    Every voice is brought to `loudness_lufs` by one fixed gain; None leaves voices as they are.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        engines: int = 1,
        queue_limit: int = 64,
        name: str = "engine",
        loudness_lufs: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._most = engines
        self._places: dict[Lane, int] = {
            "interactive": queue_limit,
            "bulk": max(1, int(queue_limit * BULK_SHARE)),
        }
        self._name = name
        self._loudness_lufs = loudness_lufs
        self._clock = clock
        lock = threading.RLock()  # guards the line, never held while work runs
        self._admission = threading.Condition(lock)
        self._line: dict[int, _Place] = {}
        self._leaving: set[int] = set()  # out of line, but the engine has not heard of it yet
        self._next_id = 0
        self._closing = False
        self._closed = False
        self._last_used = clock()
        self._planner = ThreadPoolExecutor(PLANNERS, thread_name_prefix=f"sonca-{name}-planner")
        self._deadlines = threading.Condition(lock)  # told of one before `_next_due`
        self._next_due = math.inf
        self._watching = False
        self._replicas: list[Replica] = []
        self._loads = 0
        self._heal_s = 1.0
        self._gone = Counters()  # of replicas that were replaced
        self.loaded = self._add_replica().loaded
        """Done when the first engine is loaded, with what it is, or why it is not."""

    @property
    def state(self) -> State:
        """Where the worker is in its life: ``ready`` while any of its engines is."""
        lives = {replica.life for replica in self._replicas}
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
            counts = sum((replica.loop.counters for replica in self._replicas), self._gone)
        return WorkerStats(
            state=self.state,
            engines=sum(replica.life == "ready" for replica in self._replicas),
            lost=sum(replica.life == "broken" for replica in self._replicas),
            depth={lane: lanes.count(lane) for lane in LANES},
            **asdict(counts),
        )

    @property
    def slots(self) -> int:
        """Utterances that can be in work at once, with all the engines it may have. Waits until
        the first is loaded; raises what went wrong with it."""
        return self.loaded.result().slots * self._most

    def retire(self, after_s: float) -> bool:
        """Takes nothing more, if the line has been empty for `after_s` seconds and nothing is being
        loaded; whether it is so. `close` comes next. One decision, so that no request slips in
        between and is shut down."""
        with self._admission:
            if self._closing or self._line or not self.loaded.done():
                return False
            self._closing = self._clock() - self._last_used > after_s
            return self._closing

    def places(self, priority: Priority) -> int:
        """Returns how many requests of a priority may wait for sound."""
        return self._places[LANE_OF[priority]]

    def wait_for_place(self, priority: Priority, at_most_s: float) -> None:
        """Waits until a request of a priority would be taken, or there is nobody to take it."""
        lane = LANE_OF[priority]

        def free() -> bool:
            return self._closing or self._has_place(lane)

        with self._admission:
            self._admission.wait_for(free, at_most_s)

    def submit(self, request: Request) -> ResultStream:
        """Queues a request. `Busy` when the line is full, `EngineError` when there is no engine.

        `ShuttingDown` with a cause if the worker was closed while the first of the work was drawn:
        the same request must not be submitted again.
        """
        lane = LANE_OF[request.priority]
        with self._admission:
            alive = self._alive()
            if not self._has_place(lane):
                raise self._busy(lane, alive)
            replica = self._choose(alive, request.affinity)
            loop, id = replica.loop, self._next_id
            self._next_id += 1
            stream = ResultStream(
                id,
                on_cancel=lambda id: loop.post(lambda: loop.drop(id)),
                on_room=lambda id: loop.post(lambda: loop.on_room(id)),
                on_leave=self._leave,
                clock=self._clock,
            )
            now = self._clock()
            deadline_s = math.inf if request.deadline_s is None else request.deadline_s
            if now + deadline_s < self._next_due:
                self._watch(now + deadline_s)  # first, for it may raise
            self._line[id] = _Place(lane, replica, request.affinity, now, stream, deadline_s)
        try:
            queue = WorkQueue(
                request.work, self._planner, lambda: loop.post(lambda: loop.on_work(id))
            )
        except BaseException as error:  # Ctrl-C too, as planning begins on the caller's thread
            self._on_end(id)
            if self._closing and isinstance(error, Exception):  # the planner had gone
                raise ShuttingDown() from error
            raise
        streams = request.priority is Priority.REALTIME
        loop.take(QueuedRequest(request, lane, stream, queue, streams))
        return stream

    def _watch(self, due: float) -> None:
        """Has a deadline looked after, also while the engine is loaded or hangs in a step."""
        if not self._watching:
            background.start(self._end_overdue, f"sonca-{self._name}-deadlines")
            self._watching = True
        self._next_due = due
        self._deadlines.notify()

    def _end_overdue(self) -> None:
        """Ends requests whose time is up; on a thread of its own, which sleeps until the next."""
        with self._deadlines:
            while not self._closed:
                now = self._clock()
                left_s = {id: place.due() - now for id, place in self._line.items()}
                for id in [id for id, seconds in left_s.items() if seconds <= 0]:
                    del left_s[id]
                    self._expire(id, self._line[id])
                soonest_s = min(left_s.values(), default=math.inf)
                self._next_due = now + soonest_s
                self._deadlines.wait(min(3600.0, max(_LOOK_S, soonest_s)))

    def _expire(self, id: int, place: _Place) -> None:
        loop = place.replica.loop
        place.stream.end(
            DeadlineExceeded(
                f"not all sound was made within {round(place.deadline_s, 1):g} s "
                "(SONCA_REQUEST_TIMEOUT_S); ask for less text, or try again later"
            )
        )
        loop.post(lambda: loop.drop(id))
        self._leave(id)

    def _choose(self, alive: list[Replica], affinity: int | None) -> Replica:
        """Returns the replica for a request: that of another with the same affinity, so that what
        both want is made once, or the one with the shortest line."""
        if len(alive) < len(self._replicas):
            self._forget_lost()
        # One that is still loading would keep its request waiting, unless all are.
        ready = [replica for replica in alive if replica.life == "ready"]
        lengths = dict.fromkeys(ready or alive, 0)
        for place in self._line.values():
            if affinity is not None and place.affinity == affinity and place.replica in alive:
                return place.replica
            if place.replica in lengths:
                lengths[place.replica] += 1
        best = min(lengths, key=lengths.__getitem__)
        if lengths[best] and len(self._replicas) < self._most and len(ready) == len(alive):
            self._add_replica()  # for those who come after: this request goes on at once
        return best

    def _forget_lost(self) -> None:
        """Makes room for others in place of replicas that broke or could not be loaded. Not at
        once, and later each time, so that they are not tried again and again; and not all of them,
        for who has no engine is told why."""
        now = self._clock()
        lost = [
            replica
            for replica in self._replicas
            if replica.life == "broken" and now - replica.broken_at > self._heal_s
        ]
        if lost and len(lost) < len(self._replicas):
            self._heal_s = min(2 * self._heal_s, MAX_HEAL_S)
            self._gone = sum((replica.loop.counters for replica in lost), self._gone)
            self._replicas = [replica for replica in self._replicas if replica not in lost]

    def _add_replica(self) -> Replica:
        count = self._loads
        self._loads += 1
        name = f"sonca-{self._name}" + (f"-{count + 1}" if count else "")
        replica = Replica(
            self._load,
            name=name,
            on_end=self._on_end,
            clock=self._clock,
            loudness_lufs=self._loudness_lufs,
        )
        self._replicas.append(replica)
        if count:  # of the first, everyone who waits for it is told
            replica.loaded.add_done_callback(_report)
        return replica

    def _has_place(self, lane: Lane) -> bool:
        own = [place for place in self._line.values() if place.lane == lane]
        waiting = sum(not place.stream.full for place in own)
        limit = self._places[lane]
        # Who gives up and comes again must not pile up behind a step that hangs.
        unheard = len(self._leaving)
        return (
            waiting < limit and len(own) < 2 * limit and unheard < 2 * self._places["interactive"]
        )

    def _busy(self, lane: Lane, alive: list[Replica]) -> Busy:
        # About when half of the line will have been served, by all engines together. Before any
        # has been, nobody knows; but not sooner than half of what the first has waited.
        request_s = sum(each.loop.request_s for each in alive) / len(alive) ** 2
        now = self._clock()
        waited_s = now - min((place.since for place in self._line.values()), default=now)
        share = "" if lane == "interactive" else ", half of it for books"
        return Busy(
            f"{len(self._line) + len(self._leaving)} requests are in line and the limit is "
            f"{self._places[lane]} (SONCA_QUEUE_LIMIT{share}); try again later",
            reason="queue_full",
            retry_after_s=max(1.0, request_s * len(self._line) / 2, waited_s / 2),
        )

    def _alive(self) -> list[Replica]:
        """Returns the replicas that can be given work; raises if there are none."""
        if self._closing:
            raise ShuttingDown()
        alive = [replica for replica in self._replicas if replica.life in LIVING]
        if not alive:
            raise EngineError("the engine is broken; see the log and restart")
        return alive

    def _leave(self, id: int) -> None:
        """Frees a place whose reader has gone or whose time is up, whatever the engine is at."""
        with self._admission:
            if self._line.pop(id, None) is not None:
                self._leaving.add(id)
                self._admission.notify_all()

    def _on_end(self, id: int) -> None:
        """Forgets a request that the engine is done with."""
        with self._admission:
            self._line.pop(id, None)
            self._leaving.discard(id)
            self._last_used = self._clock()
            self._admission.notify_all()

    def shut(self) -> None:
        """Takes nothing new from now on; `close` comes next."""
        with self._admission:
            self._closing = True
            self._admission.notify_all()

    def close(self, drain_s: float = 0.0, *, stop_s: float = STOP_S) -> None:
        """Stops: take nothing new, give what is in line `drain_s` seconds, cancel the rest. An
        engine that has not noticed within `stop_s` is left to itself."""
        self.shut()
        with self._admission:
            self._admission.wait_for(lambda: not self._line, timeout=drain_s)
        for replica in self._replicas:
            replica.stop()
        until = time.monotonic() + stop_s
        for replica in self._replicas:
            replica.join(until - time.monotonic())
        with self._admission:
            for id, place in list(self._line.items()):  # with an engine that was left behind
                place.stream.end(ShuttingDown())
                self._leave(id)
            self._closed = True
            self._deadlines.notify()
        # A planner may hang too, where the disk does; what it draws then is for nobody.
        self._planner.shutdown(wait=False, cancel_futures=True)


def _report(loaded: Future[EngineInfo]) -> None:
    if (error := loaded.exception()) is not None:
        log.error("another copy of the engine cannot be loaded, going on without: %s", error)
