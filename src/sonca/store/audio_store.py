"""Audio kept for a while: files with an expiry, under a total size, found by a secret id.

What holds at every moment, through `kill -9` and power cuts: a record stands for a complete
file. A file is written under a temporary name, put on the disk, renamed, and only then
recorded; removing goes the other way round. What a crash leaves is a file without a record,
which nobody can ask for and the next sweep removes.

Knows nothing of formats or requests.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from sonca.errors import InvalidRequest, NotFound, StorageError, StorageFull
from sonca.store import files
from sonca.store.records import Record, Records

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_ID_BYTES = 16
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_UNFINISHED = ".part"
_RESERVE_BYTES = 1 << 20
"""Writers take their share of the quota in steps of this size."""
_MAX_EXPIRY_S = 10 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """Audio that is kept, complete."""

    id: str
    path: Path
    """The file. It may go at any time: see `AudioStore.open`."""
    metadata: Mapping[str, Any]
    """What its keeper said about it (JSON values)."""
    created_at: float
    """Seconds since the epoch, as `expires_at`."""
    expires_at: float
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How full a store is."""

    files: int
    size: int
    """Bytes of the files, those that have expired but are not yet swept included."""
    quota: int
    """Bytes, as `unfinished`."""
    unfinished: int
    """Set aside for audio that is being written by this process."""


