"""One compiled graph and its request: arrays in, arrays out, no copies where none are needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from sonca.engines.runtime.binding import settle
from sonca.engines.viettts.backends.openvino.pages import release_pages
from sonca.errors import EngineError

Arrays = npt.NDArray[Any]
KERNELS = 16
"""Kernels that a graph keeps for lengths it has seen. There is one for each layer and length, and
the runtime's own limit is 5000: with every sentence as long as it likes, gigabytes."""
PRIMITIVES = 64
"""The same for the runtime's library, which keeps 1024 of all graphs together; `KERNELS` alone
would not help."""


class Runtime:
    """OpenVINO with this engine's thread count."""

    def __init__(self, threads: int) -> None:
        # It is read when the first graph is compiled; there is no other way to say it.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(PRIMITIVES))
        settle()
        self.core = ov.Core()
        self.threads = threads
        self.version = str(ov.get_version()).split("-", maxsplit=1)[0]

    def compile(self, graph: ov.Model | Path, precision: str = "f32") -> CompiledGraph:
        """Compiles a graph. `precision` is ``f32`` or ``bf16``: what the runtime computes in where
        it may choose.

        Where the processor has no bf16 of its own, the runtime falls back to f32 by itself.
        """
        options = {
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            # One scale for each row of activations, as for each row of weights.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "1024",
            "CPU_RUNTIME_CACHE_CAPACITY": str(KERNELS),
        }
        try:
            model = graph if isinstance(graph, ov.Model) else self.core.read_model(str(graph))
            compiled = self.core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            name = graph.name if isinstance(graph, Path) else graph.get_friendly_name()
            raise EngineError(
                f"OpenVINO cannot load {name}: the file is damaged or of another version; "
                "run `sonca models convert` again"
            ) from error
        weights = graph.with_suffix(".bin") if isinstance(graph, Path) else None
        return CompiledGraph(compiled, weights)


class CompiledGraph:
    """A compiled graph with a request: called with one array per input, by name."""

    def __init__(self, model: ov.CompiledModel, weights: Path | None = None) -> None:
        """`weights` is the file that the runtime has mapped, None if there is none."""
        self.model = model
        self.request = model.create_infer_request()
        self.outputs = [port.get_any_name() for port in model.outputs]
        self.held: dict[str, Arrays] = {}
        """The bound arrays: the runtime reads their memory and does not keep them alive."""
        self.unpacked = weights
        """The weights' file while parts of it may be packed at the first run."""
        if weights is not None:
            release_pages(weights)

    def clone(self) -> CompiledGraph:
        """Returns the same graph with a request of its own."""
        return CompiledGraph(self.model, self.unpacked)

    def bind(self, **inputs: Arrays) -> None:
        """Sets inputs; they are read when the graph runs, not copied now."""
        for name, value in inputs.items():
            self.held[name] = value
            self.request.set_tensor(name, ov.Tensor(value, shared_memory=True))

    def unbind(self) -> None:
        """Forgets the bound arrays: everything must be bound again before the next run."""
        self.held.clear()

    def run(self) -> list[Arrays]:
        """Computes. The outputs are views that hold until the next run."""
        self.request.infer()
        if self.unpacked is not None:
            release_pages(self.unpacked)
            self.unpacked = None
        return [self.request.get_tensor(name).data for name in self.outputs]

    def __call__(self, **inputs: Arrays) -> list[Arrays]:
        self.bind(**{name: np.ascontiguousarray(value) for name, value in inputs.items()})
        return self.run()
