"""The loop that drives one engine, on the thread that owns it.

It takes messages from its inbox, gives the engine's free slots to whom the scheduler names, and
steps the engine. Only `post` and `take` may be called from another thread: ownership is what
replaces pool and lock. What is in the engine is the business of `sonca.worker.in_flight`.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
from collections.abc import Callable
from concurrent.futures import Future

from sonca.engines.base import Engine, EngineInfo
from sonca.errors import EngineError, SoncaError
from sonca.worker.engine_gate import EngineGate
from sonca.worker.in_flight import InFlight
from sonca.worker.queued_request import Counters, QueuedRequest
from sonca.worker.scheduler import Scheduler
from sonca.worker.voice_states import ReadyVoice

log = logging.getLogger(__name__)

KEEP_SLOT_S = 60.0
"""Seconds after an interactive request for which one of several slots is kept for the next."""
KEEP_SLOT_OF = 4
"""Slots of an engine that keeps one: with fewer, one is too many."""
_SMOOTHING = 0.2


class EngineLoop:
    """Drives one engine. `on_end(id)` is called once for every request that leaves the line."""

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        on_end: Callable[[int], None],
        clock: Callable[[], float],
        loudness_lufs: float | None = None,
    ) -> None:
        self.counters = Counters()
        self.request_s = 0.1
        """Moving average of the engine's time per request, in seconds. As `counters`, others may
        read a slightly old value."""
        self._on_end = on_end
        self._clock = clock
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._scheduler = Scheduler()
        self._requests: dict[int, QueuedRequest] = {}
        self._engine = EngineGate(load, self.post, loudness_lufs)
        self._in_flight = InFlight(self._engine, self, self.counters)
        self._news = True  # something may be had that costs no slot
        self._busy_at_last_end = 0.0
        self._last_interactive = -math.inf
        self._stopping = False
        self._over: SoncaError | None = None  # why nobody reads the inbox any more

    # For other threads

    def post(self, message: Callable[[], None]) -> None:
        """Has `message` run on the engine's thread. Takes no lock: see `ResultStream`."""
        self._inbox.put(message)

    def take(self, request: QueuedRequest) -> None:
        """Puts a request in line."""
        self.post(lambda: self.admit(request))
        if self._over is not None:  # it came too late for that thread
            self._clear(self._over)

    # Messages

    def admit(self, request: QueuedRequest) -> None:
        """Puts a request in line; see `take`."""
        id = request.stream.id
        self._requests[id] = request
        self._scheduler.add(id, request.lane)
        if request.lane == "interactive":
            self._last_interactive = self._clock()
        self._news = True
        if request.stream.ended:  # cancelled before it came here
            self.drop(id)

    def drop(self, id: int) -> None:
        """Forgets a request whose stream was ended by others: its reader has gone, or its time is
        up."""
        request = self._requests.get(id)
        if request is not None:
            if request.stream.cancelled or not request.stream.ended:
                self.counters.cancelled += 1
            else:
                self.counters.failed += 1
            self._end(id, None)

    def on_room(self, id: int) -> None:
        """Goes on with a request whose reader had fallen behind."""
        self._scheduler.unblock(id, "full")
        self._news = True

    def on_work(self, id: int) -> None:
        """Goes on with a request that had nothing ready to say."""
        self._scheduler.unblock(id, "starved")
        self._news = True
        if id in self._requests:
            self.end_if_done(self._requests[id])

    def stop(self) -> None:
        """Leaves `run` after the current step."""
        self._stopping = True

    # The thread's life

    def load(self) -> EngineInfo:
        """Builds the engine; raises whatever it raises."""
        return self._engine.open()

    def run(self) -> None:
        """Serves until `stop`. Raises if the engine breaks beyond repair."""
        engine, in_flight = self._engine, self._in_flight
        try:
            while not self._stopping:
                if engine.broken is not None:
                    self._rebuild(engine.broken)
                self._fill()
                idle = engine.ask(lambda session: session.idle, True)
                if not idle:
                    started = self._clock()
                    engine.ask(lambda session: session.step(in_flight.on_event), None)
                    self.counters.busy_s += self._clock() - started
                    idle = engine.ask(lambda session: session.idle, True)
                # Without a message nothing can become speakable.
                wait = idle and engine.broken is None and not self._scheduler.can_pick
                self._read_inbox(wait=wait)
        finally:
            engine.close()

    def abandon(self, error: SoncaError) -> None:
        """Fails every request that is left, those still in the inbox, and all that come later."""
        self._in_flight.clear()  # there is no engine any more that they could be cancelled in
        self._over = error
        self._clear(error)

    def _clear(self, error: SoncaError) -> None:
        """Ends all requests; possibly on several threads at once, each request on one of them."""
        self._read_inbox(wait=False)
        for id in list(self._requests):
            self._end(id, error)

    def _read_inbox(self, *, wait: bool) -> None:
        with contextlib.suppress(queue.Empty):
            self._inbox.get(block=wait)()
            while True:
                self._inbox.get_nowait()()

    def _rebuild(self, error: Exception) -> None:
        """Builds a broken engine anew, if it ever worked, and goes on with the requests that it
        was not busy with."""
        proven = self._in_flight.proven
        for request in self._in_flight.clear():
            self.fail(request, error)
            request.voice = None
        if not proven:
            raise error
        self.counters.rebuilt += 1
        for id, request in self._requests.items():
            request.voice = None
            self._scheduler.unblock(id, "voice")
        self._engine.reopen()

    # What goes into the engine

    def _fill(self) -> None:
        """Gives free slots to whoever is next, and what costs no slot to everyone."""
        while free := self._engine.ask(lambda session: session.free_slots, 0):
            # With all slots at work on a book, somebody new would wait for the end of a sentence
            # among many, which is the slowest. Where nobody has come for a while it has them all.
            recent = self._clock() - self._last_interactive < KEEP_SLOT_S
            keeps_one = free == 1 and recent and self._engine.slots >= KEEP_SLOT_OF
            id = self._scheduler.pick(for_unserved=keeps_one)
            if id is None:
                break
            self._start_next(self._requests[id])
        if self._news:
            self._news = False
            for id in list(self._requests):
                while self._scheduler.ready(id) and self._costs_no_slot(self._requests[id]):
                    self._start_next(self._requests[id])

    def _costs_no_slot(self, request: QueuedRequest) -> bool:
        """Returns whether what it wants next is there already, or being generated for another."""
        item = request.queue.peek()
        if item is None:
            return False
        return item.made is not None or self._in_flight.find(item) is not None

    def _start_next(self, request: QueuedRequest) -> None:
        """Begins the next utterance of a request, if there is one that can begin."""
        item = request.queue.peek()
        try:
            if item is None:
                request.queue.check()
                # Whatever is drawn from now on sends a message, and messages are read after this.
                self._scheduler.block(request.stream.id, "starved")
                self.end_if_done(request)
                return
            generation = self._in_flight.find(item)
            if item.made is None and generation is None and not self._has_voice(request):
                return
            request.queue.take()
            index, request.started = request.started, request.started + 1
            if item.made is not None:
                self._in_flight.replay(request, index, item)
                return
            request.running += 1
            if generation is not None:
                self._in_flight.join(generation, request, index, item)
            else:
                self._news = True  # who wants the same joins it
                self._in_flight.begin(request, index, item)
        except Exception as error:
            self.fail(request, error)

    def _has_voice(self, request: QueuedRequest) -> bool:
        """Returns whether it can use the engine. A voice that takes long to make is made beside
        it."""
        voices, voice = self._engine.voices, request.request.voice
        if request.voice is None:
            request.voice = voices.find(voice)
        if request.voice is not None:
            return True
        self._scheduler.block(request.stream.id, "voice")
        voices.prepare(
            voice,
            wanted=lambda: not request.stream.ended,
            done=lambda future: self._on_voice(request, future),
        )
        return False

    def _on_voice(self, request: QueuedRequest, future: Future[ReadyVoice]) -> None:
        if request.stream.id not in self._requests:
            return
        error = future.exception()
        if error is None:
            request.voice = future.result()
            self._scheduler.unblock(request.stream.id, "voice")
            self._news = True
        elif isinstance(error, Exception):
            self.fail(request, error)
        else:
            self.fail(request, EngineError(f"the voice could not be made: {error!r}"))

    # The ends of requests: see `sonca.worker.in_flight.Owner`

    def wait_for_reader(self, request: QueuedRequest) -> None:
        """Begins no more of a request until its reader has caught up."""
        self._scheduler.block(request.stream.id, "full")

    def end_if_done(self, request: QueuedRequest) -> None:
        """Ends a request that has nothing left to say."""
        if not request.running and request.queue.over:
            self._end(request.stream.id, None)

    def fail(self, request: QueuedRequest, error: Exception) -> None:
        """Ends a request with an error."""
        if request.stream.id not in self._requests:
            return
        if not isinstance(error, SoncaError):
            log.error("an utterance failed", exc_info=error)
            wrapped = EngineError(f"an utterance could not be spoken: {error}")
            wrapped.__cause__ = error
            error = wrapped
        self.counters.failed += 1
        self._end(request.stream.id, error)

    def _end(self, id: int, error: SoncaError | None) -> None:
        """Takes a request out of the line, the scheduler and the engine."""
        request = self._requests.pop(id, None)
        if request is None:
            return
        request.queue.close()
        self._scheduler.remove(id)
        self._in_flight.leave(request)
        busy_s = self.counters.busy_s
        self.request_s += _SMOOTHING * (busy_s - self._busy_at_last_end - self.request_s)
        self._busy_at_last_end = busy_s
        request.stream.end(error)
        self._on_end(id)
