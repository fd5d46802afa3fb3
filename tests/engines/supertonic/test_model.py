"""Folders that are no model of this family are refused by what differs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.supertonic import graphs, random_model
from benchmarks.supertonic.graphs import TINY
from sonca.engines.base import Options
from sonca.engines.runtime import BadModel
from sonca.engines.supertonic import SupertonicEngine
from sonca.engines.supertonic.flow_model import FlowModel
from sonca.engines.supertonic.session import SpeakerStyle, plan
from sonca.engines.supertonic.styles import StyleFile, load_style
from sonca.errors import EngineError, InvalidRequest
from sonca.testing import utterance

ONNX = "onnx"
STYLE = "voice_styles/bao_kim.json"


@pytest.fixture
def folder(korva: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(korva, tmp_path / "model"))


def _style(folder: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    path = folder / STYLE
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def _swap(folder: Path, one: str, other: str) -> None:
    shutil.copyfile(folder / ONNX / f"{one}.onnx", folder / ONNX / f"{other}.onnx")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _config(folder: Path, **ae: object) -> None:
    content = random_model.config("x") | {"ae": ae}
    (folder / ONNX / "tts.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda f: (f / ONNX / "vocoder.onnx").unlink(), r"onnx/vocoder\.onnx"),
        (lambda f: (f / ONNX / "tts.json").unlink(), r"onnx/tts\.json"),
        (lambda f: shutil.rmtree(f / "voice_styles"), "voice_styles"),
        (lambda f: _swap(f, "text_encoder", "duration_predictor"), r"no input 'style_dp'"),
        (lambda f: _swap(f, "vocoder", "vector_estimator"), "no input 'noisy_latent'"),
        (lambda f: _swap(f, "vector_estimator", "vocoder"), "no input 'latent'"),
        (lambda f: _cut(f / ONNX / "text_encoder.onnx"), r"text_encoder\.onnx cannot be loaded"),
        (lambda f: (f / ONNX / "vocoder.onnx").write_text("<html>404"), "cannot be loaded"),
        (lambda f: (f / ONNX / "tts.json").write_text("<html>404"), "is not JSON"),
        (lambda f: (f / ONNX / "tts.json").write_text("[]"), r"ae\.sample_rate = None"),
        (lambda f: _config(f, sample_rate=24_000, base_chunk_size=512), "24000.*44100"),
        (lambda f: (f / ONNX / "unicode_indexer.json").write_text("[1]"), "the letter a"),
        (
            lambda f: (f / ONNX / "unicode_indexer.json").write_text(json.dumps([9999] * 200)),
            "ids up to 9999.*of another model",
        ),
        (lambda f: (f / STYLE).write_text("{"), "bao_kim.json is not JSON"),
        (lambda f: (f / STYLE).write_text("[]"), "style_ttl has dims None"),
        (lambda f: (f / STYLE).write_bytes(b"\xff\xfe\x00"), "is not JSON"),
        (lambda f: _style(f, lambda s: s["style_ttl"].update(dims=[1, 50, 128])), "50, 128"),
        (lambda f: _style(f, lambda s: s["style_ttl"].update(data=[1.0])), "12,800 numbers"),
        (lambda f: _style(f, lambda s: s["style_dp"].update(data="x" * 128)), "128 numbers"),
        (lambda f: _style(f, lambda s: s["style_dp"].update(data=[1e400] * 128)), "not finite"),
        (lambda f: _style(f, lambda s: s.pop("style_dp")), "style_dp has dims None"),
    ],
)
def test_what_differs_is_named(folder: Path, spoil: Callable[[Path], object], named: str) -> None:
    spoil(folder)
    with pytest.raises(InvalidRequest, match=named):
        SupertonicEngine.model_files(folder)


def test_graphs_of_different_models_are_refused(folder: Path) -> None:
    path = folder / ONNX / "vocoder.onnx"
    path.unlink()
    graphs.duration_predictor(folder / ONNX / "x.onnx", replace(TINY, characters=20), 1)
    (folder / ONNX / "x.onnx").replace(folder / ONNX / "duration_predictor.onnx")
    graphs.vocoder(path, TINY, 1)
    with pytest.raises(BadModel, match="graphs do not know"):
        FlowModel(folder)


def test_a_model_is_given_by_its_folder_or_a_graph(korva: Path) -> None:
    files = SupertonicEngine.model_files(korva)
    assert len(files) == 8
    assert next(iter(files)) == "onnx/duration_predictor.onnx"
    assert files == SupertonicEngine.model_files(korva / ONNX / "vocoder.onnx")


def test_a_voice_may_be_written_flat(folder: Path) -> None:
    """As some tools do."""
    nested = load_style(folder / STYLE)

    def flatten(content: dict[str, dict[str, object]]) -> None:
        for part in content.values():
            part["data"] = np.array(part["data"]).ravel().tolist()

    _style(folder, flatten)
    np.testing.assert_array_equal(load_style(folder / STYLE).ttl, nested.ttl)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 0.0, 1e9])
def test_a_time_that_cannot_be_is_refused(
    korva: Path, model: FlowModel, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a second of text could ask for all memory."""
    run = FlowModel._run

    def wrong(self: FlowModel, name: str, feed: dict[str, object]) -> list[object]:
        if name == "duration_predictor":
            return [np.array([seconds], np.float32)]
        return run(self, name, feed)

    monkeypatch.setattr(FlowModel, "_run", wrong)
    path = korva / STYLE
    voice = SpeakerStyle(StyleFile("", korva, path, "", ""), model, load_style(path))
    (piece,) = plan(utterance("Xin chào."), voice, Options(), 2)
    with pytest.raises(EngineError, match="cannot be"):
        piece.advance()


def test_the_noise_is_the_seeds_alone(korva: Path, model: FlowModel) -> None:
    path = korva / STYLE
    voice = SpeakerStyle(StyleFile("", korva, path, "", ""), model, load_style(path))

    def noise(seed: int) -> np.ndarray:
        np.random.seed(abs(seed))
        made = plan(utterance("một hai " * 40), voice, Options(seed=seed), 2)
        for piece in made:
            piece.advance()
        return np.concatenate([p.latent.frames[0, 0, :8] for p in made if p.latent is not None])

    np.testing.assert_array_equal(noise(3), noise(3))
    assert not np.array_equal(noise(3), noise(4))
    assert np.isfinite(noise(-1)).all()
    parts = noise(3).reshape(-1, 8)
    assert len(np.unique(parts, axis=0)) == len(parts) > 1
