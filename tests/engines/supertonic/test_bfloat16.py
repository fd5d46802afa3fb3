"""Steps in bf16: only where it was measured to be near enough, and never where it is not wanted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.base import Options, Setup
from sonca.engines.runtime import BadModel, bfloat16
from sonca.engines.supertonic import SupertonicEngine, calibration
from sonca.engines.supertonic.flow_model import FlowModel
from sonca.engines.supertonic.session import SpeakerStyle, plan
from sonca.engines.supertonic.styles import StyleFile, load_style
from sonca.testing import utterance

pytestmark = pytest.mark.slow

pytest.importorskip("openvino")

CARD = "sonca.json"
EXACT = "CPUExecutionProvider"


@pytest.fixture
def models(korva: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where there is no bf16, OpenVINO computes in float32: all but the speed is the same."""
    monkeypatch.setattr(bfloat16, "missing", lambda: None)
    shutil.copytree(korva, tmp_path / "supertonic" / "korvatts")
    return tmp_path


def measured(models: Path, snr_db: object) -> None:
    card = {"bfloat16_snr_db": snr_db}
    (models / "supertonic" / "korvatts" / CARD).write_text(json.dumps(card))


def provider(setup: Setup) -> tuple[str, str]:
    engine = SupertonicEngine(setup)
    engine.close()
    return engine.info.providers[0], engine.info.version


@pytest.mark.parametrize(
    ("snr_db", "wanted"),
    [(35.0, bfloat16.NAME), (34.9, EXACT), (None, EXACT), ("x", EXACT), (float("nan"), EXACT)],
)
def test_a_model_speaks_so_only_if_it_was_measured(
    models: Path, snr_db: object, wanted: str
) -> None:
    measured(models, snr_db)
    assert provider(Setup(models, threads=1))[0] == wanted


def test_exact_is_a_setting_and_part_of_what_is_kept(models: Path) -> None:
    measured(models, 50.0)
    fast, exact = (provider(Setup(models, threads=1, exact=exact)) for exact in (False, True))
    assert (fast[0], exact[0]) == (bfloat16.NAME, EXACT)
    assert fast[1] != exact[1]


def test_a_processor_without_it_is_not_asked(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(models, 50.0)
    monkeypatch.setattr(bfloat16, "missing", lambda: "the processor has no bf16")
    assert provider(Setup(models, threads=1))[0] == EXACT


def test_it_is_measured_when_a_model_comes(models: Path) -> None:
    folder, said = models / "supertonic" / "korvatts", []
    SupertonicEngine.after_install(folder, models, {"region": "north", "name": "x"}, said.append)
    card = json.loads((folder / CARD).read_text())
    assert said == ["measuring bao_kim", "measuring gia_bao", "measuring bf16"]
    assert card["region"] == "north"
    assert set(card["loudness_lufs"]) == {"bao_kim", "gia_bao"}
    assert card["bfloat16_snr_db"] > 20
    assert calibration.near_enough(folder) == (card["bfloat16_snr_db"] >= 35)


def test_the_length_is_that_of_float32_and_the_sound_is_near(korva: Path) -> None:
    path = korva / "voice_styles" / "bao_kim.json"
    made = []
    for fast in (False, True):
        model = FlowModel(korva, bfloat16=fast)
        voice = SpeakerStyle(StyleFile("", korva, path, "", ""), model, load_style(path))
        (piece,) = plan(utterance("Xin chào các bạn."), voice, Options(), 4)
        while piece.samples is None:
            piece.advance()
        assert piece.latent is not None
        made.append(model.decode(piece.latent))
    assert len(made[0]) == len(made[1])
    assert np.abs(made[0] - made[1]).max() < 0.3
    assert float(np.corrcoef(*made)[0, 1]) > 0.99


@pytest.mark.parametrize(
    ("content", "named"), [("<html>", "cannot be loaded"), (None, "is missing")]
)
def test_files_that_are_no_graphs_are_refused(
    korva: Path, tmp_path: Path, content: str | None, named: str
) -> None:
    folder = Path(shutil.copytree(korva, tmp_path / "model"))
    path = folder / "onnx" / "vocoder.onnx"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadModel, match=rf"vocoder\.onnx {named}"):
        FlowModel(folder, bfloat16=True)


def test_a_swapped_graph_is_refused_by_what_differs(korva: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(korva, tmp_path / "model"))
    shutil.copyfile(folder / "onnx" / "vocoder.onnx", folder / "onnx" / "vector_estimator.onnx")
    with pytest.raises(BadModel, match="no input 'noisy_latent'"):
        FlowModel(folder, bfloat16=True)
