"""Runs the scenarios, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.neighbours.building import books
from benchmarks.neighbours.crowds import crowd, half_sent, stalled
from benchmarks.neighbours.new_voices import newcomers
from benchmarks.neighbours.plan import Plan, Say, Servers
from benchmarks.neighbours.planning import plans

SCENARIOS: dict[str, Callable[[Servers, Plan, Say], dict[str, Any]]] = {
    "plans": plans,
    "newcomers": newcomers,
    "books": books,
    "half_sent": half_sent,
    "stalled": stalled,
    "crowd": crowd,
}


def run(
    engine: str,
    plan: Plan,
    *,
    models_dir: Path | None = None,
    only: Sequence[str] = (),
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Returns the figures of the scenarios, or of those in `only`, by name."""
    return {
        name: SCENARIOS[name](Servers(engine, models_dir), plan, say) for name in only or SCENARIOS
    }
