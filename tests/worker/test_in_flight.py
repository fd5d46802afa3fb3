"""One making serves all who ask for the same; bad sound is made again; kept sound is replayed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from sonca.audio import AudioChunk, join
from sonca.engines.base import Audio, Emit, Finished, Options, Session, VoiceState
from sonca.engines.tone import ToneEngine
from sonca.errors import Cancelled
from sonca.testing import utterance
from sonca.utterance import Priority, Utterance
from sonca.worker import Request, ResultStream, Worker, WorkItem
from sonca.worker.engine_loop import KEEP_SLOT_S
from sonca.worker.result_stream import AHEAD_S
from tests.worker.test_worker import Gate, eventually, said


class Counting(ToneEngine):
    """Counts what it is asked to say; says `hỏng` silently until the seed is `good_seed`."""

    def __init__(self, good_seed: int = 1) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []
        self.good_seed = good_seed

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.asked.append((utterance.spoken, options.seed))
        for chunk in super().synthesize(utterance, voice, options):
            quiet = "hỏng" in utterance.spoken and options.seed != self.good_seed
            yield replace(chunk, samples=chunk.samples * 0) if quiet else chunk


def sound(stream: object) -> AudioChunk:
    return join((piece.chunk for piece in stream if piece.chunk is not None), 16_000)  # type: ignore[attr-defined]


class Batch(ToneEngine):
    """Four slots, and a count of what entered them."""

    def __init__(self) -> None:
        super().__init__(slots=4)
        self.made = 0
        self.gate = Gate().open

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.made += 1
        for chunk in super().synthesize(utterance, voice, options):
            assert self.gate.acquire(timeout=10)
            yield chunk


def test_a_latecomer_joins_what_is_being_made() -> None:
    engine = Batch()
    worker = Worker(lambda: engine)
    one = worker.submit(Request(iter([WorkItem(utterance("một hai ba"), key="k")]), "low"))
    engine.gate.release(1)
    stream = iter(one)
    first = next(stream)
    two = worker.submit(Request(iter([WorkItem(utterance("một hai ba", at=7), key="k")]), "low"))
    three = worker.submit(Request(iter([WorkItem(utterance("một hai ba", at=9), key="k")]), "low"))
    engine.gate.release(1)
    next(iter(two))  # both have joined
    one.cancel()  # the one who asked first leaves; the others still get theirs
    engine.gate.release(10)
    whole = sound(three)
    assert whole.duration_s == pytest.approx(0.6)
    assert np.array_equal(whole.samples[: len(first.chunk.samples)], first.chunk.samples)
    assert [mark.span for mark in whole.marks] == [(9, 12), (13, 16), (17, 19)]
    with pytest.raises(Cancelled):
        next(stream)
    assert engine.made == 1
    assert worker.stats.shared == 2
    worker.close()


def test_when_everyone_has_gone_the_making_stops() -> None:
    engine = Batch()
    worker = Worker(lambda: engine)
    streams = [
        worker.submit(Request(iter([WorkItem(utterance("một " * 50), key="k")]), "low"))
        for _ in range(3)
    ]
    engine.gate.release(1)
    for stream in streams:
        stream.cancel()
    eventually(lambda: worker.stats.cancelled == 3)
    engine.gate.release(60)
    assert said(worker.submit(Request(iter([WorkItem(utterance("hai"))]), "low"))) == ["hai"]
    assert worker.stats.utterances == 1
    worker.close()


def test_sound_that_is_there_is_replayed_without_the_engine() -> None:
    engine = Counting()
    worker = Worker(lambda: engine)
    kept = AudioChunk(np.full(1600, 0.5, np.float32), 16_000)
    work = [
        WorkItem(utterance("một")),
        WorkItem(utterance("hai"), "k", (kept,)),
        WorkItem(utterance("ba")),
    ]
    pieces = [p.chunk for p in worker.submit(Request(iter(work), "low")) if p.chunk]
    assert pieces[1] is kept
    assert [text for text, _ in engine.asked] == ["một", "ba"]
    assert worker.stats.reused == 1
    worker.close()


def test_a_text_that_is_all_there_ends() -> None:
    worker = Worker(Counting)
    kept = (AudioChunk(np.full(1600, 0.5, np.float32), 16_000),)
    work = (WorkItem(utterance(str(n)), "k", kept) for n in range(20))
    assert len(said(worker.submit(Request(work, "low")))) == 20
    worker.close()


def test_what_was_made_well_is_offered_for_keeping() -> None:
    made: list[tuple[str | None, float]] = []

    def keep(work: WorkItem, chunks: tuple[AudioChunk, ...]) -> None:
        made.append((work.key, sum(chunk.duration_s for chunk in chunks)))

    worker = Worker(lambda: Counting(good_seed=99))
    work = [
        WorkItem(utterance("một hai"), "a"),
        WorkItem(utterance("hỏng"), "b"),
        WorkItem(utterance("ba")),
    ]
    said(worker.submit(Request(iter(work), "low", on_made=keep)))
    assert made == [("a", pytest.approx(0.4))]
    worker.close()


def test_what_cannot_be_kept_is_spoken_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    def full(work: WorkItem, chunks: tuple[AudioChunk, ...]) -> None:
        raise OSError("the disk is full")

    worker = Worker(Counting)
    stream = worker.submit(Request(iter([WorkItem(utterance("một"), "a")]), "low", on_made=full))
    eventually(lambda: stream.ended)
    assert said(stream) == ["một"]
    assert worker.stats.rebuilt == 0
    assert "the disk is full" in caplog.text
    worker.close()


def test_a_held_utterance_that_came_out_silent_is_made_again_with_another_seed() -> None:
    engine = Counting(good_seed=1)
    worker = Worker(lambda: engine)
    whole = sound(
        worker.submit(
            Request(iter([WorkItem(utterance("hỏng rồi"))]), "low", priority=Priority.FILE)
        )
    )
    assert engine.asked == [("hỏng rồi", 0), ("hỏng rồi", 1)]
    assert np.abs(whole.samples).max() > 0.1
    assert whole.duration_s == pytest.approx(0.4)
    assert (worker.stats.remade, worker.stats.suspect) == (1, 0)
    worker.close()


def test_what_nobody_listens_to_is_made_again_so() -> None:
    seen: list[tuple[Priority, bool]] = []

    class Noting(Counting):
        def synthesize(
            self, utterance: Utterance, voice: float, options: Options
        ) -> Iterator[AudioChunk]:
            seen.append((options.priority, options.first))
            return super().synthesize(utterance, voice, options)

    worker = Worker(Noting)
    work = iter([WorkItem(utterance("hỏng rồi"))])
    sound(worker.submit(Request(work, "low", priority=Priority.BATCH)))
    assert seen == [(Priority.BATCH, False)] * 2
    worker.close()


class Flawed(Batch):
    """Silent at the first seed."""

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        for chunk in super().synthesize(utterance, voice, options):
            yield replace(chunk, samples=chunk.samples * (options.seed > 0))


@pytest.mark.parametrize("held_first", [True, False])
def test_who_listens_and_who_holds_share_a_making_and_each_gets_his_own(held_first: bool) -> None:
    engine = Flawed()
    worker = Worker(lambda: engine)

    def submit(hold: bool) -> ResultStream:
        work = iter([WorkItem(utterance("một hai"), key="k")])
        return worker.submit(Request(work, "low", priority=Priority(hold)))

    streams = {hold: submit(hold) for hold in (held_first, not held_first)}
    engine.gate.release(1)
    stream = iter(streams[False])
    assert not next(stream).chunk.samples.any()  # does not wait for the whole
    engine.gate.release(10)
    assert [piece.problem for piece in stream] == [None, "silent"]
    pieces = list(streams[True])
    assert pieces[-1].problem is None
    assert all(np.abs(piece.chunk.samples).max() > 0.1 for piece in pieces[:-1])
    assert engine.made == 2
    stats = worker.stats
    assert (stats.shared, stats.remade, stats.suspect, stats.utterances) == (1, 1, 1, 1)
    worker.close()


@pytest.mark.parametrize(("priority", "attempts"), [(Priority.FILE, 2), (Priority.REALTIME, 1)])
def test_what_stays_bad_is_reported(priority: Priority, attempts: int) -> None:
    engine = Counting(good_seed=99)
    worker = Worker(lambda: engine)
    request = Request(
        iter([WorkItem(utterance("hỏng")), WorkItem(utterance("tốt"))]), "low", priority=priority
    )
    ends = [piece for piece in worker.submit(request) if piece.chunk is None]
    assert [end.problem for end in ends] == ["silent", None]
    assert [text for text, _ in engine.asked].count("hỏng") == attempts
    assert worker.stats.suspect == 1
    worker.close()


class Single(ToneEngine):
    """One slot, and a chunk each time it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.gate = Gate().open

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.asked.append(utterance.spoken)
        for chunk in super().synthesize(utterance, voice, options):
            assert self.gate.acquire(timeout=10)
            yield chunk


