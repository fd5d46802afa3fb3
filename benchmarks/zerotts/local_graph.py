"""The graph that decodes one frame, with random weights: its end, and its codes one after another.

Every code is drawn inside from a number that is given: repetition penalty, temperature, the most
likely `k`, then those that make up `p`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from benchmarks.moss_codec.nodes import Nodes, Weights

if TYPE_CHECKING:
    from benchmarks.zerotts.random_model import Sizes

_F, _I, _B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def local_frame_decode(weights: Weights, sizes: Sizes) -> Any:
    """Returns the graph."""
    g = Nodes(weights)
    books, size, width = sizes.codebooks, sizes.codebook_size, sizes.width
    g.inputs += [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("global_hidden", _F, ["B", width]),
            ("forbid_eoa", _B, [1]),
            ("text_temperature", _F, [1]),
            ("text_topk", _I, [1]),
            ("audio_temperature", _F, [1]),
            ("audio_topk", _I, [1]),
            ("audio_topp", _F, [1]),
            ("audio_repetition_penalty", _F, [1]),
            ("seen_mask", _B, [1, books, size]),
            ("ctrl_random_u", _F, [1]),
            ("audio_random_u", _F, [1, books]),
            ("cfg_scale", _F, [1]),
        )
    ]
    g.outputs += [
        helper.make_tensor_value_info("is_eoa", _B, [1]),
        helper.make_tensor_value_info("codes", _I, [1, books]),
    ]
    hidden = _guided(g)
    _end(g, hidden, width)
    body = g.add("Slice", hidden, g.ints(0), g.ints(width - 1), g.ints(1))
    x = g.add("Unsqueeze", g.add("MatMul", body, weights("in", width - 1, width)), g.ints(1))
    memory: list[tuple[str, str]] = []
    codes = []
    for book in range(books):
        x = _position(g, x, book, memory, sizes)
        table = weights(f"codes{book}", size, width)
        logits = g.add("MatMul", g.add("Squeeze", x, g.ints(1)), g.add("Transpose", table))
        logits = g.add("Mul", logits, g.constant(3.0 * (size / width) ** 0.5, np.float32))
        code = _drawn(g, logits, book, size)
        codes.append(code)
        x = g.add("Mul", g.add("Gather", table, code), g.constant(size**0.5, np.float32))
    g.add("Concat", *codes, axis=1, out="codes")
    return g.model("local_frame_decode")


def _guided(g: Nodes) -> str:
    """(1, D): the first row, led away from the last by what `cfg_scale` is above one."""
    end = g.ints(2**31 - 1)
    first = g.add("Slice", "global_hidden", g.ints(0), g.ints(1), g.ints(0))
    last = g.add("Slice", "global_hidden", g.ints(-1), end, g.ints(0))
    more = g.add("Sub", "cfg_scale", g.constant(1.0, np.float32))
    return g.add("Add", first, g.add("Mul", g.add("Sub", first, last), more))


def _end(g: Nodes, hidden: str, width: int) -> None:
    beyond = g.add("Slice", hidden, g.ints(width - 1), g.ints(width), g.ints(1))
    beyond = g.add("Div", g.add("Reshape", beyond, g.ints(1)), "text_temperature")
    ends = g.add("Less", "ctrl_random_u", g.add("Sigmoid", beyond))
    g.add("And", ends, g.add("Not", "forbid_eoa"), out="is_eoa")


def _position(g: Nodes, x: str, book: int, memory: list[tuple[str, str]], sizes: Sizes) -> str:
    """(1, 1, D) through the local layers, which see the codes before this one."""
    from benchmarks.zerotts.random_model import added, fed, heads_of, normed

    place = g.weight("places", sizes.codebooks, sizes.width, scale=0.5)
    x = g.add("Add", x, g.add("Gather", place, g.constant(book, np.int64)))
    for layer in range(sizes.local_layers):
        h = normed(g, x, f"l{layer}.n", sizes)
        q, k, v = (heads_of(g, h, f"l{layer}.{part}", sizes) for part in "qkv")
        if book:
            before = memory[layer]
            k = g.add("Concat", before[0], k, axis=2)
            v = g.add("Concat", before[1], v, axis=2)
        memory[layer : layer + 1] = [(k, v)]
        scores = g.add("MatMul", q, g.add("Transpose", k, perm=[0, 1, 3, 2]))
        scores = g.add("Mul", scores, g.constant(sizes.head**-0.5, np.float32))
        mixed = g.add("MatMul", g.add("Softmax", scores, axis=-1), v)
        flat = g.add("Reshape", g.add("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, 0, -1))
        x = fed(g, added(g, x, flat, f"l{layer}.o", sizes), f"l{layer}.f", sizes, sizes.local_wide)
    return normed(g, x, "last", sizes)


def _drawn(g: Nodes, logits: str, book: int, size: int) -> str:
    """(1, 1) code drawn from logits (1, C)."""
    one = g.constant(book, np.int64)
    seen = g.add("Gather", "seen_mask", one, axis=1)
    penalty = "audio_repetition_penalty"
    less = g.add("Where", g.add("Less", logits, g.constant(0.0, np.float32)),
                 g.add("Mul", logits, penalty), g.add("Div", logits, penalty))  # fmt: skip
    logits = g.add("Div", g.add("Where", seen, less, logits), "audio_temperature")
    most = g.add("Min", "audio_topk", g.ints(size))
    values, places = f"top{book}", f"place{book}"
    g.nodes.append(helper.make_node("TopK", [logits, most], [values, places], axis=1))
    p = g.add("Softmax", values, axis=1)
    axis = g.constant(1, np.int64)
    before = g.add("Sub", g.add("CumSum", p, axis), p)
    p = g.add("Mul", p, g.add("Cast", g.add("Less", before, "audio_topp"), to=_F))
    p = g.add("Div", p, g.add("ReduceSum", p, g.ints(1)))
    u = g.add("Gather", "audio_random_u", g.ints(book), axis=1)
    below = g.add("Cast", g.add("LessOrEqual", g.add("CumSum", p, axis), u), to=_I)
    at = g.add("ReduceSum", below, g.ints(1))
    at = g.add("Min", at, g.add("Sub", most, g.ints(1)))
    return g.add("GatherElements", places, at, axis=1)
