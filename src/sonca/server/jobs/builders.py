"""The threads that build books. A job that was not ended goes on after the next start."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sonca import background
from sonca.book.build import Build, BuildReport, Progress
from sonca.encoding.formats import ONE_FILE
from sonca.errors import Cancelled, SoncaError, StorageError
from sonca.server.jobs.changes import Changes
from sonca.server.jobs.job_dir import JobDir
from sonca.server.jobs.job_quota import JobQuota
from sonca.server.jobs.row import JobRow
from sonca.store.job_records import JobRecord, JobRecords, State
from sonca.synthesizer import Sonca

log = logging.getLogger(__name__)

_BUILDERS = 2
"""Books built at once: they share the engine's bulk lane."""
_LOOK_S = 2.0


@dataclass(slots=True)
class _ActiveBuild:
    """A job that a builder has taken and not yet let go of."""

    build: Build | None = None
    progress: Progress | None = None
    stopped: bool = False

    def stop(self) -> None:
        self.stopped = True
        if self.build is not None:
            self.build.stop()


class Builders:
    """Takes the jobs that wait, one after another. Every method may be called from any thread."""

    def __init__(
        self,
        root: Path,
        sonca: Sonca,
        records: JobRecords,
        quota: JobQuota,
        changes: Changes,
        clock: Callable[[], float],
    ) -> None:
        self._root = root
        self._sonca = sonca
        self._records = records
        self._quota = quota
        self._changes = changes
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, _ActiveBuild] = {}
        self._waking = threading.Condition()
        self._closing = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begins to build what waits."""
        self._threads = [
            background.start(self._work, f"sonca-jobs-{number}") for number in range(_BUILDERS)
        ]

    def wake(self) -> None:
        """Has a builder look for the new job."""
        with self._waking:
            self._waking.notify()

    def close(self) -> None:
        """Stops building, within a sentence."""
        with self._waking:
            self._closing = True
            self._waking.notify_all()
        with self._lock:
            for running in self._running.values():
                running.stop()
        for thread in self._threads:
            thread.join()

    def progress(self, id: str) -> Progress | None:
        """Returns where a job is; None while it is not built."""
        running = self._running.get(id)
        return running.progress if running is not None else None

    def cancel(self, id: str) -> bool:
        """Stops a job whose row is gone. Returns whether a builder has it, who then discards it as
        soon as it has stopped."""
        with self._lock:
            running = self._running.get(id)
            if running is not None:
                running.stop()
            return running is not None

    def builds(self, id: str) -> bool:
        """Returns whether a builder has a job."""
        return id in self._running

    def discard(self, id: str) -> None:
        """Removes all that a job has made and gives its bytes back."""
        JobDir.remove(self._root / id)
        self._quota.release(id)

    def _work(self) -> None:
        while not self._closing:
            try:
                record = self._records.take()
                if record is not None:
                    self._do(record)
                    continue
            except BaseException:  # a library in Rust panics with one that is not an Exception
                log.exception("a job could not be taken or ended; the next one is built")
            with self._waking:
                if not self._closing:
                    self._waking.wait(_LOOK_S)

    def _do(self, record: JobRecord) -> None:
        """Builds a job that was taken. Who deletes a job removes its row first and asks `cancel`
        then; a builder lets go first and looks for the row then. So one of both discards it."""
        running = self._hold(record.id)
        try:
            if self._records.get(record.id) is not None:
                self._changes.job(record.id)
                self._finish(record, running)
        finally:
            with self._lock:
                del self._running[record.id]
            if self._records.get(record.id) is None:
                self.discard(record.id)
            self._changes.job(record.id)

    def _hold(self, id: str) -> _ActiveBuild:
        with self._lock:
            running = self._running[id] = _ActiveBuild(stopped=self._closing)
            return running

    def _finish(self, record: JobRecord, running: _ActiveBuild) -> None:
        try:
            row = JobRow.read(record)
        except StorageError as error:
            log.error("%s", error)
            self._records.set_aside(record.id)
            return
        try:
            report = self._build(row, running)
        except Cancelled:  # the server stops, or the row is gone
            self._records.requeue(record.id)
        except BaseException as error:
            log.exception("the job %s failed", record.id)
            message = (
                str(error)
                if isinstance(error, SoncaError)
                else "something went wrong on our side; the server's log says what"
            )
            self._end(record, "failed", {"error": message})
        else:
            self._end(record, "done", _result(report))

    def _end(self, record: JobRecord, state: State, result: dict[str, Any]) -> None:
        options = JobRow.shown(record).options
        hours = options.expiry_hours
        expires_at = None if hours is None else self._clock() + hours * 3600
        size = JobDir(self._root / record.id, options).size()
        self._quota.reserve(record.id, size, must_fit=False)
        self._records.end(record.id, state, json.dumps(result), expires_at)

    def _build(self, row: JobRow, running: _ActiveBuild) -> BuildReport:
        id, options = row.record.id, row.options
        folder = JobDir(self._root / id, options)
        book = folder.read()
        folder.begin()
        held = options.needed_bytes
        written = 0

        def watch(progress: Progress) -> None:
            running.progress = progress
            self._changes.progress(id)

        def keep(index: int, path: Path, duration_s: float) -> None:
            nonlocal held, written
            written += folder.add(index, path, duration_s)
            self._changes.job(id)
            taken = written * (2 if options.format in ONE_FILE else 1)  # it is joined at the end
            if taken > held:
                held = taken + taken // 8
                self._quota.reserve(id, held)

        build = Build(
            book,
            folder.target,
            self._sonca,
            options.cast_of(book, self._sonca),
            lexicon=options.readings(),
            verify=options.verify,
            on_progress=watch,
            on_chapter=keep,
        )
        with self._lock:
            running.build = build
            if running.stopped:
                build.stop()
        return build.run()


def _result(report: BuildReport) -> dict[str, Any]:
    return {
        "duration_s": round(report.duration_s, 3),
        "starts_s": [round(chapter.start_s, 3) for chapter in report.chapters],
        "problems": [asdict(problem) for problem in report.problems],
        "recipes": dict(report.recipes),
    }
