"""Engines that cost what they are told to."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from sonca.engines.base import Audio, Event, Options, Reference, Setup
from sonca.engines.batched import BatchedEngine, environment
from sonca.engines.synthetic import SyntheticEngine, calibration
from sonca.testing import utterance


@pytest.mark.slow
def test_the_synthetic_engine_costs_what_it_is_told_to() -> None:
    """Twice the work takes clearly longer in processor time, whatever else runs."""

    def cost(engine: SyntheticEngine) -> float:
        started = time.process_time()
        list(engine.synthesize(utterance("một " * 40), 110.0, Options()))
        return time.process_time() - started

    cheap, dear = SyntheticEngine(2, 2), SyntheticEngine(20, 20)
    assert min(cost(dear) for _ in range(3)) > 3 * min(cost(cheap) for _ in range(3))


@pytest.mark.slow
def test_synthetic_engines_of_other_processes_cost_what_they_cost_here() -> None:
    code = "from sonca.engines.synthetic import calibration; print(calibration())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **calibration()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(calibration())


def test_a_batch_makes_eight_at_the_price_of_one() -> None:
    """The same sound as one by one, in far fewer steps."""
    engine = BatchedEngine(0.01, 0.01)
    session, spoken = engine.session(), utterance("một " * 40)
    made: dict[int, list[float]] = {}
    ended: list[int] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Audio):
            made.setdefault(event.id, []).append(event.chunk.duration_s)
        else:
            ended.append(event.id)

    for id in range(session.free_slots):
        session.add(id, spoken, engine.voice("hum"), Options())
    assert session.free_slots == 0
    session.cancel(3)
    steps = 0
    while not session.idle:
        session.step(on_event)
        steps += 1
    alone = [c.duration_s for c in engine.synthesize(spoken, engine.voice("hum"), Options())]
    assert made == {id: alone for id in range(8) if id != 3}
    assert sorted(ended) == [0, 1, 2, 4, 5, 6, 7] and steps == len(alone) + 1


class Counting(BatchedEngine):
    """Writes down the work instead of doing it."""

    def __init__(self) -> None:
        self.burnt: list[tuple[float, float]] = []
        super().__init__(0.01, 0.01, voice_s=2.0)

    def burn_ms(self, locked_ms: float, free_ms: float) -> None:
        self.burnt.append((locked_ms, free_ms))


def test_a_new_voice_costs_what_it_is_told_to() -> None:
    engine = Counting()
    engine.burnt.clear()
    samples = np.zeros(16_000, np.float32)
    first = engine.condition(Reference(samples, 16_000, "00ff"))
    second = engine.condition(Reference(samples, 16_000, "ff00"))
    assert first != second and engine.info.clones
    assert engine.burnt == [(100.0, 1900.0)] * 2
    assert engine.voice("murmur") == engine.voice("murmur") != engine.voice("hum")
    assert engine.burnt == [(100.0, 1900.0)] * 3  # loaded once


def test_an_engine_in_another_process_is_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in environment(slots=33, voice_s=0.5).items():
        monkeypatch.setenv(key, value)
    engine = BatchedEngine.create(Setup())
    assert engine.info.slots == engine.session().free_slots == 33


def test_a_stream_of_another_voice_does_not_load_the_slow_one() -> None:
    """The figures would say that nobody waits."""
    genders = [voice.gender for voice in BatchedEngine.voices(Setup())]
    assert genders == ["male", "male"]
