"""A Piper voice of 60 kB, made on the spot: the shape of VITS, with weights that mean nothing.

It has what the cutting looks for (noise in two places, durations by Ceil, frames from a path,
a flow, a decoder of ConvTranspose), so that everything but the beauty of the voice is real.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SYMBOLS = (
    "_^$ !'(),-.:;?abcdefghijklmnopqrstuvwxyz0123456789æçðøħŋœɐɑɒɓɔɕɖɗɘəɚɛɜɞɟɡɢɣɤɥɦɨɪɫɬɭɯɰ"
    "ɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʈʉʊʋʌʍʎʏʐʑʒʔʝʲˈˌːˑβθχᵻ̧̪̯̩̃"
)
HOP = 256
CHANNELS = 8


@dataclass
class _Builder:
    rng: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def weight(self, value: Any, kind: Any = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = attributes.pop("out", f"t{len(self.nodes)}")
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"n{name}", **attributes))
        return name

    def conv(self, x: str, into: int, out: int, width: int, dilation: int = 1) -> str:
        kernel = self.weight(self.rng.normal(0, (into * width) ** -0.5, (out, into, width)))
        bias = self.weight(self.rng.normal(0, 0.05, out))
        pad = (width - 1) * dilation // 2
        return self.add(
            "Conv", x, kernel, bias, kernel_shape=[width], dilations=[dilation], pads=[pad, pad]
        )

    def up(self, x: str, into: int, out: int, width: int, stride: int) -> str:
        kernel = self.weight(
            self.rng.normal(0, (into * width / stride) ** -0.5, (into, out, width))
        )
        bias = self.weight(self.rng.normal(0, 0.05, out))
        pad = (width - stride) // 2
        return self.add("ConvTranspose", x, kernel, bias, strides=[stride], pads=[pad, pad])

    def ints(self, *values: int) -> str:
        return self.weight(list(values), np.int64)


def graph(speakers: int = 1, seed: int = 1) -> onnx.ModelProto:
    """The voice as Piper would export it."""
    b = _Builder(np.random.default_rng(seed))
    x, condition = _encode(b, speakers)  # (1, C, P)
    durations = _durations(b)  # (1, 1, P)
    prior = _expand(b, x, durations)  # (1, C, F)
    noise = b.add("RandomNormalLike", prior)
    b.add("Gather", "scales", b.weight(0, np.int64), axis=0, out="noise_scale")
    z = b.add("Add", prior, b.add("Mul", b.add("Mul", noise, "noise_scale"), b.weight(0.5)))
    z = b.add("Add", z, b.add("Tanh", b.conv(z, CHANNELS, CHANNELS, 5)))  # the flow
    _decode(b, z, condition)
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch"]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, 1, "time"])
    built = helper.make_graph(b.nodes, "tiny", inputs, [output], b.weights)
    return helper.make_model(built, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def _encode(b: _Builder, speakers: int) -> tuple[str, str | None]:
    table = b.weight(b.rng.normal(0, 1, (len(SYMBOLS), CHANNELS)))
    x = b.add("Transpose", b.add("Gather", table, "input"), perm=[0, 2, 1])
    if speakers == 1:
        return x, None
    people = b.weight(b.rng.normal(0, 1, (speakers, CHANNELS)))
    who = b.add("Unsqueeze", b.add("Gather", people, "sid"), b.ints(2))  # (1, C, 1)
    return b.add("Add", x, who), who


def _durations(b: _Builder) -> str:
    """Three frames a phoneme, one for each padding, give or take."""
    log = b.rng.normal(np.log(2.8), 0.15, (len(SYMBOLS), 1))
    log[SYMBOLS.index("_")] = np.log(0.9)
    logw = b.add("Transpose", b.add("Gather", b.weight(log), "input"), perm=[0, 2, 1])
    count = b.add("Gather", b.add("Shape", "input"), b.ints(1))
    shape = b.add("Concat", b.ints(1), b.ints(2), count, axis=0)
    noise = b.add("RandomNormalLike", b.add("ConstantOfShape", shape))  # (1, 2, P)
    one = b.add("Slice", noise, b.ints(0), b.ints(1), b.ints(1))
    wide = b.add("Mul", one, b.add("Gather", "scales", b.weight(2, np.int64), axis=0))
    logw = b.add("Add", logw, b.add("Mul", wide, b.weight(0.1)))
    length = b.add("Gather", "scales", b.weight(1, np.int64), axis=0)
    return b.add("Ceil", b.add("Mul", b.add("Exp", logw), length))


def _expand(b: _Builder, x: str, durations: str) -> str:
    """Every phoneme's column as often as it has frames."""
    total = b.add("Cast", b.add("ReduceSum", durations, keepdims=0), to=TensorProto.INT64)
    frames = b.add("Range", b.weight(0, np.int64), total, b.weight(1, np.int64))
    frames = b.add("Unsqueeze", b.add("Cast", frames, to=TensorProto.FLOAT), b.ints(0, 1))
    ends = b.add("Transpose", b.add("CumSum", durations, b.weight(2, np.int64)), perm=[0, 2, 1])
    starts = b.add("Sub", ends, b.add("Transpose", durations, perm=[0, 2, 1]))  # (1, P, 1)
    inside = b.add("And", b.add("GreaterOrEqual", frames, starts), b.add("Less", frames, ends))
    return b.add("MatMul", x, b.add("Cast", inside, to=TensorProto.FLOAT))  # (1, P, F)


def _decode(b: _Builder, z: str, condition: str | None) -> None:
    x = b.conv(z, CHANNELS, 16, 7)
    if condition is not None:
        x = b.add("Add", x, b.conv(condition, CHANNELS, 16, 1))
    for into, out, width, stride in ((16, 8, 16, 8), (8, 4, 16, 8), (4, 4, 8, 4)):
        x = b.up(b.add("LeakyRelu", x, alpha=0.1), into, out, width, stride)
        wide = b.conv(b.add("LeakyRelu", x, alpha=0.1), out, out, 3, dilation=2)
        wider = b.conv(b.add("LeakyRelu", x, alpha=0.1), out, out, 5, dilation=6)
        x = b.add("Div", b.add("Add", b.add("Add", wide, x), b.add("Add", wider, x)), b.weight(2.0))
    x = b.conv(b.add("LeakyRelu", x, alpha=0.01), 4, 1, 7)
    b.add("Unsqueeze", b.add("Tanh", x), b.ints(1), out="output")


def config(speakers: int = 1, **changes: Any) -> dict[str, Any]:
    """What lies beside the graph."""
    made: dict[str, Any] = {
        "audio": {"sample_rate": 22050, "quality": "low"},
        "espeak": {"voice": "vi"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [n] for n, symbol in enumerate(SYMBOLS)},
        "num_symbols": len(SYMBOLS),
        "num_speakers": speakers,
        "speaker_id_map": {f"Người {n}": n for n in range(speakers)} if speakers > 1 else {},
        "language": {"code": "vi_VN"},
        "dataset": "tiny",
    }
    return {**made, **changes}


def save(folder: Path, name: str = "vi_VN-tiny-low", speakers: int = 1, **changes: Any) -> Path:
    """Put a voice into a models folder; answers the path of its graph."""
    place = folder / "piper"
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.onnx"
    seed = changes.pop("seed", 1)
    onnx.save(graph(speakers, seed), path)
    settings = json.dumps(config(speakers, **changes), ensure_ascii=False)
    path.with_name(path.name + ".json").write_text(settings, "utf-8")
    return path
