"""A MOSS-Audio-Tokenizer-Nano codec with random weights, laid out as the published one.

The graphs have the published inputs, outputs, file names and JSON description. The decoder is a
causal transformer whose layers see a window of what came before, so a step has memory: its
sound depends on every key, value, position and offset that is carried over. `TINY` is made in a
moment and is what tests use; `FULL` has the published sizes and is for measuring.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.moss_codec.nodes import Nodes, Weights, save

RATE_HZ, FRAME, CHANNELS, CODEBOOKS = 48_000, 3840, 2, 16
SHARED = "moss_audio_tokenizer_decode_shared.data"
META = "codec_browser_onnx_meta.json"
_INT, _FLOAT = TensorProto.INT32, TensorProto.FLOAT


@dataclass(frozen=True)
class Stage:
    """A transformer of the decoder, at `up` times the rate of the one before it."""

    up: int
    layers: int
    context: int
    """How many positions a layer sees, its own included."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a codec."""

    stages: tuple[Stage, ...]
    width: int
    heads: int
    codebook_size: int = 1024

    @property
    def hop(self) -> int:
        """Samples a channel that one position of the last stage becomes."""
        return FRAME // int(np.prod([stage.up for stage in self.stages]))


TINY = Shape((Stage(1, 1, 6), Stage(2, 1, 5)), width=16, heads=2)
FULL = Shape((Stage(4, 4, 500), Stage(2, 2, 800), Stage(2, 2, 1200), Stage(2, 4, 1600)), 256, 4)


