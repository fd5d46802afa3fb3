"""What runs on the engine's own thread: ownership is what replaces pool and lock.

The driver takes messages from its inbox, gives the engine's free slots to whom the scheduler
names, steps the engine, and carries what comes out to the tickets. Only `tell` may be called
from another thread.
"""

from __future__ import annotations

import contextlib
import logging
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sonca.engines.base import (
    Audio,
    Engine,
    EngineInfo,
    Event,
    Failed,
    Finished,
    Options,
    Reference,
    Session,
    VoiceState,
)
from sonca.errors import DeadlineExceeded, EngineError, SoncaError
from sonca.utterance import Utterance
from sonca.worker.scheduler import Lane, Scheduler
from sonca.worker.ticket import Ticket

log = logging.getLogger(__name__)

_KEPT_VOICES = 32
_SMOOTHING = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker is asked for."""

    utterances: Iterator[Utterance]
    """Taken one by one on the engine's thread, as late as possible."""
    voice: str | Reference
    """The key of one of the engine's own voices, or a recording to clone."""
    options: Options = field(default_factory=Options)
    lane: Lane = "interactive"
    deadline_s: float | None = None
    """Seconds from now by which all sound must be made; None for no limit."""


@dataclass(slots=True)
class Job:
    """A request in line."""

    request: Request
    ticket: Ticket
    due: float | None
    """The deadline on the driver's clock."""
    voice: VoiceState | None = None
    started: int = 0
    """Utterances given to the engine so far."""
    running: dict[int, int] = field(default_factory=dict)
    """Utterances in the engine: session id to index."""
    upcoming: Utterance | None = None
    """The next utterance, if it has been looked at already."""
    exhausted: bool = False
    """Whether there is no utterance left to give."""


@dataclass(slots=True)
class Counters:
    """Written by the engine's thread alone; others may read a slightly old value."""

    utterances: int = 0
    audio_s: float = 0.0
    busy_s: float = 0.0
    cancelled: int = 0
    failed: int = 0
    rebuilt: int = 0
    request_s: float = 0.1
    """Moving average of the engine's time per request, in seconds."""


