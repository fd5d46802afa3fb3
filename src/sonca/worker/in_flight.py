"""What is in the engine: utterances being generated, and every request that waits for each.

Equal utterances are generated once. Sound that cannot be right is generated again for those who
have heard nothing of it. Belongs to the engine's thread; knows nothing of queues or turns.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sonca.audio import AudioChunk, join, moved
from sonca.engines.base import Audio, Event, Failed
from sonca.loudness import amplified
from sonca.utterance import Priority, Utterance
from sonca.worker import quality
from sonca.worker.engine_gate import EngineGate
from sonca.worker.queued_request import Counters, QueuedRequest
from sonca.worker.result_stream import StreamItem
from sonca.worker.voice_states import ReadyVoice
from sonca.worker.work_queue import WorkItem

log = logging.getLogger(__name__)

_ATTEMPTS = 2


class Owner(Protocol):
    """Whom requests belong to. Each method but `wait_for_reader` may end the request."""

    def drop(self, id: int) -> None:
        """Forgets a request whose stream has ended."""

    def fail(self, request: QueuedRequest, error: Exception) -> None:
        """Ends a request with an error."""

    def end_if_done(self, request: QueuedRequest) -> None:
        """Ends a request that has nothing left to say."""

    def wait_for_reader(self, request: QueuedRequest) -> None:
        """Begins no more of a request until its reader has caught up."""


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A request that waits for a generation."""

    request: QueuedRequest
    index: int
    """Which utterance of the request it is."""
    utterance: Utterance
    shift: int
    """How far its text is from that of the first who asked."""


@dataclass(slots=True)
class Generation:
    """An utterance in the engine."""

    id: int
    """What the session knows it by."""
    item: WorkItem
    request: QueuedRequest
    """The first who asked; its options are everyone's."""
    voice: ReadyVoice
    priority: Priority = Priority.BATCH
    """The most pressing of its listeners', as the engine was told."""
    listeners: list[Listener] = field(default_factory=list)
    chunks: list[AudioChunk] = field(default_factory=list)
    attempt: int = 1


