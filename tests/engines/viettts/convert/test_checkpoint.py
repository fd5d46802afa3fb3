"""Checkpoints: read as PyTorch reads them, and refused when they carry more than tensors."""

from __future__ import annotations

import collections
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.viettts.checkpoint_writer import write_checkpoint
from sonca.engines.viettts.convert.checkpoint import read_checkpoint
from sonca.errors import EngineError

STATE = {
    "a.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "a.bias": np.array([1.5, -2], np.float32),
    "scalar": np.array(3, np.float32),
}


def same(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert list(got) == list(wanted)
    for key, value in wanted.items():
        np.testing.assert_array_equal(got[key], value)


def test_reads_what_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    write_checkpoint(path, STATE.items())
    same(read_checkpoint(path), STATE)


def test_pytorch_reads_what_it_writes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch's own loader")
    path = tmp_path / "x.pt"
    write_checkpoint(path, STATE.items())
    same({k: v.numpy() for k, v in torch.load(path, weights_only=True).items()}, STATE)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_reads_what_pytorch_writes(tmp_path: Path, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch's own writer")
    base = torch.arange(40).reshape(5, 8).to(getattr(torch, dtype))
    state = collections.OrderedDict(
        whole=base, turned=base.T, part=base[1:3, 2:5], p=torch.nn.Parameter(base[0] * 2)
    )
    torch.save(state, tmp_path / "x.pt")
    wanted = {key: value.detach().float().numpy() for key, value in state.items()}
    same(read_checkpoint(tmp_path / "x.pt"), wanted)


def checkpoint_of(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
    return path


class _Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    path = checkpoint_of(tmp_path / "x.pt", pickle.dumps({"a": _Harm(victim)}, protocol=2))
    with pytest.raises(EngineError, match=r"carries code \(posix.mkdir\)"):
        read_checkpoint(path)
    assert not victim.exists()


@pytest.mark.parametrize("kept", [0, 10, 500, -30, -1])
def test_a_cut_file_is_an_error(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "x.pt"
    write_checkpoint(path, STATE.items())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EngineError, match="pull viet-tts"):
        read_checkpoint(path)


def test_what_is_missing_or_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot read"):
        read_checkpoint(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(EngineError, match="no PyTorch checkpoint"):
        read_checkpoint(tmp_path / "text.pt")
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("a/b", "c")
    with pytest.raises(EngineError, match="not a PyTorch checkpoint"):
        read_checkpoint(tmp_path / "zip.pt")


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {"a": {"b": 2}}])
def test_what_is_no_state_dict_is_an_error(tmp_path: Path, content: object) -> None:
    path = checkpoint_of(tmp_path / "x.pt", pickle.dumps(content, protocol=2))
    with pytest.raises(EngineError, match=r"x\.pt"):
        read_checkpoint(path)


def test_a_tensor_beyond_its_data_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    write_checkpoint(path, [("a", np.zeros(4, np.float32))])
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content[:8] if name.endswith("data/0") else content)
    with pytest.raises(EngineError, match="beyond its data"):
        read_checkpoint(path)


def test_garbage_in_the_index_is_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        path = checkpoint_of(tmp_path / "x.pt", b"\x80\x02}(" + rng.bytes(40))
        with pytest.raises(EngineError):
            read_checkpoint(path)
