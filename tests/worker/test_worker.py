"""The worker on engines that behave, misbehave and die."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sonca.audio import AudioChunk
from sonca.engines.base import Emit, Engine, Options, Session, Setup, VoiceState
from sonca.engines.tone import ToneEngine
from sonca.errors import Busy, Cancelled, DeadlineExceeded, EngineError
from sonca.testing import utterance
from sonca.utterance import Utterance
from sonca.worker import Request, Worker, WorkItem
from sonca.worker.engine_loop import EngineLoop


def work(*texts: str) -> Iterator[WorkItem]:
    return (WorkItem(utterance(text)) for text in texts)


def sentences(count: int, text: str = "một hai") -> Iterator[WorkItem]:
    return work(*(f"{text} {n}" for n in range(count)))


def said(stream: object) -> list[str]:
    return [piece.utterance.spoken for piece in stream if piece.chunk is None]  # type: ignore[attr-defined]


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture(params=[1, 3])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    worker = Worker(lambda: ToneEngine(slots=request.param))
    yield worker
    worker.close()


class Gate(ToneEngine):
    """Speaks a chunk each time it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Semaphore(0)
        self.threads: set[str] = set()
        self.closed = False
        self.waited_in_vain = 0

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        for chunk in super().synthesize(utterance, voice, options):
            if not self.open.acquire(timeout=10):
                self.waited_in_vain += 1
            self.threads.add(threading.current_thread().name)
            yield chunk

    def close(self) -> None:
        self.closed = True


class Fragile(ToneEngine):
    """Fails on `lỗi`, breaks as a whole on `chết`."""

    loads = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).loads += 1
        self.speaking: list[str] = []

    def session(self):  # type: ignore[no-untyped-def]
        session = super().session()
        step = session.step

        def breakable(emit: object) -> None:
            if any("chết" in spoken for spoken in self.speaking):
                self.speaking.clear()
                raise RuntimeError("the engine is dead")
            step(emit)  # type: ignore[arg-type]

        session.step = breakable  # type: ignore[method-assign]
        return session

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        if "lỗi" in utterance.spoken:
            raise ValueError("this cannot be said")
        if "chết" in utterance.spoken:
            self.speaking.append(utterance.spoken)
        return super().synthesize(utterance, voice, options)


def test_a_request_interrupted_at_its_beginning_leaves_nothing_in_line(worker: Worker) -> None:
    def interrupted() -> Iterator[WorkItem]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        worker.submit(Request(interrupted(), "low"))
    assert worker.stats.depth["interactive"] == 0


def test_a_request_is_spoken_in_order(worker: Worker) -> None:
    stream = worker.submit(Request(sentences(5), "low"))
    assert said(stream) == [f"một hai {n}" for n in range(5)]
    eventually(lambda: worker.stats.depth["interactive"] == 0)
    assert worker.stats.utterances == 5
    assert worker.stats.audio_s == pytest.approx(5 * 3 * 0.2)


def test_many_callers_all_get_their_own(worker: Worker) -> None:
    results: dict[int, list[str]] = {}

    def call(number: int) -> None:
        stream = worker.submit(Request(sentences(4, f"người {number}"), "high"))
        results[number] = said(stream)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == {n: [f"người {n} {i}" for i in range(4)] for n in range(16)}


def test_the_engine_is_touched_by_one_thread_only() -> None:
    engine = Gate()
    engine.open.release(100)
    worker = Worker(lambda: engine, name="gate")
    streams = [worker.submit(Request(sentences(2), "low")) for _ in range(5)]
    for stream in streams:
        said(stream)
    worker.close()
    assert engine.threads == {"sonca-gate"}
    assert engine.closed


def test_the_line_is_bounded_and_says_when_to_come_back() -> None:
    engine = Gate()
    worker = Worker(lambda: engine, queue_limit=3)
    streams = [worker.submit(Request(sentences(1), "low")) for _ in range(3)]
    with pytest.raises(Busy, match="the limit is 3") as refusal:
        worker.submit(Request(sentences(1), "low"))
    assert refusal.value.retry_after_s >= 1
    engine.open.release(100)
    for stream in streams:
        said(stream)
    eventually(lambda: worker.stats.depth["interactive"] == 0)
    assert said(worker.submit(Request(sentences(1), "low"))) == ["một hai 0"]
    worker.close()


def test_the_wait_of_others_tells_when_to_come_back() -> None:
    """Also before anybody has been served: an engine may take minutes for a request."""
    now = [0.0]
    engine = Gate()
    worker = Worker(lambda: engine, queue_limit=1, clock=lambda: now[0])
    stream = worker.submit(Request(sentences(1), "low"))
    now[0] = 90.0
    with pytest.raises(Busy) as refusal:
        worker.submit(Request(sentences(1), "low"))
    assert refusal.value.retry_after_s == 45.0
    engine.open.release(10)
    said(stream)
    worker.close()


