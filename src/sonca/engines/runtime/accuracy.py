"""How near one computation comes to another."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_LEAST_POWER = 1e-12
"""Below it two sounds are equal, or there is none."""


def snr_db(wanted: npt.ArrayLike, made: npt.ArrayLike) -> float:
    """Returns the power of what is wanted over that of the error in what was made, in dB; at most
    that over 1e-12, and -inf where the sizes differ."""
    exact, other = np.asarray(wanted, np.float64), np.asarray(made, np.float64)
    if exact.shape != other.shape:
        return -math.inf
    power, error = float(np.sum(exact**2)), float(np.sum((exact - other) ** 2))
    return 10 * math.log10(max(power, _LEAST_POWER) / max(error, _LEAST_POWER))
