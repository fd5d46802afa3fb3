"""Stand-ins for the two ONNX models that read a reference recording.

They have the true models' inputs and outputs and none of their knowledge: speech tokens come
from an averaged, projected spectrum, the speaker vector from the projected mean.
"""

from __future__ import annotations

import numpy as np

from sonca.engines.viettts.config import ModelConfig
from sonca.errors import EngineError

MEL_HZ = 100
"""Frames per second of both models' inputs."""
OPSET = 17


def prompt_models(config: ModelConfig, seed: int) -> dict[str, bytes]:
    """File name to content."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise EngineError("random prompt models need the package onnx: pip install onnx") from error
    generator = np.random.default_rng([seed, 17])
    return {
        "speech_tokenizer.onnx": _tokenizer(config, generator),
        "speech_embedding.onnx": _embedding(config, generator),
    }


def _weights(generator: np.random.Generator, *shape: int) -> np.ndarray:
    scale = np.sqrt(np.prod(shape[1:]))
    return np.asarray(generator.standard_normal(shape) / scale, np.float32)


def _tokenizer(config: ModelConfig, generator: np.random.Generator) -> bytes:
    """feats (1, 128, T), feats_length (1,) int32 -> indices (1, 1, T / frames per token)."""
    from onnx import TensorProto, helper, numpy_helper

    stride = round(MEL_HZ / config.flow.rate_hz)
    constants = {
        "kernel": _weights(generator, 32, 128, stride),
        "classes": _weights(generator, config.flow.vocab, 32).T.copy(),
        "zero": np.array([0], np.int64),
        "two": np.array([2], np.int64),
        "one": np.array([1], np.int64),
        "rows": np.array([1, 1, -1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["feats_length"], ["length"], to=TensorProto.INT64),
        helper.make_node("Slice", ["feats", "zero", "length", "two", "one"], ["heard"]),
        helper.make_node(
            "Conv", ["heard", "kernel"], ["y"], strides=[stride], kernel_shape=[stride]
        ),
        helper.make_node("Transpose", ["y"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["frames", "classes"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["best"], axis=2, keepdims=0),
        helper.make_node("Reshape", ["best", "rows"], ["indices"]),
    ]
    graph = helper.make_graph(
        nodes,
        "speech_tokenizer",
        [
            helper.make_tensor_value_info("feats", TensorProto.FLOAT, [1, 128, "T"]),
            helper.make_tensor_value_info("feats_length", TensorProto.INT32, [1]),
        ],
        [helper.make_tensor_value_info("indices", TensorProto.INT64, [1, 1, "N"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _serialised(graph)


def _embedding(config: ModelConfig, generator: np.random.Generator) -> bytes:
    """input (1, T, 80) -> output (1, speaker size)."""
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "hidden": _weights(generator, 64, 80).T.copy(),
        "weight": _weights(generator, config.llm.speaker, 64).T.copy() * np.float32(8),
    }
    nodes = [
        helper.make_node("MatMul", ["input", "hidden"], ["h"]),
        helper.make_node("Tanh", ["h"], ["t"]),
        helper.make_node("ReduceMean", ["t"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "weight"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "speech_embedding",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, "T", 80])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, config.llm.speaker])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _serialised(graph)


def _serialised(graph: object) -> bytes:
    from onnx import helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())
