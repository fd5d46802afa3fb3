"""A VieNeu-TTS v3 Nano with random weights, laid out as its hub's folder.

The graphs have the published inputs, outputs and shapes; inside they are small. They speak about a
quarter of a second for each three phonemes, loud all the way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from benchmarks.vieneu.graphs import Array, save
from benchmarks.vieneu.random_model import PHONES, save_denoiser, save_speaker_encoder

CHANNELS, SPEAKER, STYLE, WIDTH = 144, 192, (50, 256), 24
HOP, CODEC_HOP, CODEC_CHANNELS = 1536, 256, 24
_FLOAT, _INT, _BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
_CTX = ("ctx", _FLOAT, [1, "L", WIDTH])
_MASK = ("ctx_mask", _BOOL, [1, "L"])
_SPK = ("spk", _FLOAT, [1, SPEAKER])
_STYLE = ("style", _FLOAT, [1, *STYLE])
_X = ("x", _FLOAT, [1, CHANNELS, "T"])


def write(folder: Path, seed: int = 1, voices: int = 3) -> Path:
    """Writes all files of a model into `folder`, voices and the graphs for cloning too."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    vocabulary = {sign: 3 + n for n, sign in enumerate(dict.fromkeys(PHONES))}
    _write(folder / "text_encoder.onnx", *_text_encoder(rng, len(vocabulary) + 3))
    _write(folder / "duration_predictor.onnx", *_duration_predictor(rng))
    _write(folder / "vector_estimator.onnx", *_vector_estimator(rng))
    _write(folder / "codec_decoder.onnx", *_decoder(rng))
    _write(folder / "codec_encoder.onnx", *_encoder(rng))
    _write(folder / "reference_encoder.onnx", *_reference_encoder(rng))
    save_speaker_encoder(folder / "speaker_encoder.onnx", SPEAKER, rng)
    save_denoiser(folder / "denoiser.onnx")
    config = {"vocab": vocabulary, "pad_id": 0, "bos_id": 1, "eos_id": 2, "flow_fps": 15.625}
    config |= {"group": 6, "ref_max_frames": 140, "latent_scale": 0.9, "emotion_tags": {}}
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False), "utf-8")
    np.savez(
        folder / "constants.npz",
        null_spk=_draw(rng, SPEAKER),
        null_style=_draw(rng, *STYLE),
        latent_mean=_draw(rng, CODEC_CHANNELS),
        latent_std=1 + np.abs(_draw(rng, CODEC_CHANNELS)),
        latent_scale=np.float32(0.9),
    )
    _save_voices(folder / "voices_v3_nano.json", voices, rng)
    return folder


