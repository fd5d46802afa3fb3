"""Pieces that both networks are made of. Nothing here knows what the model computes.

With ``bf16``, a linear layer rounds its weights and its inputs to bf16 and adds up in float32;
everything between the layers stays in float32, and so do the sums that go past them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from openvino import Model, Type
from openvino import opset13 as op

from sonca.engines.vieneu.batch.shape import Array

Node = Any
"""A graph node or one of its outputs; OpenVINO's Python API is untyped."""
Precision = Literal["f32", "bf16"]
BLOCKED = -1e9
"""Added to the score of a key that must not be looked at."""
TYPES = {"f32": Type.f32, "bf16": Type.bf16}


def model(inputs: Sequence[Node], outputs: Mapping[str, Node], name: str) -> Model:
    """Returns a graph whose outputs carry names."""
    results = []
    for label, node in outputs.items():
        result = op.result(node)
        result.output(0).get_tensor().set_names({label})
        results.append(result)
    return Model(results, list(inputs), name)


def parameter(shape: Sequence[int], name: str, dtype: Any = np.float32) -> Node:
    """Returns an input; -1 is a size that may change."""
    node = op.parameter(list(shape), dtype)
    node.output(0).get_tensor().set_names({name})
    node.set_friendly_name(name)
    return node


def floats(value: npt.ArrayLike) -> Node:
    return op.constant(np.asarray(value, np.float32))


def ints(*values: int) -> Node:
    return op.constant(np.array(values, np.int64))


def number(value: int) -> Node:
    return op.constant(np.int64(value))


def reshape(x: Node, *shape: int) -> Node:
    """Reshapes: 0 keeps a size, -1 is what remains."""
    return op.reshape(x, ints(*shape), special_zero=True)


def transpose(x: Node, *order: int) -> Node:
    return op.transpose(x, ints(*order))


def narrow(x: Node, axis: int, start: int, stop: int) -> Node:
    return op.slice(x, ints(start), ints(stop), ints(1), ints(axis))


def weight(value: Array, precision: Precision) -> Node:
    """Stores a table in the given precision, rounded to the nearest."""
    if precision == "f32":
        return floats(value)
    return op.constant(round_bf16(value), dtype=Type.bf16)


def round_bf16(value: Array) -> Array:
    """Rounds to the nearest number that bf16 has, ties to even: the runtime cuts off."""
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)


def as_type(x: Node, precision: Precision) -> Node:
    return x if precision == "f32" else op.convert(x, Type.bf16)


def as_float(x: Node, precision: Precision) -> Node:
    return x if precision == "f32" else op.convert(x, Type.f32)


def linear(x: Node, stored: Node, precision: Precision) -> Node:
    """Multiplies x (..., in) by a weight (out, in)."""
    return as_float(op.matmul(as_type(x, precision), stored, False, True), precision)


def rms_norm(x: Node, gain: Array, epsilon: float) -> Node:
    """Divides by the root of the mean square over the last axis and multiplies by `gain`."""
    square = op.power(x, floats(2.0))
    mean = op.reduce_mean(square, ints(-1), keep_dims=True)
    root = op.sqrt(op.add(mean, floats(epsilon)))
    return op.multiply(op.multiply(x, op.divide(floats(1.0), root)), floats(gain))


def gated(x: Node, stored: tuple[Node, ...], precision: Precision) -> Node:
    """Applies silu(x·gate)·(x·up)·down, with the weights gate, up and down."""
    gate, up, down = stored
    x = as_type(x, precision)
    opened = op.swish(as_float(op.matmul(x, gate, False, True), precision))
    raised = as_float(op.matmul(x, up, False, True), precision)
    return linear(op.multiply(opened, raised), down, precision)
