"""Books in the background: accepts them, builds them on threads of its own, keeps them a while.

A job is a row and a folder: the row says what was asked for and how it ended, the folder holds
the book, the build's work and what is finished. After a restart every job that was not ended
goes on where it was. Knows no HTTP.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sonca.book.build import Build
from sonca.book.cast import sheet
from sonca.book.cast.sheet import Cast
from sonca.book.model import Book
from sonca.book.output import Target
from sonca.book.progress import Progress, Report
from sonca.book.reading import read_book
from sonca.book.script import Role
from sonca.book.sources import FORMATS
from sonca.errors import Busy, Cancelled, InvalidRequest, NotFound, SoncaError
from sonca.store import files
from sonca.store.jobs import JobRecord, JobRecords
from sonca.synthesizer import Sonca

log = logging.getLogger(__name__)

MAX_ACTIVE = 4
"""Jobs of one owner that wait or are being done."""
MAX_KEPT = 100
"""Jobs of one owner altogether."""
_BUILDERS = 2
"""Books built at once: they share the engine's bulk lane."""
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_RETRY_S = 60.0
_LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What was asked for. JSON values only."""

    file: str
    """The book's name, with its suffix."""
    title: str
    author: str
    chapters: tuple[str, ...]
    """Titles."""
    format: str = "m4b"
    voice: str | None = None
    male: str | None = None
    female: str | None = None
    speed: float = 1.0
    cast: str | None = None
    """``auto``, a cast as TOML, or None."""
    encoding: str | None = None
    expiry_hours: float = 2.0


