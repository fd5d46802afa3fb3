"""Callers and books: each lane has its places, and who listens is served like one who listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sonca.audio import AudioChunk
from sonca.engines.base import Audio, Emit, Engine, Finished, Options, Session, Setup
from sonca.engines.tone import ToneEngine
from sonca.errors import Busy
from sonca.testing import utterance
from sonca.utterance import Priority, Utterance
from sonca.worker import Request, ResultStream, Worker, WorkItem
from tests.worker.test_worker import Gate, eventually, said, sentences

BATCH = Priority.BATCH


def test_books_lock_no_caller_out_and_callers_no_book() -> None:
    engine = Gate()
    worker = Worker(lambda: engine, queue_limit=4)
    assert [worker.places(priority) for priority in Priority] == [4, 4, 2]
    streams = [worker.submit(Request(sentences(1), "low", priority=BATCH)) for _ in range(2)]
    with pytest.raises(Busy, match=r"the limit is 2 \(SONCA_QUEUE_LIMIT, half of it for books\)"):
        worker.submit(Request(sentences(1), "low", priority=BATCH))
    streams += [worker.submit(Request(sentences(1), "low")) for _ in range(4)]
    with pytest.raises(Busy, match=r"the limit is 4 \(SONCA_QUEUE_LIMIT\)") as refusal:
        worker.submit(Request(sentences(1), "low"))
    assert refusal.value.reason == "queue_full"
    engine.open.release(100)
    for stream in streams:
        said(stream)
    worker.close()


def test_there_is_a_place_for_a_book_in_the_shortest_line() -> None:
    worker = Worker(ToneEngine, queue_limit=1)
    assert len(said(worker.submit(Request(sentences(2), "low", priority=BATCH)))) == 2
    worker.close()


def test_who_is_behind_takes_no_place_in_line_but_there_is_an_end_to_them() -> None:
    worker = Worker(ToneEngine, queue_limit=2)
    behind = []
    for _ in range(4):
        behind.append(worker.submit(Request(sentences(1000), "low")))
        eventually(lambda: behind[-1].full)
    with pytest.raises(Busy):
        worker.submit(Request(sentences(1), "low"))
    behind[0].cancel()
    assert len(said(worker.submit(Request(sentences(1), "low")))) == 1
    for stream in behind:
        stream.cancel()
    worker.close()


def test_who_waits_for_a_place_is_told_of_one() -> None:
    engine = Gate()
    worker = Worker(lambda: engine, queue_limit=2)
    stream = worker.submit(Request(sentences(1), "low", priority=BATCH))
    there = threading.Event()

    def wait() -> None:
        worker.wait_for_place(BATCH, 60)
        there.set()

    threading.Thread(target=wait, daemon=True).start()
    assert not there.wait(0.05)
    engine.open.release(10)
    said(stream)
    assert there.wait(60)
    worker.close()


def test_nobody_waits_for_a_place_in_a_line_that_was_closed() -> None:
    engine = Gate()
    worker = Worker(lambda: engine, queue_limit=2)
    worker.submit(Request(sentences(1), "low", priority=BATCH))
    worker.shut()
    worker.wait_for_place(BATCH, 600)
    engine.open.release(10)
    worker.close()


class Ordered(Engine):
    """A batch that serves those who are listened to first, a step for each word of one of them."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.added: list[tuple[str, bool, bool]] = []
        self.promoted: list[str] = []
        self.able = True

    info = ToneEngine(slots=4).info

    @classmethod
    def voices(cls, setup: Setup) -> tuple[()]:
        return ()

    def voice(self, key: str) -> str:
        return key

    def level_lufs(self, voice: str) -> float:
        return -20.0

    def session(self) -> Session:
        return _Ordered(self)


class _Ordered(Session):
    def __init__(self, engine: Ordered) -> None:
        self._engine = engine
        self._work: dict[int, tuple[str, Options]] = {}

    @property
    def free_slots(self) -> int:
        return 4 - len(self._work)

    @property
    def idle(self) -> bool:
        return not self._work

    def add(self, id: int, utterance: Utterance, voice: str, options: Options) -> None:
        self._engine.added.append((utterance.spoken, options.priority, options.first))
        self._work[id] = (utterance.spoken, options)

    def cancel(self, id: int) -> None:
        self._work.pop(id, None)

    def promote(self, id: int) -> bool:
        if not self._engine.able:
            return False
        spoken, _ = self._work[id]
        self._engine.promoted.append(spoken)
        self._work[id] = (spoken, Options())
        return True

    def step(self, emit: Emit) -> None:
        assert self._engine.gate.acquire(timeout=60)
        if not self._work:
            return
        id = min(self._work, key=lambda id: (self._work[id][1].priority is BATCH, id))
        del self._work[id]
        emit(Audio(id, AudioChunk(np.full(8000, 0.1, np.float32), 16_000)))
        emit(Finished(id))


@pytest.fixture
def ordered() -> Iterator[tuple[Worker, Ordered]]:
    engine = Ordered()
    worker = Worker(lambda: engine)
    yield worker, engine
    engine.gate.release(1000)
    worker.close()


def one(text: str, **options: object) -> Request:
    return Request(iter([WorkItem(utterance(text), key=text)]), "v", **options)  # type: ignore[arg-type]


def join(worker: Worker, engine: Ordered) -> tuple[ResultStream, ResultStream]:
    """A book's request and that of a listener for the same sentence, behind another listener's."""
    worker.submit(one("trước"))
    eventually(lambda: len(engine.added) == 1)
    book = worker.submit(one("của sách", priority=BATCH))
    worker.submit(one("khác"))
    engine.gate.release()
    eventually(lambda: len(engine.added) == 3)
    listener = worker.submit(one("của sách"))
    engine.gate.release()
    eventually(lambda: worker.stats.shared == 1)
    return book, listener


@pytest.mark.parametrize("able", [True, False])
def test_a_listener_who_joins_a_book_is_served_like_one_who_listens(
    ordered: tuple[Worker, Ordered], able: bool
) -> None:
    worker, engine = ordered
    engine.able = able
    book, listener = join(worker, engine)
    assert engine.promoted == ["của sách"] * able
    assert engine.added.count(("của sách", Priority.REALTIME, True)) == (not able)  # begun anew
    engine.gate.release(1)
    assert said(listener) == ["của sách"]
    assert said(book) == ["của sách"]  # and the book has it as well


def test_a_book_that_joins_a_listener_changes_nothing(ordered: tuple[Worker, Ordered]) -> None:
    worker, engine = ordered
    listener = worker.submit(one("một"))
    book = worker.submit(one("một", priority=BATCH))
    engine.gate.release(1)
    assert said(listener) == said(book) == ["một"]
    assert engine.promoted == []
    assert engine.added == [("một", Priority.REALTIME, True)]


def test_the_engine_is_told_who_waits_and_for_which_utterance(
    ordered: tuple[Worker, Ordered],
) -> None:
    worker, engine = ordered
    engine.gate.release(9)
    for priority in Priority:
        works = (WorkItem(utterance(f"{priority.name} {n}")) for n in range(2))
        said(worker.submit(Request(works, "v", priority=priority)))
    assert engine.added == [
        ("REALTIME 0", Priority.REALTIME, True),
        ("REALTIME 1", Priority.REALTIME, False),
        ("FILE 0", Priority.FILE, False),
        ("FILE 1", Priority.FILE, False),
        ("BATCH 0", BATCH, False),
        ("BATCH 1", BATCH, False),
    ]
