"""Jobs and what outlives them: rows of other versions, bytes of the quota, how long books stay."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sonca.book.build import Build
from sonca.errors import NotFound
from sonca.loudness import loudness
from sonca.server.jobs import Jobs, JobView
from sonca.server.jobs.options import JobOptions
from sonca.server.jobs.views import job_json
from sonca.store import AudioStore
from sonca.store.job_records import JobRecord, JobRecords
from sonca.synthesizer import Sonca
from tests.book.book_helpers import SHORT, listen

from .conftest import Serve, wait_until
from .test_jobs import finished, start

DAY_S = 86_400
BOOK = SHORT.encode()
PLAIN: dict[str, Any] = {"title": None, "author": None, "format": "mp3"}


class Shelf:
    """The jobs of a server, without the server."""

    def __init__(self, root: Path, sonca: Sonca) -> None:
        self.folder = root / "jobs"
        self.store = AudioStore(root / "audio", quota_bytes=1 << 30)
        self.now_s = time.time()
        self._sonca = sonca
        self.jobs = self._open()

    def _open(self) -> Jobs:
        return Jobs(self.folder, self._sonca, self.store, clock=lambda: self.now_s)

    def restart(self) -> Jobs:
        self.jobs.close()
        self.store.quota.claim(-self.store.stats().claimed)
        self.jobs = self._open()
        return self.jobs

    def submit(self, **options: Any) -> str:
        return self.jobs.submit("me", "b.txt", BOOK, PLAIN | options).record.id

    def ended(self, id: str) -> JobView:
        wait_until(lambda: self.jobs.get("me", id).record.ended, "the job's end")
        wait_until(lambda: not self.jobs._builders.builds(id), "the builder's letting go")
        return self.jobs.get("me", id)

    def add(self, id: str, options: str, state: str = "queued", result: str = "{}") -> None:
        """A row as another version may have left it, with the book in its folder."""
        (self.folder / id).mkdir()
        (self.folder / id / "book.txt").write_bytes(BOOK)
        expires_at = None if state == "queued" else self.now_s + DAY_S
        record = JobRecord(id, "me", state, self.now_s, expires_at, options, result)
        self.jobs._records.add(record)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Sonca("tone") as sonca:
        shelf = Shelf(tmp_path, sonca)
        yield shelf
        shelf.jobs.close()
        shelf.store.close()


def dumped(**changes: Any) -> str:
    options = asdict(JobOptions("book.txt", "Sông", "", ("Một", "Hai"), format="mp3")) | changes
    return json.dumps(options)


# Rows of other versions


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "state", "result"),
    [
        ('{"from_a_newer_version": 1}', "queued", "{}"),
        ("{", "queued", "{}"),
        (dumped(chapters=3), "queued", "{}"),
        (dumped(format="flac"), "queued", "{}"),
        (dumped(), "paused", "{}"),
        (dumped(), "done", "[1"),
        (dumped(), "done", "[]"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_failed_job_and_harms_no_other(
    shelf: Shelf, options: str, state: str, result: str, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [letter * 22 for letter in "ab"]  # one for each builder
    for id in ids:
        shelf.add(id, options, state, result)
    shelf.restart().start()
    assert all(f"cannot read the job {id}" in caplog.text for id in ids)
    assert shelf.ended(shelf.submit()).record.state == "done"
    for id in ids:
        shown = shelf.ended(id)
        assert shown.record.state == "failed"
        assert "cannot read the job" in job_json(shown)["error"]
        assert (shelf.folder / id / "book.txt").exists()
    assert len(shelf.jobs.of("me")) == 3
    shelf.jobs.sweep()
    shelf.jobs.delete("me", ids[0])
    assert not (shelf.folder / ids[0]).exists()
    assert (shelf.folder / ids[1]).exists()
    with pytest.raises(NotFound):
        shelf.jobs.get("me", ids[0])


def test_a_job_that_could_not_be_read_is_built_by_a_version_that_can(shelf: Shelf) -> None:
    """It was only set aside: a downgrade and an upgrade lose nothing."""
    shelf.add("u" * 22, dumped(chapters=3))
    shelf.restart().start()
    assert shelf.ended("u" * 22).record.state == "failed"
    shelf.jobs._records._database.run("UPDATE job SET options = ? WHERE id = ?", dumped(), "u" * 22)
    shelf.restart().start()
    assert shelf.ended("u" * 22).record.state == "done"


def test_a_job_in_an_unknown_state_does_not_count_as_waiting(shelf: Shelf) -> None:
    for letter in "abcd":
        shelf.add(letter * 22, dumped(), "paused")
    assert shelf.submit()


def test_fields_of_a_newer_version_are_passed_over_and_stay(shelf: Shelf) -> None:
    written = dumped(music="sáo", expiry_hours=2.0)
    shelf.add("n" * 22, written)
    shelf.restart().start()
    assert shelf.ended("n" * 22).record.state == "done"
    assert shelf.jobs.get("me", "n" * 22).record.options == written


def test_fields_that_an_older_version_lacks_get_their_defaults(shelf: Shelf) -> None:
    old = {"file": "book.txt", "title": "Sông", "author": "", "chapters": ["Một", "Hai"]}
    shelf.add("o" * 22, json.dumps(old))
    shelf.restart().start()
    shown = shelf.ended("o" * 22)
    assert (shown.record.state, shown.options.format) == ("done", "m4b")
    assert shown.record.expires_at is None


# Builders


class _Panic(BaseException):
    """As a library in Rust raises."""


@pytest.mark.parametrize("kind", [_Panic, MemoryError, SystemExit])
def test_a_builder_outlives_whatever_a_job_raises(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    def run(self: Build) -> None:
        raise kind("out of the blue")

    with monkeypatch.context() as patch:
        patch.setattr(Build, "run", run)
        shelf.jobs.start()
        broken = [shelf.submit() for _ in range(3)]
        states = [shelf.ended(id).record.state for id in broken]
    assert states == ["failed"] * 3
    assert shelf.ended(shelf.submit()).record.state == "done"


def test_a_builder_outlives_a_table_that_fails(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = threading.Semaphore(0)
    take = JobRecords.take

    def failing(self: JobRecords) -> JobRecord | None:
        failed.release()
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(JobRecords, "take", failing)
        shelf.jobs.start()
        for _ in range(2):
            assert failed.acquire(timeout=20)
    assert JobRecords.take is take
    assert shelf.ended(shelf.submit()).record.state == "done"
    assert "a defect" in caplog.text


# Bytes of the quota


def _nothing_is_held(shelf: Shelf, id: str) -> Callable[[], bool]:
    return lambda: not shelf.store.stats().claimed and not (shelf.folder / id).exists()


def test_a_job_deleted_as_it_ends_gives_its_bytes_back(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = JobRecords.end

    def deleted_just_then(self: JobRecords, id: str, *how: Any) -> bool:
        kept = end(self, id, *how)
        shelf.jobs.delete("me", id)
        return kept

    monkeypatch.setattr(JobRecords, "end", deleted_just_then)
    shelf.jobs.start()
    id = shelf.submit()
    wait_until(_nothing_is_held(shelf, id), "all that was held")


def test_a_job_deleted_as_it_is_taken_gives_its_bytes_back(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take = JobRecords.take

    def deleted_just_then(self: JobRecords) -> JobRecord | None:
        record = take(self)
        if record is not None:
            shelf.jobs.delete("me", record.id)
        return record

    monkeypatch.setattr(JobRecords, "take", deleted_just_then)
    id = shelf.submit()
    shelf.jobs.start()
    wait_until(lambda: not shelf.jobs.of("me"), "the deletion")
    wait_until(_nothing_is_held(shelf, id), "all that was held")
    shelf.jobs.close()
    assert not caplog.records


def test_a_sweep_gives_back_what_no_job_holds(shelf: Shelf) -> None:
    lost = "l" * 22
    (shelf.folder / lost).mkdir()
    shelf.jobs._quota.reserve(lost, 1000)
    shelf.jobs._quota.reserve("m" * 22, 1000)
    kept = shelf.submit()
    shelf.jobs.sweep()
    assert not (shelf.folder / lost).exists()
    assert shelf.jobs._quota.holders() == {kept}
    assert (shelf.folder / kept).exists()


def test_a_sweep_leaves_alone_what_is_being_accepted(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = JobOptions.check

    def swept_just_then(self: JobOptions) -> None:
        shelf.now_s += DAY_S
        shelf.jobs.sweep()
        check(self)

    monkeypatch.setattr(JobOptions, "check", swept_just_then)
    shelf.jobs.start()
    assert shelf.ended(shelf.submit()).record.state == "done"


def test_what_a_crash_left_of_an_upload_goes_at_the_next_start(shelf: Shelf) -> None:
    half = shelf.folder / ("." + "h" * 22)
    half.mkdir()
    shelf.restart()
    assert not half.exists()


# How long books stay


def test_books_stay_until_they_are_deleted(shelf: Shelf) -> None:
    shelf.jobs.start()
    id = shelf.submit()
    assert shelf.ended(id).record.expires_at is None
    shelf.now_s += 3650 * DAY_S
    assert shelf.jobs.sweep() == 0
    assert shelf.jobs.get("me", id).record.state == "done"


def test_the_setting_says_how_long_books_stay_and_a_request_says_it_better(serve: Serve) -> None:
    live = serve(book_expiry_days=2.0)
    usual = finished(live, start(live, "Gió.")["id"])
    asked = finished(live, start(live, "Mưa.", expiry_hours=5)["id"])
    assert usual["expires_at"] - usual["created_at"] == pytest.approx(2 * DAY_S, abs=60)
    assert asked["expires_at"] - asked["created_at"] == pytest.approx(5 * 3600, abs=60)


def test_a_row_keeps_what_it_was_promised(shelf: Shelf) -> None:
    shelf.add("p" * 22, dumped(expiry_hours=2.0))
    shelf.restart().start()
    assert shelf.ended("p" * 22).record.expires_at == shelf.now_s + 2 * 3600


@pytest.mark.slow
def test_books_have_the_level_of_the_setting(serve: Serve, tmp_path: Path) -> None:
    levels = []
    for lufs in (-20.0, -26.0):
        live = serve(loudness_lufs=lufs)
        audio = finished(live, start(live)["id"])["audio"]
        path = tmp_path / f"{lufs:g}.m4b"
        path.write_bytes(live.http.get(audio).content)
        sound = listen(path)
        levels.append(loudness(sound.samples, sound.rate_hz))
    assert levels[1] - levels[0] == pytest.approx(-6, abs=0.5)
