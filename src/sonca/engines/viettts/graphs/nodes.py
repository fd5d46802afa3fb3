"""Pieces that graphs are made of: constants, linear layers, norms, convolutions.

Layers take their weights by checkpoint key from a `Weights`, which also decides how a linear
layer's weights are kept. Nothing here knows what the model computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from openvino import Model, Type
from openvino import opset13 as op

Node = Any
"""A graph node or one of its outputs; OpenVINO's Python API is untyped."""
Array = npt.NDArray[np.float32]
Kept = Literal["f32", "bf16", "int8"]
"""How large weights are kept: ``int8`` with one scale for each output, linear layers only."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Tensors by key, under a prefix."""

    tensors: Mapping[str, Array]
    prefix: str = ""
    kept: Kept = "f32"

    def __getitem__(self, key: str) -> Array:
        return self.tensors[self.prefix + key]

    def at(self, key: str) -> Weights:
        """The same weights under a longer prefix."""
        return Weights(self.tensors, f"{self.prefix}{key}.", self.kept)


def model(inputs: Sequence[Node], outputs: Mapping[str, Node], name: str) -> Model:
    """A graph whose outputs carry names."""
    results = []
    for label, node in outputs.items():
        result = op.result(node)
        result.output(0).get_tensor().set_names({label})
        results.append(result)
    return Model(results, list(inputs), name)


def parameter(shape: Sequence[int], name: str, dtype: Any = np.float32) -> Node:
    """An input; -1 is a size that may change."""
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
    """0 keeps a size, -1 is what remains."""
    return op.reshape(x, ints(*shape), special_zero=True)


def transpose(x: Node, *order: int) -> Node:
    return op.transpose(x, ints(*order))


def sizes(x: Node, *axes: int) -> Node:
    """The sizes along `axes`, as a vector."""
    return op.gather(op.shape_of(x), ints(*axes), number(0))


def narrow(x: Node, axis: int, start: int, stop: int, step: int = 1) -> Node:
    return op.slice(x, ints(start), ints(stop), ints(step), ints(axis))


def kept_floats(value: Array, kept: Kept) -> Node:
    """A constant that takes half the room where bf16 is good enough."""
    if kept != "bf16":
        return floats(value)
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
    # To the nearest, ties to even: the runtime's own conversion cuts off.
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return op.convert(op.constant(bits.view(np.float32), dtype=Type.bf16), np.float32)


def matmul(x: Node, weight: Array, kept: Kept) -> Node:
    """x (..., in) by weight (out, in)."""
    if kept != "int8":
        return op.matmul(x, kept_floats(weight, kept), False, True)
    scale = np.maximum(np.abs(weight).max(axis=1, keepdims=True), 1e-8) / 127
    rounded = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    restored = op.multiply(op.convert(op.constant(rounded), np.float32), floats(scale))
    return op.matmul(x, restored, False, True)


def linear(x: Node, weights: Weights, key: str) -> Node:
    """(..., in) -> (..., out), with the bias if the checkpoint has one."""
    y = matmul(x, weights[f"{key}.weight"], weights.kept)
    bias = weights.tensors.get(f"{weights.prefix}{key}.bias")
    return y if bias is None else op.add(y, floats(bias))


def layer_norm(x: Node, weights: Weights, key: str) -> Node:
    y = op.mvn(x, ints(-1), True, 1e-5, "inside_sqrt")
    y = op.multiply(y, floats(weights[f"{key}.weight"]))
    return op.add(y, floats(weights[f"{key}.bias"]))


def group_norm(x: Node, weights: Weights, key: str, groups: int) -> Node:
    """(B, C, T), statistics over T and each group of channels."""
    scale, bias = floats(weights[f"{key}.weight"]), floats(weights[f"{key}.bias"])
    return op.group_normalization(x, scale, bias, groups, 1e-5)


def conv(
    x: Node,
    weights: Weights,
    key: str,
    *,
    stride: int = 1,
    pad: int | None = None,
    dilation: int = 1,
) -> Node:
    """(B, in, T) -> (B, out, T'); the same length by default."""
    weight = weights[f"{key}.weight"]
    if pad is None:
        pad = (weight.shape[2] - 1) * dilation // 2
    kernel = kept_floats(weight, weights.kept)
    y = op.convolution(x, kernel, [stride], [pad], [pad], [dilation])
    return op.add(y, floats(weights[f"{key}.bias"][None, :, None]))


def conv_transpose(x: Node, weights: Weights, key: str, *, stride: int, pad: int) -> Node:
    """(B, in, T) -> (B, out, stride·T) where kernel = stride + 2·pad."""
    kernel = kept_floats(weights[f"{key}.weight"], weights.kept)
    y = op.convolution_backprop_data(
        x, kernel, [stride], pads_begin=[pad], pads_end=[pad], dilations=[1]
    )
    return op.add(y, floats(weights[f"{key}.bias"][None, :, None]))
