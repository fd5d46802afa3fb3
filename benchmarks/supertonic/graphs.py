"""The four graphs of Supertonic 3 with random weights.

Inputs, outputs, their order and shapes are those of the published graphs, and so is the kind of
network: ConvNeXt blocks with edges repeated, attention to the text with positions that count in
parts of the whole, attention to the style, guidance inside the step. The duration predictor is a
stand-in that gives each character its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LATENT = 144
"""Channels of a latent frame: 24 of six frames of 512 samples."""
STYLE, STYLE_TOKENS, TEXT = 256, 50, 256
DURATION_STYLE = (8, 16)
_PACKED, _HOP = 6, 512
_OPSET = 17
_GUIDANCE = 4.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers of a model. The defaults are the published model's."""

    characters: int = 8322
    hidden: int = 512
    inner: int = 2048
    cycles: int = 4
    heads: int = 8
    style_heads: int = 2
    last: int = 4
    text_layers: int = 6
    text_inner: int = 1024
    vocoder_hidden: int = 512
    vocoder_inner: int = 2048
    vocoder_dilations: tuple[int, ...] = (1, 2, 4, 1, 2, 4, 1, 1, 1, 1)


TINY = Sizes(
    characters=400,
    hidden=16,
    inner=24,
    cycles=1,
    heads=2,
    last=1,
    text_layers=1,
    text_inner=16,
    vocoder_hidden=16,
    vocoder_inner=24,
    vocoder_dilations=(1, 2),
)


class _Writer:
    """A graph that is being written: every method adds nodes and returns the tensor's name."""

    def __init__(self, sizes: Sizes, seed: int) -> None:
        self.sizes = sizes
        self._rng = np.random.default_rng(seed)
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def const(self, value: Any, dtype: Any = np.int64) -> str:
        name = f"c_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def real(self, value: Any) -> str:
        return self.const(value, np.float32)

    def random(self, *shape: int, scale: float = 1.0, offset: float = 0.0) -> str:
        made = self._rng.standard_normal(shape, dtype=np.float32)
        return self.real(made * np.float32(scale) + np.float32(offset))

    def linear(self, x: str, inner: int, outer: int, gain: float = 1.0) -> str:
        weight = self.random(inner, outer, scale=gain / inner**0.5)
        return self.op("Add", self.op("MatMul", x, weight), self.random(outer, scale=0.1))

    def conv(self, x: str, inner: int, outer: int, kernel: int = 1, gain: float = 1.0) -> str:
        weight = self.random(outer, inner, kernel, scale=gain / (inner * kernel) ** 0.5)
        return self.op("Conv", x, weight, self.random(outer, scale=0.1))

    def pad(self, x: str, before: int, after: int) -> str:
        return self.op("Pad", x, self.const([0, 0, before, 0, 0, after]), mode="edge")

    def turned(self, x: str) -> str:
        """(B, C, T) -> (B, T, C), and back."""
        return self.op("Transpose", x, perm=[0, 2, 1])

    def norm(self, x: str, size: int) -> str:
        """Over the channels of (B, C, T)."""
        scale, shift = self.random(size, scale=0.1, offset=1.0), self.random(size, scale=0.1)
        normal = self.op("LayerNormalization", self.turned(x), scale, shift, epsilon=1e-6)
        return self.turned(normal)

    def gelu(self, x: str) -> str:
        erf = self.op("Erf", self.op("Mul", x, self.real(0.5**0.5)))
        half = self.op("Mul", x, self.real(0.5))
        return self.op("Mul", half, self.op("Add", erf, self.real(1.0)))

    def block(
        self, x: str, size: int, inner: int, kernel: int, dilation: int, mask: str | None
    ) -> str:
        """One ConvNeXt block over (B, C, T); without a mask it sees only what came before."""
        reach = dilation * (kernel - 1)
        padded = self.pad(x, reach, 0) if mask is None else self.pad(x, reach // 2, reach // 2)
        depth = self.random(size, 1, kernel, scale=kernel**-0.5)
        y = self.op("Conv", padded, depth, group=size, dilations=[dilation])
        y = self.gelu(self.conv(self.norm(y, size), size, inner))
        y = self.op("Mul", self.conv(y, inner, size), self.random(1, size, 1, scale=0.3))
        y = self.op("Add", x, y)
        return y if mask is None else self.op("Mul", y, mask)

    def split(self, x: str, heads: int, size: int) -> str:
        """(B, T, heads·size) -> (B, heads, T, size)."""
        x = self.op("Reshape", x, self.const([0, 0, heads, size]))
        return self.op("Transpose", x, perm=[0, 2, 1, 3])

    def rotated(self, x: str, size: int, mask: str) -> str:
        """Turns halves of (B, heads, T, size) by their place in the whole, 0 to 1."""
        half = size // 2
        ones = self.op("Sub", mask, mask)
        places = self.op("CumSum", self.op("Add", ones, self.real(1.0)), self.const(2))
        places = self.op("Sub", places, self.real(1.0))
        count = self.op("ReduceSum", mask, self.const([2]), keepdims=1)
        share = self.op("Unsqueeze", self.op("Div", places, count), self.const([3]))
        rates = 10.0 * 10_000.0 ** (-np.arange(half) / half)
        angle = self.op("Mul", share, self.real(rates.reshape(1, 1, 1, half)))
        cos, sin = self.op("Cos", angle), self.op("Sin", angle)
        ends = self.const([half]), self.const([size])
        first = self.op("Slice", x, self.const([0]), ends[0], self.const([3]))
        second = self.op("Slice", x, ends[0], ends[1], self.const([3]))
        one = self.op("Sub", self.op("Mul", first, cos), self.op("Mul", second, sin))
        two = self.op("Add", self.op("Mul", first, sin), self.op("Mul", second, cos))
        return self.op("Concat", one, two, axis=-1)

    def attend(self, q: str, k: str, v: str, size: int, mask: str | None) -> str:
        """(B, heads, T, size), (B, heads, S, size) twice -> (B, T, heads·size)."""
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.real(size**-0.5))
        if mask is not None:
            hidden = self.op("Mul", self.op("Sub", mask, self.real(1.0)), self.real(1e4))
            scores = self.op("Add", scores, self.op("Unsqueeze", hidden, self.const([1])))
        made = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        return self.op(
            "Reshape", self.op("Transpose", made, perm=[0, 2, 1, 3]), self.const([0, 0, -1])
        )

    def save(self, path: Path, inputs: list[Any], output: tuple[str, list[Any]], last: str) -> None:
        name, shape = output
        self._nodes.append(helper.make_node("Identity", [last], [name]))
        made = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self._nodes, path.stem, inputs, [made], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
        model.ir_version = 8
        onnx.save(model, path)


