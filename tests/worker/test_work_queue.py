"""A queue draws ahead, in order, on the planner's thread, and says when it changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sonca.engines.tone import ToneEngine
from sonca.errors import EngineError
from sonca.testing import utterance
from sonca.worker import Request, Worker
from sonca.worker.work_queue import AHEAD, WorkItem, WorkQueue
from tests.worker.test_worker import said


@pytest.fixture
def planner() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, thread_name_prefix="planner") as executor:
        yield executor


def numbered(count: int, drawn: list[tuple[int, str]]) -> Iterator[WorkItem]:
    for n in range(count):
        drawn.append((n, threading.current_thread().name))
        yield WorkItem(utterance(str(n)))


def take_all(queue: WorkQueue, changed: threading.Semaphore) -> list[str]:
    said = []
    while not queue.over:
        work = queue.take()
        if work is None:
            assert changed.acquire(timeout=10)
        else:
            said.append(work.utterance.spoken)
    return said


def test_everything_comes_in_order_and_only_the_first_two_are_drawn_by_the_caller(
    planner: ThreadPoolExecutor,
) -> None:
    drawn: list[tuple[int, str]] = []
    changed = threading.Semaphore(0)
    gate = threading.Event()
    planner.submit(gate.wait)
    queue = WorkQueue(numbered(50, drawn), planner, changed.release)
    assert drawn == [(n, threading.current_thread().name) for n in range(2)]
    gate.set()
    assert take_all(queue, changed) == [str(n) for n in range(50)]
    assert all(name.startswith("planner") for _, name in drawn[2:])
    assert queue.take() is None


def test_it_draws_a_little_ahead_and_no_more(planner: ThreadPoolExecutor) -> None:
    drawn: list[tuple[int, str]] = []
    queue = WorkQueue(numbered(1000, drawn), planner, lambda: None)
    planner.submit(lambda: None).result(10)  # after the drawing
    assert len(drawn) == AHEAD
    queue.take()
    planner.submit(lambda: None).result(10)
    assert len(drawn) == AHEAD + 1


def test_an_error_comes_after_what_was_planned_before_it(planner: ThreadPoolExecutor) -> None:
    def broken() -> Iterator[WorkItem]:
        yield WorkItem(utterance("một"))
        raise ValueError("the plan broke")

    queue = WorkQueue(broken(), planner, lambda: None)
    assert queue.take() is not None
    planner.submit(lambda: None).result(10)
    assert not queue.over
    assert queue.take() is None
    with pytest.raises(ValueError, match="the plan broke"):
        queue.check()


def test_a_closed_queue_draws_no_more(planner: ThreadPoolExecutor) -> None:
    drawn: list[tuple[int, str]] = []
    gate = threading.Event()
    planner.submit(gate.wait)
    queue = WorkQueue(numbered(1000, drawn), planner, lambda: None)
    queue.close()
    gate.set()
    planner.submit(lambda: None).result(10)
    assert len(drawn) == 2
    assert [queue.take(), queue.take()] != [None, None]
    assert queue.over


class Panic(BaseException):
    """As a library in Rust raises it."""


def test_a_panic_in_planning_is_told_and_not_waited_for(planner: ThreadPoolExecutor) -> None:
    def panicking() -> Iterator[WorkItem]:
        yield from numbered(2, [])
        raise Panic("index out of bounds")

    changed = threading.Semaphore(0)
    queue = WorkQueue(panicking(), planner, changed.release)
    assert [queue.take(), queue.take()] != [None, None]
    assert changed.acquire(timeout=10)
    with pytest.raises(EngineError, match="index out of bounds"):
        queue.check()
    assert not queue.over


def test_an_error_on_the_callers_thread_is_kept(planner: ThreadPoolExecutor) -> None:
    def broken() -> Iterator[WorkItem]:
        raise ValueError("the plan broke")
        yield

    with pytest.raises(ValueError, match="the plan broke"):
        WorkQueue(broken(), planner, lambda: None).check()


def test_one_that_is_emptied_as_it_is_filled_lets_others_draw(planner: ThreadPoolExecutor) -> None:
    """As that of a request whose sound is all there."""
    gate, lengths = threading.Event(), []
    planner.submit(gate.wait)
    kept: list[WorkQueue] = []

    def greedy() -> None:
        while kept and kept[0].take() is not None:
            pass

    drawn: list[tuple[int, str]] = []
    kept.append(WorkQueue(numbered(1000, drawn), planner, greedy))
    other = WorkQueue(numbered(3, []), planner, lambda: lengths.append(len(drawn)))
    gate.set()
    planner.submit(lambda: None).result(10)
    while not other.over:
        other.take()
    assert lengths[0] <= 2 + AHEAD


def test_a_text_that_is_slow_to_come_delays_nobody_else() -> None:
    gate = threading.Event()

    def slow() -> Iterator[WorkItem]:
        yield from numbered(2, [])
        gate.wait(60)

    worker = Worker(ToneEngine)
    waiting = worker.submit(Request(slow(), "low"))
    assert len(said(worker.submit(Request(numbered(20, []), "low")))) == 20
    assert not waiting.ended
    gate.set()
    assert len(said(waiting)) == 2
    worker.close()
