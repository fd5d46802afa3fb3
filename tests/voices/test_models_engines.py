"""Every engine's models of the catalogue, with random weights in the published layout: fetched
from a hub, they speak; so do they added as a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import onnx
import pytest

from benchmarks.kokoro import random_model as kokoro
from benchmarks.supertonic import random_model as supertonic
from benchmarks.vieneu import random_model as vieneu
from benchmarks.vieneu import random_nano
from benchmarks.zerotts import random_model as zerotts
from sonca import Sonca, wheels
from sonca.engines import registry
from sonca.engines.base import Setup
from sonca.engines.kokoro.symbols import PUBLISHED
from sonca.errors import SoncaError
from sonca.voices.models import Model, ModelFile, ModelStore, UnknownModel, catalogue, find, pull
from tests.engines.kokoro.test_voice_packs import torch_file
from tests.voices.hub import Hub, serve


def _zerotts(folder: Path) -> Path:
    """Each of its published graphs is one file."""
    zerotts.make(folder)
    for path in (folder / "onnx").glob("*.onnx"):
        graph = onnx.load(path)
        path.with_name(path.name + ".data").unlink()
        onnx.save(graph, path)
    return folder


def _kokoro(folder: Path) -> Path:
    kokoro.write(folder, "input_ids").rename(folder / "kokoro_vi.onnx")
    (folder / "config.json").write_text(json.dumps({"vocab": dict(PUBLISHED)}))
    (folder / "voicepacks").mkdir()
    for number, name in enumerate(("mai_linh", "duc_an")):
        torch_file(folder / "voicepacks" / f"{name}.pt", kokoro.pack(number).tobytes())
    return folder


MAKERS: dict[str, Callable[[Path], Path]] = {
    "vieneu-v3-turbo": lambda folder: vieneu.write_whole(folder, vieneu.Random(vieneu.TINY)),
    "vieneu-v3-nano": random_nano.write,
    "kokoro-vietnamese": _kokoro,
    "zerotts": _zerotts,
    "korvatts": lambda folder: supertonic.make(folder, korva=True),
    "supertonic-3": supertonic.make,
}


VOICES = ("voices", "voice_styles", "voicepacks")
CLONING = (
    "speaker_encoder",
    "denoiser",
    "moss_audio_tokenizer_encode",
    "codec_encoder",
    "reference_encoder",
)
"""Graphs without which a model speaks, but does not clone."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub, stop = serve()
    yield hub
    stop()


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(name: str, tmp_path: Path) -> Path:
    """A random model of that layout."""
    return MAKERS[name](tmp_path / "made" / name)


def published(model: Model, folder: Path, hub: Hub, patch: pytest.MonkeyPatch) -> Model:
    """The model of the catalogue with this folder's files, which the hub and the wheels have."""
    contents = {file: content(folder, file) for file in model.files}
    members: dict[tuple[str, str], bytes] = {}
    for file, data in contents.items():
        if file.wheels:
            members |= dict.fromkeys(file.wheels, data)
        hub.files[f"{file.repository or model.repository}/{file.path}"] = data
    patch.setattr(wheels, "read", lambda package, path, **_: members[package, path])
    files = tuple(
        replace(file, size=None, sha256=hashlib.sha256(data).hexdigest())
        for file, data in contents.items()
    )
    return replace(model, files=files)


def content(folder: Path, file: ModelFile) -> bytes:
    """What lies there; a voice that the random model has not is as another one."""
    path = folder / file.name
    if not path.is_file():
        place = PurePosixPath(file.name)
        likely = sorted(folder.glob(f"{place.parts[0]}/**/*{place.suffix}"))
        path = next(
            (each for each in likely if place.parts[0] in VOICES),
            path,
        )
    return path.read_bytes() if path.is_file() else b"text"


def speaks(models_dir: Path, engine: str) -> None:
    with Sonca(engine, setup=Setup(models_dir=models_dir, threads=1)) as sonca:
        assert sonca.voices
        voice = sonca.voices[0]
        assert sonca.permits.passport(voice).name
        assert len(sonca.permits.model_hash(voice)) == 16
        assert sonca.speak("Xin chào các bạn.", voice=voice.id).duration_s > 0.1


@pytest.mark.slow
def test_what_is_pulled_speaks(
    name: str, made: Path, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = published(find(name), made, hub, monkeypatch)
    store = ModelStore(tmp_path / "models")
    installed = pull(model, store, endpoint=hub.address, progress=False)
    assert set(installed.files) == {file.name for file in model.files}
    speaks(store.folder, model.engine)
    assert store.problems(installed) == []


@pytest.mark.slow
def test_what_is_added_as_a_folder_speaks(name: str, made: Path, tmp_path: Path) -> None:
    engine = find(name).engine
    files = registry.find(engine).load().model_files(made)
    assert not any(key.startswith(".") for key in files)
    store = ModelStore(tmp_path / "models")
    installed = store.add(files, engine=engine)
    assert installed.name == made.name
    speaks(store.folder, engine)


def test_a_folder_belongs_to_one_engine(name: str, made: Path) -> None:
    """No other engine takes it for a model of its own."""
    own = find(name).engine
    for spec in registry.specs().values():
        if spec.public and spec.name != own:
            with pytest.raises(SoncaError):
                spec.load().model_files(made)


def test_half_a_folder_is_refused_with_what_it_lacks(name: str, made: Path) -> None:
    engine = registry.find(find(name).engine).load()
    for file in find(name).files:
        graph = made / file.name
        if graph.suffix != ".onnx" or graph.stem in CLONING:
            continue
        data = graph.read_bytes()
        graph.unlink()
        with pytest.raises(SoncaError, match=f"{graph.stem}|has no graph"):
            engine.model_files(made)
        graph.write_bytes(data)


def test_short_names_find_them() -> None:
    assert find("vieneu").name == "vieneu-v3-turbo"
    assert find("nano").name == "vieneu-v3-nano"
    assert find("kokoro").name == "kokoro-vietnamese"
    assert find("korva").name == "korvatts"
    with pytest.raises(UnknownModel, match="vieneu-v3-turbo"):
        find("vieneu-v9")


def test_each_engine_that_pulls_is_known() -> None:
    for model in catalogue().values():
        if model.engine != "listen":  # what hears is no engine
            assert registry.find(model.engine).name == model.engine