class Driver:
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
        self._jobs: dict[int, Job] = {}
        self._owner: dict[int, Job] = {}  # session id -> job
        self._next_session_id = 0
        self._voices: dict[str, VoiceState] = {}
        self._proven = False  # an utterance was finished since the engine was (re)built
        self._busy_at_last_end = 0.0
        self._stopping = False
        self._engine: Engine
        self._session: Session

    def tell(self, message: Callable[[], None]) -> None:
        """Have `message` run on the engine's thread. The only method for other threads."""
        self._inbox.put(message)

    # Messages

    def admit(self, job: Job) -> None:
        """Put a job in line."""
        id = job.ticket.id
        self._jobs[id] = job
        self._scheduler.add(id, job.request.lane)
        if job.ticket.ended:  # cancelled before it came here
            self.cancel(id)

    def cancel(self, id: int) -> None:
        """Drop a job whose reader has gone."""
        if id in self._jobs:
            self.counters.cancelled += 1
            self._end(id, None)

    def resume(self, id: int) -> None:
        """Go on with a job whose reader has caught up."""
        self._scheduler.unblock(id)

    def stop(self) -> None:
        """Leave `run` after the current step."""
        self._stopping = True

    # The thread's life

    def load(self) -> EngineInfo:
        """Build the engine; raises whatever it raises."""
        self._engine = self._load()
        self._session = self._engine.session()
        return self._engine.info

    def run(self) -> None:
        """Serve until `stop`. Raises if the engine breaks beyond repair."""
        try:
            while not self._stopping:
                self._fill()
                self._read_inbox(wait=self._session.idle)
                if not self._session.idle:
                    self._step()
        finally:
            self._engine.close()

    def abandon(self, error: SoncaError) -> None:
        """Fail every job that is left, including those still in the inbox."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()()
        for id in list(self._jobs):
            self._end(id, error)

    def _read_inbox(self, *, wait: bool) -> None:
        # Nothing can become speakable without a message, so an idle engine waits for one.
        with contextlib.suppress(queue.Empty):
            self._inbox.get(block=wait)()
            while True:
                self._inbox.get_nowait()()

    def _fill(self) -> None:
        """Give free slots to whoever is next."""
        while self._session.free_slots and (id := self._scheduler.pick()) is not None:
            job = self._jobs[id]
            try:
                self._start_next(job)
            except Exception as error:
                self._fail(job, error)

    def _start_next(self, job: Job) -> None:
        self._check_deadline(job)
        self._look_ahead(job)
        utterance, job.upcoming = job.upcoming, None
        if utterance is None:
            self._end_if_done(job)
            return
        if job.voice is None:
            job.voice = self._voice(job.request.voice)
        id = self._next_session_id
        self._next_session_id += 1
        self._session.add(id, utterance, job.voice, job.request.options)
        job.ticket.begin(job.started, utterance)
        job.running[id] = job.started
        job.started += 1
        self._owner[id] = job

    def _look_ahead(self, job: Job) -> None:
        """Know whether there is a next utterance, planning it if need be."""
        if job.upcoming is None and not job.exhausted:
            job.upcoming = next(job.request.utterances, None)
            if job.upcoming is None:
                job.exhausted = True
                self._scheduler.remove(job.ticket.id)

    def _voice(self, voice: str | Reference) -> VoiceState:
        if isinstance(voice, str):
            return self._engine.voice(voice)
        state = self._voices.pop(voice.content_hash, None)
        if state is None:
            state = self._engine.condition(voice)
        self._voices[voice.content_hash] = state  # last again: the first is the longest unused
        if len(self._voices) > _KEPT_VOICES:
            del self._voices[next(iter(self._voices))]
        return state

    def _step(self) -> None:
        started = self._clock()
        try:
            self._session.step(self._on_event)
        except Exception as error:
            self._rebuild(error)
        finally:
            self.counters.busy_s += self._clock() - started

    def _rebuild(self, error: Exception) -> None:
        """The engine itself broke: build it once more and go on with those it was not busy with."""
        log.error("the engine broke", exc_info=error)
        for job in {id(job): job for job in self._owner.values()}.values():
            job.running.clear()
            self._fail(job, error)
        self._owner.clear()
        if not self._proven:
            raise error
        self._proven = False
        self.counters.rebuilt += 1
        with contextlib.suppress(Exception):
            self._engine.close()
        self._voices.clear()
        for job in self._jobs.values():
            job.voice = None
        self.load()

    # What comes out of the engine

    def _on_event(self, event: Event) -> None:
        job = self._owner.get(event.id)
        if job is None:
            return
        if job.ticket.ended:  # its reader has gone: do not wait for the message that says so
            self.cancel(job.ticket.id)
            return
        try:
            self._carry(job, event)
        except Exception as error:
            self._fail(job, error)

    def _carry(self, job: Job, event: Event) -> None:
        match event:
            case Audio(id=id, chunk=chunk):
                self._check_deadline(job)
                self.counters.audio_s += chunk.duration_s
                job.ticket.put(job.running[id], chunk)
                if job.ticket.overfull:
                    self._scheduler.block(job.ticket.id)
            case Finished(id=id):
                self._proven = True
                self.counters.utterances += 1
                del self._owner[id]
                job.ticket.finish(job.running.pop(id))
                # Looked at now, so that whoever has nothing left ends at once and not after
                # somebody else's next sentence.
                self._look_ahead(job)
                self._end_if_done(job)
            case Failed(id=id, error=error):
                del self._owner[id], job.running[id]
                self._fail(job, error)

    def _check_deadline(self, job: Job) -> None:
        if job.due is not None and self._clock() > job.due:
            raise DeadlineExceeded(
                f"not all sound was made within {job.request.deadline_s:g} s; "
                "ask for less text or a later deadline"
            )

    def _end_if_done(self, job: Job) -> None:
        if job.exhausted and not job.running:
            self._end(job.ticket.id, None)

    def _fail(self, job: Job, error: Exception) -> None:
        if not isinstance(error, SoncaError):
            log.error("an utterance failed", exc_info=error)
            wrapped = EngineError(f"an utterance could not be spoken: {error}")
            wrapped.__cause__ = error
            error = wrapped
        self.counters.failed += 1
        self._end(job.ticket.id, error)

    def _end(self, id: int, error: SoncaError | None) -> None:
        """Take a job out of the line, the scheduler and the engine."""
        job = self._jobs.pop(id, None)
        if job is None:
            return
        self._scheduler.remove(id)
        for session_id in job.running:
            self._session.cancel(session_id)
            del self._owner[session_id]
        job.running.clear()
        counters = self.counters
        spent_s = counters.busy_s - self._busy_at_last_end
        self._busy_at_last_end = counters.busy_s
        counters.request_s += _SMOOTHING * (spent_s - counters.request_s)
        job.ticket.end(error)
        self._on_end(id)
