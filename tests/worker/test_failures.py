"""What goes wrong outside of a step, in the worker itself, or with one of several engines."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sonca.audio import AudioChunk
from sonca.engines.base import Emit, Options, Reference, Session, VoiceState
from sonca.engines.tone import ToneEngine
from sonca.errors import EngineError
from sonca.utterance import Utterance
from sonca.worker import Request, Worker, quality
from sonca.worker.worker import MAX_HEAL_S
from tests.worker.test_worker import eventually, said, sentences, work


class Faulty(Session):
    """A session that raises once from where it is told to."""

    def __init__(self, session: Session, raising: set[str]) -> None:
        self.session = session
        self.raising = raising

    def _perhaps(self, name: str) -> None:
        if name in self.raising:
            self.raising.discard(name)
            raise RuntimeError(f"boom in {name}")

    @property
    def free_slots(self) -> int:
        self._perhaps("free_slots")
        return self.session.free_slots

    @property
    def idle(self) -> bool:
        self._perhaps("idle")
        return self.session.idle

    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        self._perhaps("add")
        self.session.add(id, utterance, voice, options)

    def step(self, emit: Emit) -> None:
        self._perhaps("step")
        self.session.step(emit)

    def cancel(self, id: int) -> None:
        self._perhaps("cancel")
        self.session.cancel(id)


class FaultyEngine(ToneEngine):
    raising: set[str]

    def session(self) -> Session:
        return Faulty(super().session(), self.raising)


def faulty() -> tuple[Worker, set[str]]:
    raising: set[str] = set()
    kind = type("Faulty", (FaultyEngine,), {"raising": raising})
    worker = Worker(kind)
    assert len(said(worker.submit(Request(sentences(1), "low")))) == 1
    return worker, raising


@pytest.mark.parametrize("where", ["free_slots", "idle", "step", "cancel"])
def test_an_engine_is_rebuilt_wherever_it_breaks(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker, raising = faulty()
    long = worker.submit(Request(work("một " * 10_000), "low"))
    next(iter(long))
    raising.add(where)
    if where == "cancel":
        long.cancel()
    else:  # noticed at once, and not when somebody else comes
        with pytest.raises(EngineError, match=f"boom in {where}"):
            said(long)
    eventually(lambda: worker.stats.rebuilt == 1)
    assert len(said(worker.submit(Request(sentences(3), "low")))) == 3
    assert worker.state == "ready"
    assert f"boom in {where}" in caplog.text
    worker.close()


def test_an_engine_whose_error_is_its_own_cause_is_rebuilt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Circular(FaultyEngine):
        def session(self) -> Session:
            session = super().session()
            step = session.step

            def circular(emit: Emit) -> None:
                try:
                    step(emit)
                except RuntimeError as error:
                    raise error from error

            session.step = circular  # type: ignore[method-assign]
            return session

    Circular.raising = set()
    worker = Worker(Circular)
    said(worker.submit(Request(sentences(1), "low")))
    Circular.raising.add("step")
    with pytest.raises(EngineError, match="boom"):
        said(worker.submit(Request(sentences(1), "low")))
    assert len(said(worker.submit(Request(sentences(2), "low")))) == 2
    worker.close()


def test_an_utterance_that_is_not_taken_fails_its_own_request_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker, raising = faulty()
    raising.add("add")
    with pytest.raises(EngineError, match="boom in add"):
        said(worker.submit(Request(sentences(1), "low")))
    assert len(said(worker.submit(Request(sentences(3), "low")))) == 3
    assert worker.stats.rebuilt == 0
    worker.close()


class Swallowing(Session):
    """Takes whatever is raised inside of `emit` for the utterance's fault, when it is over."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def free_slots(self) -> int:
        return self.session.free_slots

    @property
    def idle(self) -> bool:
        return self.session.idle

    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        self.session.add(id, utterance, voice, options)

    def step(self, emit: Emit) -> None:
        def attempt(event: object) -> None:
            with contextlib.suppress(Exception):
                emit(event)  # type: ignore[arg-type]

        self.session.step(attempt)

    def cancel(self, id: int) -> None:
        self.session.cancel(id)


