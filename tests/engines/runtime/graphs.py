"""Small graphs, made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def scaled(factor: float = 2.0) -> onnx.ModelProto:
    """Returns ``audio`` = ``frames`` (1, 4, T) times a weight, ``count`` = ``tokens`` (1, P)."""
    weight = numpy_helper.from_array(np.full((1, 4, 1), factor, np.float32), "weight")
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["frames", "weight"], ["audio"]),
            helper.make_node("Identity", ["tokens"], ["count"]),
        ],
        "scaled",
        [
            helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, 4, "time"]),
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
        ],
        [
            helper.make_tensor_value_info("audio", TensorProto.FLOAT, [1, 4, "time"]),
            helper.make_tensor_value_info("count", TensorProto.INT64, [1, None]),
        ],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def save(model: onnx.ModelProto, path: Path) -> Path:
    onnx.save(model, path)
    return path
