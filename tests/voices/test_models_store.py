"""The models folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca import disk
from sonca.errors import InvalidRequest, StorageFull
from sonca.voices.models import Installed, ModelStore, UnknownModel, catalogue


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    model = tmp_path / "mine.onnx"
    model.write_bytes(b"graph")
    (tmp_path / "mine.onnx.json").write_text("{}")
    return model


def add(store: ModelStore, model: Path, name: str | None = None) -> Installed:
    files = {".onnx": model, ".onnx.json": model.with_name(model.name + ".json")}
    return store.add(files, engine="piper", name=name)


def test_an_empty_store_is_empty(store: ModelStore) -> None:
    assert store.installed() == []
    with pytest.raises(UnknownModel, match="there are: none"):
        store.find("x")


def test_a_pair_is_copied(store: ModelStore, pair: Path) -> None:
    model = add(store, pair)
    assert model.name == "mine"
    assert sorted(p.name for p in model.folder.iterdir()) == [
        "mine.onnx",
        "mine.onnx.json",
        "sonca-model.json",
    ]
    assert pair.is_file()
    assert store.find("MINE").origin == "local"


def test_a_pair_can_be_called_something_else(store: ModelStore, pair: Path) -> None:
    model = add(store, pair, "giong-cua-toi")
    assert (model.folder / "giong-cua-toi.onnx").read_bytes() == b"graph"


@pytest.mark.parametrize("name", ["a/b", "../up", "", ".hidden", "x" * 200, "a\\b", "a b", "nul\0"])
def test_a_name_that_is_no_folder_is_refused(store: ModelStore, pair: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be called"):
        store.home("piper", name)
    if name:  # an empty name is none given
        with pytest.raises(InvalidRequest, match="cannot be called"):
            add(store, pair, name)
    assert not store.folder.exists()


def test_changes_are_found(store: ModelStore, pair: Path) -> None:
    model = add(store, pair)
    assert store.problems(model) == []
    graph = model.folder / "mine.onnx"
    graph.write_bytes(b"Graph")
    assert "has changed" in store.problems(model)[0]
    graph.write_bytes(b"gr")
    assert "has 2 bytes, it came with 5" in store.problems(model)[0]
    graph.unlink()
    assert "is missing" in store.problems(model)[0]


def test_removing(store: ModelStore, pair: Path) -> None:
    folder = add(store, pair).folder
    store.remove("mine")
    assert not folder.exists()
    assert store.installed() == []
    for name in ("mine", "../mine", "piper/mine"):
        with pytest.raises(UnknownModel):
            store.remove(name)


def test_files_put_there_by_hand_count(store: ModelStore) -> None:
    wanted = catalogue()["vi_VN-vivos-x_low"]
    home = store.home(wanted.engine, wanted.name)
    home.mkdir(parents=True)
    (home / wanted.files[0].name).write_bytes(b"graph")
    assert store.installed() == []
    (home / wanted.files[1].name).write_bytes(b"{}")
    (model,) = store.installed()
    assert model.name == wanted.name
    assert store.problems(model) == []


def test_files_put_there_by_hand_are_checked_where_a_hash_is_known(store: ModelStore) -> None:
    wanted = catalogue()["vi_VN-vais1000-medium"]
    home = store.home(wanted.engine, wanted.name)
    home.mkdir(parents=True)
    for file in wanted.files:
        (home / file.name).write_bytes(b"?")
    (model,) = store.installed()
    assert len(store.problems(model)) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}', '{"files": 1}'])
def test_a_manifest_that_is_none_is_passed_over(store: ModelStore, text: str) -> None:
    home = store.home("piper", "odd")
    home.mkdir(parents=True)
    (home / "sonca-model.json").write_text(text)
    assert store.installed() == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A model that is a folder."""
    for name in ("config.json", "onnx/graph.onnx", "voices/a.json"):
        path = tmp_path / "giong-hay" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "giong-hay"


def test_a_folder_is_copied_as_it_is(store: ModelStore, tree: Path) -> None:
    names = ("onnx/graph.onnx", "config.json", "voices/a.json")
    model = store.add({name: tree / name for name in names}, engine="kokoro")
    assert model.name == "giong-hay"
    assert set(model.files) == set(names)
    assert all((model.folder / name).read_text() == name for name in names)
    assert store.problems(model) == []
    (model.folder / "onnx" / "graph.onnx").unlink()
    assert "graph.onnx is missing" in store.problems(model)[0]
    store.remove("giong-hay")
    assert not model.folder.exists()


@pytest.mark.parametrize(
    "key", ["../out", "a/../../out", "/etc/out", "sonca-model.json", "./sonca-model.json"]
)
def test_a_file_stays_in_its_models_folder(store: ModelStore, tree: Path, key: str) -> None:
    files = {"config.json": tree / "config.json", key: tree / "config.json"}
    with pytest.raises(InvalidRequest, match="cannot lie in"):
        store.add(files, engine="kokoro", name="x")
    assert store.installed() == []


def test_a_full_disk_is_known_before(
    store: ModelStore, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda place: 3)
    with pytest.raises(StorageFull, match="11 bytes are needed"):
        store.add({"config.json": tree / "config.json"}, engine="kokoro")
    assert not store.folder.exists()
