"""A voice that takes long to make is made beside the engine, once, and for who needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sonca.audio import AudioChunk
from sonca.engines.base import Reference
from sonca.engines.tone import ToneEngine
from sonca.errors import EngineError
from sonca.testing import utterance
from sonca.worker import Request, Worker, WorkItem
from tests.worker.test_worker import Fragile, eventually, said, sentences, work


def recording(name: str = "ab") -> Reference:
    return Reference(np.zeros(10, np.float32), 16_000, name)


class Studio(ToneEngine):
    """Takes its time over a voice: until it is let go."""

    def __init__(self) -> None:
        super().__init__(slots=4)
        self.go = threading.Semaphore(0)
        self.threads: list[str] = []
        self.loaded: set[str] = set()

    def voice(self, key: str) -> float:
        state = super().voice(key)
        if key == "high" and key not in self.loaded:
            self._work()
            self.loaded.add(key)
        return state

    def voice_ready(self, key: str) -> bool:
        return key != "high" or key in self.loaded

    def condition(self, reference: Reference) -> float:
        self._work()
        if reference.content_hash == "bad":
            raise ValueError("no speech in it")
        return super().condition(reference)

    def _work(self) -> None:
        self.threads.append(threading.current_thread().name)
        assert self.go.acquire(timeout=60)


@pytest.fixture
def studio() -> Iterator[tuple[Worker, Studio]]:
    engine = Studio()
    worker = Worker(lambda: engine, name="studio")
    yield worker, engine
    engine.go.release(100)
    worker.close()


@pytest.mark.parametrize("voice", ["high", recording("abcd")])
def test_others_are_heard_while_a_voice_is_made(
    studio: tuple[Worker, Studio], voice: str | Reference
) -> None:
    worker, engine = studio
    newcomer = worker.submit(Request(sentences(2), voice))
    eventually(lambda: bool(engine.threads))
    for _ in range(3):
        assert len(said(worker.submit(Request(sentences(5), "low")))) == 5
    assert not newcomer.ended
    engine.go.release()
    assert len(said(newcomer)) == 2
    assert engine.threads == ["sonca-voices_0"]


def test_who_asks_for_a_voice_that_is_being_made_waits_for_the_same(
    studio: tuple[Worker, Studio],
) -> None:
    worker, engine = studio
    streams = [worker.submit(Request(sentences(1, str(n)), recording())) for n in range(5)]
    eventually(lambda: bool(engine.threads))
    engine.go.release()
    assert [len(said(stream)) for stream in streams] == [1] * 5
    assert len(engine.threads) == 1


def test_a_voice_that_cannot_be_made_fails_who_asked_for_it(
    studio: tuple[Worker, Studio], caplog: pytest.LogCaptureFixture
) -> None:
    worker, engine = studio
    engine.go.release()
    with pytest.raises(EngineError, match="no speech in it"):
        said(worker.submit(Request(sentences(1), recording("bad"))))
    assert len(said(worker.submit(Request(sentences(1), "low")))) == 1
    assert worker.stats.depth["interactive"] == 0


def test_a_reader_may_give_up_while_its_voice_is_made(studio: tuple[Worker, Studio]) -> None:
    worker, engine = studio
    stream = worker.submit(Request(sentences(1), recording()))
    eventually(lambda: bool(engine.threads))
    stream.cancel()
    engine.go.release()
    assert len(said(worker.submit(Request(sentences(1), recording())))) == 1
    assert len(engine.threads) == 1  # what was made for the other is kept


def test_sound_that_is_there_needs_no_voice(studio: tuple[Worker, Studio]) -> None:
    worker, engine = studio
    kept = AudioChunk(np.full(1600, 0.5, np.float32), 16_000)
    piece = WorkItem(utterance("một"), "k", (kept,))
    assert len(said(worker.submit(Request(iter([piece]), recording())))) == 1
    assert engine.threads == []


def test_a_voice_is_made_when_it_is_needed_after_sound_that_is_there(
    studio: tuple[Worker, Studio],
) -> None:
    """As of an edited text, whose beginning was said before."""
    worker, engine = studio
    kept = (AudioChunk(np.full(1600, 0.5, np.float32), 16_000),)
    works = [WorkItem(utterance(str(n)), f"k{n}", kept if n < 7 else None) for n in range(9)]
    stream = worker.submit(Request(iter(works), recording()))
    eventually(lambda: bool(engine.threads))
    engine.go.release()
    assert said(stream) == [str(n) for n in range(9)]


def test_a_voice_that_nobody_waits_for_any_more_is_not_made(studio: tuple[Worker, Studio]) -> None:
    """Else who leaves many behind has everybody wait for them."""
    worker, engine = studio
    left = [worker.submit(Request(sentences(1), recording(str(n)))) for n in range(20)]
    eventually(lambda: bool(engine.threads))
    live = worker.submit(Request(sentences(1), recording("a11e")))
    for stream in left:
        stream.cancel()
    engine.go.release(2)
    assert len(said(live)) == 1
    assert len(engine.threads) == 2


def test_who_comes_as_a_voice_is_given_up_has_it_made(studio: tuple[Worker, Studio]) -> None:
    worker, engine = studio
    first = worker.submit(Request(sentences(1), recording("f125")))
    eventually(lambda: bool(engine.threads))
    worker.submit(Request(sentences(1), recording("5a3e"))).cancel()
    again = worker.submit(Request(sentences(1), recording("5a3e")))
    engine.go.release(2)
    assert len(said(first)) == len(said(again)) == 1


def test_a_newcomer_who_waits_for_a_voice_has_not_had_its_turn(
    studio: tuple[Worker, Studio],
) -> None:
    worker, engine = studio
    engine.go.release(10)
    for n in range(10):
        assert len(said(worker.submit(Request(sentences(3), recording(str(n)))))) == 3


def test_who_waits_for_a_voice_goes_on_with_an_engine_that_is_rebuilt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow(Fragile):
        def condition(self, reference: Reference) -> float:
            begun.set()
            assert go.wait(60)
            return super().condition(reference)

    worker = Worker(Slow)
    said(worker.submit(Request(sentences(1), "low")))
    waiting = worker.submit(Request(sentences(2), recording()))
    assert begun.wait(60)
    breaking = worker.submit(Request(work("chết"), "low"))
    with pytest.raises(EngineError, match="dead"):
        said(breaking)
    go.set()
    assert len(said(waiting)) == 2
    assert worker.stats.rebuilt == 1
    worker.close()


class Meter(ToneEngine):
    """Notes when it is asked for a level, and where."""

    def __init__(self) -> None:
        super().__init__(slots=4)
        self.asked: list[tuple[float, str]] = []

    def level_lufs(self, voice: float) -> float:
        self.asked.append((voice, threading.current_thread().name))
        return -14.0


@pytest.mark.parametrize(("target", "factor"), [(-20.0, 0.5012), (None, 1.0)])
def test_a_level_is_asked_for_once_a_voice_beside_the_engine(
    target: float | None, factor: float
) -> None:
    engine = Meter()
    worker = Worker(lambda: engine, loudness_lufs=target)
    for voice in ("low", "high", recording("abcd"), "low", recording("abcd")):
        ticket = worker.submit(Request(sentences(2), voice))
        peak = max(np.abs(p.chunk.samples).max() for p in ticket if p.chunk is not None)
        assert peak == pytest.approx(0.3 * factor, rel=0.01)
    worker.close()
    assert len(engine.asked) == (0 if target is None else 3)
    assert {name for _, name in engine.asked} <= {"sonca-voices_0"}
