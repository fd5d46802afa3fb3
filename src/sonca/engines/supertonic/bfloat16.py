"""Graphs computed in bf16 by OpenVINO, where the processor has it.

A step from noise to sound takes 0.45 of ONNX Runtime's time so. Lengths are free: one that is new
costs a few hundredths of a second, once.
"""

from __future__ import annotations

import importlib.util
import os
import queue
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime import BadModel, Graph, TensorSpec
from sonca.engines.runtime.graph import Array, short
from sonca.engines.runtime.processor import has_bf16

NAME = "OpenVINO bf16"
_KERNELS = 128
"""Kernels that a graph keeps: those of about two lengths, so that two sentences that take turns
cost 5% more than one after the other. The runtime's own limit is 5000, at some 4 MB a length."""


def supported() -> bool:
    """Returns whether OpenVINO is installed and the processor multiplies in bf16. One that does
    not would compute the same more slowly."""
    return importlib.util.find_spec("openvino") is not None and has_bf16()


class Bfloat16Graph(Graph):
    """One compiled graph."""

    def __init__(self, path: Path, threads: int) -> None:
        # Read when the first graph of the process is compiled; there is no other way to say it.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(_KERNELS))
        import openvino

        if not path.is_file():
            raise BadModel(f"{path} is missing; fetch the model again, or sonca models verify")
        core = openvino.Core()
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16",
            "CPU_RUNTIME_CACHE_CAPACITY": str(_KERNELS),
            "ENABLE_CPU_PINNING": False,  # others compute on these cores, too
        }
        try:
            self._model = core.compile_model(core.read_model(str(path)), "CPU", options)
        except RuntimeError as error:
            raise BadModel(
                f"{path} cannot be loaded ({short(error)}); it may be cut short: fetch it again, "
                "or sonca models verify"
            ) from error
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        super().__init__(
            str(path),
            {port.get_any_name(): _spec(port) for port in self._model.inputs},
            # Nodes that do nothing are taken out, and one output has the names of several.
            {name: _spec(port) for port in self._model.outputs for name in port.get_names()},
        )

    @property
    def providers(self) -> tuple[str, ...]:
        return (NAME,)

    def _run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> list[Array]:
        try:
            request = self._free.get_nowait()
        except queue.Empty:  # one for each thread that ever computed at once
            request = self._model.create_infer_request()
        try:
            request.infer(dict(feed))
            return [np.array(request.get_tensor(name).data) for name in outputs]
        finally:
            self._free.put(request)


def _spec(port: Any) -> TensorSpec:
    shape = port.get_partial_shape()
    sizes = tuple(None if size.is_dynamic else int(size.get_length()) for size in shape)
    return TensorSpec(np.dtype(port.get_element_type().to_dtype()), sizes)