def test_an_error_of_the_worker_itself_fails_who_waits_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Careless(ToneEngine):
        def session(self) -> Session:
            return Swallowing(super().session())

    worker = Worker(Careless)
    check = quality.find_problem

    def wrong(utterance: Utterance, *rest: object) -> str | None:
        if "lỗi" in utterance.spoken:
            raise ValueError("a bug in the check")
        return check(utterance, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(quality, "find_problem", wrong)
    bad = worker.submit(Request(work("lỗi"), "low"))
    good = worker.submit(Request(sentences(3), "low"))
    with pytest.raises(EngineError, match="a bug in the check"):
        said(bad)
    assert len(said(good)) == 3
    assert worker.stats.rebuilt == 0
    assert worker.stats.depth["interactive"] == 0
    worker.close()


RECORDING = Reference(np.zeros(10, np.float32), 16_000, "ab")


class Weights(float):
    """The state of a voice."""


class Large(FaultyEngine):
    """Notes which engines and voices there are, and how many when it is loaded."""

    alive: weakref.WeakSet[object]

    @classmethod
    def of(
        cls, raising: set[str], alive: weakref.WeakSet[object], at_load: list[int]
    ) -> Callable[[], Large]:
        def load() -> Large:
            gc.collect()
            at_load.append(len(alive))
            engine = kind()
            alive.add(engine)
            return engine

        kind = type("Large", (cls,), {"raising": raising, "alive": alive})
        return load

    def condition(self, reference: Reference) -> float:
        state = Weights(super().condition(reference))
        self.alive.add(state)
        return state


def test_the_dead_engine_is_gone_before_the_next_is_loaded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A GPU has room for one."""
    worker = Worker(Large.of(raising := set(), alive := weakref.WeakSet(), at_load := []))
    assert len(said(worker.submit(Request(sentences(1), RECORDING)))) == 1
    raising.add("step")
    with pytest.raises(EngineError, match="boom"):
        said(worker.submit(Request(sentences(1), RECORDING)))
    assert len(said(worker.submit(Request(sentences(2), RECORDING)))) == 2
    assert at_load == [0, 0]
    assert len(alive) == 2
    worker.close()


def test_an_engine_that_broke_for_good_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(Large.of(raising := set(), alive := weakref.WeakSet(), []))
    raising.add("step")
    with pytest.raises(EngineError, match="boom"):
        said(worker.submit(Request(sentences(1), RECORDING)))
    eventually(lambda: worker.state == "broken")
    gc.collect()
    assert not alive
    worker.close()


def test_what_was_read_to_the_end_does_not_keep_the_engine() -> None:
    worker = Worker(ToneEngine)
    stream = worker.submit(Request(sentences(2), "low"))
    assert len(said(stream)) == 2
    engine = weakref.ref(worker._replicas[0].loop._engine._engine)
    worker.close()
    del worker
    gc.collect()
    assert engine() is None
    assert stream.ended


def test_an_engine_whose_session_cannot_begin_is_closed() -> None:
    engines: list[Sessionless] = []

    class Sessionless(ToneEngine):
        def __init__(self) -> None:
            super().__init__()
            self.closed = False
            engines.append(self)

        def session(self) -> Session:
            raise RuntimeError("no memory for the cache")

        def close(self) -> None:
            self.closed = True

    worker = Worker(Sessionless)
    with pytest.raises(EngineError, match="no memory"):
        worker.loaded.result(10)
    assert [engine.closed for engine in engines] == [True]


class Second(ToneEngine):
    """Of several, the second to be loaded breaks at its first step."""

    loads = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).loads += 1
        self.number = type(self).loads

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        if self.number == 2:
            raise _Panic("copy 2 is broken")
        return super().synthesize(utterance, voice, options)


class _Panic(BaseException):
    pass


def test_a_copy_that_broke_is_replaced_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    kind = type("Second", (Second,), {"loads": 0})
    worker = Worker(kind, engines=2, clock=lambda: now[0])
    worker.loaded.result(10)

    def crowd() -> list[object]:
        outcomes: list[object] = []

        def call() -> None:
            try:
                outcomes.append(len(said(worker.submit(Request(sentences(20), "low")))))
            except EngineError as error:
                outcomes.append(error)

        callers = [threading.Thread(target=call) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(30)
        return outcomes

    def until(condition: Callable[[], bool]) -> None:
        for _ in range(200):
            if condition():
                return
            crowd()
        raise AssertionError("it never came true")

    until(lambda: worker.stats.lost == 1)
    spoken = worker.stats.utterances
    for _ in range(3):
        assert crowd() == [20] * 6
    assert kind.loads == 2  # type: ignore[attr-defined]  # not tried again and again
    now[0] = 5.0
    until(lambda: worker.stats.engines == 2)
    assert worker.stats.lost == 0
    assert kind.loads == 3  # type: ignore[attr-defined]
    assert worker.stats.utterances >= spoken  # what the lost one had counted is not forgotten
    assert crowd() == [20] * 6
    worker.close()


def test_copies_that_all_broke_are_all_lost(caplog: pytest.LogCaptureFixture) -> None:
    class Panicking(ToneEngine):
        def voice(self, key: str) -> float:
            raise _Panic("broken")

    now = [0.0]
    worker = Worker(Panicking, engines=2, clock=lambda: now[0])
    worker._add_replica()
    eventually(lambda: worker.stats.engines == 2)
    for lost in (1, 2):
        with pytest.raises(EngineError, match="the engine broke"):
            said(worker.submit(Request(sentences(1), "low")))
        eventually(lambda lost=lost: worker.stats.lost == lost)  # type: ignore[misc]
        now[0] += 0.8
    with pytest.raises(EngineError, match="broken"):  # though the first might be replaced now
        worker.submit(Request(sentences(1), "low"))
    assert worker.stats.lost == 2
    worker.close()


@pytest.mark.slow
def test_a_copy_that_breaks_every_time_is_tried_for_ever_and_ever_more_rarely(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    built: list[ToneEngine] = []

    def load() -> ToneEngine:
        if built:
            raise EngineError("out of memory")
        built.append(ToneEngine())
        return built[0]

    worker = Worker(load, engines=2, clock=lambda: now[0])
    worker.loaded.result(10)
    for _ in range(1100):  # twice as long each time would be more than a float can say
        long = worker.submit(Request(sentences(100), "low"))
        worker.submit(Request(sentences(1), "low")).cancel()
        long.cancel()
        eventually(lambda: worker.stats.lost == 1)
        now[0] += MAX_HEAL_S + 1
    assert worker._heal_s == MAX_HEAL_S
    assert worker._loads > 1000
    worker.close()
