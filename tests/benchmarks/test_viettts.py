"""What VietTTS's random model is made to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner


def test_sentences_can_be_forced_in_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from benchmarks.viettts.random_model import force
    from sonca.engines.base import Setup
    from sonca.engines.viettts.engine import VietTTSEngine
    from sonca.engines.viettts.runtime_config import RuntimeConfig

    flow = SimpleNamespace(flow=SimpleNamespace(rate_hz=25.0))

    def create(cls: type, setup: Setup) -> Any:
        return SimpleNamespace(folder=SimpleNamespace(config=flow), config=RuntimeConfig())

    monkeypatch.setattr(VietTTSEngine, "create", classmethod(create))
    force(8.0)
    engine: Any = VietTTSEngine.create(Setup())
    assert engine.config.limits.forced_tokens == 200
    assert engine.config.limits.tokens(3, 25.0) == (200, 200)


def test_the_recording_that_both_clone_is_speech_to_ours() -> None:
    from benchmarks.viettts.random_model import PROMPT_S, RATE_HZ, reference_wave
    from sonca.engines.viettts.prompt import vad
    from sonca.engines.viettts.prompt.prompt_audio import prepare

    heard = prepare(reference_wave(), RATE_HZ, vad.by_level)
    assert len(heard) == PROMPT_S * RATE_HZ
    assert np.abs(heard).max() < 1


def test_a_random_checkpoint_takes_seed_and_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.viettts import random_checkpoint

    made: list[tuple[Path, int, str]] = []
    monkeypatch.setattr(
        random_checkpoint,
        "make_random",
        lambda target, seed, config_yaml: made.append((target, seed, config_yaml)),
    )
    app = typer.Typer()
    app.command()(random_checkpoint.main)
    into = tmp_path / "random"
    options = ["--seed", "7", "--rate", "50", "--into", str(into)]
    assert CliRunner().invoke(app, options).exit_code == 0
    assert made[0][:2] == (into, 7)
    assert "input_frame_rate: 50" in made[0][2]
    wrong = CliRunner().invoke(app, ["--rate", "30"])
    assert "25 or 50" in str(wrong.exception)
