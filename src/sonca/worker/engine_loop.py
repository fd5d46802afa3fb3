"""What runs on the engine's own thread: ownership is what replaces pool and lock.

The loop takes messages from its inbox, gives the engine's free slots to whom the scheduler
names, steps the engine, and carries what comes out to the streams. Only `tell` may be called
from another thread.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from sonca.audio import AudioChunk, join, moved
from sonca.engines.base import (
    Audio,
    Engine,
    EngineInfo,
    Event,
    Failed,
    Finished,
    Session,
    VoiceState,
)
from sonca.errors import EngineError, SoncaError
from sonca.utterance import Priority
from sonca.worker import quality
from sonca.worker.in_flight import Generation, InFlight, Listener
from sonca.worker.request import UNKNOWN, Counters, QueuedRequest
from sonca.worker.scheduler import Scheduler, lane_of
from sonca.worker.voice_states import VoiceStates
from sonca.worker.work_queue import WorkItem

log = logging.getLogger(__name__)

KEEP_SLOT_S = 60.0
"""Seconds after an interactive request for which one of several slots is kept for the next."""

KEEP_SLOT_OF = 4
"""Slots of an engine that keeps one: with fewer, one is too many."""

_SMOOTHING = 0.2
_ATTEMPTS = 2

T = TypeVar("T")


class EngineLoop:
    """Drives one engine. `on_end(id)` is called once for every job that leaves the line."""

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        on_end: Callable[[int], None],
        clock: Callable[[], float],
    ) -> None:
        self.counters = Counters()
        self._load = load
        self._on_end = on_end
        self._clock = clock
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._scheduler = Scheduler()
        self._jobs: dict[int, QueuedRequest] = {}
        self._makings = InFlight()
        self._news = True  # something may be had that costs no slot
        self._proven = False  # an utterance was finished since the engine was (re)built
        self._busy_at_last_end = 0.0
        self._last_newcomer = -math.inf
        self._stopping = False
        self._broken: Exception | None = None  # what the engine raised, until it is rebuilt
        self._over: SoncaError | None = None  # why nobody reads the inbox any more
        self._open = False
        self._slots = 1
        self._engine: Engine
        self._session: Session
        self._voices: VoiceStates

    # For other threads

    def tell(self, message: Callable[[], None]) -> None:
        """Have `message` run on the engine's thread. Takes no lock: see `ResultStream`."""
        self._inbox.put(message)

    def take(self, job: QueuedRequest) -> None:
        """Put a job in line."""
        self.tell(lambda: self.admit(job))
        if self._over is not None:  # it came too late for that thread
            self._clear(self._over)

    # Messages

    def admit(self, job: QueuedRequest) -> None:
        """Put a job in line; see `take`."""
        id = job.stream.id
        self._jobs[id] = job
        lane = lane_of(job.request.priority)
        self._scheduler.add(id, lane)
        if lane == "interactive":
            self._last_newcomer = self._clock()
        self._news = True
        if job.stream.ended:  # cancelled before it came here
            self.drop(id)

    def drop(self, id: int) -> None:
        """Forget a job whose stream was ended by others: its reader has gone, or its time is up."""
        job = self._jobs.get(id)
        if job is not None:
            if job.stream.cancelled or not job.stream.ended:
                self.counters.cancelled += 1
            else:
                self.counters.failed += 1
            self._end(id, None)

    def caught_up(self, id: int) -> None:
        """Go on with a job whose reader had fallen behind."""
        self._scheduler.unblock(id, "full")
        self._news = True

    def fed(self, id: int) -> None:
        """Go on with a job that had nothing ready to say."""
        self._scheduler.unblock(id, "starved")
        self._news = True
        if id in self._jobs:
            self._end_if_done(self._jobs[id])

    def stop(self) -> None:
        """Leave `run` after the current step."""
        self._stopping = True

    # The thread's life

    def load(self) -> EngineInfo:
        """Build the engine; raises whatever it raises."""
        engine = self._load()
        try:
            session, info = engine.session(), engine.info
        except BaseException:
            with contextlib.suppress(Exception):
                engine.close()
            raise
        self._engine, self._session = engine, session
        self._voices = VoiceStates(engine, self.tell)
        self._slots = info.slots
        self._open = True
        return info

    def run(self) -> None:
        """Serve until `stop`. Raises if the engine breaks beyond repair."""
        try:
            while not self._stopping:
                if self._broken is not None:
                    self._rebuild(self._broken)
                self._fill()
                if not self._idle:
                    self._step()
                # Without a message nothing can become speakable.
                wait = self._idle and self._broken is None and not self._scheduler.can_pick
                self._read_inbox(wait=wait)
        finally:
            self._close_engine()

    @property
    def _idle(self) -> bool:
        return self._ask(lambda: self._session.idle, True)

    def _ask(self, call: Callable[[], T], otherwise: T) -> T:
        """What the engine answers. An error means that it is broken: `run` builds it anew before
        anything else is asked of it, and nobody here is left half way."""
        if self._broken is not None:
            return otherwise
        try:
            return call()
        except Exception as error:
            log.error("the engine broke", exc_info=error)
            self._broken = error
            return otherwise

    def _close_engine(self) -> None:
        if self._open:
            self._open = False
            engine = self._engine
            self._voices.close()
            # Whoever holds on to this loop does not hold on to the engine's memory.
            del self._engine, self._session, self._voices
            engine.close()

    def abandon(self, error: SoncaError) -> None:
        """Fail every job that is left, those still in the inbox, and all that come later."""
        self._makings.clear()  # there is no engine any more that they could be cancelled in
        self._over = error
        self._clear(error)

    def _clear(self, error: SoncaError) -> None:
        """Possibly on several threads at once: each job is ended by one of them."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()()
        for id in list(self._jobs):
            self._end(id, error)

    def _read_inbox(self, *, wait: bool) -> None:
        with contextlib.suppress(queue.Empty):
            self._inbox.get(block=wait)()
            while True:
                self._inbox.get_nowait()()

    # What goes into the engine

    def _fill(self) -> None:
        """Give free slots to whoever is next, and what costs no slot to everyone."""
        while free := self._ask(lambda: self._session.free_slots, 0):
            id = self._scheduler.pick(for_unserved=free == 1 and self._keeps_a_slot)
            if id is None:
                break
            self._try_to_start(self._jobs[id])
        if self._news:
            self._news = False
            for id in list(self._jobs):
                while self._scheduler.ready(id) and self._costs_no_slot(self._jobs[id]):
                    self._try_to_start(self._jobs[id])

    @property
    def _keeps_a_slot(self) -> bool:
        """Whether the last of several slots waits for a newcomer: with all of them at work on a
        book, he would wait for the end of a sentence among many, which is the slowest. Where
        nobody has come for a while the book has them all."""
        recent = self._clock() - self._last_newcomer < KEEP_SLOT_S
        return recent and self._slots >= KEEP_SLOT_OF

    def _costs_no_slot(self, job: QueuedRequest) -> bool:
        """Whether what it wants next is there already, or being made for somebody else."""
        work = job.queue.peek()
        if work is None:
            return False
        return work.made is not None or self._makings.find(work) is not None

    def _try_to_start(self, job: QueuedRequest) -> None:
        try:
            self._start_next(job)
        except Exception as error:
            self._fail(job, error)

    def _start_next(self, job: QueuedRequest) -> None:
        work = job.queue.peek()
        if work is None:
            job.queue.check()
            # Whatever is drawn from now on sends a message, and messages are read after this.
            self._scheduler.block(job.stream.id, "starved")
            self._end_if_done(job)
            return
        making = self._makings.find(work)
        if work.made is None and making is None and not self._has_voice(job):
            return
        job.queue.take()
        index, job.started = job.started, job.started + 1
        job.stream.begin(index, work.utterance)
        if work.made is not None:
            self.counters.reused += 1
            self._replay(job, index, work.made)
            return
        job.running += 1
        if making is None:
            self._make(Generation(work, job), job, index)
        else:
            self._join(making, job, index, work)

    def _has_voice(self, job: QueuedRequest) -> bool:
        """Whether it can use the engine. A voice that takes long to make is made beside it."""
        if job.voice is not UNKNOWN:
            return True
        if self._voices.ready(job.request.voice):
            job.voice = self._voices.state(job.request.voice)
            return True
        self._scheduler.block(job.stream.id, "voice")
        self._voices.prepare(
            job.request.voice,
            wanted=lambda: not job.stream.ended,
            done=lambda future: self._voiced(job, future),
        )
        return False

    def _voiced(self, job: QueuedRequest, future: Future[VoiceState]) -> None:
        if job.stream.id not in self._jobs:
            return
        error = future.exception()
        if error is None:
            job.voice = future.result()
            self._scheduler.unblock(job.stream.id, "voice")
            self._news = True
        elif isinstance(error, Exception):
            self._fail(job, error)
        else:
            self._fail(job, EngineError(f"the voice could not be made: {error!r}"))

    def _replay(self, job: QueuedRequest, index: int, chunks: tuple[AudioChunk, ...]) -> None:
        for chunk in chunks:
            self._hand_out(job, index, chunk)
        job.stream.finish(index)
        self._end_if_done(job)

    def _make(self, making: Generation, job: QueuedRequest, index: int) -> None:
        making.listeners.append((job, index, 0))
        self._makings.add(making)
        self._news = True
        # Only the beginning of a stream is waited for; what follows is made ahead.
        self._add(making, first=index == 0 and job.streams)

    def _add(self, making: Generation, *, first: bool) -> None:
        making.priority = min(job.request.priority for job, _, _ in making.listeners)
        options = replace(
            making.job.request.options,
            seed=making.seed,
            priority=making.priority,
            first=first,
        )
        self._session.add(making.id, making.work.utterance, making.job.voice, options)

    def _join(self, making: Generation, job: QueuedRequest, index: int, work: WorkItem) -> None:
        """Listen to what is being made for somebody else already."""
        self.counters.shared += 1
        shift = work.utterance.span[0] - making.work.utterance.span[0]
        making.listeners.append((job, index, shift))
        if job.streams:
            for chunk in making.chunks:
                self._hand_out(job, index, moved(chunk, shift))
        if making.priority is Priority.BATCH and job.request.priority is not Priority.BATCH:
            self._promote(making)

    def _promote(self, making: Generation) -> None:
        """Somebody listens now to what was made for nobody in particular."""
        making.priority = Priority.REALTIME
        able = self._ask(lambda: self._session.promote(making.id), True)
        if not able and not making.chunks:  # begun anew, it comes sooner than behind the others
            self._ask(lambda: self._session.cancel(making.id), None)
            try:
                self._add(making, first=True)
            except Exception as error:
                for job, _, _ in making.listeners:
                    self._fail(job, error)

    def _step(self) -> None:
        started = self._clock()
        self._ask(lambda: self._session.step(self._on_event), None)
        self.counters.busy_s += self._clock() - started

    def _rebuild(self, error: Exception) -> None:
        """The engine itself broke: build it once more and go on with those it was not busy with."""
        for job in self._makings.clear():
            self._fail(job, error)
        if not self._proven:
            raise error
        self._proven = False
        self.counters.rebuilt += 1
        with contextlib.suppress(Exception):
            self._close_engine()
        for id, job in self._jobs.items():
            job.voice = UNKNOWN
            self._scheduler.unblock(id, "voice")
        # There may be no room for two: what the error remembers of the old one goes first.
        _forget_frames(error)
        self._broken = None
        self.load()

    # What comes out of the engine

    def _on_event(self, event: Event) -> None:
        """Never raises: what goes wrong here is not the engine's fault, and it could do nothing
        about it. Those who wait for the utterance are told."""
        making = self._makings.get(event.id)
        if making is None:
            return
        waiting = [job for job, _, _ in making.listeners]
        try:
            self._carry(event, making)
        except Exception as error:
            for job in waiting:
                self._fail(job, error)

    def _carry(self, event: Event, making: Generation) -> None:
        for job, _, _ in list(making.listeners):
            if job.stream.ended:  # its reader has gone: do not wait for the message that says so
                self.drop(job.stream.id)
        if not making.listeners:
            return
        match event:
            case Audio(chunk=chunk):
                self._on_audio(making, chunk)
            case Finished(id=id):
                self._on_finished(id, making)
            case Failed(id=id, error=error):
                self._makings.drop(id)
                for job, _, _ in making.listeners:
                    self._fail(job, error)

    def _on_audio(self, making: Generation, chunk: AudioChunk) -> None:
        self.counters.audio_s += chunk.duration_s
        making.chunks.append(chunk)
        for job, index, shift in list(making.listeners):
            if job.streams:
                self._hand_out(job, index, moved(chunk, shift))

    def _on_finished(self, id: int, making: Generation) -> None:
        self._proven = True
        options, utterance = making.job.request.options, making.work.utterance
        problem = quality.find_problem(utterance, options.speed, making.chunks)
        told = making.listeners
        holding = [listener for listener in told if not listener[0].streams]
        if problem and holding and making.attempt < _ATTEMPTS:
            # For those who have had none of it; the others have heard what they have heard.
            told = [listener for listener in told if listener[0].streams]
            making.listeners = holding
            log.warning(
                "an utterance came out %s, making it again: %.60r", problem, utterance.spoken
            )
            self._make_again(making)
        else:
            self._makings.drop(id)
            self.counters.utterances += 1
            if not problem:
                _keep(making, tuple(making.chunks))
        if problem and told:
            self.counters.suspect += 1
            log.warning("an utterance came out %s: %.60r", problem, utterance.spoken)
        self._finish(making, told, problem)

    def _finish(self, making: Generation, listeners: list[Listener], problem: str | None) -> None:
        """Tell listeners that the utterance is complete, with its sound if they held it."""
        chunks: list[AudioChunk] = making.chunks
        if chunks and not all(job.streams for job, _, _ in listeners):
            chunks = [join(chunks, chunks[0].sample_rate_hz)]  # one piece costs fewer wakes
        for job, index, shift in listeners:
            if not job.streams:
                for chunk in chunks:
                    self._hand_out(job, index, moved(chunk, shift))
            job.stream.finish(index, problem)
            job.running -= 1
            # Noticed now, so that whoever has nothing left ends at once and not after somebody
            # else's next sentence.
            self._end_if_done(job)

    def _make_again(self, making: Generation) -> None:
        """Once more with another seed."""
        self.counters.remade += 1
        making.chunks.clear()
        making.seed = making.job.request.options.seed + making.attempt
        making.attempt += 1
        self._add(making, first=False)

    def _hand_out(self, job: QueuedRequest, index: int, chunk: AudioChunk) -> None:
        job.stream.put(index, chunk)
        if job.stream.full:
            self._scheduler.block(job.stream.id, "full")

    def _end_if_done(self, job: QueuedRequest) -> None:
        if not job.running and job.queue.over:
            self._end(job.stream.id, None)

    def _fail(self, job: QueuedRequest, error: Exception) -> None:
        if job.stream.id not in self._jobs:
            return
        if not isinstance(error, SoncaError):
            log.error("an utterance failed", exc_info=error)
            wrapped = EngineError(f"an utterance could not be spoken: {error}")
            wrapped.__cause__ = error
            error = wrapped
        self.counters.failed += 1
        self._end(job.stream.id, error)

    def _end(self, id: int, error: SoncaError | None) -> None:
        """Take a job out of the line, the scheduler and the engine."""
        job = self._jobs.pop(id, None)
        if job is None:
            return
        job.queue.close()
        self._scheduler.remove(id)
        for made_for_nobody in self._makings.leave(job):
            self._ask(lambda id=made_for_nobody: self._session.cancel(id), None)  # type: ignore[misc]
        counters = self.counters
        spent_s = counters.busy_s - self._busy_at_last_end
        self._busy_at_last_end = counters.busy_s
        counters.request_s += _SMOOTHING * (spent_s - counters.request_s)
        job.stream.end(error)
        self._on_end(id)


def _keep(making: Generation, chunks: tuple[AudioChunk, ...]) -> None:
    """Offer sound for keeping. What goes wrong there is not the speakers' concern."""
    keep = making.job.request.on_made
    if keep is None or making.work.key is None:
        return
    try:
        keep(making.work, chunks)
    except Exception as error:
        log.error("an utterance could not be kept", exc_info=error)


def _forget_frames(error: BaseException | None) -> None:
    """Let go of the local variables that an error and its causes hold."""
    seen = set()
    while error is not None and id(error) not in seen:  # one may be its own cause
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
