"""The graph that draws several sentences' frames at once draws what the one for one draws."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.base import Options, Setup
from sonca.engines.runtime import BadModel, open_graph
from sonca.engines.zerotts import ZeroTTSEngine, prepare
from sonca.engines.zerotts.model import ASKED_BEFORE_LOADED, OWN, ROWS, FrameWanted, ZeroModel
from sonca.engines.zerotts.side_by_side import write_side_by_side
from sonca.engines.zerotts.speaking import draws
from tests.engines.zerotts import tiny
from tests.engines.zerotts.test_session import TEXTS, spoken

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a model that was prepared on a processor without VNNI."""
    models_dir = tmp_path_factory.mktemp("prepared")
    folder = tiny.install(models_dir)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "has_vnni", lambda: False)
        prepare.prepare(folder, lambda _: None)
    return models_dir


@pytest.fixture
def engine(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> ZeroTTSEngine:
    monkeypatch.setattr(prepare, "has_vnni", lambda: False)
    engine = ZeroTTSEngine(Setup(models_dir=prepared, threads=1))
    assert engine._model._together is not None
    engine._model._together.load()
    return engine


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_frames_are_those_of_each_alone(engine: ZeroTTSEngine, count: int) -> None:
    model = engine._model
    alone = ZeroModel(engine._folder, 1)

    def wanted() -> list[FrameWanted]:
        rng = np.random.default_rng(count)
        return [
            FrameWanted(
                rng.normal(0, 1, 16).astype(np.float32),
                rng.random((1, 16, 1024)) < 0.2,
                draws(0, n),
                n % 2 == 0,
            )
            for n in range(count)
        ]

    many, each = wanted(), wanted()
    made = model.frames(many)
    for n, (codes, last) in enumerate(made):
        ((mine, ends),) = alone.frames([each[n]])
        np.testing.assert_array_equal(codes, mine)
        assert last == ends
        np.testing.assert_array_equal(many[n].seen, each[n].seen)
        assert many[n].seen[0, np.arange(16), codes].all()


def test_sentences_sound_the_same_with_it(engine: ZeroTTSEngine, models_dir: Path) -> None:
    without = ZeroTTSEngine(Setup(models_dir=models_dir, threads=1))
    assert without._model._together is None
    for one, other in zip(
        spoken(engine, TEXTS, Options(), 3), spoken(without, TEXTS, Options(), 3), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_weights_are_read_once_for_all(prepared: Path) -> None:
    import onnx

    home = prepared / "zerotts" / "zerotts"
    one = onnx.load(home / "onnx" / prepare.LOCAL).graph
    many = onnx.load(home / prepare.FLOAT / prepare.TOGETHER).graph
    constants = {each.name for each in one.initializer}
    turned = [n for n in one.node if n.op_type == "Transpose" and n.input[0] in constants]
    constants |= {node.output[0] for node in turned}

    def products(graph: onnx.GraphProto) -> int:
        return sum(n.op_type == "MatMul" and n.input[1] in constants for n in graph.node)

    assert products(many) == products(one) > 16
    assert {port.name for port in many.input} == {port.name for port in one.input}
    assert sum(n.op_type == "Softmax" for n in many.node) == ROWS * sum(
        n.op_type == "Softmax" for n in one.node
    )


def test_a_graph_with_branches_is_left_as_it_is(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    def branch(name: str) -> onnx.GraphProto:
        node = helper.make_node("Identity", ["x"], [name])
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2])
        return helper.make_graph([node], name, [], [out])

    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("a"), else_branch=branch("b"))
    ports = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2]),
        helper.make_tensor_value_info("c", TensorProto.BOOL, [1]),
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph([node], "g", ports, [out])
    onnx.save(helper.make_model(graph), tmp_path / "x.onnx")
    with pytest.raises(BadModel, match="branch"):
        write_side_by_side(tmp_path / "x.onnx", tmp_path / "y.onnx", 4, ["x", "c"])


def test_one_that_draws_otherwise_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tiny.install(tmp_path)
    other = tiny.install(tmp_path, "other")
    import onnx

    model = onnx.load(other / "onnx" / prepare.LOCAL)
    for each in model.graph.initializer:
        if each.name == "in":
            each.raw_data = (np.frombuffer(each.raw_data, np.float32)[::-1]).tobytes()
    onnx.save(model, other / "onnx" / "wrong.onnx")
    monkeypatch.setattr(prepare, "has_vnni", lambda: False)
    monkeypatch.setattr(
        prepare,
        "write_side_by_side",
        lambda _, path, *rest: write_side_by_side(other / "onnx" / "wrong.onnx", path, *rest),
    )
    prepare.prepare(folder, lambda _: None)
    assert prepare.together_of(folder, None) is None
    assert "differ" in caplog.text


def test_one_that_is_damaged_is_done_without(
    prepared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare, "has_vnni", lambda: False)
    engine = ZeroTTSEngine(Setup(models_dir=prepared, threads=1))
    later = engine._model._together
    assert later is not None
    (tmp_path / "x.onnx").write_bytes(b"half")
    later._path = tmp_path / "x.onnx"
    later.load()
    assert later.get() is None
    assert [len(sound) > 0 for sound in spoken(engine, TEXTS[:2], Options())] == [True, True]


def test_it_is_loaded_once_several_have_spoken_for_a_while(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "has_vnni", lambda: False)
    engine = ZeroTTSEngine(Setup(models_dir=prepared, threads=1))
    later = engine._model._together
    assert later is not None
    for _ in range(ASKED_BEFORE_LOADED - 1):
        assert later.get() is None
    assert not [t for t in threading.enumerate() if t.name == "sonca-zerotts-graph"]
    later.get()
    for thread in threading.enumerate():
        if thread.name == "sonca-zerotts-graph":
            assert not thread.daemon  # or a process that ends meanwhile is aborted
            thread.join()
    assert later.get() is not None


def test_a_written_graph_takes_rows(tmp_path: Path) -> None:
    folder = tiny.install(tmp_path)
    path = tmp_path / "x.onnx"
    write_side_by_side(folder / "onnx" / prepare.LOCAL, path, 3, OWN)
    graph = open_graph(path)
    assert graph.inputs["global_hidden"].shape == (3, 16)
    assert graph.outputs["codes"].shape[0] == 3
