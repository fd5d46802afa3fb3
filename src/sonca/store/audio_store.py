"""Stores audio for a while: files with an expiry, under a total size, found by a secret id.

What holds at every moment, through `kill -9` and power cuts: a record stands for a complete
file. A file is written under a temporary name, put on the disk, renamed, and only then
recorded; removing goes the other way round. What a crash leaves is a file without a record,
which nobody can ask for and the next sweep removes.

Knows nothing of formats or requests.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sonca import disk
from sonca.errors import InvalidRequest, NotFound, StorageError, quoted
from sonca.store.audio_records import AudioRecord, AudioRecords
from sonca.store.audio_writer import UNFINISHED, AudioWriter, StoredAudio, remove_if_orphan
from sonca.store.quota import Quota, StoreStats

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_MAX_EXPIRY_S = 10 * 366 * 86_400.0


class AudioStore:
    """Stored audio in the folder `root`, up to `quota_bytes` of it.

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
        self._clock = clock
        with disk.errors(f"use the folder {root}"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with disk.locked(root / ".lock"):
                self._records = AudioRecords(root / "audio.sqlite3")
        self.quota = Quota(quota_bytes, self._records, self._remove)
        try:
            self.sweep()
        except BaseException:
            self._records.close()
            raise

    def put(
        self, data: bytes, *, suffix: str, metadata: Mapping[str, Any], expires_in_s: float
    ) -> StoredAudio:
        """Stores `data` for `expires_in_s` seconds. `StorageFull` or `StorageError` if it fails."""
        with self.writer(suffix=suffix, expires_in_s=expires_in_s) as writer:
            writer.write(data)
            return writer.commit(metadata)

    def writer(self, *, suffix: str, expires_in_s: float) -> AudioWriter:
        """Returns a writer for audio that is still being made. Use it as a context manager: what
        is not committed leaves nothing behind.

        `suffix` is the file's, with the dot; `expires_in_s` counts from now. Raises
        `InvalidRequest` for an expiry that cannot be.
        """
        if not _SUFFIX.fullmatch(suffix) or suffix == UNFINISHED:
            raise ValueError(f"{suffix!r} is not a file suffix")
        if not (math.isfinite(expires_in_s) and 0 < expires_in_s <= _MAX_EXPIRY_S):
            raise InvalidRequest(
                f"audio cannot be kept for {expires_in_s:g} s; "
                f"the expiry is above 0 and at most {_MAX_EXPIRY_S:g} s"
            )
        now = self._clock()
        return AudioWriter(self.quota, self._records, self._folder, suffix, now, now + expires_in_s)

    def get(self, id: str) -> StoredAudio:
        """Returns the audio of an id. Raises `NotFound` if there is none, or none any more."""
        record = self._records.get(id) if _ID.fullmatch(id) else None
        if record is None or record.expires_at <= self._clock():
            raise _not_found(id)
        path = self._path(record)
        if not path.is_file():  # removed from outside
            self._records.delete(id)
            raise _not_found(id)
        return StoredAudio.of(record, path)

    def open(self, id: str) -> tuple[StoredAudio, BinaryIO]:
        """Does as `get` and opens the file: its bytes stay readable if it is deleted meanwhile."""
        kept = self.get(id)
        try:
            with disk.errors(f"read {kept.path}"):
                return kept, kept.path.open("rb")
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise _not_found(id) from error
            raise

    def delete(self, id: str) -> None:
        """Deletes audio. Who has it open reads on. Raises `NotFound` if there is none."""
        record = self._records.get(id) if _ID.fullmatch(id) else None
        if record is None or not self._remove(record) or record.expires_at <= self._clock():
            raise _not_found(id)

    def stats(self) -> StoreStats:
        """Returns how full the store is."""
        return self.quota.stats()

    def sweep(self) -> int:
        """Removes what has expired, what is over the quota, and what a crash left. Returns how many
        files and records went."""
        removed = sum(self._remove(record) for record in self._records.expired(self._clock()))
        known = set()
        for id, suffix in self._records.names():
            if (self._folder / (id + suffix)).is_file():
                known.add(id + suffix)
            else:
                removed += self._records.delete(id)
        return removed + self._sweep_orphans(known) + self.quota.shrink()

    def close(self) -> None:
        """Closes the records. Writers that are still at work fail when they commit."""
        self._records.close()

    def _sweep_orphans(self, known: set[str]) -> int:
        removed = 0
        with disk.errors(f"read the folder {self._folder}"):
            strangers = [path for path in self._folder.iterdir() if path.name not in known]
        for path in strangers:
            id = path.name.partition(".")[0]
            removed += remove_if_orphan(path, partial(self._is_recorded, id))
        return removed

    def _is_recorded(self, id: str) -> bool:
        return self._records.get(id) is not None

    def _remove(self, record: AudioRecord) -> bool:
        """Removes the record first, then the file: see the module. Returns whether it was there."""
        if not self._records.delete(record.id):
            return False
        disk.remove(self._path(record))
        return True

    def _path(self, record: AudioRecord) -> Path:
        return self._folder / (record.id + record.suffix)


def _not_found(id: str) -> NotFound:
    return NotFound(f"no audio is kept under the id {quoted(id)}; it may have expired")
