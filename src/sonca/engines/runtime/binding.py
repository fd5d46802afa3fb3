"""Makes OpenVINO's binding safe for engines that each have a thread of their own."""

from __future__ import annotations

import functools
import threading

import numpy as np

_alone = threading.Lock()


def settle() -> None:
    """Computes something small before anything else does; to be called before a graph is compiled.

    The binding sets up what it knows of NumPy in the first run of a process, under a lock of its
    own, giving Python's away and taking it back meanwhile: two threads whose first runs meet wait
    for each other, and for ever (seen in a third of the attempts).
    """
    with _alone:
        _run_once()


@functools.cache
def _run_once() -> None:
    import openvino
    from openvino import Model, Type, opset13

    value = opset13.parameter([1], Type.f32)
    model = Model([opset13.relu(value)], [value])
    request = openvino.Core().compile_model(model, "CPU").create_infer_request()
    request.infer([np.zeros(1, np.float32)])
    _ = request.get_output_tensor(0).data
