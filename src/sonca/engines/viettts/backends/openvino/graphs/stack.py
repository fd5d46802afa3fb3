"""The encoders as graphs: whole sequences through blocks with relative positions.

The table of distances is an input, so that no length is built in; its projection costs less
than one block of the estimator.
"""

from __future__ import annotations

import math

import numpy as np
from openvino import Model
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.openvino.graphs import layers as nn
from sonca.engines.viettts.backends.openvino.graphs.layers import Weights
from sonca.engines.viettts.config import EncoderConfig

BLOCKED = -1e9
"""Added to the score of a key that must not be looked at."""


def relative_positions(distances: Array, width: int) -> Array:
    """Returns sinusoids of query - key, which may be negative: (R,) -> (R, width)."""
    rates = np.exp(np.arange(0, width, 2) * -(math.log(10000.0) / width))
    angles = distances[:, None].astype(np.float64) * rates
    return (
        np.stack([np.sin(angles), np.cos(angles)], axis=2)
        .reshape(len(distances), width)
        .astype(np.float32)
    )


def distances(frames: int) -> Array:
    """Returns the distances of a whole sequence, largest first: (2·frames - 1,)."""
    return np.arange(frames - 1, -frames, -1, dtype=np.float32)


def embed(x: Node, config: EncoderConfig, weights: Weights) -> Node:
    """Applies the input layer, with its factor √width."""
    x = nn.layer_norm(nn.linear(x, weights, "embed.out.0"), weights, "embed.out.1")
    if config.legacy_input:
        x = op.relu(x)
    return op.multiply(x, n.floats(math.sqrt(config.width)))


def build(config: EncoderConfig, weights: Weights, key: str, projection: str) -> Model:
    """Builds the encoder `key`: x (1, N, in), table (2N - 1, width) -> (1, N, out), the output
    of the layer `projection`."""
    w = weights.at(key)
    x = n.parameter([1, -1, config.input_size], "x")
    table = n.parameter([-1, config.width], "table")
    mask = _causal(x) if config.causal else None
    h = embed(x, config, w)
    for index in range(config.blocks):
        h = _block(config, w.at(f"encoders.{index}"), h, table, mask)
    h = nn.linear(nn.layer_norm(h, w, "after_norm"), weights, projection)
    return n.model([x, table], {"y": h}, key)


def _causal(x: Node) -> Node:
    """Returns a mask (1, 1, N, N): 0 where key <= query, else a large negative number."""
    frames = op.range(n.number(0), op.squeeze(nn.sizes(x, 1), n.number(0)), n.number(1), "i64")
    later = op.greater(op.unsqueeze(frames, n.number(0)), op.unsqueeze(frames, n.number(1)))
    mask = op.select(later, n.floats(BLOCKED), n.floats(0.0))
    return op.unsqueeze(mask, n.ints(0, 1))


def _block(config: EncoderConfig, w: Weights, x: Node, table: Node, mask: Node | None) -> Node:
    before_attention, before_ffn = config.norm_names
    h = nn.layer_norm(x, w, before_attention)
    x = op.add(x, _attention(config, w.at("self_attn"), h, table, mask))
    h = nn.linear(nn.layer_norm(x, w, before_ffn), w, "feed_forward.w_1")
    h = op.swish(h) if config.conformer else op.relu(h)
    return op.add(x, nn.linear(h, w, "feed_forward.w_2"))


def _attention(config: EncoderConfig, w: Weights, x: Node, table: Node, mask: Node | None) -> Node:
    heads, size = config.heads, config.head_size

    def split(y: Node) -> Node:
        return n.transpose(n.reshape(y, 0, 0, heads, size), 0, 2, 1, 3)  # (1, H, N, dk)

    q, k, v = (split(nn.linear(x, w, f"linear_{which}")) for which in "qkv")
    p = split(op.unsqueeze(nn.linear(table, w, "linear_pos"), n.number(0)))  # (1, H, 2N-1, dk)
    u_bias, v_bias = (n.floats(w[f"pos_bias_{which}"][None, :, None]) for which in "uv")
    content = op.matmul(op.add(q, u_bias), k, False, True)  # (1, H, N, N)
    position = _shift(op.matmul(op.add(q, v_bias), p, False, True), x)  # (1, H, N, N)
    scores = op.multiply(op.add(content, position), n.floats(1 / math.sqrt(size)))
    if mask is not None:
        scores = op.add(scores, mask)
    y = op.matmul(op.softmax(scores, -1), v, False, False)
    return nn.linear(n.reshape(n.transpose(y, 0, 2, 1, 3), 0, 0, -1), w, "linear_out")


def _shift(by_distance: Node, x: Node) -> Node:
    """Turns scores by distance into scores by key: (1, H, N, 2N - 1) -> (1, H, N, N).

    Row i begins N - 1 - i columns later than the last row. One column put in front and the rows
    read on through each other's ends does that for all rows at once.
    """
    frames = nn.sizes(x, 1)
    shape = op.shape_of(by_distance)
    front = op.concat([n.narrow(shape, 0, 0, 3), n.ints(1)], 0)
    padded = op.concat([op.broadcast(n.floats(0.0), front), by_distance], 3)
    flat = n.reshape(padded, 0, 0, -1)
    flat = op.slice(flat, frames, n.ints(2**31), n.ints(1), n.ints(2))
    back = op.reshape(flat, shape, special_zero=False)
    return op.slice(back, n.ints(0), frames, n.ints(1), n.ints(3))
