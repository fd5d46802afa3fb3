"""A graph on ONNX Runtime: what it says of itself, what it computes, what it refuses."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import pytest

from sonca.engines.runtime import BadModel, Graph, TensorSpec, open_graph
from sonca.errors import EngineError, EngineNotInstalled, InvalidRequest
from tests.engines.runtime.graphs import save, scaled

pytest.importorskip("onnxruntime")

FEED = {"frames": np.ones((1, 4, 3), np.float32), "tokens": np.array([[5, 6]])}
INPUTS = {"frames": ("float32", 3), "tokens": ("int64", 2)}


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return open_graph(save(scaled(), tmp_path / "model.onnx"))


def test_a_graph_says_what_it_takes_and_makes(graph: Graph) -> None:
    assert dict(graph.inputs) == {
        "frames": TensorSpec(np.dtype("float32"), (1, 4, "time")),
        "tokens": TensorSpec(np.dtype("int64"), (1, None)),
    }
    assert list(graph.outputs) == ["audio", "count"]
    assert graph.providers == ("CPUExecutionProvider",)


def test_outputs_come_in_their_order_or_as_asked(graph: Graph) -> None:
    audio, count = graph.run(FEED)
    assert np.array_equal(audio, 2 * FEED["frames"])
    assert np.array_equal(count, FEED["tokens"])
    (only,) = graph.run(FEED, ("count",))
    assert np.array_equal(only, count)


def test_bytes_are_a_model_too() -> None:
    graph = open_graph(scaled(3.0).SerializeToString(), name="part", threads=2)
    assert graph.run(FEED, ["audio"])[0][0, 0, 0] == 3.0
    with pytest.raises(EngineError, match=r"part cannot be computed.*frames"):
        graph.run({"tokens": FEED["tokens"]})


def test_the_graph_that_is_expected_passes(graph: Graph) -> None:
    graph.expect(INPUTS, ("audio",))
    graph.expect({**INPUTS, "frames": ("float32", (1, 4, None))}, {"audio": ("float32", 3)})
    graph.expect({**INPUTS, "frames": ("float32", (1, 4, 7))})  # a free size takes any


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({**INPUTS, "style": ("float32", 2)}, (), r"no input 'style' \(it has frames, tokens\)"),
        (
            {"frames": ("float32", 3)},
            (),
            r"takes the input 'tokens', int64 \(1, \?\), which is not",
        ),
        ({**INPUTS, "frames": ("float16", 3)}, (), r"'frames' is float32 .* must be float16"),
        ({**INPUTS, "frames": ("float32", 2)}, (), r"must be float32 \(\?, \?\)"),
        ({**INPUTS, "frames": ("float32", (1, 8, None))}, (), r"\(1, 4, time\).*\(1, 8, \?\)"),
        (INPUTS, ("waveform",), r"no output 'waveform' \(it has audio, count\)"),
        (INPUTS, {"audio": ("float32", 2)}, r"output 'audio' is float32 \(1, 4, time\)"),
    ],
)
def test_another_graph_is_refused_by_what_differs(
    graph: Graph, inputs: dict[str, tuple[str, int]], outputs: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BadModel, match=message) as raised:
        graph.expect(inputs, outputs)
    assert "model.onnx" in str(raised.value)
    assert isinstance(raised.value, InvalidRequest)


def test_no_file_half_a_file_and_another_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"gone\.onnx is missing"):
        open_graph(tmp_path / "gone.onnx")
    whole = scaled().SerializeToString()
    for name, content in (("half", whole[: len(whole) // 2]), ("html", b"<html>404</html>")):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(BadModel, match=rf"{name}\.onnx cannot be loaded"):
            open_graph(path)


def test_weights_that_are_not_beside_it_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model = scaled()
    onnx.save(model, path, save_as_external_data=True, location="model.data", size_threshold=0)
    assert open_graph(path).run(FEED, ["audio"])[0][0, 0, 0] == 2.0
    (tmp_path / "model.data").unlink()
    with pytest.raises(BadModel, match=r"model\.data"):
        open_graph(path)


def test_without_onnx_runtime_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineNotInstalled, match="onnxruntime"):
        open_graph(tmp_path / "model.onnx")
