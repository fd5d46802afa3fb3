"""How far two results are apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Check:
    """One output compared with its golden numbers."""

    part: str
    name: str
    error: float
    """Relative L2, or the number of wrong values where they must be equal."""
    limit: float


Checks = Iterator[Check]


def relative(ours: npt.ArrayLike, golden: npt.ArrayLike) -> float:
    """‖ours - golden‖ / ‖golden‖; infinite if the shapes differ or a value is not finite."""
    a, b = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    if a.shape != b.shape:
        a, b = a.squeeze(), b.squeeze()
    if a.shape != b.shape or not np.isfinite(a).all():
        return float("inf")
    norm = float(np.linalg.norm(b))
    difference = float(np.linalg.norm(a - b))
    return difference / norm if norm else difference


def unequal(ours: Any, golden: Any) -> float:
    """How many values differ; infinite if the shapes do."""
    a, b = np.asarray(ours), np.asarray(golden)
    return float((a != b).sum()) if a.shape == b.shape else float("inf")
