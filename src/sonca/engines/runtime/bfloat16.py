"""Graphs computed in bf16 by OpenVINO, where the processor has it.

What is compiled is one graph of free length. A length that is new costs some hundredths of a
second and a few MB, so a graph with `Lengths` has a few of them only, and takes whatever lies
between by padding: then nothing is compiled once it is built, and its memory stays what it is.
"""

from __future__ import annotations

import importlib.util
import os
import queue
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime.binding import settle
from sonca.engines.runtime.graph import Array, BadModel, Graph, TensorSpec, short
from sonca.engines.runtime.processor import has_bf16

NAME = "OpenVINO bf16"
LEAST_SNR_DB = 35.0
"""Below it a model speaks in float32."""
_KERNELS = 1024
"""Kernels that a graph keeps: those of about eight to sixteen lengths. The runtime's own limit is
5000, and some 4 MB a length."""


def missing() -> str | None:
    """Returns why nothing is computed in bf16 here; None if it can be. A processor without it
    would compute the same more slowly."""
    if not has_bf16():
        return "the processor has no bf16"
    return None if importlib.util.find_spec("openvino") else "OpenVINO is not installed"


@dataclass(frozen=True, slots=True)
class Lengths:
    """The few lengths in which a graph is computed."""

    shapes: Mapping[str, tuple[int, ...]]
    """Of every input. A last size of -1 is the length; outputs end in it, or in a multiple."""
    sizes: tuple[int, ...]
    """What is computed, ascending; zeros follow what is given."""

    def size_of(self, length: int) -> int:
        """Returns the size in which a length is computed."""
        size = next((size for size in self.sizes if size >= length), None)
        if size is None:
            raise ValueError(f"{length} frames, and the longest window is {self.sizes[-1]}")
        return size


class Bfloat16Graph(Graph):
    """One compiled graph."""

    def __init__(
        self,
        model: Path | bytes,
        *,
        threads: int = 1,
        name: str = "",
        streams: int = 1,
        lengths: Lengths | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Compiles a graph, and with `lengths` all of them: that takes seconds.

        Args:
            model: a file in ONNX, or its bytes.
            threads: for what one run computes.
            name: what messages call it; the file's path if not given.
            streams: how many runs go on at once, each on `threads`.
            lengths: in which it is computed; any if not given, and each new one is compiled.
            stop: is asked now and then whether to leave off; what is not compiled then is compiled
                when it is needed.

        Raises:
            BadModel: if it is no graph that the runtime can load.
        """
        # Read when the first graph of the process is compiled; there is no other way to say it.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(_KERNELS))
        called = name or (str(model) if isinstance(model, Path) else "the graph")
        self._lengths = lengths
        self._model = _compiled(model, called, threads * streams, streams, lengths)
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(streams):
            self._free.put(self._model.create_infer_request())
        super().__init__(
            called,
            {port.get_any_name(): _spec(port) for port in self._model.inputs},
            # Nodes that do nothing are taken out, and one output has the names of several.
            {name: _spec(port) for port in self._model.outputs for name in port.get_names()},
        )
        if lengths is not None:
            self._compile_lengths(lengths, streams, stop)

    @property
    def providers(self) -> tuple[str, ...]:
        return (NAME,)

    def _run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> list[Array]:
        if self._lengths is None:
            return self._infer(feed, outputs)
        padded, length, size = _padded(feed, self._lengths)
        return self._infer(padded, outputs, (length, size))

    def _infer(
        self, feed: Mapping[str, Any], outputs: Sequence[str], part: tuple[int, int] | None = None
    ) -> list[Array]:
        """Computes, and copies the outputs, of which `part` is the length to keep and all of it."""
        request = self._free.get()
        try:
            request.infer(dict(feed))
            made = [request.get_tensor(name).data for name in outputs]
            if part is not None:
                made = [one[..., : one.shape[-1] // part[1] * part[0]] for one in made]
            return [np.array(one) for one in made]
        finally:
            self._free.put(request)

    def _compile_lengths(self, lengths: Lengths, streams: int, stop: Callable[[], bool]) -> None:
        """Runs every length once in every stream: at once, or one stream would take them all."""
        with ThreadPoolExecutor(streams) as pool:
            for size in reversed(lengths.sizes):  # the longest first: the others fit its memory
                if stop():
                    return
                feed = {
                    name: np.zeros([size if n < 0 else n for n in shape], self.inputs[name].dtype)
                    for name, shape in lengths.shapes.items()
                }
                runs = [pool.submit(self._infer, feed, ()) for _ in range(streams)]
                for run in runs:
                    run.result()


def _compiled(
    model: Path | bytes, name: str, threads: int, streams: int, lengths: Lengths | None
) -> Any:
    import openvino

    if isinstance(model, Path) and not model.is_file():
        raise BadModel(f"{model} is missing; fetch the model again, or sonca models verify")
    settle()
    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": "bf16",
        "CPU_RUNTIME_CACHE_CAPACITY": str(_KERNELS),
        "ENABLE_CPU_PINNING": False,  # others compute on these cores, too
        "ENABLE_HYPER_THREADING": True,
    }
    try:
        graph = core.read_model(str(model) if isinstance(model, Path) else model)
        if lengths is not None:
            graph.reshape({port: list(shape) for port, shape in lengths.shapes.items()})
        return core.compile_model(graph, "CPU", options)
    except RuntimeError as error:
        raise BadModel(
            f"{name} cannot be loaded ({short(error)}); it may be cut short: fetch it again, "
            "or sonca models verify"
        ) from error


def _padded(feed: Mapping[str, Any], lengths: Lengths) -> tuple[dict[str, Any], int, int]:
    """Returns the feed in one of the lengths, the length it had, and the one it has."""
    long = [name for name, shape in lengths.shapes.items() if shape[-1] < 0]
    length = int(feed[long[0]].shape[-1])
    size = lengths.size_of(length)
    padded = {name: feed[name] for name in lengths.shapes}
    if size != length:
        for name in long:
            value = np.zeros((*feed[name].shape[:-1], size), feed[name].dtype)
            value[..., :length] = feed[name]
            padded[name] = value
    return padded, length, size


def _spec(port: Any) -> TensorSpec:
    shape = port.get_partial_shape()
    sizes = tuple(None if size.is_dynamic else int(size.get_length()) for size in shape)
    return TensorSpec(np.dtype(port.get_element_type().to_dtype()), sizes)
