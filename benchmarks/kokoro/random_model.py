"""A Kokoro with random weights: small, quick to make, and of the same inputs, outputs and parts.

Tokens become frames by durations, frames and a voiced source a spectrum by upsampling, squared
sines and convolutions, the spectrum sound: as in the real one, but for size and the text encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Layout = Literal["tokens", "input_ids"]
"""How kokoro-onnx' releases name things, and how the exports with durations do."""
_LAST = "conv_post"
CHANNELS, STYLE, BINS, FFT = 16, 256, 22, 20


@dataclass
class _Writer:
    """Nodes and weights of a graph in the making."""

    rng: np.random.Generator
    nodes: list[Any]
    weights: list[Any]

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def random(self, *shape: int, scale: float = 1.0) -> str:
        fan = float(np.prod(shape[1:])) or 1.0
        return self.constant(self.rng.standard_normal(shape) * scale / np.sqrt(fan))

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=out, **attributes))
        return out

    def conv(self, data: str, given: int, made: int, width: int, **attributes: Any) -> str:
        attributes.setdefault("pads", [width // 2, width // 2])
        weights = self.random(made, given, width), self.random(made, scale=0.1)
        return self.add("Conv", data, *weights, **attributes)

    def snake(self, data: str) -> str:
        """x + sin(a x)**2 / a."""
        alpha = self.constant(self.rng.uniform(0.5, 2.0, (1, CHANNELS, 1)))
        sine = self.add("Sin", self.add("Mul", data, alpha))
        square = self.add("Pow", sine, self.constant(2.0))
        return self.add("Add", data, self.add("Div", square, alpha))

    def block(self, data: str) -> str:
        return self.add("Add", data, self.conv(self.snake(data), CHANNELS, CHANNELS, 3))


def write(
    folder: Path, layout: Layout = "tokens", *, seed: int = 0, quantize: bool = False
) -> Path:
    """Writes ``model.onnx`` into a folder and returns it; with `quantize`, in int8 as
    onnxruntime's quantizer makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    onnx.save(graph(layout, seed), str(path))
    if quantize:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(
            path,
            path,
            weight_type=QuantType.QUInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[_LAST],  # as in the published one
        )
    return path


def pack(seed: int, rows: int = 510) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns a voice: (rows, 1, 256). Rows differ a little, as those of a real one."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((1, 1, STYLE)) * 0.3
    return (own + rng.standard_normal((rows, 1, STYLE)) * 0.01).astype(np.float32)


def graph(layout: Layout, seed: int) -> Any:
    """Returns the model."""
    w = _Writer(np.random.default_rng(seed), [], [])
    timed = layout == "input_ids"
    tokens, style, audio = (
        ("input_ids", "ref_s", "waveform") if timed else ("tokens", "style", "audio")
    )
    frames, durations = _text(w, tokens, style, "duration" if timed else "")
    spectrum = _vocoder(w, frames, style)
    _sound(w, spectrum, audio)
    value = helper.make_tensor_value_info
    inputs = [
        value(tokens, TensorProto.INT64, [1, "n"]),
        value(style, TensorProto.FLOAT, [1, STYLE]),
        value("speed", TensorProto.FLOAT, [1]),
    ]
    outputs = [value(audio, TensorProto.FLOAT, ["samples"])]
    if timed:
        outputs.append(value(durations, TensorProto.FLOAT, ["n"]))
    made = helper.make_graph(w.nodes, "random-kokoro", inputs, outputs, w.weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _text(w: _Writer, tokens: str, style: str, duration: str) -> tuple[str, str]:
    """Adds what turns tokens into frames, (1, C, T), by durations of 4 to 10 frames."""
    embedded = w.add("Gather", w.random(178, CHANNELS, scale=4), tokens)
    manner = w.add("MatMul", style, w.random(STYLE, CHANNELS, scale=4))
    state = w.add("Add", embedded, manner)
    long = w.add("ReduceSum", embedded, w.constant([2], np.int64), keepdims=0)
    rate = w.add(
        "Add",
        w.add("Mul", w.add("Sigmoid", w.add("Mul", long, w.constant(0.25))), w.constant(6.0)),
        w.constant(4.0),
    )
    rounded = w.add("Round", w.add("Div", rate, "speed"))
    flat = w.add("Squeeze", w.add("Clip", rounded, w.constant(1.0)), w.constant([0], np.int64))
    durations = w.add("Identity", flat, out=duration) if duration else flat
    ends = w.add("CumSum", flat, w.constant(0, np.int64))
    total = w.add("ReduceSum", flat, w.constant([0], np.int64), keepdims=0)
    frame = w.add("Range", w.constant(0.0), total, w.constant(1.0))
    column = w.add("Unsqueeze", ends, w.constant([1], np.int64))
    row = w.add("Unsqueeze", frame, w.constant([0], np.int64))
    starts = w.add("Sub", column, w.add("Unsqueeze", flat, w.constant([1], np.int64)))
    inside = w.add("And", w.add("GreaterOrEqual", row, starts), w.add("Less", row, column))
    spread = w.add("Cast", inside, to=TensorProto.FLOAT)
    return w.add("MatMul", w.add("Transpose", state, perm=[0, 2, 1]), spread), durations


def _vocoder(w: _Writer, frames: str, style: str) -> str:
    """Adds what turns frames into a spectrum of 60 steps each."""
    pitch = w.add("Tanh", w.conv(frames, CHANNELS, 1, 3))
    scales = w.constant([1.0, 1.0, 60.0])
    fine = w.add("Resize", pitch, "", scales, mode="linear")
    source = w.add("Sin", w.conv(fine, 1, BINS, 1, pads=[0, 0]))
    mixed = w.add("MatMul", style, w.random(STYLE, CHANNELS))
    manner = w.add("Unsqueeze", mixed, w.constant([2], np.int64))
    x = w.add("LeakyRelu", w.conv(frames, CHANNELS, CHANNELS, 3), alpha=0.1)
    for up, width, down in ((10, 20, 6), (6, 12, 1)):
        kernel = w.random(CHANNELS, CHANNELS, width, scale=2)
        x = w.add(
            "ConvTranspose", x, kernel, w.random(CHANNELS), strides=[up], pads=[up // 2, up // 2]
        )
        wide = 2 * down if down > 1 else 1
        noise = w.conv(source, BINS, CHANNELS, wide, strides=[down], pads=[down // 2] * 2)
        x = w.block(w.add("Add", x, w.add("Add", w.block(noise), manner)))
        x = w.add("LeakyRelu", x, alpha=0.1 if up == 10 else 0.01)
    kernel = w.random(BINS, CHANNELS, 7, scale=0.2)
    return w.add("Conv", x, kernel, w.constant([-2.0] * BINS), pads=[3, 3], out=_LAST)


def _sound(w: _Writer, spectrum: str, audio: str) -> None:
    """Adds what turns a spectrum into 300 samples a frame."""
    axis, half = w.constant([1], np.int64), w.constant([BINS // 2], np.int64)
    low = w.add("Slice", spectrum, w.constant([0], np.int64), half, axis)
    high = w.add("Slice", spectrum, half, w.constant([BINS], np.int64), axis)
    size, turn = w.add("Exp", low), w.add("Sin", high)
    parts = [w.add("Mul", size, w.add(kind, turn)) for kind in ("Cos", "Sin")]
    basis = w.random(BINS, 1, FFT, scale=0.2)
    joined = w.add("Concat", *parts, axis=1)
    sound = w.add("ConvTranspose", joined, basis, strides=[5], pads=[7, 8])
    w.add("Reshape", sound, w.constant([-1], np.int64), out=audio)
