"""How much of each scenario is measured, and on which servers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sonca.bench.process import Server, sonca_server
from sonca.engines import batched
from sonca.engines.synthetic import calibration

Say = Callable[[str], None]
BATCH = "synthetic-batch"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each."""

    plans: int = 4
    """Books that are planned at once."""
    plan_chars: int = 1_000_000
    voice_s: float = 2.0
    """Processor time that a new voice costs."""
    newcomers: int = 3
    """Voices cloned, one after another."""
    slots: int = 33
    """Of the engine that builds books; with so many, two books wait in 64 places."""
    books: int = 2
    book_chars: int = 150_000
    callers: int = 40
    half_sent: int = 140
    """Requests of which 6 bytes come, and no more."""
    stalled: int = 70
    """Readers who ask for a long text and read nothing."""
    stalled_chars: int = 80_000
    hold_s: float = 45.0
    """How long both are held."""
    alone_s: float = 3.0
    """How long those who want little are measured alone."""


QUICK = Plan(newcomers=1, callers=12, hold_s=5.0)


@dataclass(frozen=True, slots=True)
class Servers:
    """Runs the servers of a scenario."""

    engine: str
    models_dir: Path | None = None

    def measured(self) -> AbstractContextManager[Server]:
        """Runs one of the engine that is measured."""
        return sonca_server(self.engine, self.models_dir)

    def batched(self, *, slots: int, voice_s: float) -> AbstractContextManager[Server]:
        """Runs one of a batch whose costs are known, whatever engine is measured. A second copy of
        the engine would serve some of the newcomers, by chance of who came when, and hide what
        they do to others: there is one."""
        more = {"SONCA_THREADS": "1", **calibration(), **batched.environment(slots, voice_s)}
        return sonca_server(BATCH, more=more)
