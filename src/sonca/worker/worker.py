"""The door to an engine: requests are admitted here, from any thread.

The engine itself lives on the worker's one thread, in `sonca.worker.driver`. Knows nothing of
text, voices' names, formats or HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Literal

from sonca.engines.base import Engine, EngineInfo
from sonca.errors import Busy, EngineError, SoncaError
from sonca.worker.driver import Driver
from sonca.worker.feed import Feed
from sonca.worker.job import Job, Request
from sonca.worker.scheduler import LANES, Lane
from sonca.worker.ticket import Ticket

State = Literal["loading", "ready", "draining", "broken", "closed"]


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """Counters since the worker started."""

    state: State
    depth: dict[Lane, int]
    """Requests in flight per lane."""
    utterances: int
    audio_s: float
    busy_s: float
    """Seconds the engine worked; over `audio_s` it is the real-time factor."""
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


class Worker:
    """Owns one engine, which `load` builds on the worker's own thread.

    At most `queue_limit` requests are in flight; beyond that `submit` raises `Busy`.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        queue_limit: int = 64,
        name: str = "engine",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.loaded: Future[EngineInfo] = Future()
        """Done when the engine is loaded, with what it is, or why it is not."""
        self._queue_limit = queue_limit
        self._clock = clock
        self._state: State = "loading"
        self._admission = threading.Condition()  # guards the line, never held while work runs
        self._line: dict[int, Lane] = {}
        self._next_id = 0
        self._last_used = clock()
        self._planner = ThreadPoolExecutor(1, thread_name_prefix=f"sonca-{name}-planner")
        self._driver = Driver(load, on_end=self._on_end, clock=clock)
        self._thread = threading.Thread(target=self._run, name=f"sonca-{name}", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Where the worker is in its life."""
        return self._state

    @property
    def stats(self) -> WorkerStats:
        """A snapshot of the counters."""
        with self._admission:
            lanes = list(self._line.values())
        counts = asdict(self._driver.counters)
        del counts["request_s"]
        depth = {lane: lanes.count(lane) for lane in LANES}
        return WorkerStats(state=self._state, depth=depth, **counts)

    @property
    def idle_s(self) -> float:
        """Seconds since the last request left the line; 0 while any is in it, or loading is on."""
        with self._admission:
            if self._line or not self.loaded.done():
                return 0.0
            return self._clock() - self._last_used

    def submit(self, request: Request) -> Ticket:
        """Queue a request. `Busy` when the line is full, `EngineError` when there is no engine."""
        with self._admission:
            self._check_open()
            id = self._next_id
            self._next_id += 1
            self._line[id] = request.lane
        driver = self._driver
        ticket = Ticket(
            id,
            on_cancel=lambda id: driver.tell(lambda: driver.cancel(id)),
            on_room=lambda id: driver.tell(lambda: driver.caught_up(id)),
        )
        due = None if request.deadline_s is None else self._clock() + request.deadline_s
        try:
            feed = Feed(request.work, self._planner, lambda: driver.tell(lambda: driver.fed(id)))
        except Exception:
            self._on_end(id)
            raise
        driver.tell(lambda: driver.admit(Job(request, ticket, feed, due)))
        return ticket

    def _check_open(self) -> None:
        if self._state == "broken":
            raise EngineError("the engine is broken; see the log and restart")
        if self._state in ("draining", "closed"):
            raise Busy("shutting down; try again soon", retry_after_s=5)
        if len(self._line) >= self._queue_limit:
            # About when half of the line will have been served.
            wait_s = self._driver.counters.request_s * len(self._line) / 2
            raise Busy(
                f"{len(self._line)} requests are in line and the limit is {self._queue_limit}; "
                "try again later",
                retry_after_s=max(1.0, wait_s),
            )

    def _on_end(self, id: int) -> None:
        with self._admission:
            self._line.pop(id, None)
            self._last_used = self._clock()
            self._admission.notify_all()

    def close(self, drain_s: float = 0.0) -> None:
        """Stop: take nothing new, give what is in line `drain_s` seconds, cancel the rest."""
        with self._admission:
            if self._state in ("loading", "ready"):
                self._state = "draining"
            self._admission.wait_for(lambda: not self._line, timeout=drain_s)
        self._driver.tell(self._driver.stop)
        self._thread.join()
        self._planner.shutdown()

    def _run(self) -> None:
        try:
            info = self._driver.load()
            with self._admission:
                if self._state == "loading":
                    self._state = "ready"
            self.loaded.set_result(info)
            self._driver.run()
            self._finish("closed", Busy("the engine was shut down; try again", retry_after_s=5))
        except Exception as error:
            broken = (
                error
                if isinstance(error, SoncaError)
                else EngineError(f"the engine broke: {error}")
            )
            broken.__cause__ = error if broken is not error else broken.__cause__
            if not self.loaded.done():
                self.loaded.set_exception(broken)
            self._finish("broken", broken)

    def _finish(self, state: State, error: SoncaError) -> None:
        """After this state is set no request is admitted, so the line can be failed for good."""
        with self._admission:
            self._state = state
        self._driver.abandon(error)
