"""Graphs with weights of eight bits are made once, proved, and used only while they fit."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.base import Options, Setup
from sonca.engines.zerotts import ZeroTTSEngine, int8, prepare
from sonca.engines.zerotts.model import ZeroModel
from tests.engines.zerotts import tiny
from tests.engines.zerotts.test_session import TEXTS, spoken

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _a_processor_that_gains(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(prepare, "has_vnni", lambda: True)
    monkeypatch.setattr(int8, "_SMALLEST", 512)  # the model is tiny
    yield


def test_bytes_and_scales_are_the_matrix_again() -> None:
    matrix = np.random.default_rng(0).normal(0, 1, (8, 96)).astype(np.float32)
    matrix[3] = 0
    values, scales = int8.quantized(matrix)
    again = (values.astype(np.float32) - 128) * scales.reshape(8, 3, 1)
    assert values.shape == (8, 3, 32)
    np.testing.assert_allclose(again.reshape(8, 96), matrix, atol=np.abs(matrix).max() / 250)


def test_a_model_that_comes_is_prepared_and_speaks(tmp_path: Path) -> None:
    folder, said = tiny.install(tmp_path), []
    ZeroTTSEngine.after_install(folder, tmp_path, {"name": "ZeroTTS"}, said.append)
    proof = json.loads((folder / "int8" / "proof.json").read_text("utf-8"))
    assert proof["snr_db"] > prepare.LEAST_SNR_DB
    assert proof["good"] is (prepare.int8_of(folder) is not None)
    assert len(said) == 3
    levels = json.loads((folder / "levels.sonca.json").read_text("utf-8"))
    assert sorted(name.split()[0] for name in levels) == ["giahuy", "maichi"]
    proof["good"] = True
    (folder / "int8" / "proof.json").write_text(json.dumps(proof), "utf-8")
    engine = ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1))
    assert engine.info.version.endswith("-int8")
    assert all(v.version.endswith("-int8") for v in engine.voices(Setup(models_dir=tmp_path)))
    assert [len(sound) > 0 for sound in spoken(engine, TEXTS[:2], Options())] == [True, True]
    exact = Setup(models_dir=tmp_path, threads=1, exact=True)
    engine = ZeroTTSEngine(exact)
    assert not engine.info.version.endswith("-int8")
    assert engine._model._together is None
    assert not any(v.version.endswith("-int8") for v in engine.voices(exact))


def test_large_products_use_bytes(tmp_path: Path) -> None:
    import onnx

    folder = tiny.install(tmp_path)
    target = tmp_path / "x.onnx"
    count = int8.written_int8(folder / "onnx" / "prefix_step.onnx", target)
    nodes = [n.op_type for n in onnx.load(target).graph.node]
    assert nodes.count("MatMulNBits") == count > 0


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", ["MatMul", "Gemm", "Gemm with bias"])
def test_products_of_every_kind_are_near_what_they_were(
    tmp_path: Path, kind: str, turned: bool
) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from sonca.engines.runtime import open_graph

    rng = np.random.default_rng(0)
    matrix, bias = rng.normal(0, 1, (64, 96)).astype(np.float32), rng.normal(0, 5, 96)
    gemm = kind.startswith("Gemm")
    stored = matrix.T if turned else matrix
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(stored), "w"),
        numpy_helper.from_array(bias.astype(np.float32), "b"),
    ]
    nodes = []
    if turned and not gemm:
        nodes.append(helper.make_node("Transpose", ["w"], ["wt"]))
    taken = ["x", "wt" if turned and not gemm else "w", *(["b"] if "bias" in kind else [])]
    how = {"transB": int(turned)} if gemm else {}
    nodes.append(helper.make_node(kind.split()[0], taken, ["y"], **how))
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, size])
        for name, size in (("x", 64), ("y", 96))
    ]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "x.onnx")
    assert int8.written_int8(tmp_path / "x.onnx", tmp_path / "y.onnx") == 1
    x = rng.normal(0, 1, (2, 64)).astype(np.float32)
    (one,), (other,) = (open_graph(tmp_path / f"{n}.onnx").run({"x": x}) for n in "xy")
    np.testing.assert_allclose(one, other, atol=0.3)
    names = [n.op_type for n in onnx.load(tmp_path / "y.onnx").graph.node]
    assert names == ["MatMulNBits", *(["Add"] if "bias" in kind else [])]


def test_a_model_is_alike_to_itself_and_not_to_another(tmp_path: Path) -> None:
    from benchmarks.zerotts.random_model import make

    one = ZeroModel(tiny.install(tmp_path), 1)
    proof = prepare.proved(one, one)
    assert (proof.alike, proof.ends_alike, proof.good) == (1.0, True, True)
    other = ZeroModel(make(tmp_path / "other", seed=9), 1)
    assert not prepare.proved(one, other).good


def test_graphs_of_other_files_or_another_processor_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.install(tmp_path)
    monkeypatch.setattr(prepare, "LEAST_ALIKE", 0.0)
    prepare.prepare(folder, lambda _: None)
    assert prepare.int8_of(folder) == folder / "int8"
    monkeypatch.setattr(prepare, "has_vnni", lambda: False)
    assert prepare.int8_of(folder) is None
    monkeypatch.setattr(prepare, "has_vnni", lambda: True)
    os.utime(folder / "onnx" / "prefix_step.onnx", ns=(1, 1))  # a newer model
    assert prepare.int8_of(folder) is None
    assert ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1)).info.version[-4:] != "int8"
    shutil.rmtree(folder / "int8")
    assert prepare.int8_of(folder) is None


def test_without_room_float32_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder, said = tiny.install(tmp_path), []
    monkeypatch.setattr(int8, "written_int8", full)
    ZeroTTSEngine.after_install(folder, tmp_path, {}, said.append)
    assert any("as they are" in line for line in said)
    assert prepare.int8_of(folder) is None


def test_damaged_int8_graphs_are_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.install(tmp_path)
    monkeypatch.setattr(prepare, "LEAST_ALIKE", 0.0)
    prepare.prepare(folder, lambda _: None)
    (folder / "int8" / "prefix_step.onnx").write_bytes(b"half a file")
    made = ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1))
    assert not made.info.version.endswith("int8")
    assert len(spoken(made, TEXTS[1:2], Options())[0])
