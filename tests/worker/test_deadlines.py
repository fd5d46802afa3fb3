"""Time limits hold whatever the engine is at, and the reader's own pauses do not count."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sonca import background
from sonca.audio import AudioChunk
from sonca.engines.base import Engine, Options
from sonca.engines.tone import ToneEngine
from sonca.errors import Busy, DeadlineExceeded, ShuttingDown
from sonca.utterance import Utterance
from sonca.worker import Request, Worker
from tests.worker.test_worker import eventually, said, sentences


class Hanging(ToneEngine):
    """Never comes back from a step, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()
        self.closed = False

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.begun.set()
        self.go.wait(60)
        yield from super().synthesize(utterance, voice, options)

    def close(self) -> None:
        self.closed = True


def test_a_deadline_holds_while_the_engine_is_loaded() -> None:
    gate = threading.Event()

    def load() -> Engine:
        gate.wait(60)
        return ToneEngine()

    worker = Worker(load)
    stream = worker.submit(Request(sentences(1), "low", deadline_s=0.1))
    with pytest.raises(DeadlineExceeded, match=r"within 0\.1 s"):
        said(stream)
    assert worker.state == "loading"
    assert worker.stats.depth["interactive"] == 0
    gate.set()
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2
    worker.close()


def test_where_no_thread_can_look_after_a_deadline_nothing_is_left_in_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = Worker(ToneEngine)

    def cannot(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(background, "start", cannot)
        with pytest.raises(RuntimeError, match="new thread"):
            worker.submit(Request(sentences(1), "low", deadline_s=100))
    assert worker.stats.depth["interactive"] == 0
    assert len(said(worker.submit(Request(sentences(1), "low", deadline_s=100)))) == 1
    worker.close()


def test_a_deadline_holds_while_a_step_hangs() -> None:
    engine = Hanging()
    worker = Worker(lambda: engine)
    stream = worker.submit(Request(sentences(1), "low", deadline_s=0.1))
    with pytest.raises(DeadlineExceeded):
        said(stream)
    assert worker.stats.depth["interactive"] == 0
    engine.go.set()
    eventually(lambda: worker.stats.failed == 1)
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2
    worker.close()


def test_a_nearer_deadline_is_kept_though_a_later_one_came_first() -> None:
    engine = Hanging()
    worker = Worker(lambda: engine)
    late = worker.submit(Request(sentences(1), "low", deadline_s=1000))
    soon = worker.submit(Request(sentences(1), "low", deadline_s=0.1))
    with pytest.raises(DeadlineExceeded):
        said(soon)
    assert not late.ended
    late.cancel()
    engine.go.set()
    worker.close()


def test_giving_up_frees_the_place_in_line_though_a_step_hangs() -> None:
    engine = Hanging()
    worker = Worker(lambda: engine, queue_limit=1)
    stream = worker.submit(Request(sentences(1), "low"))
    stream.cancel()
    assert worker.stats.depth["interactive"] == 0
    worker.submit(Request(sentences(1), "low")).cancel()
    engine.go.set()
    worker.close()


def test_who_gives_up_and_comes_again_does_not_pile_up_behind_a_step_that_hangs() -> None:
    engine = Hanging()
    worker = Worker(lambda: engine, queue_limit=2)
    worker.submit(Request(sentences(1), "low"))
    assert engine.begun.wait(60)
    for _ in range(2):
        worker.submit(Request(sentences(1), "low")).cancel()
    with pytest.raises(Busy):
        for _ in range(10):
            worker.submit(Request(sentences(1), "low")).cancel()
    engine.go.set()
    eventually(lambda: not worker._leaving)
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2
    worker.close()


def test_closing_leaves_an_engine_behind_that_hangs_and_tells_who_waits_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = Hanging()
    worker = Worker(lambda: engine, name="stuck")
    stream = worker.submit(Request(sentences(1), "low"))
    assert engine.begun.wait(60)
    closing = threading.Thread(target=lambda: worker.close(stop_s=0.1), daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()
    with pytest.raises(ShuttingDown):
        said(stream)
    assert "sonca-stuck is still at work" in caplog.text
    engine.go.set()  # it comes back, late
    eventually(lambda: engine.closed)
    eventually(lambda: worker.state == "closed")


@pytest.mark.slow
def test_a_reader_who_is_behind_has_all_the_time_it_takes() -> None:
    """Its sound is not made meanwhile: a listener at the speed of speech is never done sooner."""
    worker = Worker(ToneEngine)
    stream = worker.submit(Request(sentences(100), "low", deadline_s=1.5))
    eventually(lambda: stream.full)
    eventually(lambda: stream.behind_s > 1.6)
    assert not stream.ended
    assert len(said(stream)) == 100
    worker.close()