class AudioStore:
    """Kept audio in the folder `root`, up to `quota_bytes` of it.

    When the quota is reached, what expires first goes first: an expiry is a promise as far as
    the quota allows, so that one busy hour does not refuse the next. `StorageFull` means that
    a single piece is larger than the quota, that other writers hold all of it, or that the disk
    is full; nothing is left behind then.

    Every method may be called from any thread, and several processes may share a folder. Call
    `sweep` from time to time, every minute say: it blocks for as long as the disk takes.
    """

    def __init__(
        self, root: Path, *, quota_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        """Opens or makes the folder, and sweeps away what a crash left. `StorageError` if it
        cannot be used."""
        self._folder = root / "files"
        self._quota = quota_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._reserved = 0
        with files.errors(f"use the folder {root}"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.exclusive(root / ".lock"):
                self._records = Records(root / "audio.sqlite3")
        try:
            self.sweep()
        except BaseException:
            self._records.close()
            raise

    def put(
        self, data: bytes, *, suffix: str, metadata: Mapping[str, Any], expires_in_s: float
    ) -> Kept:
        """Keep `data` for `expires_in_s` seconds. `StorageFull` or `StorageError` if it fails."""
        with self.writer(suffix=suffix, expires_in_s=expires_in_s) as writer:
            writer.write(data)
            return writer.commit(metadata)

    def writer(self, *, suffix: str, expires_in_s: float) -> Writer:
        """Keep audio that is still being made. Use as a context manager: what is not committed
        leaves nothing behind.

        `suffix` is the file's, with the dot; `expires_in_s` counts from now.
        """
        if not _SUFFIX.fullmatch(suffix) or suffix == _UNFINISHED:
            raise ValueError(f"{suffix!r} is no file suffix")
        if not (math.isfinite(expires_in_s) and 0 < expires_in_s <= _MAX_EXPIRY_S):
            raise InvalidRequest(
                f"audio cannot be kept for {expires_in_s:g} s; "
                f"the expiry is above 0 and at most {_MAX_EXPIRY_S:g} s"
            )
        return Writer(self, suffix, expires_in_s)

    def get(self, id: str) -> Kept:
        """`NotFound` if there is no such audio, or none any more."""
        record = self._records.get(id) if _ID.fullmatch(id) else None
        if record is None or record.expires_at <= self._clock():
            raise _not_found(id)
        path = self._path(record)
        if not path.is_file():  # removed from outside
            self._records.delete(id)
            raise _not_found(id)
        return Kept(
            *(id, path, json.loads(record.metadata)),
            *(record.created_at, record.expires_at, record.size),
        )

    def open(self, id: str) -> tuple[Kept, BinaryIO]:
        """As `get`, with the file open: its bytes stay readable when it is deleted meanwhile."""
        kept = self.get(id)
        try:
            with files.errors(f"read {kept.path}"):
                return kept, kept.path.open("rb")
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise _not_found(id) from error
            raise

    def delete(self, id: str) -> None:
        """Forget audio now. Who has it open reads on. `NotFound` if there is none."""
        record = self._records.get(id) if _ID.fullmatch(id) else None
        if record is None or not self._remove(record) or record.expires_at <= self._clock():
            raise _not_found(id)

    def stats(self) -> Stats:
        count, size = self._records.totals()
        return Stats(count, size, self._quota, self._reserved)

    def sweep(self) -> int:
        """Remove what has expired, what is over the quota, and what a crash left; how many."""
        removed = sum(self._remove(record) for record in self._records.expired(self._clock()))
        known = set()
        for id, suffix in self._records.names():
            if (self._folder / (id + suffix)).is_file():
                known.add(id + suffix)
            else:
                removed += self._records.delete(id)
        removed += self._sweep_orphans(known)
        with self._lock:
            removed += self._make_room(0)
        return removed

    def close(self) -> None:
        """Writers that are still at work fail when they commit."""
        self._records.close()

    def _sweep_orphans(self, known: set[str]) -> int:
        removed = 0
        with files.errors(f"read the folder {self._folder}"):
            strangers = [path for path in self._folder.iterdir() if path.name not in known]
        for path in strangers:
            id = path.name.partition(".")[0]
            removed += files.remove_if_orphan(path, partial(self._is_recorded, id))
        return removed

    def _is_recorded(self, id: str) -> bool:
        return self._records.get(id) is not None

    def _remove(self, record: Record) -> bool:
        """Record first, file second: see the module. False if someone else was faster."""
        if not self._records.delete(record.id):
            return False
        files.remove(self._path(record))
        return True

    def _path(self, record: Record) -> Path:
        return self._folder / (record.id + record.suffix)

    def _reserve(self, size: int) -> None:
        """Set aside `size` more bytes of the quota for a writer."""
        with self._lock:
            self._make_room(size)
            self._reserved += size

    def _release(self, size: int) -> None:
        with self._lock:
            self._reserved -= size

    def _admit(self, record: Record, reserved: int) -> None:
        """Record a finished file, whose bytes count as kept and no longer as reserved."""
        with self._lock:
            self._records.insert(record)
            self._reserved -= reserved

    def _make_room(self, needed: int) -> int:
        """Remove what expires first until `needed` bytes fit into the quota; how many went."""
        limit = self._quota - self._reserved - needed
        if limit < 0 and needed:
            raise StorageFull(
                f"the store for audio is full: {self._reserved} of {self._quota} bytes are being "
                f"written and {needed} more do not fit; raise the quota or keep less"
            )
        removed = 0
        _, size = self._records.totals()
        while size > max(limit, 0):
            soonest = self._records.soonest(16)
            for record in soonest:
                if size > max(limit, 0):
                    removed += self._remove(record)
                    size -= record.size
            if not soonest:
                break
        return removed


class Writer:
    """Audio on its way into the store: a file that only its writer knows, until `commit`.

    A file to write to as others: `seek` and `tell` are there for headers that get their true
    sizes at the end. Belongs to one thread at a time.
    """

    def __init__(self, store: AudioStore, suffix: str, expires_in_s: float) -> None:
        self._store = store
        self._suffix = suffix
        self.id = secrets.token_urlsafe(_ID_BYTES)
        """The id that the audio will have: good for headers that are sent before its end."""
        self.created_at = store._clock()
        self.expires_at = self.created_at + expires_in_s
        self.size = 0
        """Bytes written so far."""
        self._position = 0
        self._reserved = 0
        self._unfinished = store._folder / (self.id + _UNFINISHED)
        self._final = store._folder / (self.id + suffix)
        with self._errors():
            self._file: BinaryIO | None = files.create(self._unfinished)

    def write(self, data: bytes, /) -> int:
        """`StorageFull` or `StorageError` if it fails: the audio is given up then."""
        file = self._open_file()
        try:
            end = self._position + len(data)
            if end > self._reserved:
                more = max(end - self._reserved, min(_RESERVE_BYTES, self._store._quota // 64))
                self._store._reserve(more)
                self._reserved += more
            with self._errors():
                file.write(data)
        except BaseException:
            self.close()
            raise
        self._position = end
        self.size = max(self.size, end)
        return len(data)

    def commit(self, metadata: Mapping[str, Any]) -> Kept:
        """Make it findable, with `metadata` (JSON values, `ValueError` if not). Closes the
        writer. `StorageFull` or `StorageError` if it fails: nothing is kept then."""
        file = self._open_file()
        try:
            text = json.dumps(dict(metadata), allow_nan=False)
            with self._errors():
                files.sync(file)
                files.publish(self._unfinished, self._final)
            self._store._admit(
                Record(self.id, self._suffix, self.size, self.created_at, self.expires_at, text),
                self._reserved,
            )
            self._reserved = 0
        except BaseException:
            # An interrupt may strike when the record is already made: never its file alone.
            with contextlib.suppress(StorageError):
                self._store._records.delete(self.id)
                files.remove(self._final)
            raise
        finally:
            self.close()
        return Kept(
            *(self.id, self._final, json.loads(text)),
            *(self.created_at, self.expires_at, self.size),
        )

    def close(self) -> None:
        """Let go; what is not committed is removed. May be called again."""
        file, self._file = self._file, None
        if file is None:
            return
        # Removed while it is locked: see `files`.
        files.remove(self._unfinished)
        # The rest of its buffer may fail once more; nobody wants it.
        with contextlib.suppress(OSError):
            file.close()
        self._store._release(self._reserved)

    def seekable(self) -> bool:
        return True

    def seek(self, position: int, /) -> int:
        """Go to the byte `position`, from the start."""
        with self._errors():
            self._position = self._open_file().seek(position)
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        with self._errors():
            self._open_file().flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise StorageError("this audio is committed or given up; start another writer")
        return self._file

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return files.errors("keep the audio")


def _not_found(id: str) -> NotFound:
    shown = repr(id if len(id) <= 40 else id[:40] + "…")
    return NotFound(f"no audio is kept under the id {shown}; it may have expired")
