"""The threads that build books. A job that was not ended goes on after the next start."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sonca.book.build import Build
from sonca.book.progress import Progress, Report
from sonca.errors import Cancelled, SoncaError
from sonca.server.jobs.folder import JobFolder
from sonca.server.jobs.options import JobOptions
from sonca.server.jobs.space import Space
from sonca.store.jobs import JobRecord, JobRecords, State
from sonca.synthesizer import Sonca

log = logging.getLogger(__name__)

_BUILDERS = 2
"""Books built at once: they share the engine's bulk lane."""
_LOOK_S = 2.0


@dataclass(slots=True)
class _Running:
    build: Build
    progress: Progress | None = None
    deleted: bool = False


class Builders:
    """Takes the jobs that wait, one after another. Every method may be called from any thread."""

    def __init__(
        self,
        root: Path,
        sonca: Sonca,
        records: JobRecords,
        space: Space,
        clock: Callable[[], float],
    ) -> None:
        self._root = root
        self._sonca = sonca
        self._records = records
        self._space = space
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._waking = threading.Condition()
        self._closing = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to build what waits."""
        for number in range(_BUILDERS):
            thread = threading.Thread(target=self._work, name=f"sonca-jobs-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """There is a new job."""
        with self._waking:
            self._waking.notify()

    def close(self) -> None:
        """Stop building, within a sentence."""
        with self._waking:
            self._closing = True
            self._waking.notify_all()
        with self._lock:
            for running in self._running.values():
                running.build.stop()
        for thread in self._threads:
            thread.join()

    def progress(self, id: str) -> Progress | None:
        """Where a job is; None while it is not built."""
        running = self._running.get(id)
        return running.progress if running is not None else None

    def cancel(self, id: str) -> bool:
        """Stop a job whose record is gone; whether it is being built: its folder goes then as
        soon as it has stopped."""
        with self._lock:
            running = self._running.get(id)
            if running is not None:
                running.deleted = True
                running.build.stop()
            return running is not None

    def builds(self, id: str) -> bool:
        """Whether a job is being built."""
        return id in self._running

    def _work(self) -> None:
        while not self._closing:
            try:
                record = self._records.take()
            except SoncaError:
                log.exception("the jobs cannot be read")
                record = None
            if record is not None:
                self._do(record)
                continue
            with self._waking:
                if not self._closing:
                    self._waking.wait(_LOOK_S)

    def _do(self, record: JobRecord) -> None:
        folder = JobFolder(self._root / record.id, JobOptions.load(record.options))
        try:
            report = self._build(record, folder)
        except Cancelled:
            running = self._running.pop(record.id, None)
            if running is not None and running.deleted:
                self._forget(record.id, folder)
            else:  # the server stops
                with contextlib.suppress(SoncaError):
                    self._records.requeue(record.id)
            return
        except Exception as error:
            log.exception("the job %s failed", record.id)
            message = str(error) if isinstance(error, SoncaError) else "something went wrong"
            self._end(record, folder, "failed", {"error": message})
            return
        self._end(record, folder, "done", _result(report))

    def _end(
        self, record: JobRecord, folder: JobFolder, state: State, result: dict[str, Any]
    ) -> None:
        expires_at = self._clock() + folder.options.expiry_hours * 3600
        with contextlib.suppress(SoncaError):
            self._space.hold(record.id, folder.size(), must_fit=False)
            kept = self._records.end(record.id, state, json.dumps(result), expires_at)
            if not kept:  # deleted at its last moment
                self._forget(record.id, folder)
        self._running.pop(record.id, None)

    def _forget(self, id: str, folder: JobFolder) -> None:
        folder.remove()
        self._space.release(id)

    def _build(self, record: JobRecord, folder: JobFolder) -> Report:
        options = folder.options
        book = folder.read()
        folder.begin()
        held = options.needed_bytes
        written = 0

        def watch(progress: Progress) -> None:
            running.progress = progress

        def keep(index: int, path: Path, duration_s: float) -> None:
            nonlocal held, written
            written += folder.add(index, path, duration_s)
            taken = written * (2 if options.format == "m4b" else 1)  # it is joined at the end
            if taken > held:
                held = taken + taken // 8
                self._space.hold(record.id, held)

        running = _Running(
            Build(
                *(book, folder.target, self._sonca, options.cast_of(book, self._sonca)),
                lexicon=options.readings(),
                on_progress=watch,
                on_chapter=keep,
            )
        )
        with self._lock:
            self._running[record.id] = running
            running.deleted = self._records.get(record.id) is None
            if running.deleted or self._closing:
                running.build.stop()
        return running.build.run()


def _result(report: Report) -> dict[str, Any]:
    return {
        "duration_s": round(report.duration_s, 3),
        "starts_s": [round(chapter.start_s, 3) for chapter in report.chapters],
        "problems": [asdict(problem) for problem in report.problems],
    }
