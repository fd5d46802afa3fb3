"""The language model as one graph without state: rows in, their outputs, keys and values out."""

from __future__ import annotations

import math

import numpy as np
from openvino import Model
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.vieneu.batch import layers as nn
from sonca.engines.vieneu.batch.layers import Precision
from sonca.engines.vieneu.batch.shape import Array, Shape, Weights


def build_backbone(shape: Shape, weights: Weights, precision: Precision) -> Model:
    """Builds the graph for a step of a batch (T = 1) and for a piece of one prompt (B = 1) alike.

    Inputs: x (B, T, D); cos and sin (1 or B, T, 1, S) of each row's position; for each layer what
    went before, keys_l and values_l (B, G, E, S) for G groups of heads; mask (B, 1, E), which is
    added to the scores of the columns before, and causal (T, T), to those of the rows themselves.

    Outputs: hidden (B, T, D), and new (layers, 2, B, T, G, S), the keys and values of the rows.
    """
    kind = nn.TYPES[precision]
    x = n.parameter([-1, -1, shape.width], "x")
    cos, sin = (n.parameter([-1, -1, 1, shape.head_size], name) for name in ("cos", "sin"))
    mask = n.parameter([-1, 1, 1, -1], "mask")
    causal = n.parameter([-1, -1], "causal")
    inputs, new = [x, cos, sin, mask, causal], []
    h = x
    for layer in range(shape.layers):
        size = [-1, shape.kv_heads, -1, shape.head_size]
        past = [n.parameter(size, f"{name}_{layer}", kind) for name in ("keys", "values")]
        inputs += past
        block = _Block(shape, weights, f"semantic_backbone.layers.{layer}.", precision)
        h, key, value = block.apply(h, (cos, sin), past, (mask, causal))
        new += [op.unsqueeze(key, n.number(0)), op.unsqueeze(value, n.number(0))]
    hidden = nn.rms_norm(h, weights["semantic_backbone.norm.weight"], shape.epsilon)
    return n.model(inputs, {"hidden": hidden, "new": op.concat(new, 0)}, "vieneu_backbone")


class _Block:
    """One layer: attention over what went before and over the rows, then the gated layer."""

    def __init__(self, shape: Shape, weights: Weights, prefix: str, precision: Precision) -> None:
        self.shape, self.weights, self.prefix, self.precision = shape, weights, prefix, precision

    def _get(self, name: str) -> Array:
        return self.weights[f"{self.prefix}{name}.weight"]

    def _stored(self, name: str) -> Node:
        return nn.weight(self._get(name), self.precision)

    def apply(
        self, h: Node, turn: tuple[Node, Node], past: list[Node], masks: tuple[Node, Node]
    ) -> tuple[Node, Node, Node]:
        """Returns the layer's output (B, T, D) and the rows' keys and values (B, T, G, S)."""
        p, epsilon = self.precision, self.shape.epsilon
        normed = nn.rms_norm(h, self._get("input_layernorm"), epsilon)
        q, k, v = self._project(normed, turn)
        attended = self._attend(q, k, v, past, masks)
        h = op.add(h, nn.linear(attended, self._stored("self_attn.o_proj"), p))
        normed = nn.rms_norm(h, self._get("post_attention_layernorm"), epsilon)
        mlp = tuple(self._stored(f"mlp.{name}_proj") for name in ("gate", "up", "down"))
        return op.add(h, nn.gated(normed, mlp, p)), k, v

    def _project(self, x: Node, turn: tuple[Node, Node]) -> tuple[Node, Node, Node]:
        """Returns queries (B, T, H, S), scaled, and keys and values (B, T, G, S)."""
        s = self.shape
        joined = np.concatenate([self._get(f"self_attn.{which}_proj") for which in "qkv"])
        qkv = nn.linear(x, nn.weight(joined, self.precision), self.precision)
        qkv = n.reshape(qkv, 0, 0, s.heads + 2 * s.kv_heads, s.head_size)
        q, k = n.narrow(qkv, 2, 0, s.heads), n.narrow(qkv, 2, s.heads, s.heads + s.kv_heads)
        v = n.narrow(qkv, 2, s.heads + s.kv_heads, s.heads + 2 * s.kv_heads)
        scale = np.float32(1 / math.sqrt(s.head_size))
        q = nn.rms_norm(q, self._get("self_attn.q_norm") * scale, s.epsilon)
        k = nn.rms_norm(k, self._get("self_attn.k_norm"), s.epsilon)
        turned = _rotate(op.concat([q, k], 2), turn, s.head_size)
        k = n.narrow(turned, 2, s.heads, s.heads + s.kv_heads)
        return (
            n.narrow(turned, 2, 0, s.heads),
            nn.as_type(k, self.precision),
            nn.as_type(v, self.precision),
        )

    def _attend(
        self, q: Node, k: Node, v: Node, past: list[Node], masks: tuple[Node, Node]
    ) -> Node:
        s, p = self.shape, self.precision
        share = s.heads // s.kv_heads
        # The heads of a group look at the same keys: (B, G, share·T, S).
        grouped = n.reshape(q, 0, 0, s.kv_heads, share, s.head_size)
        grouped = n.transpose(grouped, 0, 2, 3, 1, 4)  # (B, G, share, T, S)
        queries = nn.as_type(n.reshape(grouped, 0, 0, -1, s.head_size), p)
        keys, values = (n.transpose(x, 0, 2, 1, 3) for x in (k, v))  # (B, G, T, S)
        before = nn.as_float(op.matmul(queries, past[0], False, True), p)  # (B, G, share·T, E)
        own = nn.as_float(op.matmul(queries, keys, False, True), p)  # (B, G, share·T, T)
        causal = op.tile(masks[1], n.ints(share, 1))
        scores = op.concat([op.add(before, masks[0]), op.add(own, causal)], 3)
        weights = nn.as_type(op.softmax(scores, -1), p)
        width = op.gather(op.shape_of(past[0]), n.ints(2), n.number(0))
        rest = op.slice(weights, n.ints(0), width, n.ints(1), n.ints(3))
        ownw = op.slice(weights, width, n.ints(2**31), n.ints(1), n.ints(3))
        y = op.add(
            nn.as_float(op.matmul(rest, past[1], False, False), p),
            nn.as_float(op.matmul(ownw, values, False, False), p),
        )
        parts = op.concat(
            [
                n.ints(0, s.kv_heads, share),
                op.gather(op.shape_of(q), n.ints(1), n.number(0)),
                n.ints(s.head_size),
            ],
            0,
        )
        y = n.transpose(op.reshape(y, parts, special_zero=True), 0, 3, 1, 2, 4)
        return n.reshape(y, 0, 0, s.heads * s.head_size)


def _rotate(x: Node, turn: tuple[Node, Node], size: int) -> Node:
    """Turns each head's two halves by the angles of its row's position."""
    cos, sin = turn
    first, second = n.narrow(x, 3, 0, size // 2), n.narrow(x, 3, size // 2, size)
    across = op.concat([op.negative(second), first], 3)
    return op.add(op.multiply(x, cos), op.multiply(across, sin))


def rotations(shape: Shape, positions: int) -> tuple[Array, Array]:
    """Returns cosines and sines of the positions before `positions`: (positions, S) each."""
    rates = 1 / shape.rope_theta ** (np.arange(0, shape.head_size, 2) / shape.head_size)
    angles = np.arange(positions)[:, None] * np.concatenate([rates, rates])
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
