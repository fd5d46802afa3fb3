"""How many cores there are to compute on."""

from __future__ import annotations

import os


def cores() -> int:
    """Returns the cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):  # Linux: a container or `taskset` may allow fewer
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