def _float(name: str, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def _ids(batch: int | str) -> Any:
    return helper.make_tensor_value_info("text_ids", TensorProto.INT64, [batch, "text"])


def duration_predictor(path: Path, sizes: Sizes, batch: int | str) -> None:
    """Writes ``text_ids, style_dp, text_mask -> duration``, in seconds."""
    w = _Writer(sizes, 1)
    each = w.op("Gather", w.random(sizes.characters, 1, scale=0.004, offset=0.042), "text_ids")
    each = w.op("Mul", w.turned(each), "text_mask")
    total = w.op("ReduceSum", each, w.const([1, 2]), keepdims=0)
    voice = w.op("ReduceMean", "style_dp", axes=[1, 2], keepdims=0)
    factor = w.op("Add", w.op("Mul", voice, w.real(0.5)), w.real(1.0))
    inputs = [_ids(batch), _float("style_dp", batch, *DURATION_STYLE)]
    inputs += [_float("text_mask", batch, 1, "text")]
    w.save(path, inputs, ("duration", [batch]), w.op("Mul", total, factor))


def text_encoder(path: Path, sizes: Sizes, batch: int | str) -> None:
    """Writes ``text_ids, style_ttl, text_mask -> text_emb`` (B, 256, T)."""
    w = _Writer(sizes, 2)
    x = w.turned(w.op("Gather", w.random(sizes.characters, TEXT), "text_ids"))
    x = w.op("Mul", x, "text_mask")
    for layer in range(sizes.text_layers):
        x = w.block(x, TEXT, sizes.text_inner, 5, 1 << (layer // 2), "text_mask")
    q = w.split(w.linear(w.turned(x), TEXT, TEXT), 1, TEXT)
    k = w.split(w.linear("style_ttl", STYLE, TEXT), 1, TEXT)
    v = w.split(w.linear("style_ttl", STYLE, TEXT), 1, TEXT)
    made = w.turned(w.linear(w.attend(q, k, v, TEXT, None), TEXT, TEXT))
    x = w.op("Mul", w.norm(w.op("Add", x, made), TEXT), "text_mask")
    inputs = [_ids(batch), _float("style_ttl", batch, STYLE_TOKENS, STYLE)]
    inputs += [_float("text_mask", batch, 1, "text")]
    w.save(path, inputs, ("text_emb", [batch, TEXT, "text"]), x)


def vector_estimator(path: Path, sizes: Sizes, batch: int | str) -> None:
    """Writes one step from noise to sound, ``-> denoised_latent`` (B, 144, L)."""
    w, size = _Writer(sizes, 3), sizes.hidden
    mask = w.op("Concat", "latent_mask", "latent_mask", axis=0)
    text_mask = w.op("Concat", "text_mask", "text_mask", axis=0)
    nothing = w.op("Add", w.op("Sub", "text_emb", "text_emb"), w.random(1, TEXT, 1))
    text = w.turned(w.op("Concat", "text_emb", nothing, axis=0))
    nobody = w.op("Add", w.op("Sub", "style_ttl", "style_ttl"), w.random(1, STYLE_TOKENS, STYLE))
    style = w.op("Concat", "style_ttl", nobody, axis=0)
    time = w.op("Div", "current_step", "total_step")
    rates = w.real(np.geomspace(1, 1000, 32).reshape(1, 32))
    angle = w.op("Mul", w.op("Unsqueeze", time, w.const([1])), rates)
    moment = w.op("Concat", w.op("Sin", angle), w.op("Cos", angle), axis=1)
    moment = w.op("Concat", moment, moment, axis=0)
    x = w.op("Concat", "noisy_latent", "noisy_latent", axis=0)
    x = w.op("Mul", w.conv(x, LATENT, size), mask)
    for _ in range(sizes.cycles):
        for dilation in (1, 2, 4, 8):
            x = w.block(x, size, sizes.inner, 5, dilation, mask)
        shift = w.op("Unsqueeze", w.linear(moment, 64, size), w.const([2]))
        x = w.op("Mul", w.op("Add", x, shift), mask)
        x = w.block(x, size, sizes.inner, 5, 1, mask)
        x = _attended(w, x, text, sizes.heads, size, mask, text_mask)
        x = w.block(x, size, sizes.inner, 5, 1, mask)
        x = _attended(w, x, style, sizes.style_heads, STYLE, mask, None)
    for _ in range(sizes.last):
        x = w.block(x, size, sizes.inner, 5, 1, mask)
    x = w.op("Mul", w.conv(x, size, LATENT, gain=0.3), mask)
    rows = w.op("Gather", w.op("Shape", "noisy_latent"), w.const([0]))
    end = w.op("Add", rows, rows)
    told = w.op("Slice", x, w.const([0]), rows, w.const([0]))
    untold = w.op("Slice", x, rows, end, w.const([0]))
    guided = w.op("Mul", told, w.real(_GUIDANCE))
    guided = w.op("Sub", guided, w.op("Mul", untold, w.real(_GUIDANCE - 1)))
    parts = w.op("Unsqueeze", "total_step", w.const([1, 2]))
    inputs = [
        _float("noisy_latent", batch, LATENT, "latent"),
        _float("text_emb", batch, TEXT, "text"),
        _float("style_ttl", batch, STYLE_TOKENS, STYLE),
        _float("latent_mask", batch, 1, "latent"),
        _float("text_mask", batch, 1, "text"),
        _float("current_step", batch),
        _float("total_step", batch),
    ]
    made = w.op("Add", "noisy_latent", w.op("Div", guided, parts))
    w.save(path, inputs, ("denoised_latent", [batch, LATENT, "latent"]), made)


def _attended(
    w: _Writer, x: str, over: str, heads: int, width: int, mask: str, seen: str | None
) -> str:
    """Attention of (B, C, T) to (B, S, 256); with `seen`, the mask of S, places are turned."""
    size = w.sizes.hidden
    q = w.split(w.linear(w.turned(x), size, width), heads, width // heads)
    k = w.linear(over, TEXT, width)
    if seen is None:
        k = w.op("Tanh", k)
    k, v = (
        w.split(k, heads, width // heads),
        w.split(w.linear(over, TEXT, width), heads, width // heads),
    )
    if seen is not None:
        q, k = w.rotated(q, width // heads, mask), w.rotated(k, width // heads, seen)
    made = w.turned(w.linear(w.attend(q, k, v, width // heads, seen), width, size))
    return w.op("Mul", w.norm(w.op("Add", x, made), size), mask)


def vocoder(path: Path, sizes: Sizes, batch: int | str) -> None:
    """Writes ``latent -> wav_tts`` (B, 3072·L)."""
    w, size = _Writer(sizes, 4), sizes.vocoder_hidden
    x = w.op("Reshape", "latent", w.const([0, LATENT // _PACKED, _PACKED, -1]))
    x = w.op("Transpose", x, perm=[0, 1, 3, 2])
    x = w.op("Reshape", x, w.const([0, LATENT // _PACKED, -1]))
    x = w.conv(w.pad(x, 6, 0), LATENT // _PACKED, size, 7)
    for dilation in sizes.vocoder_dilations:
        x = w.block(x, size, sizes.vocoder_inner, 7, dilation, None)
    x = w.conv(w.pad(x, 2, 0), size, sizes.vocoder_inner, 3)
    x = w.op("PRelu", x, w.real([[0.2]]))
    x = w.turned(w.conv(x, sizes.vocoder_inner, _HOP, gain=0.08))
    inputs = [_float("latent", batch, LATENT, "latent")]
    w.save(path, inputs, ("wav_tts", [batch, "samples"]), w.op("Reshape", x, w.const([0, -1])))
