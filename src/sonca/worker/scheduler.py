"""Who speaks next. Pure bookkeeping: no threads, no clock, no sound.

The unit is the sentence. A caller who has not been heard yet goes before everyone who has, so
a short request never waits for a chapter. Among the others, whoever has had the fewest
sentences since joining goes first. The interactive lane goes before bulk, but every
`BULK_EVERY`-th sentence is bulk's while bulk waits, so that it always moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, ...] = ("interactive", "bulk")

BULK_EVERY = 8
"""Under full interactive load, one sentence in this many belongs to bulk."""


@dataclass(slots=True)
class _Job:
    lane: Lane
    order: int
    turns: int
    """Sentences had, counted from where the lane stood when the job joined (start-time fair
    queueing): a newcomer neither jumps ahead for ever nor waits for old debts."""
    heard: bool = False
    blocks: set[str] = field(default_factory=set)

    @property
    def rank(self) -> tuple[bool, int, int]:
        return (self.heard, self.turns, self.order)


class Scheduler:
    """The jobs that have sentences left to say. Ids are the caller's."""

    def __init__(self) -> None:
        self._jobs: dict[int, _Job] = {}
        self._order = 0
        self._interactive_run = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def depth(self, lane: Lane) -> int:
        """How many jobs of a lane have something left to say."""
        return sum(job.lane == lane for job in self._jobs.values())

    def add(self, id: int, lane: Lane) -> None:
        """Let a job join its lane."""
        peers = [job.turns for job in self._jobs.values() if job.lane == lane and job.heard]
        self._jobs[id] = _Job(lane, self._order, min(peers, default=0))
        self._order += 1

    def remove(self, id: int) -> None:
        """Forget a job: nothing left to say, failed or cancelled. Unknown ids are ignored."""
        self._jobs.pop(id, None)

    def block(self, id: int, reason: str) -> None:
        """Pass over a job until `unblock` with the same reason."""
        if id in self._jobs:
            self._jobs[id].blocks.add(reason)

    def unblock(self, id: int, reason: str) -> None:
        """Take one reason away; a job without reasons goes on."""
        if id in self._jobs:
            self._jobs[id].blocks.discard(reason)

    def ready(self, id: int) -> bool:
        """Whether a job is there and nothing blocks it."""
        return id in self._jobs and not self._jobs[id].blocks

    @property
    def can_pick(self) -> bool:
        """Whether `pick` would name somebody."""
        return any(not job.blocks for job in self._jobs.values())

    def pick(self) -> int | None:
        """The job whose next sentence is to be made, None if none can go. Counts its turn."""
        best: dict[Lane, int] = {}
        for id, job in self._jobs.items():
            if job.blocks:
                continue
            rival = best.get(job.lane)
            if rival is None or job.rank < self._jobs[rival].rank:
                best[job.lane] = id
        lane = self._lane(best)
        if lane is None:
            return None
        job = self._jobs[best[lane]]
        job.heard = True
        job.turns += 1
        return best[lane]

    def _lane(self, best: dict[Lane, int]) -> Lane | None:
        if "interactive" not in best:
            return "bulk" if "bulk" in best else None
        if "bulk" not in best:
            return "interactive"
        self._interactive_run += 1
        if self._interactive_run < BULK_EVERY:
            return "interactive"
        self._interactive_run = 0
        return "bulk"
