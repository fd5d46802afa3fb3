"""A request on its way through the loop: values, and no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field

from sonca.audio import AudioChunk
from sonca.engines.base import Options, Reference
from sonca.utterance import Priority
from sonca.worker.result_stream import ResultStream
from sonca.worker.scheduler import Lane
from sonca.worker.voice_states import ReadyVoice
from sonca.worker.work_queue import WorkItem, WorkQueue


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker is asked for."""

    work: Iterator[WorkItem]
    """Drawn one by one on the planner's thread, as late as possible."""
    voice: str | Reference
    """The key of one of the engine's own voices, or a recording to clone."""
    options: Options = field(default_factory=Options)
    priority: Priority = Priority.REALTIME
    deadline_s: float | None = None
    """Seconds from now by which all sound must be made, not counting those in which its reader is
    behind; None for no limit."""
    on_made: Callable[[WorkItem, tuple[AudioChunk, ...]], None] | None = None
    """Told of every utterance that was made well and has a key, on the engine's thread."""
    affinity: int | None = None
    """Requests in flight with equal numbers are made by the same engine, which makes what they
    share once."""


@dataclass(slots=True)
class QueuedRequest:
    """A request in line."""

    request: Request
    lane: Lane
    stream: ResultStream
    queue: WorkQueue
    streams: bool
    """Whether sound is handed out as it comes. If not, an utterance is complete and found possible
    first; a bad one is made again before anyone hears it."""
    voice: ReadyVoice | None = None
    """None until it is needed."""
    started: int = 0
    """Utterances begun so far."""
    running: int = 0
    """Utterances in the engine."""


@dataclass(slots=True)
class Counters:
    """Written by the engine's thread alone; others may read a slightly old value."""

    utterances: int = 0
    audio_s: float = 0.0
    busy_s: float = 0.0
    """Seconds the engine worked; over `audio_s` it is the real-time factor."""
    cancelled: int = 0
    failed: int = 0
    rebuilt: int = 0
    """Engines built anew after one broke."""
    reused: int = 0
    """Utterances whose sound was there already."""
    shared: int = 0
    """Utterances that were being made for somebody else."""
    remade: int = 0
    """Utterances made again because their sound was impossible."""
    suspect: int = 0
    """Utterances whose sound stayed impossible."""

    def __add__(self, other: Counters) -> Counters:
        mine, others = astuple(self), astuple(other)
        return Counters(*(a + b for a, b in zip(mine, others, strict=True)))
