"""The language model as graphs that hold the weights and keep no state.

Everything between two attentions works on rows, one token each, whether they are a prompt, one
step or a batch of sentences: one set of weights serves all. Attention itself has no weights
left once positions are projected; `attention` is its graph for one step of a batch, and
`decoder` does the rest.
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
from sonca.engines.viettts.backends.openvino.graphs.stack import embed
from sonca.engines.viettts.config import EncoderConfig, LLMConfig


def build_layer(config: LLMConfig, weights: Weights, index: int) -> Model:
    """Builds a graph: 0 comes before the first attention, `index` after attention `index` - 1.

    The first: x (N, in) -> h (N, D), qkv (N, 3·D). The middle ones: attended (N, D), h -> h,
    qkv. The last: attended, h -> logits (N, vocab + 1). `qkv` holds q + u, k and v, with the
    attention's scale already in q.
    """
    if index > 0:
        return _after_attention(config, weights, index - 1)
    lm, w = config.lm, weights.at("llm")
    x = n.parameter([-1, lm.input_size], "x")
    h = embed(x, lm, w)
    return n.model([x], {"h": h, "qkv": _qkv(lm, w.at("encoders.0"), h)}, "llm_first")


def _after_attention(config: LLMConfig, weights: Weights, index: int) -> Model:
    lm, w = config.lm, weights.at("llm")
    block = w.at(f"encoders.{index}")
    attended = n.parameter([-1, lm.width], "attended")
    before = n.parameter([-1, lm.width], "before")
    h = op.add(before, nn.linear(attended, block, "self_attn.linear_out"))
    f = nn.linear(nn.layer_norm(h, block, lm.norm_names[1]), block, "feed_forward.w_1")
    f = op.swish(f) if lm.conformer else op.relu(f)
    h = op.add(h, nn.linear(f, block, "feed_forward.w_2"))
    inputs = [attended, before]
    if index + 1 < lm.blocks:
        qkv = _qkv(lm, w.at(f"encoders.{index + 1}"), h)
        return n.model(inputs, {"h": h, "qkv": qkv}, f"llm_{index}")
    logits = nn.linear(nn.layer_norm(h, w, "after_norm"), weights, "llm_decoder")
    return n.model(inputs, {"logits": logits}, "llm_last")


def _qkv(config: EncoderConfig, block: Weights, h: Node) -> Node:
    """Projects by one multiplication: (N, D) -> (N, 3·D)."""
    a = block.at("self_attn")
    scale = np.float32(1 / math.sqrt(config.head_size))
    weight = np.concatenate(
        [a["linear_q.weight"] * scale, a["linear_k.weight"], a["linear_v.weight"]]
    )
    query = (a["linear_q.bias"] + a["pos_bias_u"].reshape(-1)) * scale
    bias = np.concatenate([query, a["linear_k.bias"], a["linear_v.bias"]])
    normed = nn.layer_norm(h, block, config.norm_names[0])
    return op.add(nn.matmul(normed, weight, block.format), n.floats(bias))


def position_bias(config: EncoderConfig, weights: Weights, index: int) -> Array:
    """Returns what turns the scaled q + u of layer `index` into q + v: (H, 1, dk)."""
    a = weights.at(f"llm.encoders.{index}.self_attn")
    scale = np.float32(1 / math.sqrt(config.head_size))
    return np.asarray((a["pos_bias_v"] - a["pos_bias_u"])[:, None] * scale)


def build_positions(config: EncoderConfig, weights: Weights) -> Model:
    """Builds table (R, D) -> each layer's projected positions (layers, H, R, dk)."""
    table = n.parameter([-1, config.width], "table")
    rows = []
    for index in range(config.blocks):
        w = weights.at(f"llm.encoders.{index}.self_attn")
        p = n.reshape(nn.linear(table, w, "linear_pos"), 0, config.heads, config.head_size)
        rows.append(op.unsqueeze(n.transpose(p, 1, 0, 2), n.number(0)))
    return n.model([table], {"positions": op.concat(rows, 0)}, "llm_positions")


def build_attention(config: EncoderConfig) -> Model:
    """Builds one step of a batch over its cache.

    q (B, H, 1, dk), keys and values (B, H, E, dk), positions (H, E, dk) of the distances E - 1
    to 0, bias (H, 1, dk), columns (B, E): where each key's distance stands among the positions,
    mask (B, 1, 1, E) -> (B, H·dk).
    """
    heads, size = config.heads, config.head_size
    q = n.parameter([-1, heads, 1, size], "q")
    keys, values = (n.parameter([-1, heads, -1, size], name) for name in ("keys", "values"))
    positions = n.parameter([heads, -1, size], "positions")
    bias = n.parameter([heads, 1, size], "bias")
    columns = n.parameter([-1, -1], "columns", np.int32)
    mask = n.parameter([-1, 1, 1, -1], "mask")
    # One multiplication per head for the whole batch: (H, B, dk) by (H, dk, E).
    # The first row stands twice, because for a single row the runtime sums in another order.
    rows = op.concat([q, n.narrow(q, 0, 0, 1)], 0)  # (B + 1, H, 1, dk)
    by_head = n.transpose(op.squeeze(rows, n.number(2)), 1, 0, 2)  # (H, B + 1, dk)
    by_distance = op.matmul(op.add(by_head, bias), positions, False, True)  # (H, B + 1, E)
    by_row = n.narrow(n.transpose(by_distance, 1, 0, 2), 0, 0, -1)  # (B, H, E)
    position = op.gather(by_row, columns, n.number(2), batch_dims=1)  # (B, H, E)
    content = op.matmul(q, keys, False, True)  # (B, H, 1, E)
    scores = op.add(op.add(content, op.unsqueeze(position, n.number(2))), mask)
    y = op.matmul(op.softmax(scores, -1), values, False, False)  # (B, H, 1, dk)
    inputs = [q, keys, values, positions, bias, columns, mask]
    return n.model(inputs, {"attended": n.reshape(y, 0, -1)}, "llm_attention")
