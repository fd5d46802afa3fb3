"""Books in the background: accepts them, has them built, keeps them a while.

A job is a row and a folder: the row says what was asked for and how it ended, the folder holds
the book, the build's work and what is finished. After a restart every job that was not ended
goes on where it was. What the folders hold counts in the storage quota. Knows no HTTP.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sonca import disk
from sonca.book.build import Build, Progress
from sonca.book.model import Book
from sonca.book.options import BookOptions
from sonca.book.output.publish import file_name
from sonca.book.sources import read_book
from sonca.encoding.formats import ONE_FILE
from sonca.errors import Busy, InvalidRequest, NotFound, StorageError, quoted
from sonca.server.jobs.builders import Builders
from sonca.server.jobs.changes import Changes, Watch
from sonca.server.jobs.job_dir import JobDir, keep_upload
from sonca.server.jobs.job_quota import JobQuota, needed
from sonca.server.jobs.options import JobOptions
from sonca.server.jobs.row import JobRow
from sonca.store import AudioStore
from sonca.store.job_records import JobRecord, JobRecords
from sonca.synthesizer import Sonca

log = logging.getLogger(__name__)

MAX_ACTIVE = 4
"""Jobs of one owner that wait or are being done."""
MAX_KEPT = 1000
"""Jobs of one owner altogether: they stay until they are deleted, and a list shows them all. What
they take on the disk is the quota's business."""
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its owner sees it."""

    record: JobRecord
    options: JobOptions
    progress: Progress | None
    ready: dict[int, float]
    """Chapters that can be heard, counted from 0, and their lengths in seconds."""
    result: dict[str, Any] = field(default_factory=dict)


class Jobs:
    """All jobs of a server. Every method may be called from any thread, and waits for the disk."""

    def __init__(
        self,
        root: Path,
        sonca: Sonca,
        store: AudioStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Opens or makes the folder `root`; `store` has the quota that its files count in.
        `StorageError` if the folder cannot be used."""
        self._root = root
        self._sonca = sonca
        self._clock = clock
        self._admission = threading.Lock()
        with disk.errors(f"use the folder {root}"):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in root.iterdir():
                if path.name[:1] == "." and _ID.fullmatch(path.name[1:]):
                    JobDir.remove(path)  # a crash left it
        self._records = JobRecords(root / "jobs.sqlite3")
        self._quota = JobQuota(store.quota)
        self._changes = Changes()
        self._builders = Builders(root, sonca, self._records, self._quota, self._changes, clock)
        for record in self._records.all():
            self._reserve_found(record)

    def _reserve_found(self, record: JobRecord) -> None:
        """Reserves what a job found at the start has on the disk, or will have."""
        try:
            JobRow.read(record)
        except StorageError as error:
            log.error("%s; until then it is shown as failed and its folder stays", error)
        folder = self._folder(record)
        planned = 0 if record.ended else folder.options.needed_bytes
        self._quota.reserve(record.id, max(planned, folder.size()), must_fit=False)

    def start(self) -> None:
        """Begins to build what waits."""
        self._builders.start()

    def close(self) -> None:
        """Stops building, within a sentence. What is not ended goes on after the next start."""
        self._builders.close()
        self._records.close()

    # For owners

    def read(
        self,
        name: str,
        data: bytes,
        encoding: str | None = None,
        options: BookOptions | None = None,
    ) -> Book:
        """Reads the book in an upload and keeps nothing. `InvalidRequest` if it is not a book."""
        folder = self._unaccepted(secrets.token_urlsafe(16))
        try:
            path = keep_upload(folder, name, data)
            return read_book(path, encoding=encoding, name=_stem(name), options=options)
        finally:
            JobDir.remove(folder)

    def _unaccepted(self, id: str) -> Path:
        """Returns where a book lies that is not accepted yet. No sweep takes it for a job's."""
        return self._root / f".{id}"

    def submit(self, owner: str, name: str, data: bytes, options: dict[str, Any]) -> JobView:
        """Accepts a book. Raises all that can be known now, `Busy` over the owner's limit,
        `StorageFull` where there is no room for it."""
        with self._admission:
            self._check_room(owner)
        id = secrets.token_urlsafe(16)
        folder = self._unaccepted(id)
        try:
            asked = self._checked(folder, name, data, options)
            record = JobRecord(id, owner, "queued", self._clock(), None, asked.dump(), "{}")
            self._accept(record, folder, asked.needed_bytes)
        finally:
            JobDir.remove(folder)
        self._builders.wake()
        return self._view(record)

    def _accept(self, record: JobRecord, folder: Path, needed_bytes: int) -> None:
        """Makes it a job. Bytes, folder and row come together, see `sweep`."""
        with self._admission:
            self._check_room(record.owner)
            try:
                self._quota.reserve(record.id, needed_bytes)
                with disk.errors("keep the book"):
                    disk.publish((folder, self._root / record.id))
                self._records.add(record)
            except BaseException:
                self._builders.discard(record.id)
                raise

    def _checked(self, folder: Path, name: str, data: bytes, options: dict[str, Any]) -> JobOptions:
        """Keeps a book in a folder, and checks all that could be wrong with it here and not in the
        night: voices, the cast, the lexicon, the format."""
        path = keep_upload(folder, name, data)
        book = read_book(
            path,
            encoding=options.get("encoding"),
            name=_stem(name),
            options=options.get("book"),
        )
        named = {
            "title": options["title"] or book.title,
            "author": options["author"] or book.author,
        }
        asked = JobOptions(
            file=path.name,
            chapters=tuple(chapter.title for chapter in book.chapters),
            **options | named,
        )
        asked.check()
        target = JobDir(folder, asked).target
        cast = asked.cast_of(book, self._sonca)
        Build(book, target, self._sonca, cast, lexicon=asked.readings(), verify=asked.verify)
        size = needed(book, len(data), asked.format, cast.narrator.speed)
        return replace(asked, needed_bytes=size)

    def get(self, owner: str, id: str) -> JobView:
        """Returns a job. `NotFound` if this owner has no such job."""
        return self._view(self._record(owner, id))

    def of(self, owner: str) -> list[JobView]:
        """Returns an owner's jobs, the newest first."""
        return [self._view(record) for record in self._records.of(owner)]

    def watch(self, id: str) -> AbstractContextManager[Watch]:
        """Watches a job from an event loop. Does not look at the disk."""
        return self._changes.watch(id)

    def with_progress(self, view: JobView) -> JobView:
        """Returns the same job, as far as its builder is now. Does not look at the disk."""
        return replace(view, progress=self._builders.progress(view.record.id))

    def delete(self, owner: str, id: str) -> None:
        """Cancels a job and forgets it with all that it made."""
        self._forget(self._record(owner, id))

    def audio(self, owner: str, id: str, chapter: int | None) -> tuple[Path, str]:
        """Returns the file of the book or of one chapter, and what to call it. `NotFound` if it is
        not there yet."""
        view = self.get(owner, id)
        folder, title = self._folder(view.record), view.options.title
        if chapter is None:
            path = folder.target.path
            if view.options.format not in ONE_FILE:
                raise InvalidRequest(
                    f"this job has a {view.options.format} file a chapter; ask for ?chapter=1, or "
                    "for the archive of all",
                    field="chapter",
                )
            if not path.is_file():
                raise NotFound(f"the job {id} is {view.record.state}; its audio is not there yet")
            return path, f"{title}{path.suffix}"
        if chapter not in view.ready:
            raise NotFound(f"the chapter {chapter + 1} of the job {id} is not there yet")
        path = folder.chapter(chapter)
        return path, f"{title} {chapter + 1:03}{path.suffix}"

    def captions(self, owner: str, id: str, kind: str, chapter: int | None) -> tuple[Path, str]:
        """Returns the captions of a finished m4b, or of a chapter that is a file, and what to call
        them. `NotFound`; `InvalidRequest` for an EPUB, which has them inside."""
        view = self.get(owner, id)
        if view.options.format == "epub":
            raise InvalidRequest("an EPUB has its captions inside; ask for the audio", field="kind")
        if view.options.format not in ONE_FILE:
            return self._chapter_captions(view, kind, chapter)
        path = self._folder(view.record).target.path.with_suffix(f".{kind}")
        if not path.is_file():
            raise NotFound(f"the job {id} has no {kind} captions yet")
        return path, f"{view.options.title}.{kind}"

    def _chapter_captions(self, view: JobView, kind: str, chapter: int | None) -> tuple[Path, str]:
        if chapter is None:
            raise InvalidRequest(
                f"this job has a {view.options.format} file a chapter; ask for ?chapter=1",
                field="chapter",
            )
        found = sorted(self._folder(view.record).target.path.glob(f"*.{kind}"))
        ready = sorted(view.ready)
        if chapter not in ready or len(found) != len(ready):
            raise NotFound(f"the chapter {chapter + 1} has no {kind} captions yet")
        path = found[ready.index(chapter)]
        return path, f"{view.options.title} {path.name}"

    def files(self, owner: str, id: str) -> tuple[list[tuple[Path, str]], str]:
        """Returns all files of a finished job, each with what to call it, and what to call the
        whole. `NotFound` before its end."""
        view = self.get(owner, id)
        target, title = self._folder(view.record).target, file_name(view.options.title) or "book"
        if view.record.state != "done":
            raise NotFound(f"the job {id} is {view.record.state}; its files are not there yet")
        if target.path.is_dir():
            found = [(path, path.name) for path in sorted(target.path.iterdir())]
        else:
            paths = [target.path, *target.captions().values()]
            found = [(path, f"{title}{path.suffix}") for path in paths]
        return found, f"{title}.zip"

    def sweep(self) -> int:
        """Removes jobs that have expired, and folders and bytes that belong to none. Returns how
        many jobs."""
        removed = sum(self._forget(record) for record in self._records.expired(self._clock()))
        with self._admission:  # so that a job which is being accepted has its row
            with disk.errors(f"read the folder {self._root}"):
                names = {path.name for path in self._root.iterdir() if path.is_dir()}
            owned = {name for name in names if _ID.fullmatch(name)} | self._quota.holders()
            strays = owned - self._records.ids()
        for id in strays:
            if not self._builders.builds(id):  # else its builder discards it
                self._builders.discard(id)
        return removed

    def _folder(self, record: JobRecord) -> JobDir:
        return JobDir(self._root / record.id, JobRow.shown(record).options)

    def _forget(self, record: JobRecord) -> bool:
        """Returns whether it was still there."""
        there = self._records.delete(record.id)
        if there and not self._builders.cancel(record.id):
            self._builders.discard(record.id)
        self._changes.job(record.id)
        return there

    def _record(self, owner: str, id: str) -> JobRecord:
        record = self._records.get(id) if _ID.fullmatch(id) else None
        over = record and record.expires_at is not None and record.expires_at <= self._clock()
        if record is None or record.owner != owner or over:
            raise NotFound(
                f"there is no job {quoted(id)}; it may have been deleted, or have expired"
            )
        return record

    def _check_room(self, owner: str) -> None:
        active, kept = self._records.counts(owner)
        if active >= MAX_ACTIVE:
            raise Busy(
                f"{active} books wait or are being built and the limit is {MAX_ACTIVE}; wait for "
                "one or delete it",
                retry_after_s=_RETRY_S,
                reason="too_many_books",
            )
        if kept >= MAX_KEPT:
            raise Busy(
                f"{kept} jobs are kept and the limit is {MAX_KEPT}; delete some that are no longer "
                "needed",
                retry_after_s=_RETRY_S,
                reason="too_many_kept_books",
            )

    def _view(self, record: JobRecord) -> JobView:
        row = JobRow.shown(record)
        ready = JobDir(self._root / record.id, row.options).ready()
        progress = self._builders.progress(record.id)
        return JobView(row.record, row.options, progress, ready, row.result)


def _stem(name: str) -> str:
    return Path(name).stem[:100] or "book"
