"""Writes audio into the store, in the order of steps that survives a crash.

A file is written under a temporary name and locked (`flock`) for as long as its writer lives: the
system gives the lock back when a process dies, however it dies. So a file without a record whose
lock can be had is nobody's, in this process or another, and may be removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from sonca import disk
from sonca.errors import StorageError
from sonca.store.audio_records import AudioRecord, AudioRecords
from sonca.store.quota import Quota

UNFINISHED = ".part"
"""The suffix of files that are being written."""
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """Complete audio in the store."""

    id: str
    path: Path
    """The file. It may go at any time: see `AudioStore.open`."""
    metadata: Mapping[str, Any]
    """What was said about it when it was stored (JSON values)."""
    created_at: float
    """Seconds since the epoch, as `expires_at`."""
    expires_at: float
    size: int
    """Bytes."""

    @classmethod
    def of(cls, record: AudioRecord, path: Path) -> Self:
        """Returns the audio that `record` and the file `path` stand for."""
        return cls(
            record.id,
            path,
            json.loads(record.metadata),
            record.created_at,
            record.expires_at,
            record.size,
        )


class AudioWriter:
    """A file that only its writer knows until `commit` makes it stored audio.

    A file to write to as others: `seek` and `tell` are there for headers that get their true
    sizes at the end. Belongs to one thread at a time.
    """

    def __init__(
        self,
        quota: Quota,
        records: AudioRecords,
        folder: Path,
        suffix: str,
        created_at: float,
        expires_at: float,
    ) -> None:
        self._quota = quota
        self._records = records
        self._suffix = suffix
        self.id = secrets.token_urlsafe(_ID_BYTES)
        """The id that the audio will have: good for headers that are sent before its end."""
        self.created_at = created_at
        self.expires_at = expires_at
        self.size = 0
        """Bytes written so far."""
        self._position = 0
        self._reserved = 0
        self._unfinished = folder / (self.id + UNFINISHED)
        self._final = folder / (self.id + suffix)
        with self._errors():
            self._file: BinaryIO | None = create(self._unfinished)

    def write(self, data: bytes, /) -> int:
        """Writes at the current position. Raises `StorageFull` or `StorageError` if it fails: the
        audio is given up then."""
        file = self._open_file()
        try:
            end = self._position + len(data)
            if end > self._reserved:
                self._reserved += self._quota.reserve(end - self._reserved)
            with self._errors():
                file.write(data)
        except BaseException:
            self.close()
            raise
        self._position = end
        self.size = max(self.size, end)
        return len(data)

    def commit(self, metadata: Mapping[str, Any]) -> StoredAudio:
        """Puts the audio on the disk, makes it findable with `metadata` (JSON values, `ValueError`
        if not) and closes the writer. Raises `StorageFull` or `StorageError` if it fails: nothing
        is stored then."""
        file = self._open_file()
        try:
            text = json.dumps(dict(metadata), allow_nan=False)
            record = AudioRecord(
                self.id, self._suffix, self.size, self.created_at, self.expires_at, text
            )
            with self._errors():
                file.flush()
                disk.publish((self._unfinished, self._final))
            self._quota.admit(record, self._reserved)
            self._reserved = 0
        except BaseException:
            # An interrupt may strike when the record is already made: never its file alone.
            with contextlib.suppress(StorageError):
                self._records.delete(self.id)
                disk.remove(self._final)
            raise
        finally:
            self.close()
        return StoredAudio.of(record, self._final)

    def close(self) -> None:
        """Closes the file; what is not committed is removed. May be called again."""
        file, self._file = self._file, None
        if file is None:
            return
        # Removed while it is locked: see the module.
        disk.remove(self._unfinished)
        # The rest of its buffer may fail once more; nobody wants it.
        with contextlib.suppress(OSError):
            file.close()
        self._quota.release(self._reserved)

    def seekable(self) -> bool:
        return True

    def seek(self, position: int, /) -> int:
        """Goes to the byte `position`, from the start."""
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

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise StorageError("this audio is committed or given up; start another writer")
        return self._file

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return disk.errors("keep the audio")


def create(path: Path) -> BinaryIO:
    """Makes a new file, open for writing and locked. Nobody else may read it."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A sweep may have found it between the two calls, and taken it for nobody's.
            if os.fstat(descriptor).st_nlink:
                return os.fdopen(descriptor, "wb")
        except BaseException:
            os.close(descriptor)
            disk.remove(path)
            raise
        os.close(descriptor)


def remove_if_orphan(path: Path, is_kept: Callable[[], bool]) -> bool:
    """Removes a file that has no writer, unless `is_kept` says that it has a record."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # gone meanwhile
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Asked only now: a writer makes the record before it lets go of the lock.
        if is_kept():
            return False
        path.unlink(missing_ok=True)
        return True
    except OSError:  # still being written
        return False
    finally:
        os.close(descriptor)
