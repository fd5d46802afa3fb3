"""VieNeu Nano equals upstream's, shares its front end, and refuses what is none.

The numbers are made by ``benchmarks.vieneu.golden_nano`` with upstream's own code.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("sea_g2p")

from benchmarks.vieneu.golden import recording
from benchmarks.vieneu.golden_nano import CASES, STRIDE
from benchmarks.vieneu.random_nano import write
from sonca.engines.base import Options, Reference, Setup
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu_nano import reference
from sonca.engines.vieneu_nano.edges import trimmed
from sonca.engines.vieneu_nano.engine import NanoEngine
from sonca.engines.vieneu_nano.model import LONGEST_S, SAMPLE_RATE_HZ, NanoModel
from sonca.engines.vieneu_nano.voices import read_voices
from sonca.errors import InvalidRequest, SoncaError, Unsupported
from sonca.testing import utterance
from sonca.utterance import Utterance

GOLDEN = Path(__file__).parent / "golden.npz"
Break = Callable[[Path], object]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write(folder / "vieneu-nano" / "vieneu-v3-nano")
    return folder


@pytest.fixture(scope="module")
def folder(models_dir: Path) -> Path:
    return models_dir / "vieneu-nano" / "vieneu-v3-nano"


@pytest.fixture(scope="module")
def engine(folder: Path) -> NanoEngine:
    return NanoEngine(folder, Setup(threads=1))


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_sound_is_what_upstream_makes(number: int, folder: Path, golden: dict[str, Any]) -> None:
    phonemes, steps, speed, seed = CASES[number]
    model = NanoModel(folder)
    latent = model.begin(phonemes, read_voices(folder)["nano-giong-2"].state, speed, steps, seed)
    while not latent.ready:
        model.step(latent)
    sound = trimmed(model.decode(latent), SAMPLE_RATE_HZ)
    assert len(sound) == golden[f"length-{number}"]
    np.testing.assert_allclose(sound[::STRIDE], golden[f"sound-{number}"], atol=1e-4)


@pytest.mark.parametrize("denoise", [False, True])
def test_a_clone_is_upstreams(
    denoise: bool, folder: Path, golden: dict[str, Any], tmp_path: Path
) -> None:
    if not denoise:
        folder = Path(shutil.copytree(folder, tmp_path / "noisy"))
        (folder / "denoiser.onnx").unlink()
    constants = NanoModel(folder).constants
    made = reference.clone(
        folder, constants, Reference(recording(22_050), 22_050, "ab" * 32), threads=1
    )
    # Our filter bank and upstream's differ by 1.6e-4 at most.
    np.testing.assert_allclose(made.speaker[0], golden[f"speaker-{denoise}"], atol=2e-3)
    np.testing.assert_allclose(made.style[0, ::5, ::4], golden[f"style-{denoise}"], atol=1e-4)


def test_voices_are_apart_from_turbos(engine: NanoEngine, models_dir: Path) -> None:
    voices = engine.voices(Setup(models_dir=models_dir))
    assert [voice.id for voice in voices] == ["nano-giong-1", "nano-giong-2", "nano-giong-3"]
    assert voices[0].name == "Giọng 1 Nano (nữ miền Bắc, tin tức)"
    assert (voices[1].gender, voices[1].region, voices[1].tone) == ("male", "south", "standard")


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_pieces_stay_within_what_it_was_trained_on(engine: NanoEngine, speed: float) -> None:
    text = "trời nổi gió, mây kéo xuống thành từng vệt dài trên núi xa; " * 8
    voice = engine.voice("nano-giong-1")
    pieces = engine._plan(utterance(text), voice, Options(speed=speed))
    assert all(len(piece.phonemes) < 250 for piece in pieces)
    assert all(piece.at_mark for piece in pieces[:-1])
    for piece in pieces:
        piece.advance()
        assert piece.latent is not None
        assert piece.latent.x.shape[2] / 15.625 < LONGEST_S
    assert len({piece.seed for piece in pieces}) == len(pieces)


def test_nothing_to_say_is_quiet(engine: NanoEngine) -> None:
    (piece,) = engine._plan(
        Utterance((0, 1), ".", ".", 0.0), engine.voice("nano-giong-1"), Options()
    )
    piece.advance()
    assert piece.samples is not None
    assert not piece.samples.any()


def test_steps_are_a_setting(folder: Path) -> None:
    few = NanoEngine(folder, Setup(threads=1, steps=4))
    many = NanoEngine(folder, Setup(threads=1))
    assert few.info.version != many.info.version
    (piece,) = few._plan(utterance("xin chào"), few.voice("nano-giong-1"), Options())
    piece.advance()
    assert piece.latent is not None
    assert len(piece.latent.times) == 5


def swap(one: str, other: str) -> Break:
    return lambda path: shutil.copy(path / one, path / other)


def change(file: str, **values: object) -> Break:
    def damage(path: Path) -> None:
        known = json.loads((path / file).read_text("utf-8"))
        (path / file).write_text(json.dumps({**known, **values}), "utf-8")

    return damage


def without(name: str) -> Break:
    def damage(path: Path) -> None:
        with np.load(path / "constants.npz") as stored:
            kept = {key: value for key, value in stored.items() if key != name}
        np.savez(path / "constants.npz", **kept)

    return damage


BROKEN: dict[str, tuple[Break, str]] = {
    "a graph swapped": (swap("codec_decoder.onnx", "text_encoder.onnx"), "'ids'"),
    "another swapped": (swap("text_encoder.onnx", "codec_decoder.onnx"), "'x'"),
    "half a graph": (
        lambda path: os.truncate(path / "vector_estimator.onnx", 3000),
        "vector_estimator",
    ),
    "no vocabulary": (change("config.json", vocab=None), "config.json"),
    "a vocabulary of words": (change("config.json", vocab={"xin": 5}), "another model"),
    "an id that is none": (change("config.json", bos_id=-1), "config.json"),
    "no constants": (without("null_style"), "constants.npz"),
    "half the constants": (lambda path: os.truncate(path / "constants.npz", 900), "constants.npz"),
    "no list of voices": (change("voices_v3_nano.json", presets=[]), "presets"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_that_is_none_is_refused_by_what_differs(
    name: str, folder: Path, tmp_path: Path
) -> None:
    damage, message = BROKEN[name]
    copy = Path(shutil.copytree(folder, tmp_path / "model"))
    damage(copy)
    with pytest.raises(BadModel, match=message):
        NanoEngine.model_files(copy)


def test_voices_of_turbo_are_left_out(folder: Path, tmp_path: Path, caplog: Any) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "model"))
    file = copy / "voices_v3_nano.json"
    known = json.loads(file.read_text("utf-8"))
    known["presets"]["Giọng 2"] = {"speaker_emb": [1.0] * 192, "codes": [[1] * 16]}
    known["presets"]["Giọng 3"]["style"] = [[0.0] * 128] * 50
    file.write_text(json.dumps(known), "utf-8")
    assert list(read_voices(copy)) == ["nano-giong-1"]
    assert "Giọng 2" in caplog.text
    assert "Giọng 3" in caplog.text


def test_without_the_graphs_for_it_it_does_not_clone(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "model"))
    (copy / "reference_encoder.onnx").unlink()
    engine = NanoEngine(copy, Setup(threads=1))
    assert not engine.info.clones
    with pytest.raises(Unsupported, match="cannot clone"):
        engine.condition(Reference(recording(16_000), 16_000, "ab" * 32))


def test_files_and_advice(folder: Path, tmp_path: Path) -> None:
    files = NanoEngine.model_files(folder / "config.json")
    assert set(reference.FILES) <= set(files)
    assert "pull vieneu-v3-nano" in str(NanoEngine.missing(Setup(models_dir=tmp_path)))
    with pytest.raises(InvalidRequest, match="lacks text_encoder"):
        NanoEngine.model_files(tmp_path)
    with pytest.raises(SoncaError, match="pull vieneu-v3-nano"):
        NanoEngine.create(Setup(models_dir=tmp_path))
    with pytest.raises(SoncaError, match="cpu"):
        NanoEngine(folder, Setup(device="cuda"))
