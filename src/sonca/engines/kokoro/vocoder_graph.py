"""Makes a vocoder's graph one that OpenVINO computes well: float convolutions, sines as products.

Convolutions in int8 whose scale is found at run time are slow wherever they run, and no other
runtime has them. Their weights as float32 give the same sound, somewhat truer, as nothing is
rounded on the way. Needs the package onnx.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

# sin(pi r) / r as a polynomial in r * r, where r is at most a half: 7e-9 off. OpenVINO has no fast
# sine, and takes a fifth of the time for it; what is left here it joins into one loop.
_SINE = (3.14159264, -5.16771008, 2.55007752, -0.59829129, 0.07765766)


def prepare(model: ModelProto) -> ModelProto:
    """Changes a vocoder's graph in place, as above, and returns it."""
    nodes = list(model.graph.node)
    nodes = _float_convolutions(model, nodes)
    nodes = _sines(model, nodes)
    _set_nodes(model, nodes)
    return model


def _float_convolutions(model: ModelProto, nodes: list[NodeProto]) -> list[NodeProto]:
    """Returns the nodes with a `Conv` in place of each group that quantizes, convolves, adds the
    bias and scales. Groups that look otherwise stay."""
    from onnx import helper, numpy_helper

    maker = {name: node for node in nodes for name in node.output}
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    readers = _readers(nodes)
    made: dict[str, NodeProto] = {}
    for node in nodes:
        if node.op_type != "ConvInteger":
            continue
        group = _group(node, maker, readers, weights)
        if group is None:
            continue
        kernel = (group.kernel.astype(np.float32) - group.zero) * group.scale
        name = f"{node.output[0]}_float"
        model.graph.initializer.append(numpy_helper.from_array(kernel.astype(np.float32), name))
        inputs = [group.data, name, *([group.bias] if group.bias else [])]
        float_node = helper.make_node("Conv", inputs, [group.result], name=f"{node.name}_float")
        float_node.attribute.extend(node.attribute)
        made[group.result] = float_node
    return [made.get(node.output[0], node) for node in nodes]


@dataclass(frozen=True, slots=True)
class _Group:
    """What one quantized convolution consists of."""

    data: str
    kernel: npt.NDArray[Any]
    zero: float
    scale: float
    bias: str
    """The float bias that is added before it is scaled; empty if there is none."""
    result: str


def _group(
    node: NodeProto,
    maker: Mapping[str, NodeProto],
    readers: Mapping[str, list[NodeProto]],
    weights: Mapping[str, TensorProto],
) -> _Group | None:
    """Follows the graph from a `ConvInteger`: None if it is not as onnxruntime's quantizer writes
    it."""
    quantizer = maker.get(node.input[0])
    if quantizer is None or quantizer.op_type != "DynamicQuantizeLinear":
        return None
    bias, last = "", node
    after = _sole_reader(last, "Add", readers)
    if after is not None:
        bias = _bias(_other_input(after, last), maker)
        if not bias:
            return None
        last = after
    cast = _sole_reader(last, "Cast", readers)
    scaled = None if cast is None else _sole_reader(cast, "Mul", readers)
    if cast is None or scaled is None:
        return None
    scales = maker.get(_other_input(scaled, cast))
    fixed = [name for name in scales.input if name in weights] if scales is not None else []
    if len(fixed) != 1 or node.input[1] not in weights:
        return None
    scale = _array(weights[fixed[0]])
    zero = _array(weights[node.input[3]]) if len(node.input) > 3 else np.zeros(1)
    if scale.size != 1 or zero.size != 1:
        return None
    kernel = _array(weights[node.input[1]])
    return _Group(
        quantizer.input[0],
        kernel,
        float(zero.reshape(-1)[0]),
        float(scale.reshape(-1)[0]),
        bias,
        scaled.output[0],
    )


def _sole_reader(
    node: NodeProto, kind: str, readers: Mapping[str, list[NodeProto]]
) -> NodeProto | None:
    found = readers.get(node.output[0], [])
    return found[0] if len(found) == 1 and found[0].op_type == kind else None