def make(folder: Path, shape: Shape = TINY, seed: int = 0) -> Path:
    """Writes decoder, encoder and JSON into `folder`, which is made if need be; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = Weights(np.random.default_rng(seed))
    step = _Decoder(weights, shape, stateful=True)
    save(step.model("step"), weights, folder / "moss_audio_tokenizer_decode_step.onnx", SHARED)
    full = _Decoder(weights, shape, stateful=False)
    save(full.model("full"), weights, folder / "moss_audio_tokenizer_decode_full.onnx", SHARED)
    other = Weights(np.random.default_rng(seed + 1))
    data = "moss_audio_tokenizer_encode.data"
    save(_encoder(other, shape), other, folder / "moss_audio_tokenizer_encode.onnx", data)
    (folder / META).write_text(json.dumps(_meta(step), indent=1), "utf-8")
    return folder


class _Decoder(Nodes):
    """Codes to sound, either with its state as inputs and outputs or from its beginning."""

    def __init__(self, weights: Weights, shape: Shape, *, stateful: bool) -> None:
        super().__init__(weights)
        self.shape, self.stateful = shape, stateful
        self.offsets: list[dict[str, Any]] = []
        self.caches: list[dict[str, Any]] = []
        info = helper.make_tensor_value_info
        self.inputs += [
            info("audio_codes", _INT, ["batch", "code_length", CODEBOOKS]),
            info("audio_code_lengths", _INT, ["batch"]),
        ]
        self.outputs += [
            info("audio", _FLOAT, ["batch", CHANNELS, "audio_length"]),
            info("audio_lengths", _INT, ["batch"]),
        ]
        x = self._embedded()
        for index, stage in enumerate(shape.stages):
            x = self._stage(x, index, stage)
        self._sound(x)

    def _embedded(self) -> str:
        """(1, T, width): the sum of each codebook's row."""
        size, width = self.shape.codebook_size, self.shape.width
        table = self.weight("codebooks", CODEBOOKS * size, width, scale=0.25)
        first = self.constant(np.arange(CODEBOOKS) * size, np.int32)
        rows = self.add("Gather", table, self.add("Add", "audio_codes", first))
        return self.add("ReduceSum", rows, self.ints(2), keepdims=0)

    def _stage(self, x: str, index: int, stage: Stage) -> str:
        width = self.shape.width
        if stage.up > 1:
            x = self.add("MatMul", x, self.weight(f"up{index}", width, width * stage.up))
            x = self.add("Reshape", x, self.ints(1, -1, width))
        count = self.add("Cast", self.add("Gather", self.add("Shape", x), self.ints(1)), to=_INT)
        zero, one = self.constant(0, np.int32), self.constant(1, np.int32)
        steps = self.add("Range", zero, self.add("Squeeze", count), one)  # (N,)
        spec: dict[str, Any] = {"shape": [1], "dtype": "int32"}
        name = f"transformer_offset_{index}", f"transformer_offset_out_{index}"
        self._state(spec, "", *name, 0)
        self.offsets.append({"index": index, **spec})
        start = spec["input_name"]
        self._carry(spec["output_name"], self.add("Add", start, count), _INT, [1])
        x = self.add("Add", x, self._places(self.add("Add", start, steps)))
        for layer in range(stage.layers):
            x = self._layer(x, f"{index}.{layer}", stage.context, count, steps)
        return x

    def _places(self, positions: str) -> str:
        """(N, width): what tells positions apart."""
        speeds = self.constant(0.7 ** np.arange(self.shape.width), np.float32)
        at = self.add("Unsqueeze", self.add("Cast", positions, to=_FLOAT), self.ints(1))
        waves = self.add("Sin", self.add("Mul", at, speeds))
        return self.add("Mul", waves, self.constant(0.3, np.float32))

    def _layer(self, x: str, name: str, context: int, count: str, steps: str) -> str:
        width = self.shape.width
        cache = self._cache(len(self.caches), context)
        h = self._normed(x, f"{name}.n1")
        q, k, v = (self._heads(h, f"{name}.{part}") for part in "qkv")
        keys = self.add("Concat", cache["cached_keys_input_name"], k, axis=2)
        values = self.add("Concat", cache["cached_values_input_name"], v, axis=2)
        new = self.add(
            "Unsqueeze", self.add("Add", cache["offset_input_name"], steps), self.ints(0)
        )
        places = self.add("Concat", cache["cached_positions_input_name"], new, axis=1)
        seen = self._attend(q, keys, values, new, places, context)
        x = self.add("Add", x, self.add("MatMul", seen, self.weight(f"{name}.o", width, width)))
        wide = self.add(
            "MatMul", self._normed(x, f"{name}.n2"), self.weight(f"{name}.up", width, 4 * width)
        )
        down = self.weight(f"{name}.down", 4 * width, width)
        moved = self.add("Add", cache["offset_input_name"], count)
        self._carry(cache["offset_output_name"], moved, _INT, [1])
        for part, tensor, axis, kind in (
            ("cached_keys", keys, 2, _FLOAT),
            ("cached_values", values, 2, _FLOAT),
            ("cached_positions", places, 1, _INT),
        ):
            last = self.add(
                "Slice", tensor, self.ints(-context), self.ints(2**31 - 1), self.ints(axis)
            )
            shape = cache["positions_shape" if axis == 1 else "cache_shape"]
            self._carry(cache[f"{part}_output_name"], last, kind, shape)
        return self.add("Add", x, self.add("MatMul", self.add("Relu", wide), down))

    def _attend(self, q: str, k: str, v: str, mine: str, theirs: str, context: int) -> str:
        """(1, N, width): what each position sees of the last `context`, none of them empty."""
        rows = self.add("Unsqueeze", mine, self.ints(2))  # (1, N, 1)
        columns = self.add("Unsqueeze", theirs, self.ints(1))  # (1, 1, S)
        back = self.add("Sub", rows, columns)
        zero = self.constant(0, np.int32)
        seen = self.add("And", self.add("GreaterOrEqual", back, zero),
                        self.add("Less", back, self.constant(context, np.int32)))  # fmt: skip
        seen = self.add("And", seen, self.add("GreaterOrEqual", columns, zero))
        scale = self.constant((self.shape.width // self.shape.heads) ** -0.5, np.float32)
        scores = self.add("MatMul", q, self.add("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.add("Mul", scores, scale)
        seen = self.add("Unsqueeze", seen, self.ints(1))
        scores = self.add("Where", seen, scores, self.constant(-1e9, np.float32))
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), v)
        flat = self.add("Transpose", mixed, perm=[0, 2, 1, 3])
        return self.add("Reshape", flat, self.ints(1, -1, self.shape.width))

    def _heads(self, x: str, name: str) -> str:
        width, heads = self.shape.width, self.shape.heads
        y = self.add("MatMul", x, self.weight(name, width, width))
        y = self.add("Reshape", y, self.ints(1, -1, heads, width // heads))
        return self.add("Transpose", y, perm=[0, 2, 1, 3])

    def _normed(self, x: str, name: str) -> str:
        return self.add("LayerNormalization", x, self.weight(name, self.shape.width, scale=1.0))

    def _sound(self, x: str) -> None:
        """The last projection, as two channels that are not the same."""
        hop = self.shape.hop
        out = self.weight("out", self.shape.width, hop * CHANNELS)
        y = self.add("Tanh", self.add("MatMul", self._normed(x, "last"), out))
        y = self.add("Mul", y, self.constant(0.35, np.float32))
        y = self.add("Reshape", y, self.ints(1, -1, CHANNELS))
        self.add("Transpose", y, perm=[0, 2, 1], out="audio")
        self.add("Mul", "audio_code_lengths", self.constant(FRAME, np.int32), out="audio_lengths")

    def _cache(self, index: int, context: int) -> dict[str, Any]:
        heads, size = self.shape.heads, self.shape.width // self.shape.heads
        cache: dict[str, Any] = {
            "index": index, "context": context, "num_heads": heads, "head_dim": size,
            "offset_shape": [1], "cache_shape": [1, heads, context, size],
            "positions_shape": [1, context], "cache_dtype": "float32", "positions_dtype": "int32",
        }  # fmt: skip
        for part, shape, first in (
            ("offset", "offset_shape", 0),
            ("cached_keys", "cache_shape", 0.0),
            ("cached_values", "cache_shape", 0.0),
            ("cached_positions", "positions_shape", -1),
        ):
            name = f"attn_{part}"
            spec = {"shape": cache[shape]}
            self._state(spec, f"{part}_", f"{name}_{index}", f"{name}_out_{index}", first)
            del spec["shape"]
            cache |= spec
        self.caches.append(cache)
        return cache

    def _state(self, spec: dict[str, Any], part: str, name: str, after: str, first: float) -> None:
        """An input that is carried over, or what it is at the beginning."""
        kind = np.float32 if isinstance(first, float) else np.int32
        shape = spec["shape"]
        if self.stateful:
            info = helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape
            )
            self.inputs.append(info)
        else:
            self.constants.append(numpy_helper.from_array(np.full(shape, first, kind), name))
        spec |= {f"{part}input_name": name, f"{part}output_name": after}

    def _carry(self, name: str, value: str, kind: int, shape: list[int]) -> None:
        if self.stateful:
            self.add("Identity", value, out=name)
            self.outputs.append(helper.make_tensor_value_info(name, kind, shape))


def _encoder(weights: Weights, shape: Shape) -> onnx.ModelProto:
    """Sound to codes, of each frame and the one before; one frame more than there is sound."""
    g = Nodes(weights)
    info = helper.make_tensor_value_info
    g.inputs += [
        info("waveform", _FLOAT, ["batch", CHANNELS, "waveform_length"]),
        info("input_lengths", _INT, ["batch"]),
    ]
    g.outputs += [
        info("audio_codes", _INT, ["batch", "code_length", CODEBOOKS]),
        info("audio_code_lengths", _INT, ["batch"]),
    ]
    padded = g.add("Pad", "waveform", g.ints(0, 0, FRAME, 0, 0, FRAME))
    frames = g.add("Reshape", padded, g.ints(1, CHANNELS, -1, FRAME))
    frames = g.add("Reshape", g.add("Transpose", frames, perm=[0, 2, 1, 3]),
                   g.ints(1, -1, CHANNELS * FRAME))  # fmt: skip
    x = g.add("MatMul", frames, g.weight("in", CHANNELS * FRAME, shape.width))
    end, first = g.ints(2**31 - 1), g.ints(1)
    x = g.add("Add", g.add("Slice", x, g.ints(1), end, first),
              g.add("Slice", x, g.ints(0), g.ints(-1), first))  # fmt: skip
    size = CODEBOOKS * shape.codebook_size
    scores = g.add("MatMul", x, g.weight("scores", shape.width, size))
    scores = g.add("Reshape", scores, g.ints(1, -1, CODEBOOKS, shape.codebook_size))
    codes = g.add("ArgMax", scores, axis=3, keepdims=0)
    g.add("Cast", codes, to=_INT, out="audio_codes")
    count = g.add("Gather", g.add("Shape", codes), g.ints(1))
    g.add("Cast", count, to=_INT, out="audio_code_lengths")
    return g.model("encode")


def _meta(step: _Decoder) -> dict[str, Any]:
    return {
        "files": {
            "encode": "moss_audio_tokenizer_encode.onnx",
            "decode_full": "moss_audio_tokenizer_decode_full.onnx",
            "decode_step": "moss_audio_tokenizer_decode_step.onnx",
        },
        "codec_config": {
            "sample_rate": RATE_HZ,
            "channels": CHANNELS,
            "downsample_rate": FRAME,
            "num_quantizers": CODEBOOKS,
        },
        "streaming_decode": {
            "batch_size": 1,
            "transformer_offsets": step.offsets,
            "attention_caches": step.caches,
        },
    }


def main(folder: Path, full: bool = False, seed: int = 0) -> None:
    """Writes one; `full` is about the published sizes."""
    make(folder, FULL if full else TINY, seed)


if __name__ == "__main__":
    import typer

    typer.run(main)
