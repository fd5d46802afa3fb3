"""Compiled graphs and their tensors, which OpenVINO and NumPy share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from sonca.engines.runtime.binding import settle
from sonca.engines.vieneu.batch.layers import Precision

Stored = npt.NDArray[Any]
"""Keys and values as the graph has them: float32, or the bits of bf16 in uint16."""
KERNELS = 64
"""Kernels that a graph keeps for lengths it has seen; the runtime's own limit is gigabytes."""


def best_precision() -> Precision:
    """Returns ``bf16`` where the processor multiplies it by itself, else ``f32``."""
    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


class Network:
    """A compiled graph with one request. Bound arrays are read when it runs."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self.compiled = compiled
        self.request = compiled.create_infer_request()
        self.outputs = [port.get_any_name() for port in compiled.outputs]
        self.held: dict[str, Any] = {}
        """The runtime reads the arrays' memory and does not keep them alive."""
        self.cached: Stored | None = None
        """The cache whose rows are bound, and how many of them."""
        self.cached_rows = 0

    @classmethod
    def build(cls, build: Callable[[], ov.Model], threads: int, kernels: int = KERNELS) -> Network:
        """Compiles what `build` returns, to compute on `threads` threads."""
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")  # read once, at the first
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",  # the graphs say themselves what is bf16
            "CPU_RUNTIME_CACHE_CAPACITY": str(kernels),
        }
        settle()
        return cls(ov.Core().compile_model(build(), "CPU", options))

    def clone(self) -> Network:
        """Returns the same graph for another thread."""
        return Network(self.compiled)

    def bind(self, name: str, value: npt.NDArray[Any], bf16: bool = False) -> None:
        """Sets an input to a contiguous array, which is not copied."""
        if bf16:
            tensor = ov.Tensor(value, ov.Shape(list(value.shape)), ov.Type.bf16)
        else:
            tensor = ov.Tensor(value, shared_memory=True)
        self.held[name] = (value, tensor)
        self.request.set_tensor(name, tensor)

    def run(self, **inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Binds what is given and computes; the outputs hold until the next run."""
        for name, value in inputs.items():
            self.bind(name, np.ascontiguousarray(value))
        self.request.infer()
        return [self.output(name) for name in self.outputs]

    def output(self, name: str) -> npt.NDArray[Any]:
        """Returns what the last run made."""
        return _bits(self.request.get_tensor(name))


def _bits(tensor: ov.Tensor) -> npt.NDArray[Any]:
    """Returns a tensor's memory; that of bf16, which NumPy has no type for, as uint16."""
    data: npt.NDArray[Any] = tensor.data
    return data.view(np.uint16) if tensor.element_type == ov.Type.bf16 else data
