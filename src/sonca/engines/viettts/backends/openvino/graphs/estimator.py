"""The flow's estimator as a graph: one step of the solver, both halves of the guidance at once.

The time embedding is not in it. The ten times are fixed, so what each residual block adds for a
step is a constant, computed here in float32 (`time_table`): inside a bfloat16 graph it would be
wrong by a sixth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from openvino import Model
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.openvino.graphs import layers as nn
from sonca.engines.viettts.backends.openvino.graphs.layers import WeightFormat, Weights
from sonca.engines.viettts.config import FlowConfig

STEPS = 10
GROUPS = 8
ESTIMATOR = "decoder.estimator."


def times() -> tuple[Array, Array]:
    """Returns when the ten steps start, and how far each goes; summed in float32, as upstream."""
    grid = (1 - np.cos(np.linspace(0, 1, STEPS + 1) * 0.5 * np.pi)).astype(np.float32)
    t, starts, lengths = grid[0], [], []
    for end in grid[1:]:
        starts.append(t)
        lengths.append(end - t)
        t = t + lengths[-1]
    return np.array(starts, np.float32), np.array(lengths, np.float32)


def stage_names(config: FlowConfig) -> list[str]:
    mid = [f"mid_blocks.{i}" for i in range(config.estimator.mid_stages)]
    return ["down_blocks.0", "down_blocks.1", *mid, "up_blocks.0", "up_blocks.1"]


def time_table(config: FlowConfig, tensors: Mapping[str, Array]) -> Array:
    """Computes what each stage's residual block adds in each step: (steps, stages, channels)."""
    weights = Weights(tensors, ESTIMATOR)

    def project(x: Array, key: str) -> Array:
        return np.asarray(x @ weights[f"{key}.weight"].T + weights[f"{key}.bias"])

    half = config.estimator.in_channels // 2
    rates = np.exp(np.arange(half) * -(math.log(10000.0) / (half - 1)))
    angles = 1000.0 * times()[0][:, None] * rates  # (steps, half)
    e = project(np.concatenate([np.sin(angles), np.cos(angles)], 1), "time_mlp.linear_1")
    e = project(e / (1 + np.exp(-e)), "time_mlp.linear_2")  # (steps, 4·c0)
    e = e * np.tanh(np.logaddexp(0, e))  # Mish
    rows = [project(e, f"{stage}.0.mlp.1") for stage in stage_names(config)]
    return np.stack(rows, axis=1).astype(np.float32)


def build(config: FlowConfig, tensors: Mapping[str, Array], format: WeightFormat = "f32") -> Model:
    """Builds x (1, T, 80), given (1, T, 240), time (stages, channels) -> velocity (1, T, 80).

    With int8 the multiplications after a norm and after the GELU are in int8, where most of the
    time goes and where no input can leave a range that is known from the weights.
    `given` is mu, speaker and prompt mel side by side; the second half of the guidance sees
    zeros in its place.
    """
    return UNet(config, Weights(tensors, ESTIMATOR, format)).graph()


class UNet:
    """Builds the graph."""

    def __init__(self, config: FlowConfig, weights: Weights) -> None:
        self.config, self.weights, self.rate = config.estimator, weights, config.cfg_rate
        self.mel = config.mel
        self.stages = stage_names(config)
        self.time = n.parameter([len(self.stages), self.config.channels[0]], "time")

    def graph(self) -> Model:
        x = n.parameter([1, -1, self.mel], "x")
        given = n.parameter([1, -1, 3 * self.mel], "given")
        outputs = {"velocity": self.velocity(x, given)}
        return n.model([x, given, self.time], outputs, "estimator")

    def velocity(self, x: Node, given: Node) -> Node:
        with_it = op.concat([x, given], 2)
        without = op.concat([x, op.multiply(given, n.floats(0))], 2)
        both = op.concat([with_it, without], 0)  # (2, T, 320)
        y = self.run(n.transpose(both, 0, 2, 1))  # (2, 80, T)
        y = n.transpose(y, 0, 2, 1)
        conditional, unconditional = (n.narrow(y, 0, i, i + 1) for i in (0, 1))
        return op.subtract(
            op.multiply(conditional, n.floats(1 + self.rate)),
            op.multiply(unconditional, n.floats(self.rate)),
        )

    def run(self, x: Node) -> Node:
        """Runs the whole net: (B, 320, T) -> (B, 80, T)."""
        skip0 = self.stage("down_blocks.0", x)
        x = self.conv("down_blocks.0.2.conv", skip0, stride=2)
        skip1 = self.stage("down_blocks.1", x)
        x = self.conv("down_blocks.1.2", skip1)
        for i in range(self.config.mid_stages):
            x = self.stage(f"mid_blocks.{i}", x)
        x = self.stage("up_blocks.0", op.concat([x, skip1], 1))
        x = nn.conv_transpose(x, self.weights, "up_blocks.0.2.conv", stride=2, pad=1)
        # One frame too many where the length is odd.
        x = op.slice(x, n.ints(0), nn.sizes(skip0, 2), n.ints(1), n.ints(2))
        x = self.stage("up_blocks.1", op.concat([x, skip0], 1))
        x = self.conv("up_blocks.1.2", x)
        return self.conv("final_proj", self.block1d("final_block", x))

    def conv(self, key: str, x: Node, stride: int = 1) -> Node:
        return nn.conv(x, self.weights, key, stride=stride)

    def block1d(self, key: str, x: Node) -> Node:
        y = self.conv(f"{key}.block.0", x)
        return op.mish(nn.group_norm(y, self.weights, f"{key}.block.1", GROUPS))

    def stage(self, name: str, x: Node) -> Node:
        """Adds a residual block, then transformer blocks: (B, C, T) -> (B, C', T)."""
        index = self.stages.index(name)
        added = n.reshape(n.narrow(self.time, 0, index, index + 1), 1, -1, 1)  # (1, C', 1)
        h = op.add(self.block1d(f"{name}.0.block1", x), added)
        h = self.block1d(f"{name}.0.block2", h)
        x = op.add(h, self.conv(f"{name}.0.res_conv", x))
        x = n.transpose(x, 0, 2, 1)  # (B, T, C)
        for i in range(self.config.blocks):
            x = self.transformer(self.weights.at(f"{name}.1.{i}"), x)
        return n.transpose(x, 0, 2, 1)

    def transformer(self, w: Weights, x: Node) -> Node:
        x = op.add(x, self.attention(w, x))
        layer = (w["ff.net.0.proj.weight"], w["ff.net.0.proj.bias"])
        (h,) = nn.norm_linears(x, w, "norm3", [layer])
        top = nn.norm_bound(w, "norm3", *layer)
        return op.add(x, nn.gelu_linear(h, w, "ff.net.2", top))

    def attention(self, w: Weights, x: Node) -> Node:
        heads, size = self.config.heads, self.config.head_size
        # The scale goes into the weights: one pass over the scores less.
        query = w["attn1.to_q.weight"] / np.float32(math.sqrt(size))
        layers = [(query, None), (w["attn1.to_k.weight"], None), (w["attn1.to_v.weight"], None)]
        q, k, v = nn.norm_linears(x, w, "norm1", layers)
        q, k, v = (
            n.transpose(n.reshape(y, 0, 0, heads, size), 0, 2, 1, 3)  # (B, H, T, dk)
            for y in (q, k, v)
        )
        y = op.matmul(op.softmax(op.matmul(q, k, False, True), -1), v, False, False)
        y = n.reshape(n.transpose(y, 0, 2, 1, 3), 0, 0, -1)
        return nn.linear(y, w.unquantized(), "attn1.to_out.0")
