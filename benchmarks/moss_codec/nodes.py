"""Parts of graphs with random weights: named weights, nodes, and files with weights beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Weights:
    """Random tensors by name: asked for again, the same."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.tensors: dict[str, np.ndarray[Any, Any]] = {}

    def __call__(self, name: str, *shape: int, scale: float | None = None) -> str:
        if name not in self.tensors:
            size = scale if scale is not None else shape[-2] ** -0.5
            self.tensors[name] = self._rng.normal(0, size, shape).astype(np.float32)
        return name


class Nodes:
    """A graph in the making."""

    def __init__(self, weights: Weights) -> None:
        self.weight = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def add(self, op: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        name = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, value: Any, kind: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def model(self, name: str) -> onnx.ModelProto:
        """The graph without the shared weights that it names; `save` adds them."""
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def save(model: onnx.ModelProto, weights: Weights, path: Path, data: str) -> None:
    """Writes a graph, and beside it all `weights` into the file `data`."""
    at = 0
    used = {name for node in model.graph.node for name in node.input}
    with (path.parent / data).open("wb") as file:
        for name, value in weights.tensors.items():
            raw = value.tobytes()
            if name in used:
                tensor = model.graph.initializer.add()
                tensor.name, tensor.data_type = name, TensorProto.FLOAT
                tensor.dims.extend(value.shape)
                tensor.data_location = TensorProto.EXTERNAL
                place = {"location": data, "offset": str(at), "length": str(len(raw))}
                for key, text in place.items():
                    tensor.external_data.add(key=key, value=text)
            file.write(raw)
            at += len(raw)
    onnx.save(model, path)
