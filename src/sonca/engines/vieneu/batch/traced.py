"""A published graph, asked which weights stand between which of its inputs and outputs.

Exporters name few weights, but the order of inputs and outputs is fixed. Weights may be in int8, as
ONNX Runtime's quantization leaves them. Knows OpenVINO's reading of ONNX and nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov

from sonca.engines.vieneu.batch.shape import Array, Shape

_THROUGH = {"Convert", "Transpose", "Reshape", "Unsqueeze", "Squeeze", "Subtract"}
"""What may stand between a weight and its use."""
_QUANTIZED = {"Convert", "Subtract"}
"""What stands around a multiplication in int8."""


class Unknown(Exception):
    """The graph is not built as expected."""


Node = Any


class TracedGraph:
    """A published graph, asked for what stands between two places."""

    def __init__(self, model: ov.Model, layers: int, shape: Shape) -> None:
        self.layers, self.shape = layers, shape
        self.ends = [result.input_value(0).get_node() for result in model.get_results()]
        """Of the hidden state, of each layer's keys, then of each layer's values."""
        if len(self.ends) != 1 + 2 * layers:
            raise Unknown(f"{len(self.ends)} outputs, not {1 + 2 * layers}")
        if "past_k_0" not in [port.get_any_name() for port in model.inputs]:
            raise Unknown("it takes no past_k_0")
        self.weights: dict[str, Array] = {}
        """Of each multiplication by a matrix, (out, in), by the node's name."""
        self.results: dict[str, Node] = {}
        """Multiplications by the name of what comes out of them at last."""
        self.beside: dict[str, list[Node]] = {}
        """Multiplications by what they are applied to."""
        self.gathers = []
        for node in model.get_ordered_ops():
            kind = node.get_type_name()
            if kind == "MatMul":
                self._add(node)
            elif kind == "Gather":
                self.gathers.append(node)

    def _add(self, node: Node) -> None:
        value = _constant(node.input_value(1).get_node())
        if value is not None and value.ndim == 2:
            value = value if node.get_attributes()["transpose_b"] else value.T
            meaning = _meaning(node)
            self.weights[node.get_friendly_name()] = meaning.of(value, axis=0)
            self.results[meaning.end.get_friendly_name()] = node
            self.beside.setdefault(source(node).get_friendly_name(), []).append(node)

    def matrices(self, start: Node, forward: bool = False) -> list[Node]:
        """Returns the multiplications by a matrix that are met first, back from `start` or on
        from it."""
        met = self._walk(start, forward, self.result)
        return [self.results[node.get_friendly_name()] for node in met]

    def gain(
        self, start: Node, size: int, forward: bool = False, but: Array | None = None
    ) -> Array:
        """Returns the first norm's gain of `size` numbers on the way that is not `but`."""

        def fits(node: Node) -> bool:
            value = _factor(node, size)
            return value is not None and (but is None or not np.array_equal(value, but))

        for node in self._walk(start, forward, fits):
            value = _factor(node, size)
            if value is not None:
                return value
        raise Unknown(f"no norm of {size} numbers beside {start.get_friendly_name()}")

    def result(self, node: Node) -> bool:
        """Whether a node is what comes out of a multiplication by a matrix."""
        return node.get_friendly_name() in self.results

    def get(self, node: Node) -> Array:
        return self.weights[node.get_friendly_name()]

    def projections(self, layer: int) -> tuple[Node, Node]:
        """Returns the matrices that make a layer's keys and its values; they may be one."""
        keys, values = (self.ends[1 + layer + part * self.layers] for part in (0, 1))
        return only(self.matrices(keys)), only(self.matrices(values))

    def others(self, node: Node) -> list[Node]:
        """Returns the other matrices that are applied to what `node` is applied to."""
        name = node.get_friendly_name()
        together = self.beside[source(node).get_friendly_name()]
        return [other for other in together if other.get_friendly_name() != name]

    def after_attention(self, value: Node) -> dict[str, Node]:
        """Returns the matrices that follow a layer's attention."""
        out = only(self.matrices(value, forward=True))
        # What goes past the layer meets the gates of those above, too, but later.
        gate = next((n for n in self.matrices(out, forward=True) if _opens(n)), None)
        if gate is None:
            raise Unknown(f"no gate after {out.get_friendly_name()}")
        up = only(self.others(gate))
        return {"out": out, "gate": gate, "up": up, "down": only(self.matrices(gate, True))}

    def outer(self, acoustic: bool) -> Iterator[tuple[str, Array]]:
        """Yields what stands outside the layers."""
        width = self.shape.width
        if not acoustic:
            yield "semantic_backbone.norm.weight", self.gain(self.ends[0], width)
            return
        yield "acoustic_decoder.norm.weight", self.gain(self.ends[0], width)
        for node in self.gathers:
            value = _constant(node.input_value(0).get_node())
            if value is not None and value.shape == (self.shape.codes + 1, width):
                yield "acoustic_decoder.slot_pos_emb.weight", _meaning(node).of(value, axis=1)
                return
        raise Unknown("no table of places")

    def _walk(self, start: Node, forward: bool, found: Callable[[Node], bool]) -> Iterator[Node]:
        """Yields what `found` says yes to, nearest first, and goes past none of it, nor past a
        multiplication by a matrix."""
        seen = set[str]()
        queue = _next(_meaning(start).end, True) if forward else [start]
        while queue:
            node = queue.pop(0)
            name = node.get_friendly_name()
            if name in seen:
                continue
            seen.add(name)
            if found(node):
                yield node
            elif not self.result(node):
                queue += _next(node, forward)


