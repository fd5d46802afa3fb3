"""What VietTTS's random model is made to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def test_sentences_can_be_forced_in_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from benchmarks.viettts.random_model import force

    from sonca.engines.base import Setup
    from sonca.engines.viettts.engine import VietTTSEngine
    from sonca.engines.viettts.manner import Manner

    flow = SimpleNamespace(flow=SimpleNamespace(rate_hz=25.0))

    def create(cls: type, setup: Setup) -> Any:
        return SimpleNamespace(folder=SimpleNamespace(config=flow), manner=Manner())

    monkeypatch.setattr(VietTTSEngine, "create", classmethod(create))
    force(8.0)
    engine: Any = VietTTSEngine.create(Setup())
    assert engine.manner.limits.forced_tokens == 200
    assert engine.manner.limits.tokens(3, 25.0) == (200, 200)


def test_the_recording_that_both_clone_is_speech_to_ours() -> None:
    from benchmarks.viettts.random_model import PROMPT_S, RATE_HZ, reference_wave

    from sonca.engines.viettts import vad
    from sonca.engines.viettts.reference_audio import prepare

    heard = prepare(reference_wave(), RATE_HZ, vad.by_level)
    assert len(heard) == PROMPT_S * RATE_HZ
    assert np.abs(heard).max() < 1
