"""Who follows a job is told when it changes, and of what went wrong as what it is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sonca.errors import StorageError
from sonca.server.jobs import Jobs, JobView
from sonca.server.jobs.changes import Change, Changes, Watch
from sonca.server.routes import jobs as routes

from .conftest import WAIT_S, Live, wait_until
from .test_jobs import LONG, finished, gate, job, start

__all__ = ["gate"]


def events(live: Live, id: str) -> Iterator[dict[str, Any]]:
    with live.http.stream("GET", f"/v1/jobs/{id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                yield json.loads(line[5:])


def held_back(live: Live) -> str:
    """A job that waits for the gate, with one chapter ready."""
    id: str = start(live, LONG)["id"]
    wait_until(lambda: job(live, id)["chapters_ready"] == 1, "the first chapter")
    return id


def test_a_job_that_is_deleted_while_it_is_followed_says_so(
    live: Live, gate: threading.Event
) -> None:
    id = held_back(live)
    following = events(live, id)
    assert next(following)["type"] == "job.progress"
    live.http.delete(f"/v1/jobs/{id}")
    assert list(following)[-1] == {"type": "job.deleted"}
    gate.set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (StorageError("the disk is gone"), "storage_error", "the disk is gone"),
        (RuntimeError("a defect"), "server_error", "something went wrong on our side"),
    ],
)
def test_an_error_while_a_job_is_followed_is_told_as_what_it_is(
    live: Live,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    code: str,
    told: str,
) -> None:
    id = held_back(live)
    following = events(live, id)
    assert next(following)["type"] == "job.progress"

    def failing(self: Jobs, owner: str, id: str) -> JobView:
        raise error

    monkeypatch.setattr(Jobs, "get", failing)
    gate.set()
    last = list(following)[-1]
    assert (last["type"], last["error"]["code"]) == ("error", code)
    assert told in last["error"]["message"]
    assert str(error) in caplog.text


def test_a_follower_looks_at_the_disk_only_when_the_job_changes(
    live: Live, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = threading.Semaphore(0)
    reads: list[str] = []
    change, get = Watch.change, Jobs.get

    async def counted(self: Watch, timeout_s: float) -> Change:
        looks.release()
        return await change(self, timeout_s)

    def reading(self: Jobs, owner: str, id: str) -> JobView:
        reads.append(id)
        return get(self, owner, id)

    monkeypatch.setattr(routes, "_LOOK_S", 0.01)
    monkeypatch.setattr(routes, "_SPACING_S", 0.0)
    id = held_back(live)
    monkeypatch.setattr(Watch, "change", counted)
    monkeypatch.setattr(Jobs, "get", reading)
    following = events(live, id)
    next(following)
    for _ in range(5):
        assert looks.acquire(timeout=WAIT_S)
    before = len(reads)
    for _ in range(20):
        assert looks.acquire(timeout=WAIT_S)
    assert len(reads) == before
    gate.set()
    assert list(following)[-1]["job"]["state"] == "done"


def test_progress_is_told_without_looking_at_the_disk() -> None:
    async def follow() -> list[Change]:
        changes = Changes()
        found: list[Change] = []
        with changes.watch("a") as watch, changes.watch("b") as other:
            for tell in (changes.progress, changes.job, changes.progress):
                threading.Thread(target=tell, args=("a",)).start()
                found.append(await watch.change(WAIT_S))
            changes.job("a")
            changes.progress("a")
            found.append(await watch.change(WAIT_S))
            found.append(await watch.change(0.01))
            found.append(await other.change(0.01))
        changes.job("a")  # nobody follows any more
        assert not changes._watches
        return found

    told = asyncio.run(follow())
    assert told == ["progress", "job", "progress", "job", "none", "none"]


def test_a_builder_that_tells_an_ended_loop_is_not_disturbed() -> None:
    changes = Changes()

    async def follow() -> Any:
        following = changes.watch("a")
        following.__enter__()
        return following

    following = asyncio.run(follow())
    changes.job("a")
    changes.progress("a")
    assert following


def test_who_followed_a_job_to_its_end_leaves_nothing_behind(live: Live) -> None:
    id = start(live)["id"]
    assert [event["job"]["state"] for event in events(live, id)][-1] == "done"
    assert finished(live, id)["state"] == "done"
    assert not live.server.services.jobs._changes._watches
