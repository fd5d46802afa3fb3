"""A graph in bf16: few lengths, several runs at once. OpenVINO computes it on any processor."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sonca.engines.runtime import BadModel, bfloat16, open_graph
from sonca.engines.runtime.bfloat16 import Bfloat16Graph, Lengths
from sonca.errors import EngineError
from tests.engines.runtime.graphs import scaled

pytest.importorskip("openvino")

CHANNELS, HOP = 16, 4
LENGTHS = Lengths({"frames": (1, CHANNELS, -1), "speaker": (1, CHANNELS, 1)}, (8, 16))


@pytest.fixture(scope="module")
def model() -> bytes:
    """Four samples a frame, of a frame and a speaker: no frame looks at another."""
    kernel = np.random.default_rng(1).normal(0, 0.3, (CHANNELS, 1, HOP)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["frames", "speaker"], ["sum"]),
            helper.make_node("ConvTranspose", ["sum", "kernel"], ["wave"], strides=[HOP]),
        ],
        "decoder",
        [
            helper.make_tensor_value_info("frames", TensorProto.FLOAT, [None, None, None]),
            helper.make_tensor_value_info("speaker", TensorProto.FLOAT, [None, None, None]),
        ],
        [helper.make_tensor_value_info("wave", TensorProto.FLOAT, [None, None, None])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def feed(length: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([seed, length])
    return {
        "frames": rng.normal(0, 1, (1, CHANNELS, length)).astype(np.float32),
        "speaker": rng.normal(0, 1, (1, CHANNELS, 1)).astype(np.float32),
    }


def test_any_length_is_made_in_one_of_a_few(model: bytes) -> None:
    exact, fast = open_graph(model), Bfloat16Graph(model, lengths=LENGTHS)
    assert fast.providers == (bfloat16.NAME,)
    for length in (1, 7, 8, 9, 16):
        (wanted,), (made,) = exact.run(feed(length)), fast.run(feed(length))
        assert made.shape == wanted.shape == (1, 1, length * HOP)
        np.testing.assert_allclose(made, wanted, atol=0.05)
    with pytest.raises(EngineError, match="17 frames, and the longest window is 16"):
        fast.run(feed(17))


def test_runs_beside_each_other_make_what_each_makes_alone(model: bytes) -> None:
    fast = Bfloat16Graph(model, streams=3, lengths=LENGTHS)
    feeds = [feed(length, seed) for seed in range(20) for length in (5, 12, 16)]
    alone = [fast.run(each)[0] for each in feeds]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda each: fast.run(each)[0], feeds))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_lengths_any_is_taken(model: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model)
    (made,) = Bfloat16Graph(path).run(feed(33))
    assert made.shape == (1, 1, 33 * HOP)


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"gone\.onnx is missing"):
        Bfloat16Graph(tmp_path / "gone.onnx")
    path = tmp_path / "page.onnx"
    path.write_bytes(b"<html>404</html>")
    with pytest.raises(BadModel, match=r"page\.onnx cannot be loaded"):
        Bfloat16Graph(path)


def test_it_says_why_it_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bfloat16, "has_bf16", lambda: True)
    assert bfloat16.missing() is None
    monkeypatch.setattr(bfloat16.importlib.util, "find_spec", lambda name: None)
    assert bfloat16.missing() == "OpenVINO is not installed"
    monkeypatch.setattr(bfloat16, "has_bf16", lambda: False)
    assert bfloat16.missing() == "the processor has no bf16"


def test_first_runs_of_several_threads_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """In a process of its own: it is the first run of a process that matters."""
    (tmp_path / "model.onnx").write_bytes(scaled().SerializeToString())
    done = subprocess.run(
        [sys.executable, "-c", _TOGETHER, str(tmp_path / "model.onnx")],
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


_TOGETHER = """
import sys, threading
from pathlib import Path
import numpy as np
from sonca.engines.runtime.bfloat16 import Bfloat16Graph

graphs = [Bfloat16Graph(Path(sys.argv[1])) for _ in range(4)]
feed = {"frames": np.ones((1, 4, 3), np.float32), "tokens": np.array([[5, 6]])}
threads = [threading.Thread(target=graph.run, args=(feed,)) for graph in graphs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
