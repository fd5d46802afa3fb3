"""What is in the engine: utterances, and everyone who waits for each."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonca.audio import AudioChunk
from sonca.utterance import Priority
from sonca.worker.request import QueuedRequest
from sonca.worker.work_queue import WorkItem

Listener = tuple[QueuedRequest, int, int]
"""QueuedRequest, index of the utterance in it, and how far its text is from the first one's."""


@dataclass(slots=True)
class Generation:
    """An utterance in the engine."""

    work: WorkItem
    job: QueuedRequest
    """The first who asked; its voice and options are everyone's."""
    id: int = -1
    """What the session knows it by."""
    priority: Priority = Priority.BATCH
    """The most pressing of its listeners', as the engine was told."""
    listeners: list[Listener] = field(default_factory=list)
    chunks: list[AudioChunk] = field(default_factory=list)
    attempt: int = 1
    seed: int = field(init=False)

    def __post_init__(self) -> None:
        self.seed = self.job.request.options.seed


class InFlight:
    """The utterances in work, by the id that the session knows them by and by their key."""

    def __init__(self) -> None:
        self._by_id: dict[int, Generation] = {}
        self._by_key: dict[str, int] = {}
        self._next_id = 0

    def add(self, making: Generation) -> None:
        """Note an utterance that goes into the engine, and give it the id it has there."""
        id = self._next_id
        self._next_id += 1
        making.id = id
        self._by_id[id] = making
        if making.work.key is not None:
            self._by_key[making.work.key] = id

    def get(self, id: int) -> Generation | None:
        """The utterance of an id, None if it was dropped."""
        return self._by_id.get(id)

    def find(self, work: WorkItem) -> Generation | None:
        """What is being made already and will sound like `work`."""
        return None if work.key is None else self._by_id.get(self._by_key.get(work.key, -1))

    def drop(self, id: int) -> None:
        """Forget an utterance that has left the engine."""
        key = self._by_id.pop(id).work.key
        if key is not None and self._by_key.get(key) == id:
            del self._by_key[key]

    def leave(self, job: QueuedRequest) -> list[int]:
        """Let a job listen no more; the ids of what is made for nobody now, which is dropped."""
        for_nobody = []
        for id, making in list(self._by_id.items()):
            making.listeners = [listener for listener in making.listeners if listener[0] is not job]
            if not making.listeners:
                self.drop(id)
                for_nobody.append(id)
        return for_nobody

    def clear(self) -> list[QueuedRequest]:
        """Forget everything; the jobs that were waiting for it."""
        waiting = [job for making in self._by_id.values() for job, _, _ in making.listeners]
        self._by_id.clear()
        self._by_key.clear()
        return waiting
