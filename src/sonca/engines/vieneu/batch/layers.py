"""Pieces that both networks are made of. Nothing here knows what the model computes.

With ``bf16``, a linear layer rounds its weights and its inputs to bf16 and adds up in float32;
everything between the layers stays in float32, and so do the sums that go past them.
"""

from __future__ import annotations

from typing import Literal

from openvino import Type
from openvino import opset13 as op

from sonca.engines.runtime.nodes import (
    Node,
    floats,
    ints,
    round_bf16,
)
from sonca.engines.vieneu.batch.shape import Array

Precision = Literal["f32", "bf16"]
BLOCKED = -1e9
"""Added to the score of a key that must not be looked at."""
TYPES = {"f32": Type.f32, "bf16": Type.bf16}


def weight(value: Array, precision: Precision) -> Node:
    """Stores a table in the given precision, rounded to the nearest."""
    if precision == "f32":
        return floats(value)
    return op.constant(round_bf16(value), dtype=Type.bf16)


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
