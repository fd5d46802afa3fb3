"""The graphs of VieNeu-TTS v3 Turbo as its hub's folder has them, from any weights.

Inputs, outputs and their order are those that upstream's `OnnxV3LiteEngine` feeds and reads. The
network is the one that its PyTorch modules describe: a Qwen3 decoder with grouped queries, norms on
queries and keys and rotary positions, and an acoustic decoder with learned positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]
"""By the names of upstream's checkpoint; matrices as PyTorch keeps them, (out, in)."""

_OPSET = 17
_LOWEST = np.finfo(np.float32).min


@dataclass(frozen=True)
class Sizes:
    """The numbers of a model. The defaults are the published model's."""

    hidden: int = 768
    layers: int = 12
    heads: int = 12
    kv_heads: int = 4
    head_dim: int = 64
    ff: int = 3072
    local_layers: int = 1
    local_heads: int = 8
    local_ff: int = 2048
    codebooks: int = 16
    text_vocab: int = 419
    audio_vocab: int = 1024
    speaker_dim: int = 192
    rope_theta: float = 1e6
    eps: float = 1e-6


@dataclass
class _Graph:
    """A graph that is being written: every method adds nodes and returns the tensor's name."""

    sizes: Sizes
    weights: Weights
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    used: dict[str, Array] = field(default_factory=dict)
    """Matrices and norms, as the graph wants them: a matrix is (in, out)."""

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        names = [name, *(f"{name}.{n}" for n in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return name

    def named(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def const(self, value: Any, dtype: Any = np.int64) -> str:
        array = np.asarray(value, dtype)
        name = f"c_{array.dtype}_{array.tobytes().hex()[:64]}_{'x'.join(map(str, array.shape))}"
        self.constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def real(self, value: float) -> str:
        return self.const(value, np.float32)

    def weight(self, name: str) -> str:
        self.used[name] = self.weights[name]
        return name

    def linear(self, x: str, name: str) -> str:
        self.used[name] = np.ascontiguousarray(self.weights[name].T)
        return self.op("MatMul", x, name)

    def norm(self, x: str, name: str) -> str:
        square = self.op("Pow", x, self.real(2.0))
        mean = self.op("ReduceMean", square, axes=[-1], keepdims=1)
        root = self.op("Sqrt", self.op("Add", mean, self.real(self.sizes.eps)))
        scaled = self.op("Mul", x, self.op("Div", self.real(1.0), root))
        return self.op("Mul", scaled, self.weight(name))

    def heads(self, x: str, heads: int, size: int) -> str:
        """(1, T, heads·size) -> (1, T, heads, size)."""
        return self.op("Reshape", x, self.const([1, -1, heads, size]))

    def forward(self, x: str) -> str:
        """(1, T, heads, size) -> (1, heads, T, size)."""
        return self.op("Transpose", x, perm=[0, 2, 1, 3])

    def silu(self, x: str) -> str:
        return self.op("Mul", x, self.op("Sigmoid", x))

    def length(self, x: str, axis: int) -> str:
        return self.op("Gather", self.op("Shape", x), self.const(axis), axis=0)

    def causal(self, new: str, total: str) -> str:
        """Returns the mask of the last `new` of `total` positions: (new, total)."""
        zero, one = self.const(0), self.const(1)
        keys = self.op("Unsqueeze", self.op("Range", zero, total, one), self.const([0]))
        before = self.op("Sub", total, new)
        rows = self.op("Add", self.op("Range", zero, new, one), before)
        seen = self.op("LessOrEqual", keys, self.op("Unsqueeze", rows, self.const([1])))
        return self.op("Where", seen, self.real(0.0), self.real(float(_LOWEST)))

    def attention(self, q: str, k: str, v: str, size: int, mask: str | None) -> str:
        """(1, h, T, size), (1, h, S, size) twice -> (1, T, h·size)."""
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.real(size**-0.5))
        if mask is not None:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        return self.op("Reshape", self.forward(mixed), self.const([0, 0, -1]))

    def gated(self, x: str, gate: str, up: str, down: str) -> str:
        """Returns what a gated feed-forward adds."""
        opened = self.op("Mul", self.silu(self.linear(x, gate)), self.linear(x, up))
        return self.linear(opened, down)

    def model(self, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "main_graph", inputs, outputs)
        graph.initializer.extend(self.constants.values())
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
        model.ir_version = 8
        return model


def backbone(sizes: Sizes, weights: Weights, *, prefill: bool) -> tuple[onnx.ModelProto, Weights]:
    """Returns the graph of the semantic decoder without its weights, and those weights.

    Prefill: ``inputs_embeds`` (1, T, hidden). Step: the same with T = 1, ``position_ids`` (1, T),
    ``past_k_i`` and ``past_v_i`` (1, kv_heads, P, head_dim). Both give ``hidden`` and every layer's
    ``present_k_i``, then every layer's ``present_v_i``.
    """
    g = _Graph(sizes, weights)
    x = "inputs_embeds"
    length = g.length(x, 1)
    mask = None
    if prefill:
        mask = g.causal(length, length)
        row = g.op("Range", g.const(0), length, g.const(1))
        positions = g.op("Unsqueeze", row, g.const([0]))
    else:
        positions = "position_ids"
    turn = _angles(g, positions)
    for layer in range(sizes.layers):
        x = _backbone_layer(g, x, layer, turn, mask, past=not prefill)
    g.named("Identity", "hidden", g.norm(x, "semantic_backbone.norm.weight"))
    inputs = [_value("inputs_embeds", [1, "T", sizes.hidden])]
    if not prefill:
        inputs.append(_value("position_ids", [1, "T"], TensorProto.INT64))
    cache = (sizes.layers, sizes.kv_heads, sizes.head_dim)
    return g.model(inputs + _past(prefill, *cache), _present(sizes.hidden, *cache)), g.used


def _angles(g: _Graph, positions: str) -> tuple[str, str]:
    """Returns cosine and sine of the rotary angles: (1, 1, T, head_dim) each."""
    half = np.arange(0, g.sizes.head_dim, 2, dtype=np.float64) / g.sizes.head_dim
    speeds = (1.0 / g.sizes.rope_theta**half).astype(np.float32)
    g.constants["rope_speeds"] = numpy_helper.from_array(speeds, "rope_speeds")
    at = g.op("Unsqueeze", g.op("Cast", positions, to=TensorProto.FLOAT), g.const([1, 3]))
    angle = g.op("Mul", at, "rope_speeds")
    angle = g.op("Concat", angle, angle, axis=-1)
    return g.op("Cos", angle), g.op("Sin", angle)


def _rotated(g: _Graph, x: str, turn: tuple[str, str]) -> str:
    size = g.sizes.head_dim
    first = g.op("Slice", x, g.const([0]), g.const([size // 2]), g.const([3]))
    second = g.op("Slice", x, g.const([size // 2]), g.const([size]), g.const([3]))
    turned = g.op("Concat", g.op("Neg", second), first, axis=-1)
    return g.op("Add", g.op("Mul", x, turn[0]), g.op("Mul", turned, turn[1]))


def _backbone_layer(
    g: _Graph, x: str, layer: int, turn: tuple[str, str], mask: str | None, *, past: bool
) -> str:
    s, name = g.sizes, f"semantic_backbone.layers.{layer}."
    normed = g.norm(x, name + "input_layernorm.weight")

    def split(part: str, heads: int) -> str:
        return g.heads(g.linear(normed, f"{name}self_attn.{part}_proj.weight"), heads, s.head_dim)

    q = g.forward(g.norm(split("q", s.heads), name + "self_attn.q_norm.weight"))
    k = g.forward(g.norm(split("k", s.kv_heads), name + "self_attn.k_norm.weight"))
    v = g.forward(split("v", s.kv_heads))
    q, k = _rotated(g, q, turn), _rotated(g, k, turn)
    k, v = _joined(g, layer, k, v, past=past)
    k, v = _repeated(g, k), _repeated(g, v)
    mixed = g.attention(q, k, v, s.head_dim, mask)
    x = g.op("Add", x, g.linear(mixed, name + "self_attn.o_proj.weight"))
    normed = g.norm(x, name + "post_attention_layernorm.weight")
    parts = (f"{name}mlp.{part}_proj.weight" for part in ("gate", "up", "down"))
    return g.op("Add", x, g.gated(normed, *parts))


def _joined(g: _Graph, layer: int, k: str, v: str, *, past: bool) -> tuple[str, str]:
    """Puts new keys and values behind those that there are, and makes both outputs."""
    if past:
        return (
            g.named("Concat", f"present_k_{layer}", f"past_k_{layer}", k, axis=2),
            g.named("Concat", f"present_v_{layer}", f"past_v_{layer}", v, axis=2),
        )
    return (
        g.named("Identity", f"present_k_{layer}", k),
        g.named("Identity", f"present_v_{layer}", v),
    )


def _repeated(g: _Graph, x: str) -> str:
    """Gives every query its group's keys or values: (1, kv_heads, S, d) -> (1, heads, S, d)."""
    groups = g.sizes.heads // g.sizes.kv_heads
    if groups == 1:
        return x
    wide = g.op("Unsqueeze", x, g.const([2]))
    wide = g.op("Expand", wide, g.const([1, 1, groups, 1, 1]))
    return g.op("Reshape", wide, g.const([0, g.sizes.heads, -1, g.sizes.head_dim]))


def acoustic(sizes: Sizes, weights: Weights) -> tuple[onnx.ModelProto, Weights]:
    """Returns the graph of the acoustic decoder without its weights, and those weights.

    ``token_emb`` (1, S, hidden), ``position_ids`` (1, S), ``past_k_i`` and ``past_v_i`` (1,
    local_heads, P, size) -> ``hidden``, every ``present_k_i``, then every ``present_v_i``.
    """
    g = _Graph(sizes, weights)
    size = sizes.hidden // sizes.local_heads
    new = g.length("token_emb", 1)
    mask = g.causal(new, g.op("Add", g.length("past_k_0", 2), new))
    slots = g.weight("acoustic_decoder.slot_pos_emb.weight")
    x = g.op("Add", "token_emb", g.op("Gather", slots, "position_ids", axis=0))
    for layer in range(sizes.local_layers):
        x = _acoustic_layer(g, x, layer, size, mask)
    g.named("Identity", "hidden", g.norm(x, "acoustic_decoder.norm.weight"))
    inputs = [
        _value("token_emb", [1, "S", sizes.hidden]),
        _value("position_ids", [1, "S"], TensorProto.INT64),
    ]
    cache = (sizes.local_layers, sizes.local_heads, size)
    return g.model(inputs + _past(False, *cache), _present(sizes.hidden, *cache)), g.used


def _acoustic_layer(g: _Graph, x: str, layer: int, size: int, mask: str) -> str:
    heads, name = g.sizes.local_heads, f"acoustic_decoder.layers.{layer}."
    normed = g.norm(x, name + "norm1.weight")
    joint = g.op(
        "Reshape", g.linear(normed, name + "attn.qkv.weight"), g.const([1, -1, 3, heads, size])
    )
    q, k, v = (g.op("Gather", joint, g.const(part), axis=2) for part in range(3))
    q = g.forward(g.norm(q, name + "attn.q_norm.weight"))
    k = g.forward(g.norm(k, name + "attn.k_norm.weight"))
    k, v = _joined(g, layer, k, g.forward(v), past=True)
    mixed = g.attention(q, k, v, size, mask)
    x = g.op("Add", x, g.linear(mixed, name + "attn.o_proj.weight"))
    normed = g.norm(x, name + "norm2.weight")
    parts = (f"{name}ff_{part}.weight" for part in ("gate", "up", "down"))
    return g.op("Add", x, g.gated(normed, *parts))


def _value(name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _past(none: bool, layers: int, heads: int, size: int) -> list[Any]:
    if none:
        return []
    pairs = ((f"past_k_{n}", f"past_v_{n}") for n in range(layers))
    return [_value(name, [1, heads, "P", size]) for pair in pairs for name in pair]


def _present(hidden: int, layers: int, heads: int, size: int) -> list[Any]:
    names = [f"present_{kind}_{n}" for kind in "kv" for n in range(layers)]
    caches = [_value(name, [1, heads, "N", size]) for name in names]
    return [_value("hidden", [1, "T", hidden]), *caches]


def save(model: onnx.ModelProto, weights: Weights, path: Path) -> None:
    """Writes a graph with its weights inside."""
    model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
    onnx.save(model, str(path))


def save_shared(models: Mapping[str, tuple[onnx.ModelProto, Weights]], data: Path) -> None:
    """Writes graphs by file name beside `data`, which holds the weights of all of them once."""
    places: dict[str, tuple[int, int]] = {}
    with data.open("wb") as file:
        for _, weights in models.values():
            for name, weight in weights.items():
                if name not in places:
                    file.write(b"\0" * (-file.tell() % 64))
                    places[name] = (file.tell(), weight.nbytes)
                    file.write(weight.tobytes())
    for file_name, (model, weights) in models.items():
        for name, weight in weights.items():
            model.graph.initializer.append(_outside(name, weight.shape, data.name, *places[name]))
        onnx.save(model, str(data.with_name(file_name)))


def _outside(name: str, shape: tuple[int, ...], file: str, offset: int, length: int) -> Any:
    tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
