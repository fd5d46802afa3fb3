"""The flow's length regulator as a graph. Its token encoder is a `stack`."""

from __future__ import annotations

from openvino import Model
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.viettts.backends.openvino.graphs import layers as nn
from sonca.engines.viettts.backends.openvino.graphs.layers import Weights
from sonca.engines.viettts.config import FlowConfig


def build_regulator(config: FlowConfig, weights: Weights) -> Model:
    """Builds the regulator's convolutions: rows at the mel's rate (1, T, 80) -> mu (1, T, 80)."""
    x = n.parameter([1, -1, config.mel], "x")
    w = weights.at("length_regulator.model")

    def conv(y: Node, index: int) -> Node:
        return nn.conv(y, w, str(index))

    y: Node = n.transpose(x, 0, 2, 1)
    for index in range(config.regulator_convs):
        y = op.mish(nn.group_norm(conv(y, 3 * index), w, f"{3 * index + 1}", 1))
    y = conv(y, 3 * config.regulator_convs)
    return n.model([x], {"mu": n.transpose(y, 0, 2, 1)}, "flow_regulator")