def test_a_cancelled_request_frees_the_engine_within_one_step() -> None:
    engine = Gate()
    worker = Worker(lambda: engine)
    long = worker.submit(Request(sentences(1000), "low"))
    short = worker.submit(Request(sentences(1), "low"))
    engine.open.release(1)
    next(iter(long))
    long.cancel()
    engine.open.release(1 + 3)  # the step in which the cancel is seen, and the short one's words
    assert said(short) == ["một hai 0"]
    assert worker.stats.cancelled == 1
    assert worker.stats.utterances == 1
    worker.close()


def test_a_short_request_does_not_wait_for_a_long_one() -> None:
    engine = Gate()
    worker = Worker(lambda: engine)
    long = worker.submit(Request(sentences(100), "low"))
    engine.open.release(1)
    next(iter(long))
    short = worker.submit(Request(sentences(1), "low"))
    engine.open.release(2 + 3)  # the rest of the sentence in work, then the newcomer's
    assert said(short) == ["một hai 0"]  # ended, though the long one waits for the gate again
    assert engine.waited_in_vain == 0
    engine.open.release(1000)
    worker.close()


def test_a_slow_reader_stops_its_own_speech_and_nobody_elses(worker: Worker) -> None:
    slow = worker.submit(Request(sentences(10_000, "chậm"), "low"))
    quick = worker.submit(Request(sentences(200, "nhanh"), "low"))
    assert len(said(quick)) == 200
    eventually(lambda: slow.behind_s > 0)
    # Were it not at rest, it would have every second turn beside this one.
    again = worker.submit(Request(sentences(200, "nhanh"), "low"))
    assert len(said(again)) == 200
    quick_s = 2 * 200 * 3 * 0.2
    assert worker.stats.audio_s < quick_s + 30 + 3 * 3 * 0.2 + 1
    slow.cancel()
    eventually(lambda: worker.stats.depth["interactive"] == 0)


def test_a_slow_reader_gets_everything_in_the_end(worker: Worker) -> None:
    stream = worker.submit(Request(sentences(120), "low"))
    eventually(lambda: stream.behind_s > 0)
    assert len(said(stream)) == 120


def test_a_failing_utterance_fails_its_own_request_alone(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(Fragile)
    bad = worker.submit(Request(work("được", "lỗi"), "low"))
    good = worker.submit(Request(sentences(5), "low"))
    with pytest.raises(EngineError, match="this cannot be said"):
        said(bad)
    assert len(said(good)) == 5
    assert worker.stats.failed == 1
    assert worker.state == "ready"
    worker.close()


def test_a_plan_that_fails_fails_its_own_request_alone(worker: Worker) -> None:
    def broken() -> Iterator[WorkItem]:
        yield WorkItem(utterance("được"))
        raise ValueError("the plan broke")

    bad = worker.submit(Request(broken(), "low"))
    with pytest.raises(EngineError, match="the plan broke"):
        said(bad)
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2


def test_an_engine_that_dies_is_rebuilt_and_the_rest_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loads = Fragile.loads
    worker = Worker(Fragile)
    assert len(said(worker.submit(Request(sentences(1), "low")))) == 1
    bad = worker.submit(Request(work("chết"), "low"))
    good = worker.submit(Request(sentences(5), "low"))
    with pytest.raises(EngineError, match="dead"):
        said(bad)
    assert len(said(good)) == 5
    assert Fragile.loads == loads + 2
    assert worker.stats.rebuilt == 1
    worker.close()


def test_an_engine_that_dies_at_once_again_is_broken_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker(Fragile)
    first = worker.submit(Request(work("chết"), "low"))
    with pytest.raises(EngineError, match="dead"):
        said(first)
    eventually(lambda: worker.state == "broken")
    with pytest.raises(EngineError, match="broken"):
        worker.submit(Request(sentences(1), "low"))


def test_an_engine_that_does_not_load_fails_those_who_wait() -> None:
    gate = threading.Event()

    def load() -> Engine:
        gate.wait(10)
        raise EngineError("no such file: model.bin")

    worker = Worker(load)
    assert worker.state == "loading"
    stream = worker.submit(Request(sentences(1), "low"))
    gate.set()
    with pytest.raises(EngineError, match=r"model\.bin"):
        said(stream)
    with pytest.raises(EngineError, match=r"model\.bin"):
        worker.loaded.result(10)
    assert worker.state == "broken"


class Panic(BaseException):
    """As a library in Rust raises it."""


def test_no_kind_of_error_leaves_anyone_waiting() -> None:
    def panicking() -> Engine:
        raise Panic("index out of bounds")

    worker = Worker(panicking)
    with pytest.raises(EngineError, match="index out of bounds"):
        worker.loaded.result(10)
    assert worker.state == "broken"

    class Panicking(ToneEngine):
        def synthesize(self, utterance: Utterance, voice: float, options: Options) -> None:  # type: ignore[override]
            raise Panic("index out of bounds")

    worker = Worker(Panicking)
    stream = worker.submit(Request(sentences(1), "low"))
    eventually(lambda: stream.ended)
    with pytest.raises(EngineError, match="index out of bounds"):
        said(stream)


def test_who_gives_up_waiting_for_the_engine_does_not_break_it() -> None:
    gate = threading.Event()

    def load() -> Engine:
        gate.wait(10)
        return ToneEngine()

    worker = Worker(load)

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(worker.loaded), 0.01)

    asyncio.run(impatient())
    gate.set()
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2
    worker.close()