@dataclass(slots=True)
class Running:
    """A job that is being done."""

    build: Build
    progress: Progress | None = None
    deleted: bool = False


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

    def __init__(self, root: Path, sonca: Sonca, *, clock: Callable[[], float] = time.time) -> None:
        """Opens or makes the folder `root`. `StorageError` if it cannot be used."""
        self._root = root
        self._sonca = sonca
        self._clock = clock
        with files.errors(f"use the folder {root}"):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._records = JobRecords(root / "jobs.sqlite3")
        self._lock = threading.Lock()
        self._running: dict[str, Running] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to build what waits."""
        for number in range(_BUILDERS):
            thread = threading.Thread(target=self._work, name=f"sonca-jobs-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop building, within a sentence. What is not ended goes on after the next start."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        with self._lock:
            for running in self._running.values():
                running.build.stop()
        for thread in self._threads:
            thread.join()
        self._records.close()

    # For owners

    def read(self, name: str, data: bytes, encoding: str | None = None) -> Book:
        """The book in an upload; `InvalidRequest` if it is none. Nothing is kept."""
        folder = self._root / f".{secrets.token_hex(8)}"
        try:
            return read_book(self._keep(folder, name, data), encoding=encoding, name=_stem(name))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def submit(self, owner: str, name: str, data: bytes, options: dict[str, Any]) -> JobView:
        """Accept a book. Raises all that can be known now, `Busy` over the owner's limit."""
        with self._lock:
            self._check_room(owner)
        id = secrets.token_urlsafe(16)
        folder = self._root / id
        try:
            path = self._keep(folder, name, data)
            book = read_book(path, encoding=options.get("encoding"), name=_stem(name))
            asked = JobOptions(
                file=path.name,
                chapters=tuple(chapter.title for chapter in book.chapters),
                **options
                | {
                    "title": options.get("title") or book.title,
                    "author": options.get("author") or book.author,
                },
            )
            # Names of voices, the cast and the format are checked here and not in the night.
            Build(book, self._target(id, asked), self._sonca, self._cast(book, asked))
            record = JobRecord(id, owner, "queued", self._clock(), None, _dump(asked), "{}")
            with self._lock:
                self._check_room(owner)
                self._records.add(record)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._wake:
            self._wake.notify()
        return self._view(record)

    def get(self, owner: str, id: str) -> JobView:
        """`NotFound` if there is no such job of this owner."""
        return self._view(self._record(owner, id))

    def of(self, owner: str) -> list[JobView]:
        """An owner's jobs, the newest first."""
        return [self._view(record) for record in self._records.of(owner)]

    def delete(self, owner: str, id: str) -> None:
        """Cancel a job and forget it with all that it made."""
        self._record(owner, id)
        with self._lock:
            running = self._running.get(id)
            if running is not None:
                running.deleted = True
                running.build.stop()
            self._records.delete(id)
        if running is None:
            shutil.rmtree(self._root / id, ignore_errors=True)

    def audio(self, owner: str, id: str, chapter: int | None) -> tuple[Path, str]:
        """The file of the book or of one chapter, and what to call it. `NotFound` if it is not
        there yet."""
        view = self.get(owner, id)
        title = view.options.title
        if chapter is None:
            path = self._target(id, view.options).path
            if view.options.format != "m4b":
                raise InvalidRequest(
                    f"this job has a {view.options.format} file a chapter; ask for ?chapter=1",
                    field="chapter",
                )
            if not path.is_file():
                raise NotFound(f"the job {id} is {view.record.state}; its audio is not there yet")
            return path, f"{title}.m4b"
        if chapter not in view.ready:
            raise NotFound(f"the chapter {chapter + 1} of the job {id} is not there yet")
        path = self._chapter_path(id, chapter, view.options)
        return path, f"{title} {chapter + 1:03}{path.suffix}"

    def captions(self, owner: str, id: str, kind: str) -> tuple[Path, str]:
        """The captions of a finished m4b."""
        view = self.get(owner, id)
        path = self._target(id, view.options).path.with_suffix(f".{kind}")
        if view.options.format != "m4b" or not path.is_file():
            raise NotFound(f"the job {id} has no {kind} captions yet")
        return path, f"{view.options.title}.{kind}"

    def sweep(self) -> int:
        """Remove jobs that have expired and folders that belong to none; how many."""
        removed = 0
        for record in self._records.expired(self._clock()):
            if self._records.delete(record.id):
                shutil.rmtree(self._root / record.id, ignore_errors=True)
                removed += 1
        known = self._records.ids()
        for folder in self._root.iterdir():
            if folder.is_dir() and _ID.fullmatch(folder.name) and folder.name not in known:
                age_s = self._clock() - folder.stat().st_mtime
                if age_s > _RETRY_S and folder.name not in self._running:
                    shutil.rmtree(folder, ignore_errors=True)
        return removed

    # Inside

    def _record(self, owner: str, id: str) -> JobRecord:
        record = self._records.get(id) if _ID.fullmatch(id) else None
        if record is None or record.owner != owner or _over(record, self._clock()):
            shown = repr(id if len(id) <= 40 else id[:40] + "…")
            raise NotFound(f"there is no job {shown}; it may have expired")
        return record

    def _check_room(self, owner: str) -> None:
        records = self._records.of(owner)
        active = sum(not record.ended for record in records)
        if active >= MAX_ACTIVE:
            raise Busy(
                f"{active} books wait or are being built and the limit is {MAX_ACTIVE}; wait for "
                "one or delete it",
                retry_after_s=_RETRY_S,
            )
        if len(records) >= MAX_KEPT:
            raise Busy(
                f"{len(records)} jobs are kept and the limit is {MAX_KEPT}; delete some",
                retry_after_s=_RETRY_S,
            )

    def _keep(self, folder: Path, name: str, data: bytes) -> Path:
        """Write an upload under a name of our own: what it was called decides only its format."""
        suffix = Path(name).suffix.lower()
        if suffix not in FORMATS:
            raise InvalidRequest(
                f"{name[:60]!r} is no book that Sonca reads; its name must end in one of "
                + ", ".join(FORMATS),
                field="file",
            )
        with files.errors("keep the book"):
            folder.mkdir(mode=0o700, parents=True)
            path = folder / f"book{suffix}"
            with path.open("xb") as file:
                file.write(data)
                files.sync(file)
        return path

    def _target(self, id: str, options: JobOptions) -> Target:
        folder = self._root / id
        name = "audio.m4b" if options.format == "m4b" else "audio"
        return Target(folder / name, options.format, True, folder / options.file, folder / "work")

    def _chapter_path(self, id: str, chapter: int, options: JobOptions) -> Path:
        suffix = "m4a" if options.format == "m4b" else options.format
        return self._root / id / "chapters" / f"{chapter + 1:05}.{suffix}"

    def _cast(self, book: Book, options: JobOptions) -> Cast:
        if options.cast == "auto":
            return sheet.draft(book, self._sonca.catalogue.of(self._sonca.default_engine))
        if options.cast is not None:
            return sheet.parse(options.cast, book)
        narrator = Role(options.voice, options.speed)
        if options.male or options.female:
            men = Role(options.male, options.speed) if options.male else None
            women = Role(options.female, options.speed) if options.female else None
            return sheet.by_roles(book, narrator, men, women)
        return sheet.one_voice(narrator)

    def _view(self, record: JobRecord) -> JobView:
        options = _load(record.options)
        running = self._running.get(record.id)
        ready = {}
        with contextlib.suppress(OSError, ValueError):
            text = (self._root / record.id / "chapters" / "list").read_text("utf-8")
            for row in text.split("\n")[:-1]:  # one that is being written has no end yet
                index, duration_s = row.split(" ")
                ready[int(index)] = float(duration_s)
        progress = running.progress if running is not None else None
        return JobView(record, options, progress, ready, json.loads(record.result))

    # Building

    def _work(self) -> None:
        while True:
            with self._wake:
                if self._closing:
                    return
            try:
                record = self._records.take()
            except SoncaError:
                log.exception("the jobs cannot be read")
                record = None
            if record is None:
                with self._wake:
                    if not self._closing:
                        self._wake.wait(_LOOK_S)
                continue
            self._do(record)

    def _do(self, record: JobRecord) -> None:
        options = _load(record.options)
        try:
            report = self._build(record, options)
        except Cancelled:
            running = self._running.pop(record.id, None)
            if running is not None and running.deleted:
                shutil.rmtree(self._root / record.id, ignore_errors=True)
            else:  # the server stops
                with contextlib.suppress(SoncaError):
                    self._records.requeue(record.id)
            return
        except Exception as error:
            log.exception("the job %s failed", record.id)
            message = str(error) if isinstance(error, SoncaError) else "something went wrong"
            self._end(record, options, "failed", {"error": message})
            return
        self._end(record, options, "done", _result(report))

    def _end(
        self, record: JobRecord, options: JobOptions, state: Any, result: dict[str, Any]
    ) -> None:
        expires_at = self._clock() + options.expiry_hours * 3600
        with contextlib.suppress(SoncaError):
            kept = self._records.end(record.id, state, json.dumps(result), expires_at)
            if not kept:  # deleted at its last moment
                shutil.rmtree(self._root / record.id, ignore_errors=True)
        self._running.pop(record.id, None)

    def _build(self, record: JobRecord, options: JobOptions) -> Report:
        folder = self._root / record.id
        book = read_book(folder / options.file, encoding=options.encoding, name=options.title)
        book = replace(book, title=options.title, author=options.author)
        chapters = folder / "chapters"
        with files.errors("keep the book"):
            chapters.mkdir(exist_ok=True)
            (chapters / "list").unlink(missing_ok=True)

        def watch(progress: Progress) -> None:
            running.progress = progress

        def keep(index: int, path: Path, duration_s: float) -> None:
            target = self._chapter_path(record.id, index, options)
            with files.errors("keep a chapter"):
                target.unlink(missing_ok=True)
                target.hardlink_to(path)
                with (chapters / "list").open("a", encoding="utf-8") as file:
                    file.write(f"{index} {duration_s:.3f}\n")

        target = self._target(record.id, options)
        running = Running(
            Build(
                *(book, target, self._sonca, self._cast(book, options)),
                on_progress=watch,
                on_chapter=keep,
            )
        )
        with self._lock:
            self._running[record.id] = running
            gone = self._records.get(record.id) is None
            running.deleted = gone
            if gone or self._closing:
                running.build.stop()
        return running.build.run()


def _stem(name: str) -> str:
    return Path(name).stem[:100] or "book"


def _over(record: JobRecord, now: float) -> bool:
    return record.expires_at is not None and record.expires_at <= now


def _dump(options: JobOptions) -> str:
    return json.dumps(asdict(options), ensure_ascii=False)


def _load(text: str) -> JobOptions:
    value = json.loads(text)
    return JobOptions(**value | {"chapters": tuple(value["chapters"])})


def _result(report: Report) -> dict[str, Any]:
    return {
        "duration_s": round(report.duration_s, 3),
        "starts_s": [round(chapter.start_s, 3) for chapter in report.chapters],
        "problems": [asdict(problem) for problem in report.problems],
    }
