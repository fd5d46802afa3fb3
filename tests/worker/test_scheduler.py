"""Who speaks next: the rules one by one, then as properties over random histories."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.worker.scheduler import BULK_EVERY, LANES, SERVED_EVERY, Lane, Scheduler


def picks(scheduler: Scheduler, count: int) -> list[int | None]:
    return [scheduler.pick() for _ in range(count)]


def test_nobody_waits_nobody_is_picked() -> None:
    assert Scheduler().pick() is None


def test_callers_take_turns_by_sentence() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.add(2, "interactive")
    assert picks(scheduler, 6) == [1, 2, 1, 2, 1, 2]


def test_a_newcomers_first_sentence_goes_before_anyones_next() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.add(2, "interactive")
    picks(scheduler, 9)
    scheduler.add(3, "interactive")
    assert scheduler.pick() == 3


def test_a_newcomer_neither_jumps_ahead_for_ever_nor_pays_old_debts() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    picks(scheduler, 50)
    scheduler.add(2, "interactive")
    shares = Counter(picks(scheduler, 20))
    assert abs(shares[1] - shares[2]) <= 1


def test_bulk_waits_for_interactive_but_always_moves() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "bulk")
    scheduler.add(2, "interactive")
    history = picks(scheduler, 4 * BULK_EVERY)
    assert history[0] == 2
    assert history.count(1) == 4


def test_bulk_has_everything_when_nobody_else_is_there() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "bulk")
    assert picks(scheduler, 3) == [1, 1, 1]


def test_a_blocked_job_is_passed_over_until_it_is_unblocked() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.block(1, "full")
    assert scheduler.pick() is None
    scheduler.unblock(1, "full")
    assert scheduler.pick() == 1


def test_a_job_goes_on_when_every_reason_to_wait_is_gone() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.block(1, "full")
    scheduler.block(1, "starved")
    scheduler.unblock(1, "starved")
    assert scheduler.pick() is None
    scheduler.unblock(1, "full")
    assert scheduler.pick() == 1


operations = st.lists(
    st.tuples(
        st.sampled_from(["add", "bulk", "remove", "block", "unblock", "pick"]),
        st.integers(0, 5),
    ),
    max_size=200,
)


@given(operations)
def test_only_those_who_can_go_are_picked_and_somebody_always_is(
    history: list[tuple[str, int]],
) -> None:
    scheduler = Scheduler()
    present: set[int] = set()
    blocked: set[int] = set()
    for operation, id in history:
        if operation in ("add", "bulk") and id not in present:
            scheduler.add(id, "bulk" if operation == "bulk" else "interactive")
            present.add(id)
            blocked.discard(id)
        elif operation == "remove":
            scheduler.remove(id)
            present.discard(id)
        elif operation == "block":
            scheduler.block(id, "starved")
            blocked.add(id)
        elif operation == "unblock":
            scheduler.unblock(id, "starved")
            blocked.discard(id)
        else:
            free = present - blocked
            assert scheduler.can_pick == bool(free)
            picked = scheduler.pick()
            assert (picked is None) == (not free)
            assert picked is None or picked in free


@given(st.integers(2, 8), st.integers(1, 30))
def test_turns_differ_by_at_most_one(callers: int, rounds: int) -> None:
    scheduler = Scheduler()
    for id in range(callers):
        scheduler.add(id, "interactive")
    shares = Counter(picks(scheduler, rounds * callers - 1))
    assert max(shares.values()) - min(shares[id] for id in range(callers)) <= 1


@given(st.integers(1, 6), st.lists(st.booleans(), max_size=60))
def test_nobody_starves_while_newcomers_keep_coming(long_jobs: int, arrivals: list[bool]) -> None:
    """The long jobs move whenever there is no newcomer, and else every `SERVED_EVERY`-th turn."""
    scheduler = Scheduler()
    for id in range(long_jobs):
        scheduler.add(id, "interactive")
    picks(scheduler, long_jobs)
    moved = came = waiting = 0
    for number, arrives in enumerate(arrivals, start=100):
        if arrives:
            scheduler.add(number, "interactive")
            came, waiting = came + 1, waiting + 1
        picked = scheduler.pick()
        assert picked is not None
        if picked >= 100:
            scheduler.remove(picked)
            waiting -= 1
        else:
            moved += 1
    assert moved >= len(arrivals) // SERVED_EVERY
    assert moved == len(arrivals) - came + waiting
    assert waiting <= (came + long_jobs) // (SERVED_EVERY - 1)


@pytest.mark.parametrize("lane", LANES)
def test_a_long_job_moves_beside_callers_who_ask_again_and_again(lane: Lane) -> None:
    scheduler = Scheduler()
    scheduler.add(0, lane)
    picks(scheduler, 1)
    moved = 0
    for id in range(1, 9):
        scheduler.add(id, lane)
    for id in range(9, 809):
        picked = scheduler.pick()
        if picked == 0:
            moved += 1
        else:
            assert picked is not None
            scheduler.remove(picked)
            scheduler.add(id, lane)
    assert moved == 800 // SERVED_EVERY


def test_a_newcomer_is_not_favoured_because_somebody_paused() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    picks(scheduler, 5)
    scheduler.block(1, "full")
    scheduler.add(2, "interactive")
    picks(scheduler, 500)
    scheduler.add(3, "interactive")
    shares = Counter(picks(scheduler, 100))
    assert abs(shares[2] - shares[3]) <= 1


def test_who_comes_back_from_a_pause_takes_turns_like_everyone() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    picks(scheduler, 5)
    scheduler.block(1, "full")
    scheduler.add(2, "interactive")
    picks(scheduler, 500)
    scheduler.unblock(1, "full")
    shares = Counter(picks(scheduler, 100))
    assert abs(shares[1] - shares[2]) <= 2


def test_a_pick_that_finds_nothing_to_say_is_no_turn() -> None:
    """Else a caller whose text is slow to come would have one sentence where others have two."""
    scheduler = Scheduler()
    scheduler.add(1, "bulk")
    scheduler.add(2, "bulk")
    had, finds_nothing = {1: 0, 2: 0}, True
    while sum(had.values()) < 100:
        id = scheduler.pick()
        assert id is not None
        if id == 1:
            finds_nothing = not finds_nothing
            if finds_nothing:
                scheduler.block(1, "starved")
                scheduler.unblock(1, "starved")
                continue
        had[id] += 1
    assert had == {1: 50, 2: 50}


@pytest.mark.parametrize("reason", ["starved", "voice"])
def test_a_newcomer_who_had_no_sentence_is_still_a_newcomer(reason: str) -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.pick()
    scheduler.add(2, "interactive")
    assert scheduler.pick() == 2
    scheduler.block(2, reason)
    assert scheduler.pick() == 1
    scheduler.unblock(2, reason)
    assert scheduler.pick() == 2


def test_a_sentence_that_was_had_is_a_turn_though_the_reader_is_behind_then() -> None:
    scheduler = Scheduler()
    scheduler.add(1, "interactive")
    scheduler.add(2, "interactive")
    assert scheduler.pick() == 1
    scheduler.block(1, "full")
    scheduler.unblock(1, "full")
    assert scheduler.pick() == 2
