"""Which files of a folder are a model's."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.engines.folders import files_in
from sonca.errors import InvalidRequest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("config.json", "onnx/a.onnx", "onnx/deep/a.onnx", "voices/b.npz", "voices/a.npz"):
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "model" / ".git").mkdir()
    (tmp_path / "model" / ".git" / "config.json").touch()
    return tmp_path / "model"


def test_what_is_wanted_comes_in_order(folder: Path) -> None:
    found = files_in(folder, "onnx/a.onnx", "voices/*.npz", "none.json?", "*.json")
    assert list(found) == ["onnx/a.onnx", "voices/a.npz", "voices/b.npz", "config.json"]
    assert found["voices/a.npz"] == folder / "voices" / "a.npz"


def test_a_link_to_a_file_counts(folder: Path, tmp_path: Path) -> None:
    """The hub's own cache is made of them."""
    (tmp_path / "blob").touch()
    (folder / "linked.onnx").symlink_to(tmp_path / "blob")
    assert list(files_in(folder, "linked.onnx")) == ["linked.onnx"]


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"model lacks onnx/vocoder\.onnx"):
        files_in(folder, "config.json", "onnx/vocoder.onnx")
    with pytest.raises(InvalidRequest, match=r"lacks voices/\*.pt"):
        files_in(folder, "voices/*.pt")
    with pytest.raises(InvalidRequest, match="is not a folder"):
        files_in(tmp_path / "nobody", "x")


def test_a_home_folder_is_not_walked_through(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonca.engines.folders._MOST", 3)
    with pytest.raises(InvalidRequest, match="holds more than 3 files"):
        files_in(folder, "config.json")