def _next(node: Node, forward: bool) -> list[Node]:
    if forward:
        return [i.get_node() for o in node.outputs() for i in o.get_target_inputs()]
    return _back(node)


def _back(node: Node) -> list[Node]:
    return [value.get_node() for value in node.input_values()]


def _constant(node: Node) -> Array | None:
    """Returns a weight that is stored as it is, or turned or converted on its way."""
    kind = node.get_type_name()
    if kind == "Constant":
        return np.asarray(node.data, np.float32)
    if kind not in _THROUGH:
        return None
    value = _constant(node.input_value(0).get_node())
    if value is None or kind == "Convert":
        return value
    if kind == "Transpose":
        return value.transpose(node.input_value(1).get_node().data)
    if kind == "Subtract":
        zero = _constant(node.input_value(1).get_node())
        return None if zero is None else value - zero
    return value.reshape(list(node.get_output_shape(0)))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the numbers that come out of a node mean: (number - zero) · scale."""

    end: Node
    """The node that says so; the node itself where it is no int8."""
    zero: Array | float = 0.0
    scale: Array | float = 1.0
    """One number or one for each output."""

    def of(self, value: Array, axis: int) -> Array:
        """Returns a weight; `axis` is that of the outputs. Float32 stays where the file is
        mapped."""
        if isinstance(self.scale, float):
            return value
        scale = np.asarray(self.scale, np.float32)
        if scale.size > 1:
            scale = scale.reshape([-1 if n == axis else 1 for n in range(value.ndim)])
        return np.asarray((value - self.zero) * scale, np.float32)


def _meaning(node: Node) -> _Meaning:
    last = node
    zero: Array | float = 0.0
    while len(after := _next(last, True)) == 1 and after[0].get_type_name() in _QUANTIZED:
        last = after[0]
        if last.get_type_name() == "Subtract":
            subtracted = _constant(last.input_value(1).get_node())
            zero = 0.0 if subtracted is None else subtracted
    after = _next(last, True)
    if last is node or len(after) != 1 or after[0].get_type_name() != "Multiply":
        return _Meaning(node)
    for value in after[0].input_values():
        factors = value.get_node()
        # For a multiplication it stands beside the scale of what was multiplied.
        inner = _back(factors) if factors.get_type_name() == "Multiply" else [factors]
        for factor in inner:
            if (scale := _constant(factor)) is not None:
                return _Meaning(after[0], zero, scale)
    return _Meaning(node)


def source(node: Node) -> Node:
    """Returns what a matrix is applied to."""
    source = node.input_value(0).get_node()
    while source.get_type_name() in _QUANTIZED:
        source = source.input_value(0).get_node()
    return source


def _factor(node: Node, size: int) -> Array | None:
    """Returns the `size` numbers that a node multiplies by, if it does."""
    if node.get_type_name() != "Multiply":
        return None
    for value in node.input_values():
        constant = _constant(value.get_node())
        if constant is not None and constant.size == size and constant.shape[-1:] == (size,):
            return constant.reshape(size)
    return None


def only(nodes: list[Node]) -> Node:
    if len(nodes) != 1:
        raise Unknown(f"{len(nodes)} matrices where one is expected")
    return nodes[0]


def _opens(node: Node) -> bool:
    """Whether what a matrix makes goes through a sigmoid."""
    return any(n.get_type_name() in ("Sigmoid", "Swish") for n in _next(_meaning(node).end, True))
