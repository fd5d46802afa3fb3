"""The contract of a graph: named arrays in, arrays out, on whatever runtime.

Knows no runtime and no engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.errors import EngineError, InvalidRequest

Array = npt.NDArray[Any]
Expected = tuple[str, int | Sequence[int | None]]
"""A type's name in NumPy, and a rank, or a size for each dimension where None takes any."""


class BadModel(InvalidRequest):
    """A graph's file that cannot be used: damaged, or not the graph that the engine drives."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a graph declares of one input or output."""

    dtype: np.dtype[Any]
    shape: tuple[int | str | None, ...]
    """A fixed size, the name of a free one, or None for one without a name."""

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.dtype.name} ({sizes})"


class Graph(ABC):
    """A loaded graph. `run` may be called from several threads at once."""

    def __init__(
        self, name: str, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec]
    ) -> None:
        self.name = name
        """What the graph is called in messages: its file."""
        self.inputs = inputs
        self.outputs = outputs

    @property
    @abstractmethod
    def providers(self) -> tuple[str, ...]:
        """What computes it, the first choice first."""

    @abstractmethod
    def _run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> list[Array]:
        """Computes. Whatever the runtime raises is turned into `EngineError` by `run`."""

    def run(self, feed: Mapping[str, Any], outputs: Sequence[str] | None = None) -> list[Array]:
        """Returns the outputs asked for, or all in the order of `self.outputs`.

        `feed` has one array for every input. `EngineError` if the runtime refuses it.
        """
        names = tuple(self.outputs) if outputs is None else tuple(outputs)
        try:
            return self._run(feed, names)
        except Exception as error:  # each runtime has a tree of its own
            raise EngineError(f"{self.name} cannot be computed: {short(error)}") from error

    def expect(
        self,
        inputs: Mapping[str, Expected],
        outputs: Iterable[str] | Mapping[str, Expected] = (),
    ) -> None:
        """Checks that this is the graph that the engine drives.

        Raises `BadModel`, which names the file and the first input or output that is missing, not
        known, or of another type, rank or fixed size. Outputs that nobody asks for may be there.
        """
        wanted = outputs if isinstance(outputs, Mapping) else dict.fromkeys(outputs)
        for kind, expected, found in (
            ("input", inputs, self.inputs),
            ("output", wanted, self.outputs),
        ):
            for name, spec in expected.items():
                self._check(kind, name, spec, found)
        unknown = next((name for name in self.inputs if name not in inputs), None)
        if unknown is not None:
            raise self._wrong(
                f"it takes the input {unknown!r}, {self.inputs[unknown]}, which is not known"
            )

    def _check(
        self, kind: str, name: str, expected: Expected | None, found: Mapping[str, TensorSpec]
    ) -> None:
        spec = found.get(name)
        if spec is None:
            there = ", ".join(found) or "none"
            raise self._wrong(f"it has no {kind} {name!r} (it has {there})")
        if expected is None:
            return
        dtype, sizes = expected
        free = (None,) * sizes if isinstance(sizes, int) else tuple(sizes)
        fits = len(free) == len(spec.shape) and all(
            want is None or not isinstance(size, int) or want == size
            for want, size in zip(free, spec.shape, strict=True)
        )
        if spec.dtype != np.dtype(dtype) or not fits:
            raise self._wrong(
                f"its {kind} {name!r} is {spec}, it must be {TensorSpec(np.dtype(dtype), free)}"
            )

    def _wrong(self, what: str) -> BadModel:
        return BadModel(
            f"{self.name} is not the graph that is needed: {what}; "
            "it may be of another model or a newer export: fetch the pinned one"
        )


def short(error: BaseException) -> str:
    """Returns an error of a runtime, which may be pages long, for a message."""
    return " ".join(str(error).split())[:300] or type(error).__name__
