"""A frame as one graph: sixteen codes, each drawn inside from the ones before it."""

from __future__ import annotations

import math

import numpy as np
from openvino import Model, Type
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.vieneu.batch import layers as nn
from sonca.engines.vieneu.batch.layers import BLOCKED, Precision
from sonca.engines.vieneu.batch.shape import Array, Shape, Weights
from sonca.engines.vieneu.sampling import SamplingConfig


def build_frame(
    shape: Shape, weights: Weights, precision: Precision, sampling: SamplingConfig
) -> Model:
    """Builds the graph of a batch's frame.

    Inputs: hidden (B, D); draws (B, codes), uniform in [0, 1); recent (B, codes, vocab), uint8,
    whether a code stood in the window. Outputs: codes (B, codes) int32, and end (B,) int32, the
    text token at the frame's place; first (B, 2, D), what both come from.
    """
    hidden = n.parameter([-1, shape.width], "hidden")
    draws = n.parameter([-1, shape.codes], "draws")
    recent = n.parameter([-1, shape.codes, shape.audio_vocab], "recent", np.uint8)
    layers = _Layers(shape, weights, precision)
    tables = [
        nn.weight(weights[f"audio_embeddings.{code}.weight"], precision)
        for code in range(shape.codes)
    ]
    text = weights["text_embeddings.weight"]
    start = op.broadcast(
        n.floats(text[None, None, shape.speech_start]),
        op.concat(
            [op.gather(op.shape_of(hidden), n.ints(0), n.number(0)), n.ints(1, shape.width)], 0
        ),
    )
    rows = op.concat([op.unsqueeze(hidden, n.number(1)), start], 1)  # (B, 2, D)
    first = y = layers.apply(rows, 0)
    ends = nn.linear(_row(y, 0), nn.weight(text, precision), precision)  # (B, text)
    end = op.topk(ends, n.number(1), 1, "max", "none", "i32").output(1)
    drawn: list[Node] = []
    for code, table in enumerate(tables):
        if code:
            token = op.gather(tables[code - 1], drawn[-1], n.number(0))  # (B, 1, D)
            y = layers.apply(nn.as_float(token, precision), code + 1)
        logits = nn.linear(_row(y, -1), table, precision)
        seen = op.squeeze(n.narrow(recent, 1, code, code + 1), n.number(1))
        drawn.append(_draw(logits, seen, n.narrow(draws, 1, code, code + 1), sampling))
    outputs = {"codes": op.concat(drawn, 1), "end": n.reshape(end, -1), "first": first}
    return n.model([hidden, draws, recent], outputs, "vieneu_frame")


def _row(y: Node, index: int) -> Node:
    return op.gather(y, n.number(index), n.number(1))


def _draw(logits: Node, seen: Node, draw: Node, sampling: SamplingConfig) -> Node:
    """Draws from the best codes by their probabilities: (B, vocab) -> (B, 1) int32."""
    penalty = n.floats(sampling.penalty)
    lower = op.select(
        op.less(logits, n.floats(0.0)), op.multiply(logits, penalty), op.divide(logits, penalty)
    )
    logits = op.select(op.convert(seen, Type.boolean), lower, logits)
    logits = op.divide(logits, n.floats(sampling.temperature))
    count = min(sampling.top_k, logits.get_output_partial_shape(0)[1].get_length())
    best = op.topk(logits, n.number(count), 1, "max", "value", "i32")
    p = op.softmax(best.output(0), 1)
    total = op.cum_sum(p, n.number(1))
    kept = op.less(op.subtract(total, p), n.floats(sampling.top_p))
    p = op.multiply(p, op.convert(kept, Type.f32))
    total = op.cum_sum(p, n.number(1))  # (B, k)
    point = op.multiply(draw, n.narrow(total, 1, -1, 2**31))
    below = op.convert(op.less_equal(total, point), Type.i32)
    place = op.reduce_sum(below, n.ints(1), keep_dims=True)
    last = op.subtract(
        op.reduce_sum(op.convert(kept, Type.i32), n.ints(1), keep_dims=True),
        op.constant(np.int32(1)),
    )
    return op.gather_elements(best.output(1), op.minimum(place, last), 1)


class _Layers:
    """The acoustic network's layers, with the keys and values of the places so far."""

    def __init__(self, shape: Shape, weights: Weights, precision: Precision) -> None:
        self.shape, self.weights, self.precision = shape, weights, precision
        self.places = weights["acoustic_decoder.slot_pos_emb.weight"]
        self.stored = {
            name: nn.weight(value, precision)
            for name, value in weights.items()
            if name.startswith("acoustic_decoder.layers.") and value.ndim == 2
        }
        self.keys: list[list[Node]] = [[] for _ in range(shape.local_layers)]
        self.values: list[list[Node]] = [[] for _ in range(shape.local_layers)]

    def apply(self, x: Node, place: int) -> Node:
        """Runs T new rows (B, T, D), the first at `place`; the first call has two, all others
        one."""
        count = 1 if place else 2
        x = op.add(x, n.floats(self.places[None, place : place + count]))
        for layer in range(self.shape.local_layers):
            x = self._layer(x, layer, count)
        return nn.rms_norm(x, self.weights["acoustic_decoder.norm.weight"], self.shape.epsilon)

    def _get(self, layer: int, name: str) -> Array:
        return self.weights[f"acoustic_decoder.layers.{layer}.{name}.weight"]

    def _linear(self, x: Node, layer: int, name: str) -> Node:
        stored = self.stored[f"acoustic_decoder.layers.{layer}.{name}.weight"]
        return nn.linear(x, stored, self.precision)

    def _layer(self, x: Node, layer: int, count: int) -> Node:
        s = self.shape
        normed = nn.rms_norm(x, self._get(layer, "norm1"), s.epsilon)
        size = s.width // s.local_heads
        qkv = n.reshape(self._linear(normed, layer, "attn.qkv"), 0, 0, 3 * s.local_heads, size)
        q, k, v = (n.narrow(qkv, 2, i * s.local_heads, (i + 1) * s.local_heads) for i in range(3))
        scale = np.float32(1 / math.sqrt(size))
        q = nn.rms_norm(q, self._get(layer, "attn.q_norm") * scale, s.epsilon)
        k = nn.rms_norm(k, self._get(layer, "attn.k_norm"), s.epsilon)
        self.keys[layer].append(k)
        self.values[layer].append(v)
        attended = self._attend(q, self.keys[layer], self.values[layer], count)
        x = op.add(x, self._linear(attended, layer, "attn.o_proj"))
        normed = nn.rms_norm(x, self._get(layer, "norm2"), s.epsilon)
        names = (
            f"acoustic_decoder.layers.{layer}.ff_{part}.weight" for part in ("gate", "up", "down")
        )
        return op.add(
            x, nn.gated(normed, tuple(self.stored[name] for name in names), self.precision)
        )

    def _attend(self, q: Node, keys: list[Node], values: list[Node], count: int) -> Node:
        q = n.transpose(q, 0, 2, 1, 3)  # (B, H, T, S)
        k = n.transpose(op.concat(keys, 1) if len(keys) > 1 else keys[0], 0, 2, 3, 1)
        v = n.transpose(op.concat(values, 1) if len(values) > 1 else values[0], 0, 2, 1, 3)
        scores = op.matmul(q, k, False, False)
        if count == 2:
            scores = op.add(scores, n.floats(np.array([[0, BLOCKED], [0, 0]])))
        y = op.matmul(op.softmax(scores, -1), v, False, False)
        return n.reshape(n.transpose(y, 0, 2, 1, 3), 0, 0, self.shape.width)
