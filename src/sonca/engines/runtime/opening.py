"""Opens a graph's file on a runtime."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from sonca.engines.runtime.graph import BadModel, Graph
from sonca.engines.runtime.onnx_runtime import CPU, OnnxRuntimeGraph
from sonca.errors import EngineNotInstalled


def open_graph(
    model: Path | bytes,
    *,
    threads: int = 1,
    name: str = "",
    providers: Sequence[str] = (CPU,),
) -> Graph:
    """Loads a graph in ONNX.

    Args:
        model: its file, with whatever weights lie beside it, or its bytes.
        threads: >= 1, for what one run computes.
        name: what messages call it; the file's path if not given.
        providers: of ONNX Runtime, the first choice first.

    Raises:
        BadModel: if there is no such file, or it is no graph that the runtime can load.
        EngineNotInstalled: if there is no ONNX Runtime.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise EngineNotInstalled(
            "graphs need ONNX Runtime, which is not installed: pip install onnxruntime",
            field="model",
        )
    if isinstance(model, Path) and not model.is_file():
        raise BadModel(f"{model} is missing; fetch the model again, or sonca models verify")
    called = name or (str(model) if isinstance(model, Path) else "the graph")
    return OnnxRuntimeGraph(model, name=called, threads=threads, providers=providers)
