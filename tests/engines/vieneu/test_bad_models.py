"""What is no VieNeu, or no recording, is refused by what is wrong with it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.vieneu.random_model import TINY, Random, write
from sonca.engines.base import Reference, Setup
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.engine import VieneuEngine
from sonca.engines.vieneu.model_folder import find_models, open_folder
from sonca.engines.vieneu.presets import read_presets
from sonca.engines.vieneu.reference import MAX_S, usable
from sonca.errors import BadAudio, EngineError, InvalidRequest, SoncaError

pytestmark = pytest.mark.slow

Break = Callable[[Path], object]


@pytest.fixture
def copy(model_dir: Path, tmp_path: Path) -> Path:
    path = tmp_path / "vieneu" / "vieneu-v3-turbo"
    shutil.copytree(model_dir, path)
    return path


def load(path: Path) -> VieneuEngine:
    return VieneuEngine(open_folder(path), Setup(threads=1), serial=True)


def change_config(path: Path, **values: object) -> None:
    file = path / "onnx_update" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def change_voices(path: Path, **values: object) -> None:
    file = path / "voices_v3_turbo.json"
    known = json.loads(file.read_text("utf-8"))
    for entry in known["presets"].values():
        entry.update(values)
    file.write_text(json.dumps(known))


def change_tokens(path: Path, tokens: int, shift: int = 0) -> None:
    file = path / "onnx_update" / "tokenizer.json"
    known = json.loads(file.read_text("utf-8"))
    vocabulary = known["model"]["vocab"]
    known["model"]["vocab"] = {k: (v - shift) % len(vocabulary) for k, v in vocabulary.items()}
    known["model"]["vocab"] |= {f"more {n}": len(vocabulary) + n for n in range(tokens)}
    file.write_text(json.dumps(known), "utf-8")


def swap(one: str, other: str) -> Break:
    return lambda path: shutil.copy(path / one, path / other)


def put(file: str, content: str) -> Break:
    return lambda path: (path / file).write_text(content)


def cut(file: str, size: int) -> Break:
    return lambda path: os.truncate(path / file, size)


PREFILL = "onnx_update/vieneu_prefill.onnx"
STEP = "onnx_update/vieneu_decode_step.onnx"
ACOUSTIC = "onnx_update/vieneu_acoustic_cached.onnx"
DATA = "onnx_update/vieneu_backbone_shared.data"
HEADS = "onnx_update/vieneu_v3_heads.npz"
VOICES = "voices_v3_turbo.json"
BROKEN: dict[str, tuple[Break, str]] = {
    "a graph swapped": (swap(STEP, PREFILL), "position_ids"),
    "the other way": (swap(PREFILL, STEP), "position_ids"),
    "no acoustic decoder": (swap(STEP, ACOUSTIC), "token_emb"),
    "half a graph": (cut(ACOUSTIC, 5000), "acoustic_cached"),
    "a web page": (put(PREFILL, "<html>404</html>"), "prefill"),
    "half the weights": (cut(DATA, 30_000), "vieneu_"),
    "heads of another size": (lambda p: change_config(p, text_vocab_size=400), "text_emb"),
    "half the heads": (cut(HEADS, 100_000), "heads.npz"),
    "more layers": (lambda p: change_config(p, num_hidden_layers=3), "past_k_2"),
    "fewer layers": (lambda p: change_config(p, num_hidden_layers=1), "past_k_1"),
    "no number": (lambda p: change_config(p, n_vq="16"), "n_vq is '16'"),
    "no speaker vectors": (lambda p: change_config(p, use_speaker_embedding=False), "v3 Turbo"),
    "no configuration": (put("onnx_update/config.json", "["), "config.json"),
    "a larger tokenizer": (lambda p: change_tokens(p, 400), "of another model"),
    "a shifted tokenizer": (lambda p: change_tokens(p, 0, shift=62), "of another model"),
    "no tokenizer": (put("onnx_update/tokenizer.json", "{}"), "no tokenizer"),
    "voices of other dimensions": (lambda p: change_voices(p, speaker_emb=[1.0] * 100), "100"),
    "voices with other codes": (lambda p: change_voices(p, codes=[[1] * 8] * 20), "8 codebooks"),
    "voices with codes too high": (lambda p: change_voices(p, codes=[[9999] * 16]), "9999"),
    "voices that are no list": (put(VOICES, '{"presets": []}'), "presets"),
    "no codec": (put("codec/codec_browser_onnx_meta.json", "{}"), "codec"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_that_is_none_is_refused_by_what_differs(name: str, copy: Path) -> None:
    damage, message = BROKEN[name]
    damage(copy)
    with pytest.raises(BadModel, match=message):
        load(copy)
    with pytest.raises(BadModel, match=message):
        VieneuEngine.model_files(copy)


@pytest.mark.parametrize("name", ["speaker_encoder.onnx", "denoiser.onnx"])
def test_graphs_for_cloning_are_opened_before_a_model_is_kept(name: str, copy: Path) -> None:
    swap(STEP, name)(copy)
    with pytest.raises(BadModel, match=name):
        VieneuEngine.model_files(copy)


@pytest.mark.parametrize(
    "file",
    [
        "onnx_update/vieneu_decode_step.onnx",
        "onnx_update/vieneu_backbone_shared.data",
        "onnx_update/tokenizer.json",
        "codec/moss_audio_tokenizer_decode_step.onnx",
        "codec/moss_audio_tokenizer_encode.onnx",
        "voices_v3_turbo.json",
        "speaker_encoder.onnx",
    ],
)
def test_a_file_that_is_missing_is_named(file: str, copy: Path) -> None:
    (copy / file).unlink()
    with pytest.raises(BadModel, match=f"lacks {file}"):
        open_folder(copy)
    assert file in str(VieneuEngine.missing(Setup(models_dir=copy.parents[1])))
    with pytest.raises(InvalidRequest, match=f"lacks {file}"):
        VieneuEngine.model_files(copy)


def test_voices_are_measured_once_when_a_model_comes(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    VieneuEngine.after_install(copy, copy.parents[1], {}, said.append)
    assert said == ["measuring giong-1", "measuring giong-2", "measuring giong-3"]
    engine = VieneuEngine(open_folder(copy), Setup())
    monkeypatch.setattr(engine, "_sample", lambda voice: pytest.fail("measured again"))
    assert all(-60 < engine.level_lufs(engine.voice(key)) < 0 for key in engine._presets)


def test_it_speaks_without_a_denoiser(copy: Path) -> None:
    (copy / "denoiser.onnx").unlink()
    sound = np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32)
    voice = load(copy).condition(Reference(sound, 16_000, "ef" * 32))
    assert voice.codes.shape == (38, 16)


def test_a_folder_is_a_model_by_any_of_its_files(model_dir: Path) -> None:
    files = VieneuEngine.model_files(model_dir)
    assert next(iter(files)) == "onnx_update/vieneu_prefill.onnx"
    assert files["denoiser.onnx"] == model_dir / "denoiser.onnx"
    for file in (model_dir / "denoiser.onnx", model_dir / "onnx_update" / "config.json"):
        assert VieneuEngine.model_files(file) == files
    with pytest.raises(InvalidRequest, match="no VieNeu model"):
        VieneuEngine.model_files(model_dir / "codec")


def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    setup = Setup(models_dir=tmp_path)
    assert "sonca models pull vieneu" in str(VieneuEngine.missing(setup))
    assert VieneuEngine.voices(setup) == ()
    assert find_models(None) == []
    with pytest.raises(SoncaError, match="sonca models pull vieneu"):
        VieneuEngine.create(setup)


def test_it_computes_on_the_cpu_only(model_dir: Path) -> None:
    with pytest.raises(EngineError, match="cpu"):
        VieneuEngine(open_folder(model_dir), Setup(device="cuda"))


def test_a_bad_voice_is_left_out(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = copy / "voices_v3_turbo.json"
    known = json.loads(file.read_text("utf-8"))
    known["presets"]["Giọng 2"]["speaker_emb"] = [0.0] * 192
    known["presets"]["Giọng 3"]["codes"] = [[1, 2], [3]]
    known["presets"]["GIỌNG 1"] = known["presets"]["Giọng 1"]
    known["presets"]["Giọng 5"] = None
    file.write_text(json.dumps(known), "utf-8")
    assert list(read_presets(copy)) == ["giong-1"]
    assert all(name in caplog.text for name in ("Giọng 2", "Giọng 3", "GIỌNG 1", "Giọng 5"))


def test_voices_have_gender_region_and_order(copy: Path) -> None:
    file = copy / "voices_v3_turbo.json"
    known = json.loads(file.read_text("utf-8"))
    known["default_voice"] = "Giọng 2"
    known["presets"]["Giọng 3"] |= {"featured": 1, "aliases": ["Minh Quân"]}
    file.write_text(json.dumps(known), "utf-8")
    presets = read_presets(copy)
    assert list(presets) == ["giong-2", "giong-3", "giong-1"]
    assert presets["giong-3"].voice.aliases == ("giong-3", "minh-quan")
    voice = presets["giong-2"].voice
    assert (voice.gender, voice.region, voice.tone) == ("male", "central", "news")
    assert voice.model == "vieneu-v3-turbo"
    assert voice.name == "Giọng 2 (nam miền Trung, tin tức)"
    assert len({preset.voice.version for preset in presets.values()}) == 3


def test_another_model_has_another_version(model_dir: Path, copy: Path) -> None:
    assert open_folder(copy).version() == open_folder(model_dir).version()
    write(copy, Random(TINY, seed=2))
    assert open_folder(copy).version() != open_folder(model_dir).version()


RATE_HZ = 16_000
NOISE = np.random.default_rng(3).normal(0, 0.1, RATE_HZ * 20).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(RATE_HZ * 4, np.float32), "silent"),
        (NOISE[: RATE_HZ // 2], "0.5 s"),
        (np.zeros(0, np.float32), "silent"),
        (np.full(RATE_HZ * 4, np.nan, np.float32), "not sound"),
        (np.concatenate([NOISE[:3000], np.zeros(RATE_HZ * 8, np.float32)]), "0.3 s"),
    ],
)
def test_a_recording_that_holds_no_voice(samples: np.ndarray, message: str) -> None:
    with pytest.raises(BadAudio, match=message):
        usable(samples, RATE_HZ)


def test_of_a_long_recording_the_beginning_of_the_speech_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet = np.zeros(RATE_HZ * 3, np.float32)
    heard = usable(np.concatenate([quiet, NOISE, quiet]), RATE_HZ)
    assert len(heard) == MAX_S * RATE_HZ
    assert np.abs(heard[:2000]).max() > 0.1
    assert not caplog.text
    assert len(usable(NOISE[: 2 * RATE_HZ], RATE_HZ)) == pytest.approx(2 * RATE_HZ, abs=600)
    assert "2.0 s" in caplog.text