def test_a_deadline_ends_a_request_that_waits_for_its_turn() -> None:
    engine = Gate()
    worker = Worker(lambda: engine)
    long = worker.submit(Request(work("một " * 50), "low"))
    engine.open.release(1)
    next(iter(long))
    waiting = worker.submit(Request(sentences(1), "low", deadline_s=0.1))
    with pytest.raises(DeadlineExceeded):
        said(waiting)
    assert worker.stats.utterances == 0
    engine.open.release(100)
    assert len(said(long)) == 1
    assert engine.waited_in_vain == 0
    worker.close()


def test_a_deadline_ends_a_request_whose_plan_hangs(worker: Worker) -> None:
    gate = threading.Event()

    def hanging() -> Iterator[WorkItem]:
        yield from sentences(2)
        gate.wait(10)

    stream = worker.submit(Request(hanging(), "low", deadline_s=0.2))
    try:
        eventually(lambda: stream.ended)
    finally:
        gate.set()
    with pytest.raises(DeadlineExceeded):
        said(stream)


def test_closing_lets_what_is_in_line_finish() -> None:
    worker = Worker(ToneEngine)
    stream = worker.submit(Request(sentences(20), "low"))
    worker.close(drain_s=20)
    assert len(said(stream)) == 20
    with pytest.raises(Busy, match="shutting down"):
        worker.submit(Request(sentences(1), "low"))
    assert worker.state == "closed"


def test_closing_at_any_moment_returns() -> None:
    for n in range(200):
        worker = Worker(ToneEngine)
        stream = worker.submit(Request(sentences(n % 3), "low"))
        if n % 2:
            said(stream)
        worker.close()
        assert worker.state == "closed"


def test_closing_in_a_hurry_tells_those_who_wait() -> None:
    engine = Gate()
    worker = Worker(lambda: engine)
    stream = worker.submit(Request(sentences(20), "low"))
    engine.open.release(3)
    worker.close()
    with pytest.raises((Busy, Cancelled)):
        said(stream)
    assert engine.closed


class Strict(ToneEngine):
    """Notes what it is asked after it was closed."""

    def __init__(self) -> None:
        super().__init__(slots=4)
        self.late: list[str] = []
        self.closed = False

    def session(self) -> Session:
        session = super().session()
        cancel = session.cancel

        def noted(id: int) -> None:
            if self.closed:
                self.late.append("cancel")
            cancel(id)

        session.cancel = noted  # type: ignore[method-assign]
        return session

    def close(self) -> None:
        if self.closed:
            self.late.append("close")
        self.closed = True


def test_nothing_is_asked_of_an_engine_that_was_closed() -> None:
    engine = Strict()
    worker = Worker(lambda: engine)
    stream = worker.submit(Request(work("một " * 10_000), "low"))
    next(iter(stream))
    worker.close()
    assert stream.ended
    assert engine.late == []


def test_an_engine_that_cannot_be_rebuilt_is_closed_once(caplog: pytest.LogCaptureFixture) -> None:
    engines: list[Strict] = []

    class Dying(Strict):
        def session(self) -> Session:
            session = super().session()
            step = session.step

            def dying(emit: Emit) -> None:
                step(emit)
                if worker.stats.utterances:
                    raise RuntimeError("the engine is dead")

            session.step = dying  # type: ignore[method-assign]
            return session

    def load() -> Engine:
        if engines:
            raise EngineError("no memory")
        engines.append(Dying())
        return engines[0]

    worker = Worker(load)
    assert len(said(worker.submit(Request(sentences(1), "low")))) == 1
    eventually(lambda: worker.state == "broken")
    assert engines[0].closed
    assert engines[0].late == []


def test_a_voice_is_computed_once(worker: Worker) -> None:
    calls: list[str] = []

    class Counting(ToneEngine):
        def condition(self, reference: object) -> VoiceState:
            calls.append(reference.content_hash)  # type: ignore[attr-defined]
            return 1.0

    import numpy as np

    from sonca.engines.base import Reference

    counting = Worker(Counting)
    recording = Reference(np.zeros(10, np.float32), 16_000, "abcd")
    for _ in range(3):
        said(counting.submit(Request(sentences(2), recording)))
    assert calls == ["abcd"]
    counting.close()


def test_setup_reaches_the_engine() -> None:
    assert ToneEngine.create(Setup()).info.name == "tone"


def test_a_stop_that_comes_with_nothing_left_to_do_is_not_waited_on() -> None:
    """As when Ctrl-C cancels the only request and closes the worker in one go."""
    loop = EngineLoop(ToneEngine, on_end=lambda id: None, clock=time.monotonic)
    loop.load()
    loop.post(loop.stop)  # is there at the first look, not while waiting
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
