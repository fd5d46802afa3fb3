"""Pieces that graphs are made of: constants, linear layers, norms, convolutions.

Layers take their weights by checkpoint key from a `Weights`, which also decides how a linear
layer's weights are stored. Nothing here knows what the model computes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from openvino import Model, Type
from openvino import opset13 as op

from sonca.engines.runtime.nodes import (
    Node,
    floats,
    ints,
    number,
    round_bf16,
)
from sonca.engines.viettts.arrays import Array

WeightFormat = Literal["f32", "int8"]
"""How linear layers store their weights: ``int8`` with one scale for each output."""

GELU_DEPTH = 0.17
"""GELU is nowhere less than minus this."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Tensors by key, under a prefix."""

    tensors: Mapping[str, Array]
    prefix: str = ""
    format: WeightFormat = "f32"

    def __getitem__(self, key: str) -> Array:
        return self.tensors[self.prefix + key]

    def at(self, key: str) -> Weights:
        """Returns the same weights under a longer prefix."""
        return replace(self, prefix=f"{self.prefix}{key}.")

    def unquantized(self) -> Weights:
        """Returns the same weights, none of them in int8."""
        return replace(self, format="f32")


def to_bf16(graph: Model) -> Model:
    """Makes the graph compute in bf16, with f32 at its ends; it takes half the room."""
    for node in graph.get_ops():
        if node.get_type_name() == "Constant" and node.get_element_type() == Type.f32:
            half = op.constant(round_bf16(node.data), dtype=Type.bf16)
            for target in node.output(0).get_target_inputs():
                target.replace_source_output(half.output(0))
    for port in graph.get_parameters():
        if port.get_element_type() == Type.f32:
            targets = port.output(0).get_target_inputs()
            half = op.convert(port, Type.bf16)
            for target in targets:
                target.replace_source_output(half.output(0))
    for result in graph.get_results():
        names = result.output(0).get_tensor().get_names()
        f32 = op.convert(result.input_value(0), Type.f32)
        result.input(0).replace_source_output(f32.output(0))
        result.output(0).get_tensor().set_names(names)
    graph.validate_nodes_and_infer_types()
    return graph


def sizes(x: Node, *axes: int) -> Node:
    """Returns the sizes along `axes`, as a vector."""
    return op.gather(op.shape_of(x), ints(*axes), number(0))


def matmul(x: Node, weight: Array, format: WeightFormat = "f32") -> Node:
    """Multiplies x (..., in) by weight (out, in)."""
    return op.matmul(x, _int8(weight) if format == "int8" else floats(weight), False, True)


def _int8(weight: Array) -> Node:
    """Stores a weight as int8 with one scale for each output."""
    scale = np.maximum(np.abs(weight).max(axis=1, keepdims=True), 1e-8) / 127
    rounded = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return op.multiply(op.convert(op.constant(rounded), np.float32), floats(scale))


def linear(x: Node, weights: Weights, key: str) -> Node:
    """Applies a linear layer: (..., in) -> (..., out), with the bias if the checkpoint has one."""
    y = matmul(x, weights[f"{key}.weight"], weights.format)
    return _biased(y, weights.tensors.get(f"{weights.prefix}{key}.bias"))


def layer_norm(x: Node, weights: Weights, key: str) -> Node:
    y = op.mvn(x, ints(-1), True, 1e-5, "inside_sqrt")
    y = op.multiply(y, floats(weights[f"{key}.weight"]))
    return op.add(y, floats(weights[f"{key}.bias"]))


def norm_linears(
    x: Node, weights: Weights, norm: str, layers: Sequence[tuple[Array, Array | None]]
) -> list[Node]:
    """Applies a layer norm, then each of the linear layers (weight, bias) to it.

    With int8 weights the normed values are int8 as well: before gain and offset (which go into
    the weights) no value of C can be larger than √(C - 1), so there is a range that nothing
    exceeds, whatever the input, and nothing to calibrate.
    """
    if weights.format != "int8":
        y = layer_norm(x, weights, norm)
        return [_biased(matmul(y, weight), bias) for weight, bias in layers]
    gain, offset = weights[f"{norm}.weight"], weights[f"{norm}.bias"]
    top = math.sqrt(len(gain) - 1)
    low, high = floats(-top * 128 / 127), floats(top)
    y = op.mvn(x, ints(-1), True, 1e-5, "inside_sqrt")
    y = op.fake_quantize(y, low, high, low, high, 256)
    out = []
    for weight, bias in layers:
        shift = weight @ offset
        out.append(
            _biased(
                op.matmul(y, _int8(weight * gain), False, True),
                shift if bias is None else shift + bias,
            )
        )
    return out


def norm_bound(weights: Weights, norm: str, weight: Array, bias: Array) -> Array:
    """Bounds the outputs of a linear layer after a layer norm, whatever the input: (out,).

    C normed values have the sum 0 and at most the length √C, and a product is at most that of
    the lengths (Cauchy-Schwarz). Rounding values and weights to int8 adds no more than 0.13.
    """
    gained = weight * weights[f"{norm}.weight"]
    centred = gained - gained.mean(axis=1, keepdims=True)
    longest = np.linalg.norm(centred, axis=1) + 0.13 * np.linalg.norm(gained, axis=1)
    middle = bias + weight @ weights[f"{norm}.bias"]
    return np.asarray(middle + math.sqrt(weight.shape[1]) * longest, np.float32)


def gelu_linear(x: Node, weights: Weights, key: str, top: Array) -> Node:
    """Applies GELU and a linear layer with a bias; no value of x (..., C) exceeds `top` (C,).

    With int8 weights what the GELU gives is int8 as well, each channel in a range of its own:
    that cannot be taken out of a sum over channels, so it goes into the weights.
    """
    y = op.gelu(x, "erf")
    if weights.format != "int8":
        return linear(y, weights, key)
    weight, bias = weights[f"{key}.weight"], weights[f"{key}.bias"]
    span = np.maximum(top, 0) + np.float32(GELU_DEPTH)
    y = op.multiply(op.add(y, floats(GELU_DEPTH)), floats(1 / span))  # 0 to 1
    y = op.fake_quantize(y, floats(0), floats(1), floats(0), floats(1), 256)
    shift = np.float32(GELU_DEPTH) * weight.sum(axis=1)
    return _biased(op.matmul(y, _int8(weight * span), False, True), bias - shift)


def _biased(y: Node, bias: Array | None) -> Node:
    return y if bias is None else op.add(y, floats(bias))


def group_norm(x: Node, weights: Weights, key: str, groups: int) -> Node:
    """Normalizes (B, C, T), statistics over T and each group of channels."""
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
    """Convolves: (B, in, T) -> (B, out, T'), the same length by default."""
    weight = weights[f"{key}.weight"]
    if pad is None:
        pad = (weight.shape[2] - 1) * dilation // 2
    kernel = floats(weight)
    y = op.convolution(x, kernel, [stride], [pad], [pad], [dilation])
    return op.add(y, floats(weights[f"{key}.bias"][None, :, None]))


def conv_transpose(x: Node, weights: Weights, key: str, *, stride: int, pad: int) -> Node:
    """Upsamples: (B, in, T) -> (B, out, stride·T) where kernel = stride + 2·pad."""
    kernel = floats(weights[f"{key}.weight"])
    y = op.convolution_backprop_data(
        x, kernel, [stride], pads_begin=[pad], pads_end=[pad], dilations=[1]
    )
    return op.add(y, floats(weights[f"{key}.bias"][None, :, None]))
