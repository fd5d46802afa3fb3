"""A stream keeps the order, wakes its reader, and knows when the reader falls behind."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.audio import AudioChunk
from sonca.engines.tone import ToneEngine
from sonca.errors import Cancelled, EngineError
from sonca.testing import utterance
from sonca.worker import Request, Worker
from sonca.worker.engine_loop import EngineLoop
from sonca.worker.queued_request import QueuedRequest
from sonca.worker.result_stream import AHEAD_S, HIGH_WATER_S, LOW_WATER_S, ResultStream, StreamItem
from sonca.worker.work_queue import WorkQueue

SAID = utterance("một")
END = StreamItem(SAID, None)


def sound(value: float = 0.0, seconds: float = 0.1) -> StreamItem:
    samples = np.full(round(seconds * 100), value, np.float32)
    return StreamItem(SAID, AudioChunk(samples, 100), seconds)


def new(cancelled: list[int] | None = None, room: list[int] | None = None) -> ResultStream:
    return ResultStream(
        7,
        on_cancel=(cancelled if cancelled is not None else []).append,
        on_room=(room if room is not None else []).append,
    )


def values(stream: ResultStream) -> list[float | None]:
    return [None if piece.chunk is None else float(piece.chunk.samples[0]) for piece in stream]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.randoms())
def test_utterances_come_out_in_order_whatever_order_they_are_made_in(
    sizes: list[int], random: object
) -> None:
    stream = new()
    events = []
    for index, size in enumerate(sizes):
        events.append([*(("put", index, n) for n in range(size)), ("finish", index, 0)])
    while any(events):  # interleave, each utterance's own order kept
        queue = random.choice([events_of for events_of in events if events_of])  # type: ignore[attr-defined]
        kind, index, n = queue.pop(0)
        if kind == "put":
            stream.put(index, sound(index + n / 10))
        else:
            stream.put(index, END)
    stream.end()
    expected: list[float | None] = []
    for index, size in enumerate(sizes):
        expected += [*(pytest.approx(index + n / 10) for n in range(size)), None]
    assert values(stream) == expected


def test_what_was_made_is_read_before_the_error() -> None:
    stream = new()
    stream.put(0, sound(1))
    stream.end(EngineError("broken"))
    reader = iter(stream)
    assert next(reader).chunk is not None
    with pytest.raises(EngineError, match="broken"):
        next(reader)


def test_cancel_drops_what_is_unread_and_tells_the_worker_once() -> None:
    cancelled: list[int] = []
    stream = new(cancelled)
    stream.put(0, sound(1))
    stream.cancel()
    stream.cancel()
    stream.put(0, sound(2))
    assert cancelled == [7]
    with pytest.raises(Cancelled):
        next(iter(stream))


def test_cancel_of_what_is_made_but_unread_does_not_look_like_its_end() -> None:
    stream = new()
    stream.put(0, sound(1))
    stream.put(0, sound(2))
    stream.put(0, END)
    stream.end()
    reader = iter(stream)
    next(reader)
    stream.cancel()
    with pytest.raises(Cancelled):
        list(reader)


def test_cancel_after_everything_was_read_does_nothing() -> None:
    cancelled: list[int] = []
    stream = new(cancelled)
    stream.end()
    assert values(stream) == []
    stream.cancel()
    assert cancelled == []


def test_a_reader_that_falls_behind_is_noticed_and_catches_up() -> None:
    room: list[int] = []
    stream = new(room=room)
    for _ in range(int(HIGH_WATER_S) + 1):
        assert not stream.full
        stream.put(0, sound(seconds=1))
    assert stream.full
    reader = iter(stream)
    for _ in range(int(HIGH_WATER_S - LOW_WATER_S) + 1):
        assert room == []
        next(reader)
    next(reader)
    assert room == [7]
    assert not stream.full


def test_sound_that_waits_for_its_turn_is_bounded_too() -> None:
    room: list[int] = []
    stream = new(room=room)
    stream.put(1, sound(seconds=AHEAD_S / 2))
    stream.put(1, END)
    assert not stream.full  # many slots make many sentences at once
    stream.put(2, sound(seconds=AHEAD_S / 2 + 1))
    assert stream.full
    stream.put(2, END)
    stream.put(0, sound(seconds=1))
    stream.put(0, END)
    reader = iter(stream)
    for _ in range(4):
        next(reader)
    assert room == []
    next(reader)  # the sound of the third
    assert room == [7]


def test_a_thread_that_waits_is_woken() -> None:
    stream = new()
    got: list[float | None] = []
    reader = threading.Thread(target=lambda: got.extend(values(stream)))
    reader.start()
    for n in range(20):
        stream.put(0, sound(n))
    stream.put(0, END)
    stream.end()
    reader.join(10)
    assert got == [*range(20), None]


def test_a_coroutine_that_waits_is_woken_from_another_thread() -> None:
    stream = new()

    def produce() -> None:
        for n in range(20):
            stream.put(0, sound(n))
        stream.put(0, END)
        stream.end()

    async def consume() -> int:
        threading.Thread(target=produce).start()
        return len([piece async for piece in stream])

    assert asyncio.run(asyncio.wait_for(consume(), 10)) == 21


def test_a_loop_that_has_gone_does_not_hurt_the_worker() -> None:
    stream = new()

    async def abandon() -> None:
        task = asyncio.ensure_future(anext(aiter(stream)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(abandon())
    stream.put(0, sound())
    stream.end()


def test_a_reader_is_woken_under_the_lock_under_which_it_went_to_sleep() -> None:
    """Between a look at the waker and its removal another may be left, and would be lost: on a
    Python without the one lock for everything."""
    stream = new()
    held: list[bool] = []
    for _ in range(2):
        assert stream._take(lambda: held.append(stream._lock.locked())) is None
        stream.end()
    assert held == [True]


def test_abandoning_takes_no_lock_though_the_engine_has_gone() -> None:
    """The garbage collector does so in the middle of anything: of a look into another stream."""
    worker = Worker(ToneEngine)
    worker.loaded.result(10)
    engine_over = threading.Event()
    loop = worker._replicas[0].loop
    held = threading.Event()

    def stuck() -> None:  # the engine's thread is about to end
        loop._over = EngineError("broken")
        engine_over.set()
        held.wait(60)

    loop.post(stuck)
    streams = [new_of(loop, id) for id in range(2)]
    assert engine_over.wait(60)

    def collect() -> None:
        with streams[0]._lock:
            streams[1].abandon()

    collector = threading.Thread(target=collect, daemon=True)
    collector.start()
    collector.join(10)
    assert not collector.is_alive()
    held.set()
    worker.close()


def new_of(loop: EngineLoop, id: int) -> ResultStream:
    """A stream of a job in line there."""
    stream = ResultStream(
        id, on_cancel=lambda id: loop.post(lambda: loop.drop(id)), on_room=lambda id: None
    )
    pool = ThreadPoolExecutor(1)
    loop.post(lambda: None)
    loop._requests[id] = QueuedRequest(
        Request(iter(()), "low"),
        "interactive",
        stream,
        WorkQueue(iter(()), pool, lambda: None),
        True,
    )
    return stream


def test_time_in_which_the_reader_is_behind_is_its_own() -> None:
    now = [0.0]
    stream = ResultStream(
        0, on_cancel=lambda id: None, on_room=lambda id: None, clock=lambda: now[0]
    )
    stream.put(0, sound(seconds=HIGH_WATER_S))
    now[0] = 5.0
    assert stream.behind_s == 0
    stream.put(0, sound(seconds=1))
    now[0] = 7.0
    assert stream.behind_s == 2
    reader = iter(stream)
    next(reader)
    now[0] = 100.0
    assert stream.behind_s == 2
    stream.put(0, sound(seconds=HIGH_WATER_S))
    now[0] = 101.0
    assert stream.behind_s == 3


def test_sound_that_waits_for_the_engine_is_not_the_readers_time() -> None:
    """However much is there behind an utterance that is still being made."""
    now = [0.0]
    stream = ResultStream(
        0, on_cancel=lambda id: None, on_room=lambda id: None, clock=lambda: now[0]
    )
    stream.put(1, sound(seconds=AHEAD_S + 1))
    now[0] = 10.0
    assert stream.full
    assert stream.behind_s == 0
