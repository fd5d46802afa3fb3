"""A graph that makes one sentence's frame, made into one that makes several sentences' at once.

Every node stands once for each sentence, but products with a constant matrix: those take all
sentences' rows together, so that the weights, for which such a product waits, are read once.
Nothing needs to be known of what the graph does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime import BadModel

_PRODUCTS = ("MatMul", "MatMulNBits", "Gemm")


def write_side_by_side(source: Path, target: Path, rows: int, own: Sequence[str]) -> None:
    """Writes a graph for `rows` sentences. The inputs `own` are each sentence's own, (1, ...) in
    `source` and (rows, ...) here, as are all outputs. Raises `BadModel` if the graph has branches
    of its own."""
    import onnx

    model = onnx.load(source)
    _Rows(model, rows, own).rewrite()
    onnx.save(model, target)


class _Rows:
    """The rewriting of one graph."""

    def __init__(self, model: Any, rows: int, own: Sequence[str]) -> None:
        self._graph = model.graph
        self._rows = rows
        self._own = [each for each in model.graph.input if each.name in own]
        self._per_row = {each.name for each in self._own}
        """Tensors that each sentence has one of."""
        self._nodes: list[Any] = []

    def rewrite(self) -> None:
        from onnx import numpy_helper

        ones = numpy_helper.from_array(np.ones(self._rows, np.int64), "rows.ones")
        self._graph.initializer.append(ones)
        for port in self._own:
            self._split(port.name, port.name)
            port.type.tensor_type.shape.dim[0].dim_value = self._rows
        for node in self._graph.node:
            self._add(node)
        for port in self._graph.output:
            self._join(port.name, port.name)
            port.type.tensor_type.shape.dim[0].dim_value = self._rows
        del self._graph.value_info[:]
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)

    def _add(self, node: Any) -> None:
        if any(each.HasField("g") or each.graphs for each in node.attribute):
            raise BadModel(f"the graph has a branch ({node.op_type}); it cannot take several rows")
        if not self._per_row.intersection(node.input):
            self._nodes.append(node)  # the same for all
            return
        self._per_row.update(node.output)
        constant = not self._per_row.intersection(node.input[1:])
        if node.op_type in _PRODUCTS and constant:
            (name,) = node.output
            self._join(node.input[0], f"{name}.in")
            product = self._copy(node, [f"{name}.in", *node.input[1:]], [f"{name}.out"])
            self._nodes.append(product)
            self._split(f"{name}.out", name)
            return
        for row in range(self._rows):
            taken = [self._named(name, row) for name in node.input]
            self._nodes.append(self._copy(node, taken, [_row(n, row) for n in node.output]))

    def _named(self, name: str, row: int) -> str:
        return _row(name, row) if name in self._per_row else name

    def _copy(self, node: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
        made = type(node)()
        made.CopyFrom(node)
        made.input[:], made.output[:] = inputs, outputs
        made.name = ""
        return made

    def _split(self, source: str, name: str) -> None:
        from onnx import helper

        rows = [_row(name, row) for row in range(self._rows)]
        self._nodes.append(helper.make_node("Split", [source, "rows.ones"], rows, axis=0))

    def _join(self, name: str, target: str) -> None:
        from onnx import helper

        rows = [self._named(name, row) for row in range(self._rows)]
        self._nodes.append(helper.make_node("Concat", rows, [target], axis=0))


def _row(name: str, row: int) -> str:
    return f"{name}.row{row}" if name else ""