class InFlight:
    """The generations, by the id that the session knows them by and by their key."""

    def __init__(self, engine: EngineGate, owner: Owner, counters: Counters) -> None:
        self.proven = False
        """Whether an utterance was finished since the engine was built."""
        self._engine = engine
        self._owner = owner
        self._counters = counters
        self._by_id: dict[int, Generation] = {}
        self._by_key: dict[str, Generation] = {}
        self._next_id = 0

    def find(self, item: WorkItem) -> Generation | None:
        """Returns what is being generated already and will sound like `item`."""
        return None if item.key is None else self._by_key.get(item.key)

    def begin(self, request: QueuedRequest, index: int, item: WorkItem) -> None:
        """Has the engine generate an utterance. Raises what the session does."""
        assert request.voice is not None
        generation = Generation(self._next_id, item, request, request.voice)
        self._next_id += 1
        generation.listeners.append(Listener(request, index, item.utterance, 0))
        self._by_id[generation.id] = generation
        if item.key is not None:
            self._by_key[item.key] = generation
        # Only the beginning of a stream is waited for; what follows is made ahead.
        self._add(generation, first=index == 0 and request.streams)

    def join(
        self, generation: Generation, request: QueuedRequest, index: int, item: WorkItem
    ) -> None:
        """Lets a request listen to what is being generated for another."""
        self._counters.shared += 1
        shift = item.utterance.span[0] - generation.item.utterance.span[0]
        listener = Listener(request, index, item.utterance, shift)
        generation.listeners.append(listener)
        if request.streams:
            self._hand_out(listener, generation.chunks)
        if generation.priority is Priority.BATCH and request.request.priority < Priority.BATCH:
            self._promote(generation)

    def replay(self, request: QueuedRequest, index: int, item: WorkItem) -> None:
        """Gives a request the sound of an utterance that was generated before."""
        self._counters.reused += 1
        self._finish(Listener(request, index, item.utterance, 0), item.made or ())

    def on_event(self, event: Event) -> None:
        """Carries what the session emits to the listeners.

        Never raises: what goes wrong here is not the engine's fault, and it could do nothing about
        it. Those who wait for the utterance are told.
        """
        generation = self._by_id.get(event.id)
        if generation is None:
            return
        waiting = list(generation.listeners)
        try:
            for listener in waiting:
                if listener.request.stream.ended:  # sooner than the message that says so
                    self._owner.drop(listener.request.stream.id)
            if not generation.listeners:
                return
            if isinstance(event, Audio):
                self._on_audio(generation, event.chunk)
            elif isinstance(event, Failed):
                self._drop(generation)
                self._fail(generation.listeners, event.error)
            else:
                self._on_finished(generation)
        except Exception as error:
            self._fail(waiting, error)

    def leave(self, request: QueuedRequest) -> None:
        """Lets a request listen no more; what nobody else waits for is cancelled."""
        for generation in list(self._by_id.values()):
            generation.listeners = [
                other for other in generation.listeners if other.request is not request
            ]
            if not generation.listeners:
                self._drop(generation)
                id = generation.id
                self._engine.ask(lambda session, id=id: session.cancel(id), None)  # type: ignore[misc]

    def clear(self) -> list[QueuedRequest]:
        """Forgets everything; returns the requests that waited for it."""
        self.proven = False
        waiting = [each.request for one in self._by_id.values() for each in one.listeners]
        self._by_id.clear()
        self._by_key.clear()
        return waiting

    def _add(self, generation: Generation, *, first: bool) -> None:
        generation.priority = min(
            listener.request.request.priority for listener in generation.listeners
        )
        options = generation.request.request.options
        options = replace(
            options,
            seed=options.seed + generation.attempt - 1,
            priority=generation.priority,
            first=first,
        )
        utterance, voice = generation.item.utterance, generation.voice
        self._engine.session.add(generation.id, utterance, voice.state, options)

    def _promote(self, generation: Generation) -> None:
        """Tells the engine that somebody waits now for what was made for nobody."""
        generation.priority = Priority.REALTIME
        id = generation.id
        able = self._engine.ask(lambda session: session.promote(id), True)
        if not able and not generation.chunks:  # begun anew, it comes sooner than behind the others
            self._engine.ask(lambda session: session.cancel(id), None)
            try:
                self._add(generation, first=True)
            except Exception as error:
                self._fail(list(generation.listeners), error)

    def _on_audio(self, generation: Generation, chunk: AudioChunk) -> None:
        if generation.voice.gain != 1.0:
            chunk = replace(chunk, samples=amplified(chunk.samples, generation.voice.gain))
        self._counters.audio_s += chunk.duration_s
        generation.chunks.append(chunk)
        for listener in list(generation.listeners):
            if listener.request.streams:
                self._hand_out(listener, [chunk])

    def _on_finished(self, generation: Generation) -> None:
        self.proven = True
        utterance, chunks = generation.item.utterance, generation.chunks
        speed = generation.request.request.options.speed
        problem = quality.find_problem(utterance, speed, chunks)
        done = generation.listeners
        waiting = [listener for listener in done if not listener.request.streams]
        if problem and waiting and generation.attempt < _ATTEMPTS:
            # For those who have had none of it; the others have heard what they have heard.
            done = [listener for listener in done if listener.request.streams]
            generation.listeners, generation.chunks = waiting, []
            log.warning(
                "an utterance came out %s, making it again: %.60r", problem, utterance.spoken
            )
            self._counters.remade += 1
            generation.attempt += 1
            self._add(generation, first=False)
        else:
            self._drop(generation)
            self._counters.utterances += 1
            if not problem:
                _keep(generation, tuple(chunks))
        if problem and done:
            self._counters.suspect += 1
            log.warning("an utterance came out %s: %.60r", problem, utterance.spoken)
        if len(chunks) > 1 and any(not listener.request.streams for listener in done):
            whole = [join(chunks, chunks[0].sample_rate_hz)]  # one piece costs fewer wakes
        else:
            whole = chunks
        for listener in done:
            listener.request.running -= 1
            self._finish(listener, () if listener.request.streams else whole, problem)

    def _finish(
        self,
        listener: Listener,
        chunks: Sequence[AudioChunk],
        problem: str | None = None,
    ) -> None:
        """Hands out what a listener has not had, and the end of the utterance."""
        self._hand_out(listener, chunks)
        request = listener.request
        request.stream.put(listener.index, StreamItem(listener.utterance, None, problem=problem))
        # Noticed now, so that whoever has nothing left ends at once and not after somebody else's
        # next sentence.
        self._owner.end_if_done(request)

    def _hand_out(self, listener: Listener, chunks: Iterable[AudioChunk]) -> None:
        stream = listener.request.stream
        for chunk in chunks:
            chunk = moved(chunk, listener.shift)
            stream.put(listener.index, StreamItem(listener.utterance, chunk, chunk.duration_s))
        if stream.full:
            self._owner.wait_for_reader(listener.request)

    def _fail(self, listeners: list[Listener], error: Exception) -> None:
        for listener in listeners:
            self._owner.fail(listener.request, error)

    def _drop(self, generation: Generation) -> None:
        """Forgets an utterance that has left the engine."""
        del self._by_id[generation.id]
        key = generation.item.key
        if key is not None and self._by_key.get(key) is generation:
            del self._by_key[key]


def _keep(generation: Generation, chunks: tuple[AudioChunk, ...]) -> None:
    """Offers sound for keeping. What goes wrong there is not the speakers' concern."""
    keep = generation.request.request.on_made
    if keep is None or generation.item.key is None:
        return
    try:
        keep(generation.item, chunks)
    except Exception as error:
        log.error("an utterance could not be kept", exc_info=error)
