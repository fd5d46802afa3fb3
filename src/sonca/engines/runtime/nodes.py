"""Pieces that graphs for OpenVINO are made of: ends, constants, shapes. Loads the runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from openvino import Model
from openvino import opset13 as op

Node = Any
"""A graph node or one of its outputs; OpenVINO's Python API is untyped."""


def model(inputs: Sequence[Node], outputs: Mapping[str, Node], name: str) -> Model:
    """Returns a graph whose outputs carry names."""
    results = []
    for label, node in outputs.items():
        result = op.result(node)
        result.output(0).get_tensor().set_names({label})
        results.append(result)
    return Model(results, list(inputs), name)


def parameter(shape: Sequence[int], name: str, dtype: Any = np.float32) -> Node:
    """Returns an input; -1 is a size that may change."""
    node = op.parameter(list(shape), dtype)
    node.output(0).get_tensor().set_names({name})
    node.set_friendly_name(name)
    return node


def floats(value: npt.ArrayLike) -> Node:
    return op.constant(np.asarray(value, np.float32))


def ints(*values: int) -> Node:
    return op.constant(np.array(values, np.int64))


def number(value: int) -> Node:
    return op.constant(np.int64(value))


def reshape(x: Node, *shape: int) -> Node:
    """Reshapes: 0 keeps a size, -1 is what remains."""
    return op.reshape(x, ints(*shape), special_zero=True)


def transpose(x: Node, *order: int) -> Node:
    return op.transpose(x, ints(*order))


def narrow(x: Node, axis: int, start: int, stop: int, step: int = 1) -> Node:
    return op.slice(x, ints(start), ints(stop), ints(step), ints(axis))


def round_bf16(value: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Rounds to the nearest number that bf16 has, ties to even: the runtime cuts off."""
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)
