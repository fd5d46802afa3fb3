"""A ticket keeps the order, wakes its reader, and knows when the reader falls behind."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.audio import AudioChunk
from sonca.errors import Cancelled, EngineError
from sonca.worker.ticket import AHEAD_S, HIGH_WATER_S, LOW_WATER_S, Ticket
from tests.conftest import utterance


def chunk(value: float = 0.0, seconds: float = 0.1) -> AudioChunk:
    return AudioChunk(np.full(round(seconds * 100), value, np.float32), 100)


def new(cancelled: list[int] | None = None, room: list[int] | None = None) -> Ticket:
    return Ticket(
        7,
        on_cancel=(cancelled if cancelled is not None else []).append,
        on_room=(room if room is not None else []).append,
    )


def values(ticket: Ticket) -> list[float | None]:
    return [None if piece.chunk is None else float(piece.chunk.samples[0]) for piece in ticket]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.randoms())
def test_utterances_come_out_in_order_whatever_order_they_are_made_in(
    sizes: list[int], random: object
) -> None:
    ticket = new()
    events = []
    for index, size in enumerate(sizes):
        ticket.begin(index, utterance(f"câu {index}"))
        events.append([*(("put", index, n) for n in range(size)), ("finish", index, 0)])
    while any(events):  # interleave, each utterance's own order kept
        queue = random.choice([events_of for events_of in events if events_of])  # type: ignore[attr-defined]
        kind, index, n = queue.pop(0)
        if kind == "put":
            ticket.put(index, chunk(index + n / 10))
        else:
            ticket.finish(index)
    ticket.end()
    expected: list[float | None] = []
    for index, size in enumerate(sizes):
        expected += [*(pytest.approx(index + n / 10) for n in range(size)), None]
    assert values(ticket) == expected


def test_what_was_made_is_read_before_the_error() -> None:
    ticket = new()
    ticket.begin(0, utterance("một"))
    ticket.put(0, chunk(1))
    ticket.end(EngineError("broken"))
    stream = iter(ticket)
    assert next(stream).chunk is not None
    with pytest.raises(EngineError, match="broken"):
        next(stream)


def test_cancel_drops_what_is_unread_and_tells_the_worker_once() -> None:
    cancelled: list[int] = []
    ticket = new(cancelled)
    ticket.begin(0, utterance("một"))
    ticket.put(0, chunk(1))
    ticket.cancel()
    ticket.cancel()
    ticket.put(0, chunk(2))
    assert cancelled == [7]
    with pytest.raises(Cancelled):
        next(iter(ticket))


def test_cancel_of_what_is_made_but_unread_does_not_look_like_its_end() -> None:
    ticket = new()
    ticket.begin(0, utterance("một"))
    ticket.put(0, chunk(1))
    ticket.put(0, chunk(2))
    ticket.finish(0)
    ticket.end()
    stream = iter(ticket)
    next(stream)
    ticket.cancel()
    with pytest.raises(Cancelled):
        list(stream)


def test_cancel_after_everything_was_read_does_nothing() -> None:
    cancelled: list[int] = []
    ticket = new(cancelled)
    ticket.end()
    assert values(ticket) == []
    ticket.cancel()
    assert cancelled == []


def test_a_reader_that_falls_behind_is_noticed_and_catches_up() -> None:
    room: list[int] = []
    ticket = new(room=room)
    ticket.begin(0, utterance("một"))
    for _ in range(int(HIGH_WATER_S) + 1):
        assert not ticket.overfull
        ticket.put(0, chunk(seconds=1))
    assert ticket.overfull
    stream = iter(ticket)
    for _ in range(int(HIGH_WATER_S - LOW_WATER_S) + 1):
        assert room == []
        next(stream)
    next(stream)
    assert room == [7]
    assert not ticket.overfull


def test_sound_that_waits_for_its_turn_is_bounded_too() -> None:
    room: list[int] = []
    ticket = new(room=room)
    for index in range(3):
        ticket.begin(index, utterance("một"))
    ticket.put(1, chunk(seconds=AHEAD_S / 2))
    ticket.finish(1)
    assert not ticket.overfull  # many slots make many sentences at once
    ticket.put(2, chunk(seconds=AHEAD_S / 2 + 1))
    assert ticket.overfull
    ticket.finish(2)
    ticket.put(0, chunk(seconds=1))
    ticket.finish(0)
    ticket.end()
    stream = iter(ticket)
    for _ in range(4):
        next(stream)
    assert room == []
    next(stream)  # the sound of the third
    assert room == [7]


def test_a_thread_that_waits_is_woken() -> None:
    ticket = new()
    ticket.begin(0, utterance("một"))
    got: list[float | None] = []
    reader = threading.Thread(target=lambda: got.extend(values(ticket)))
    reader.start()
    for n in range(20):
        ticket.put(0, chunk(n))
    ticket.finish(0)
    ticket.end()
    reader.join(10)
    assert got == [*range(20), None]


def test_a_coroutine_that_waits_is_woken_from_another_thread() -> None:
    ticket = new()
    ticket.begin(0, utterance("một"))

    def produce() -> None:
        for n in range(20):
            ticket.put(0, chunk(n))
        ticket.finish(0)
        ticket.end()

    async def consume() -> int:
        threading.Thread(target=produce).start()
        return len([piece async for piece in ticket])

    assert asyncio.run(asyncio.wait_for(consume(), 10)) == 21


def test_a_loop_that_has_gone_does_not_hurt_the_worker() -> None:
    ticket = new()
    ticket.begin(0, utterance("một"))

    async def abandon() -> None:
        task = asyncio.ensure_future(anext(aiter(ticket)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(abandon())
    ticket.put(0, chunk())
    ticket.end()
