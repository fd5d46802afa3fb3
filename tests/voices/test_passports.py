"""What is known of voices, and which may speak where speech is sold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sonca import Sonca
from sonca.engines.base import Setup
from sonca.errors import EngineNotInstalled, Unsupported
from sonca.synthesizer import SpeechRequest
from sonca.voice import Voice
from sonca.voices.models import ModelStore, catalogue
from sonca.voices.passports import UNKNOWN, Passport, passport_of
from sonca.voices.permits import Permits
from tests.engines.piper import tiny

NC, FREE = "vi_VN-vivos-x_low", "vi_VN-vais1000-medium"


def test_every_model_of_the_catalogue_has_a_passport() -> None:
    for model in catalogue().values():
        passport = passport_of(model.engine, model.name, model.repository)
        assert passport is not UNKNOWN, f"{model.name}: add it to data/passports.toml"
        assert all(set(text) == {"en", "vi"} for text in (passport.trained_on, passport.consent))
        if passport.commercial != "yes":
            assert model.needs_consent, model.name


def test_what_is_certain_of_viet_tts() -> None:
    passport = passport_of("viettts", "my-own-conversion")
    assert passport.commercial == "no"
    assert "contradicts" in passport.weights


def test_a_passport_is_found_by_name_repository_or_engine() -> None:
    assert passport_of("piper", FREE).commercial == "yes"
    assert passport_of("x", "other", "DANGVANSAM/viet-tts").name == "viet-tts"
    assert passport_of("espeak").weights.startswith("GPL")
    assert passport_of("piper", "my-own") is UNKNOWN


def test_for_people() -> None:
    text = "\n".join(passport_of("vieneu", "vieneu-v3-turbo").lines())
    assert "commercial use: allowed" in text
    assert "(undisclosed)" in text
    assert "commercial use: not clear" in "\n".join(Passport("x").lines())


def install(models_dir: Path, name: str) -> None:
    model = tiny.save(models_dir / "from", name)
    files = {".onnx": model, ".onnx.json": model.with_name(model.name + ".json")}
    ModelStore(models_dir).add(files, engine="piper")
    shutil.rmtree(models_dir / "from")


def test_a_voice_that_forbids_commercial_use_is_never_the_default(tmp_path: Path) -> None:
    install(tmp_path, NC)
    setup = Setup(models_dir=tmp_path)
    with Sonca(setup=setup) as sonca:
        assert sonca.default_engine == "espeak"
        assert sonca.speak("Một.", voice=NC.lower()).duration_s > 0.1
    install(tmp_path, FREE)
    with Sonca(setup=setup) as sonca:
        assert sonca.default_engine == "piper"
        assert sonca.voices[0].id == FREE.lower()


def test_where_speech_is_sold_such_a_voice_does_not_speak(tmp_path: Path) -> None:
    install(tmp_path, NC)
    setup = Setup(models_dir=tmp_path)
    with Sonca(setup=setup, commercial=True) as sonca:
        assert {voice.engine for voice in sonca.voices} == {"espeak"}
        with pytest.raises(Unsupported, match=r"commercially \(CC BY-NC-SA.*SONCA_COMMERCIAL"):
            sonca.submit(SpeechRequest("Một.", voice=NC.lower()))
        with pytest.raises(Unsupported, match="'piper' may not speak here"):
            sonca.load("piper")
        [piper] = [status for status in sonca.engines() if status.name == "piper"]
        assert "SONCA_COMMERCIAL" in (piper.missing or "")
        install(tmp_path, FREE)
        sonca.reload()
        assert sonca.default_engine == "piper"
        assert sonca.stream("Một.").voice.id == FREE.lower()
        with pytest.raises(Unsupported, match="SONCA_COMMERCIAL"):
            sonca.submit(SpeechRequest("Một.", voice=NC.lower()))
    with pytest.raises((Unsupported, EngineNotInstalled), match=r"commercially|viet-tts"):
        Sonca("viettts", setup=setup, commercial=True)


def test_a_models_hash_is_that_of_its_files(tmp_path: Path) -> None:
    install(tmp_path, FREE)
    voice = Voice("x", "X", "female", engine="piper", model=FREE)
    permits = Permits(tmp_path)
    first = permits.model_hash(voice)
    assert len(first) == 16
    assert permits.model_hash(Voice("y", "Y", "male", engine="piper")) == first  # the only one
    assert permits.model_hash(Voice("y", "Y", "male", engine="piper", model="z")) == ""
    manifest = next(tmp_path.glob("piper/*/sonca-model.json"))
    content = json.loads(manifest.read_text())
    content["files"][f"{FREE}.onnx"][1] = "0" * 64
    manifest.write_text(json.dumps(content))
    permits.reload()
    assert permits.model_hash(voice) not in ("", first)
