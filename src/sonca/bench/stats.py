"""Small statistics, and what machine they were taken on."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from pathlib import Path

from sonca.cores import cores


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the value below which `percent` of 100 of the values lie (nearest rank)."""
    rank = math.ceil(percent / 100 * len(values)) - 1
    return sorted(values)[max(0, rank)]


def processor(key: str) -> str:
    """Returns what the system says of its first processor, "unknown" if it says nothing."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.partition(":")[0].strip() == key:
            return line.partition(":")[2].strip()
    return "unknown"


def machine() -> dict[str, object]:
    """Returns what the figures were taken on, without names."""
    return {
        "cpu": processor("model name"),
        "cores": cores(),
        "python": platform.python_version(),
        "system": platform.system(),
    }