def _draw(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    return np.asarray(scale * rng.standard_normal(shape), np.float32)


_DESCRIBED = ("Nữ · Bắc · Phong cách tin tức", "Nam · Nam · Giọng đọc tự nhiên")


def _save_voices(path: Path, count: int, rng: np.random.Generator) -> None:
    presets = {
        f"Giọng {n + 1}": {
            "description": ("Nữ · Bắc · Phong cách tin tức", "Nam · Nam · Giọng đọc tự nhiên")[
                n % 2
            ],
            "gender": ("female", "male")[n % 2],
            "speaker_emb": _draw(rng, SPEAKER).round(4).tolist(),
            "style": _draw(rng, *STYLE).round(3).tolist(),
        }
        for n in range(count)
    }
    content = {"default_voice": "Giọng 1", "presets": presets}
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def _write(
    path: Path, nodes: list[Any], weights: Mapping[str, Array], inputs: list[Any], output: Any
) -> None:
    values = [helper.make_tensor_value_info(*value) for value in (*inputs, output)]
    graph = helper.make_graph(nodes, path.stem, values[:-1], values[-1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    save(model, weights, path)


def _node(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def _text_encoder(rng: np.random.Generator, ids: int) -> Any:
    weights = {"table": _draw(rng, ids, WIDTH), "wide": _draw(rng, STYLE[1], WIDTH, scale=0.06)}
    nodes = [
        _node("Gather", "table ids", "signs", axis=0),
        _node("ReduceMean", "style", "mean", axes=[1], keepdims=1),
        _node("MatMul", "mean wide", "how"),
        _node("Add", "signs how", "sum"),
        _node("Tanh", "sum", "out"),
    ]
    return nodes, weights, [("ids", _INT, [1, "L"]), _STYLE], ("out", *_CTX[1:])


def _masked_mean() -> list[Any]:
    """Nodes that make ``told`` (1, WIDTH) of the context, and ``count`` (1, 1)."""
    return [
        _node("Cast", "ctx_mask", "seen", to=_FLOAT),
        _node("Unsqueeze", "seen last", "shown"),
        _node("Mul", "ctx shown", "kept"),
        _node("ReduceSum", "kept middle", "added", keepdims=0),
        _node("ReduceSum", "seen middle", "count", keepdims=1),
        _node("Div", "added count", "told"),
    ]


_AXES = {"last": np.array([2]), "middle": np.array([1])}


def _duration_predictor(rng: np.random.Generator) -> Any:
    weights = {
        "wt": _draw(rng, WIDTH, 1, scale=0.02),
        "ws": _draw(rng, SPEAKER, 1, scale=0.003),
        "rate": np.array([0.045], np.float32),
        **_AXES,
    }
    nodes = [
        *_masked_mean(),
        _node("MatMul", "told wt", "a"),
        _node("MatMul", "spk ws", "b"),
        _node("Mul", "count rate", "length"),
        _node("Log", "length", "log"),
        _node("Add", "a b", "ab"),
        _node("Add", "ab log", "whole"),
        _node("Squeeze", "whole middle", "out"),
    ]
    return nodes, weights, [_CTX, _MASK, _SPK], ("out", _FLOAT, [1])


def _vector_estimator(rng: np.random.Generator) -> Any:
    weights = {
        "wx": _draw(rng, CHANNELS, CHANNELS, scale=CHANNELS**-0.5),
        "wt": _draw(rng, WIDTH, CHANNELS, scale=0.3),
        "ws": _draw(rng, SPEAKER, CHANNELS, scale=0.05),
        "wy": _draw(rng, STYLE[1], CHANNELS, scale=0.05),
        "wn": _draw(rng, 1, CHANNELS),
        "shape": np.array([1, 1]),
        **_AXES,
    }
    nodes = [
        *_masked_mean(),
        _node("Transpose", "x", "rows", perm=[0, 2, 1]),
        _node("MatMul", "rows wx", "turned"),
        _node("MatMul", "told wt", "a"),
        _node("MatMul", "spk ws", "b"),
        _node("ReduceMean", "style", "mean", axes=[1], keepdims=0),
        _node("MatMul", "mean wy", "c"),
        _node("Reshape", "t shape", "now"),
        _node("MatMul", "now wn", "d"),
        _node("Sum", "a b c d", "all"),
        _node("Unsqueeze", "all middle", "everywhere"),
        _node("Add", "turned everywhere", "sum"),
        _node("Tanh", "sum", "way"),
        _node("Transpose", "way", "out", perm=[0, 2, 1]),
    ]
    inputs = [_X, ("t", _FLOAT, [1]), _CTX, _MASK, _SPK, _STYLE]
    return nodes, weights, inputs, ("out", *_X[1:])


def _decoder(rng: np.random.Generator) -> Any:
    weights = {
        "w": _draw(rng, CHANNELS, HOP, scale=0.5 * CHANNELS**-0.5),
        "shape": np.array([1, 1, -1]),
        "level": np.array(0.3, np.float32),
    }
    nodes = [
        _node("Transpose", "x", "rows", perm=[0, 2, 1]),
        _node("MatMul", "rows w", "frames"),
        _node("Tanh", "frames", "bent"),
        _node("Mul", "bent level", "quiet"),
        _node("Reshape", "quiet shape", "out"),
    ]
    return nodes, weights, [_X], ("out", _FLOAT, [1, 1, "N"])


def _encoder(rng: np.random.Generator) -> Any:
    weights = {"w": _draw(rng, CODEC_CHANNELS, 1, CODEC_HOP, scale=0.1)}
    nodes = [_node("Conv", "wave w", "out", strides=[CODEC_HOP], kernel_shape=[CODEC_HOP])]
    return (
        nodes,
        weights,
        [("wave", _FLOAT, [1, 1, "N"])],
        ("out", _FLOAT, [1, CODEC_CHANNELS, "T"]),
    )


def _reference_encoder(rng: np.random.Generator) -> Any:
    weights = {
        "w": _draw(rng, CHANNELS, STYLE[0] * STYLE[1], scale=CHANNELS**-0.5),
        "shape": np.array([1, *STYLE]),
        **_AXES,
    }
    nodes = [
        _node("Cast", "ref_mask", "seen", to=_FLOAT),
        _node("Unsqueeze", "seen middle", "shown"),
        _node("Mul", "ref shown", "kept"),
        _node("ReduceMean", "kept", "mean", axes=[2], keepdims=0),
        _node("MatMul", "mean w", "flat"),
        _node("Reshape", "flat shape", "out"),
    ]
    inputs = [("ref", _FLOAT, [1, CHANNELS, "T"]), ("ref_mask", _BOOL, [1, "T"])]
    return nodes, weights, inputs, ("out", *_STYLE[1:])
