"""A voice in use comes to bf16 beside everything else, if that is near enough."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.base import Setup
from sonca.engines.piper import PiperEngine, bf16_upgrade, calibration
from sonca.engines.piper.calibration import near_enough
from sonca.engines.piper.vits_model import SynthesisConfig, VitsModel
from sonca.engines.piper.voice_files import describe
from sonca.engines.runtime import bfloat16
from tests.engines.piper import tiny
from tests.engines.piper.test_engine import sound

pytest.importorskip("openvino")

VOICE = "vi_vn-tiny-low"
TEXT = "một hai ba bốn năm sáu bảy tám chín mười"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one voice, on a processor with bf16, where little sound is much use."""
    monkeypatch.setattr(bfloat16, "has_bf16", lambda: True)
    monkeypatch.setattr(bf16_upgrade, "WORTH_S", 0.1)
    monkeypatch.setattr(calibration, "_SAMPLES", {"": TEXT})
    tiny.save(tmp_path)
    return tmp_path


@pytest.fixture
def opened(models: Path) -> Iterator[Callable[[bool], PiperEngine]]:
    engines = []

    def open_engine(exact: bool) -> PiperEngine:
        engines.append(PiperEngine(Setup(models_dir=models, threads=2, exact=exact)))
        return engines[-1]

    yield open_engine
    for engine in engines:
        engine.close()


def upgraded(engine: PiperEngine) -> VitsModel:
    """Speaks until the voice has been brought to bf16, or found not near enough."""
    model = engine.voice(VOICE).model
    for _ in range(2):
        sound(engine, VOICE, TEXT)
    assert engine._upgrade is not None
    for _ in range(600):
        time.sleep(0.1)
        if engine._upgrade.idle:
            return model
    raise AssertionError("it is still compiling")


def snr_db(wanted: np.ndarray, made: np.ndarray) -> float:
    return float(10 * np.log10((wanted**2).sum() / ((wanted - made) ** 2).sum()))


def test_a_voice_in_use_comes_to_bf16(
    opened: Callable[[bool], PiperEngine], models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bfloat16, "LEAST_SNR_DB", 20.0)  # random weights
    exact, engine = opened(True), opened(False)
    assert exact.info.deterministic
    assert exact.info.precision == "float32: as set"
    assert not engine.info.deterministic
    assert engine.info.precision.endswith("(none measured)")
    wanted = sound(exact, VOICE, TEXT)
    np.testing.assert_array_equal(sound(engine, VOICE, TEXT), wanted)  # nothing waits for it
    model = upgraded(engine)
    assert model._decoder.providers == (bfloat16.NAME,)
    made = sound(engine, VOICE, TEXT)
    assert 20 < snr_db(wanted, made) < 90
    np.testing.assert_array_equal(sound(engine, VOICE, TEXT), made)
    (card,) = models.rglob("*.sonca.json")
    kept = json.loads(card.read_text())["bf16_snr_db"]
    assert f"{kept:g} dB" in opened(False).info.precision


def test_one_that_is_not_near_enough_stays_as_it_is(
    opened: Callable[[bool], PiperEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bfloat16, "LEAST_SNR_DB", 200.0)
    engine = opened(False)
    wanted = sound(engine, VOICE, TEXT)
    assert upgraded(engine)._decoder.providers == ("CPUExecutionProvider",)
    np.testing.assert_array_equal(sound(engine, VOICE, TEXT), wanted)


def test_what_fails_leaves_the_voice_as_it_is(
    opened: Callable[[bool], PiperEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> VitsModel:
        raise RuntimeError("no memory")

    monkeypatch.setattr(VitsModel, "in_bfloat16", fail)
    engine = opened(False)
    assert upgraded(engine)._decoder.providers == ("CPUExecutionProvider",)
    assert len(sound(engine, VOICE, TEXT))


def test_an_engine_can_be_closed_while_it_compiles(
    opened: Callable[[bool], PiperEngine],
) -> None:
    engine = opened(False)
    for _ in range(2):
        sound(engine, VOICE, TEXT)
    assert engine._upgrade is not None
    assert not engine._upgrade.idle  # and the fixture closes it


def test_it_is_measured_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = models.rglob("*.onnx")
    files = describe(path, path.with_name(path.name + ".json"))
    exact = VitsModel(files, ("CPUExecutionProvider",))
    faster = exact.in_bfloat16(1)
    first = near_enough(files, exact, faster)
    monkeypatch.setattr(calibration, "_speak", lambda *_: pytest.fail("measured twice"))
    assert near_enough(files, exact, faster) == first


def test_windows_of_any_size_and_several_speakers(tmp_path: Path) -> None:
    tiny.save(tmp_path, "vi_VN-three-x_low", speakers=3, seed=2)
    (path,) = tmp_path.rglob("*.onnx")
    exact = VitsModel(
        describe(path, path.with_name(path.name + ".json")), ("CPUExecutionProvider",)
    )
    faster = exact.in_bfloat16(2)
    ids = tuple(int(n) for n in np.random.default_rng(1).integers(3, 60, 400))
    latent = exact.with_flow(exact.encode(ids, SynthesisConfig(2, 1.0, 0)))
    assert latent.count > 300  # longer than the longest window
    for start, stop in ((0, latent.count), (0, 32), (32, 288), (latent.count - 3, latent.count)):
        wanted, made = exact.decode(latent, start, stop), faster.decode(latent, start, stop)
        assert wanted.shape == made.shape
        assert snr_db(wanted, made) > 20