def _other_input(node: NodeProto, source: NodeProto) -> str:
    return next(str(name) for name in node.input if name != source.output[0])


def _array(tensor: TensorProto) -> npt.NDArray[Any]:
    from onnx import numpy_helper

    made: npt.NDArray[Any] = numpy_helper.to_array(tensor)
    return made


def _bias(name: str, maker: Mapping[str, NodeProto]) -> str:
    """Returns the float bias that was divided by the scale, rounded and reshaped; empty if it was
    made otherwise."""
    while (node := maker.get(name)) is not None:
        name = node.input[0]
        if node.op_type == "Div":
            return name
        if node.op_type not in ("Reshape", "Cast", "Floor", "Round"):
            return ""
    return ""


def _sines(model: ModelProto, nodes: list[NodeProto]) -> list[NodeProto]:
    """Returns the nodes with a polynomial in place of every squared sine: sin(x)**2 has the
    period pi, so that x is brought near zero by whole halves of a turn."""
    readers = _readers(nodes)
    squares: dict[str, NodeProto] = {}
    for node in nodes:
        after = readers.get(node.output[0], []) if node.op_type == "Sin" else []
        if len(after) == 1 and _is_square(after[0], model, node.output[0]):
            squares[node.output[0]] = after[0]
    if not squares:
        return nodes
    _add_constant(model, "sonca_turns", 1 / math.pi)
    for power, factor in enumerate(_SINE):
        _add_constant(model, f"sonca_sine_{power}", factor)
    replaced = {square.output[0] for square in squares.values()}
    made: list[NodeProto] = []
    for node in nodes:
        if node.op_type == "Sin" and node.output[0] in squares:
            made += _squared_sine(node.input[0], squares[node.output[0]].output[0])
        elif node.output[0] not in replaced:
            made.append(node)
    return made


def _squared_sine(given: str, result: str) -> list[NodeProto]:
    from onnx import helper

    names = iter(f"{result}_sine_{n}" for n in range(32))
    made: list[NodeProto] = []

    def add(kind: str, *inputs: str, out: str = "") -> str:
        out = out or next(names)
        made.append(helper.make_node(kind, list(inputs), [out]))
        return out

    turns = add("Mul", given, "sonca_turns")
    rest = add("Sub", turns, add("Round", turns))
    square = add("Mul", rest, rest)
    sum_ = f"sonca_sine_{len(_SINE) - 1}"
    for power in reversed(range(len(_SINE) - 1)):
        sum_ = add("Add", add("Mul", sum_, square), f"sonca_sine_{power}")
    sine = add("Mul", sum_, rest)
    add("Mul", sine, sine, out=result)
    return made


def _is_square(node: NodeProto, model: ModelProto, sine: str) -> bool:
    """Returns whether a node squares the sine."""
    from onnx import numpy_helper

    if node.op_type == "Mul":
        return list(node.input) == [sine, sine]
    if node.op_type != "Pow" or node.input[0] != sine:
        return False
    power = next((t for t in model.graph.initializer if t.name == node.input[1]), None)
    return power is not None and bool((numpy_helper.to_array(power) == 2).all())


def _readers(nodes: list[NodeProto]) -> dict[str, list[NodeProto]]:
    readers: dict[str, list[NodeProto]] = {}
    for node in nodes:
        for name in set(node.input):
            readers.setdefault(name, []).append(node)
    return readers


def _add_constant(model: ModelProto, name: str, value: float) -> None:
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))


def _set_nodes(model: ModelProto, nodes: list[NodeProto]) -> None:
    """Makes these the model's nodes, without those that lead nowhere, and drops the weights that
    none of them reads."""
    graph = model.graph
    used = {value.name for value in graph.output}
    kept: list[NodeProto] = []
    for node in reversed(nodes):
        if not used.isdisjoint(node.output):
            used.update(node.input)
            kept.append(type(node).FromString(node.SerializeToString()))
    del graph.node[:]
    graph.node.extend(reversed(kept))
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    weights = [type(tensor).FromString(tensor.SerializeToString()) for tensor in weights]
    del graph.initializer[:]
    graph.initializer.extend(weights)
