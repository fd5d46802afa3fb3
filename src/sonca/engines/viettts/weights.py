"""Small transformations of checkpoint tensors that every path needs, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
State = Mapping[str, Array]


def fold(state: State) -> dict[str, Array]:
    """Fold weight normalisation: `weight_g` and `weight_v` become `weight` = g·v/‖v‖."""
    folded: dict[str, Array] = {}
    for key, value in state.items():
        if key.endswith(".weight_g"):
            continue
        if key.endswith(".weight_v"):
            name = key.removesuffix("_v")
            axes = tuple(range(1, value.ndim))
            norm = np.sqrt(np.sum(np.square(value, dtype=np.float64), axis=axes, keepdims=True))
            folded[name] = (value * (state[name + "_g"] / norm)).astype(np.float32)
        else:
            folded[key] = value
    return folded
