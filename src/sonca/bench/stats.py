"""Small statistics, and what machine they were taken on."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from pathlib import Path

from sonca.cores import cores


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of 100 of the values lie (nearest rank)."""
    ordered = sorted(values)
    rank = math.ceil(percent / 100 * len(ordered)) - 1
    return ordered[max(0, rank)]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def machine() -> dict[str, object]:
    """What the figures were taken on, without names."""
    model = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cpu": model,
        "cores": cores(),
        "python": platform.python_version(),
        "system": platform.system(),
    }
