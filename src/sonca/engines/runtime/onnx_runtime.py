"""A graph on ONNX Runtime, whose memory stays what it is over hundreds of lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime.graph import Array, BadModel, Graph, TensorSpec, short

CPU = "CPUExecutionProvider"
_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
} | {f"tensor({n})": n for n in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")}


class OnnxRuntimeGraph(Graph):
    """One session of ONNX Runtime."""

    def __init__(
        self, model: Path | bytes, *, name: str, threads: int, providers: Sequence[str]
    ) -> None:
        import onnxruntime

        content = str(model) if isinstance(model, Path) else model
        try:
            self._session = onnxruntime.InferenceSession(
                content, _options(threads), providers=list(providers)
            )
        except Exception as error:  # the runtime has a class for each of its status codes
            raise BadModel(
                f"{name} cannot be loaded ({short(error)}); it may be cut short: "
                "fetch it again, or sonca models verify"
            ) from error
        super().__init__(
            name,
            {port.name: _spec(port, name) for port in self._session.get_inputs()},
            {port.name: _spec(port, name) for port in self._session.get_outputs()},
        )

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(self._session.get_providers())

    def _run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> list[Array]:
        made: list[Array] = self._session.run(list(outputs), dict(feed))
        return made


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A plan of the memory is kept for every shape that was ever seen.
    options.enable_mem_pattern = False
    # Threads that spin on would take a core from whatever runs next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _spec(port: Any, graph: str) -> TensorSpec:
    dtype = _TYPES.get(port.type)
    if dtype is None:
        raise BadModel(f"{graph} has {port.name!r} of type {port.type}, which cannot be given")
    return TensorSpec(np.dtype(dtype), tuple(port.shape))
