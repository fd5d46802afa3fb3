"""What those who want little waited for, alone and beside others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median

from sonca.bench.livez_probe import Probes, probing
from sonca.bench.stats import percentile

Figures = dict[str, float]
"""How many were served and refused, and what those who were served waited for."""
_PROBE_S = 0.05


def pair(alone: Probes, beside: Probes) -> dict[str, Figures]:
    """Returns the figures of both."""
    return {"alone": _figures(alone), "beside": _figures(beside)}


def _figures(probes: Probes) -> Figures:
    """Without latencies where nobody was served."""
    figures: Figures = {"served": len(probes.latencies_s), "refused": probes.refused}
    if times := probes.latencies_s:
        figures |= {
            "median_s": median(times),
            "p95_s": percentile(times, 95),
            "max_s": max(times),
        }
    return figures


def counted(took_s: Sequence[float | None]) -> Probes:
    """Returns what became of requests, of which None were not served."""
    served = [took for took in took_s if took is not None]
    return Probes(served, len(took_s) - len(served))


def probed(port: int, paths: Sequence[str], work: Callable[[], object]) -> dict[str, Probes]:
    """Returns what asking for each of `paths` was like while `work` ran."""
    with ExitStack() as stack:
        probes = {path: stack.enter_context(probing(port, path, _PROBE_S)) for path in paths}
        work()
    return probes
