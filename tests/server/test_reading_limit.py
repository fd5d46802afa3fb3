"""Reading whole books disturbs nobody, and there is a line for it that has an end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from sonca.errors import Busy, ShuttingDown
from sonca.server.jobs.reading_limit import MAX_OWN_READ, MAX_READ, ReadingLimit
from sonca.server.lifecycle import Lifecycle
from sonca.server.routes import jobs as routes
from sonca.server.services import Pools

from .conftest import WAIT_S, Live, Serve, running, wait_until

KEYS = ("khoa-mot", "khoa-hai", "khoa-ba")


class Planner:
    """Holds the planning of books back until it is let go."""

    def __init__(self, live: Live) -> None:
        self.go = threading.Event()
        self._live = live
        self._threads = ThreadPoolExecutor(MAX_READ + 1)

    def ask(self, key: str = KEYS[0]) -> Future[httpx.Response]:
        """Ask for a plan and wait until it has its place in line."""
        line = self._live.server.services.reading_limit
        before = line._waiting.total()
        answer = self._threads.submit(self.post, key)
        wait_until(lambda: answer.done() or line._waiting.total() > before, "the place in line")
        return answer

    def post(self, key: str = KEYS[0], path: str = "/v1/jobs/plan") -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(
            self._live.url + path, json={"text": "Gió."}, headers=headers, timeout=WAIT_S
        )


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What `plan_json` waits for."""
    go, plan = threading.Event(), routes.plan_json

    def waiting(*args: Any) -> dict[str, Any]:
        go.wait(WAIT_S)
        return plan(*args)

    monkeypatch.setattr(routes, "plan_json", waiting)
    yield go
    go.set()


def test_kept_audio_is_answered_while_books_are_read(live: Live, held: threading.Event) -> None:
    planner = Planner(live)
    id = live.synthesize("Xin chào.").headers["x-file-id"]
    plans = [planner.ask() for _ in range(MAX_OWN_READ)]
    assert live.http.get(f"/api/tts/audio/{id}").status_code == 200
    assert live.http.get("/livez").status_code == 200
    assert not any(plan.done() for plan in plans)
    held.set()
    assert [plan.result(WAIT_S).status_code for plan in plans] == [200] * MAX_OWN_READ


def test_an_owner_and_all_of_them_have_a_limit(serve: Serve, held: threading.Event) -> None:
    live = serve(api_keys=",".join(KEYS))
    planner = Planner(live)
    plans = [planner.ask(KEYS[0]) for _ in range(MAX_OWN_READ)]
    for path in ("/v1/jobs/plan", "/v1/jobs"):
        refused = planner.post(KEYS[0], path)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "too_many_plans"
        assert f"{MAX_OWN_READ} of your books" in refused.json()["error"]["message"]
        assert int(refused.headers["retry-after"]) > 0
    plans += [planner.ask(KEYS[1]) for _ in range(MAX_READ - MAX_OWN_READ)]
    assert planner.post(KEYS[2]).json()["error"]["code"] == "too_many_plans"
    held.set()
    assert {plan.result(WAIT_S).status_code for plan in plans} == {200}
    assert planner.post(KEYS[2]).status_code == 200
    assert not live.server.services.reading_limit._waiting


@pytest.mark.slow
def test_a_shutdown_answers_those_whose_books_wait(tmp_path: Path, held: threading.Event) -> None:
    with running(tmp_path / "data") as live:
        planner = Planner(live)
        plans = [planner.ask() for _ in range(3)]
        live.server.should_exit = True
        answers = [plan.result(WAIT_S) for plan in plans]
        held.set()  # a book that is being read is read to its end
    assert [answer.status_code for answer in answers] == [503] * 3
    assert {answer.json()["error"]["code"] for answer in answers} == {"shutting_down"}


def test_a_book_whose_turn_never_comes_is_answered(held: threading.Event) -> None:
    async def wait_in_vain() -> None:
        pools = Pools.start()
        first = asyncio.create_task(pools.run_book(lambda: held.wait(WAIT_S)))
        second = asyncio.create_task(pools.run_book(lambda: None))
        await asyncio.sleep(0)
        pools.books.shutdown(wait=False, cancel_futures=True)
        with pytest.raises(ShuttingDown):
            await second
        held.set()
        assert await first
        pools.close()

    asyncio.run(wait_in_vain())


def test_a_request_that_is_cut_stays_cut(held: threading.Event) -> None:
    async def cut() -> None:
        pools = Pools.start()
        task = asyncio.create_task(pools.run_book(lambda: held.wait(WAIT_S)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.set()
        pools.close()

    asyncio.run(cut())


def test_a_server_that_drains_reads_no_new_book() -> None:
    lifecycle = Lifecycle(1)
    line = ReadingLimit(lifecycle)
    with line.place("a"):
        lifecycle.drain()
    with pytest.raises(ShuttingDown), line.place("a"):
        pass


def test_a_place_is_given_back_whatever_happens() -> None:
    line = ReadingLimit(Lifecycle(1))
    for _ in range(MAX_OWN_READ + 1):
        with pytest.raises(ValueError), line.place("a"):
            raise ValueError
    with contextlib.ExitStack() as places:
        for _ in range(MAX_OWN_READ):
            places.enter_context(line.place("a"))
        with pytest.raises(Busy), line.place("a"):
            pass
    assert not line._waiting