def test_who_wants_the_same_needs_no_slot_of_its_own() -> None:
    engine = Single()
    worker = Worker(lambda: engine)
    texts = ("một hai", "ba bốn")

    def same() -> Request:
        return Request((WorkItem(utterance(text), key=text) for text in texts), "low")

    streams = [worker.submit(same()) for _ in range(3)]
    engine.gate.release(4)
    assert [said(stream) for stream in streams] == [list(texts)] * 3
    assert engine.asked == list(texts)
    assert worker.stats.shared == 4
    worker.close()


def test_kept_sound_does_not_wait_for_a_busy_engine() -> None:
    engine = Single()
    worker = Worker(lambda: engine)
    busy = worker.submit(Request(iter([WorkItem(utterance("một hai ba"))]), "low"))
    engine.gate.release(1)
    next(iter(busy))
    kept = AudioChunk(np.zeros(100, np.float32), 16_000)
    stream = worker.submit(Request(iter([WorkItem(utterance("đã có"), "k", (kept,))]), "low"))
    engine.gate.release(1)  # messages are read between two chunks
    assert said(stream) == ["đã có"]
    assert engine.asked == ["một hai ba"]
    engine.gate.release(1)
    assert said(busy) == ["một hai ba"]
    worker.close()


def test_kept_sound_behind_a_sentence_in_work_is_bounded_too() -> None:
    engine = Single()
    worker = Worker(lambda: engine)
    kept = (AudioChunk(np.zeros(100, np.float32), 100),)
    rest = (WorkItem(utterance(str(n)), str(n), kept) for n in range(1000))
    stream = worker.submit(Request(chain([WorkItem(utterance("một " * 200))], rest), "low"))

    def another_word() -> bool:
        engine.gate.release()  # messages are read between two of them
        return stream.full

    eventually(another_word)
    assert worker.stats.reused <= AHEAD_S + 2
    engine.gate.release(200)
    assert len(said(stream)) == 1001
    worker.close()


class Patient(Session):
    """Four slots; ends the sentence that came first each time it is let through."""

    def __init__(self) -> None:
        self.inside: dict[int, str] = {}
        self.gate = threading.Semaphore(0)

    @property
    def free_slots(self) -> int:
        return 4 - len(self.inside)

    @property
    def idle(self) -> bool:
        return not self.inside

    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        self.inside[id] = utterance.spoken

    def step(self, emit: Emit) -> None:
        if self.gate.acquire(timeout=0.01):
            id = next(iter(self.inside))
            del self.inside[id]
            emit(Audio(id, AudioChunk(np.full(8000, 0.1, np.float32), 16_000)))
            emit(Finished(id))

    def cancel(self, id: int) -> None:
        self.inside.pop(id, None)


def test_one_of_several_slots_is_kept_for_a_newcomer() -> None:
    now = [1000.0]
    session = Patient()

    class Four(ToneEngine):
        def session(self) -> Session:
            return session

    worker = Worker(lambda: Four(slots=4), clock=lambda: now[0])

    def speak(text: str, priority: Priority, count: int = 1) -> ResultStream:
        works = (WorkItem(utterance(f"{text} {n}")) for n in range(count))
        return worker.submit(Request(works, "low", priority=priority))

    book = speak("sách", Priority.BATCH, 1000)
    eventually(lambda: len(session.inside) == 4)  # nobody has come: the book has all slots
    first = speak("một", Priority.REALTIME)
    for _ in range(5):
        session.gate.release()
    eventually(lambda: first.ended)
    eventually(lambda: len(session.inside) == 3)
    second = speak("hai", Priority.REALTIME)
    eventually(lambda: "hai 0" in session.inside.values())  # without waiting for anybody
    second.cancel()
    now[0] += KEEP_SLOT_S
    session.gate.release()
    eventually(lambda: len(session.inside) == 4)
    book.cancel()
    worker.close()
