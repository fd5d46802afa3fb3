"""Keeps what is spoken so far on the disk: one log a chapter, one record an utterance.

Records are only ever appended, each with its own checksum. Whenever a process dies, whole records
are true, and the rest is cut off when the log is opened again. Records of different runs may come
in any order; those of one run come in order.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca import disk
from sonca.audio import Samples
from sonca.encoding.wav import to_s16
from sonca.errors import Cancelled, StorageError
from sonca.utterance import Span

_HEAD = struct.Struct("<4sIII")
_MAGIC = b"snc1"
_MAX_HEADER_BYTES = 4 << 20
_MAX_SOUND_BYTES = 1 << 30
_LOOK_S = 0.2
"""How often a reader that waits for an utterance looks whether the build was stopped."""


@dataclass(frozen=True, slots=True)
class UtteranceRecord:
    """An utterance that was made, and where its sound is in the log."""

    run: int
    span: Span
    """In the run's text."""
    sample_rate_hz: int
    pause_s: float
    """The silence that its text asks for after it."""
    words: tuple[tuple[float, int, int], ...]
    """Seconds from its start, and the place in the run's text."""
    power: float
    """Sum of the loudness-weighted power of its loud blocks; see `sonca.loudness.block_power`."""
    blocks: int
    problem: str | None
    """Why it has no sound, or an impossible one."""
    speed: float = 1.0
    """How much faster it was spoken to fit its time."""
    offset: int = 0
    """Where its sound begins in the log, in bytes."""
    size: int = 0
    """Bytes of sound, 16 bits a sample."""


class ChapterLog:
    """The log of one chapter. Its methods raise `StorageError` and `StorageFull`."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the log, and cuts off what a crash left half."""
        self.path = path
        self.records: dict[int, list[UtteranceRecord]] = {}
        """Utterances by run, in order."""
        self.ended: set[int] = set()
        """Runs of which everything is made."""
        self._lock = threading.Condition()  # notified of everything that is added
        self._syncing = threading.Lock()  # a file that is being synced is not closed under it
        self._synced = 0  # up to where it is known to be on the disk
        with disk.errors(f"use {path}"):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._end = self._scan()
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)

    def append(self, record: UtteranceRecord, samples: Samples) -> None:
        """Appends an utterance with its (N,) float32 samples. It survives this process at once, and
        a power cut after `sync`."""
        sound = to_s16(samples).tobytes()
        header = json.dumps(_to_json(record), separators=(",", ":")).encode()
        with self._lock:
            offset = self._write(header, sound) + _HEAD.size + len(header)
            record = replace(record, offset=offset, size=len(sound))
            self.records.setdefault(record.run, []).append(record)
            self._lock.notify_all()

    def end_run(self, run: int) -> None:
        """Records that all of a run is made."""
        with self._lock:
            self._write(json.dumps({"ended": run}).encode(), b"")
            self.ended.add(run)
            self._lock.notify_all()

    def reached(self, run: int) -> int:
        """Returns where a run goes on: the end of its last utterance in the run's text."""
        record = self.records.get(run)
        return record[-1].span[1] if record else 0

    def follow(self, run: int, stop: threading.Event) -> Iterator[UtteranceRecord]:
        """Yields a run's utterances in order, waiting for those that are still to be made. Raises
        `Cancelled` once `stop` is set."""
        at = 0
        while (record := self._at(run, at, stop)) is not None:
            yield record
            at += 1

    def _at(self, run: int, at: int, stop: threading.Event) -> UtteranceRecord | None:
        """Returns the utterance number `at` of a run, None if the run ends before it."""
        with self._lock:
            while not stop.is_set():
                record = self.records.get(run, ())
                if at < len(record):
                    return record[at]
                if run in self.ended:
                    return None
                self._lock.wait(_LOOK_S)
        raise Cancelled("the build was stopped")

    def sound(self, record: UtteranceRecord) -> Samples:
        """Returns the (N,) float32 samples of an utterance."""
        with disk.errors(f"read {self.path}"):
            data = os.pread(self._file, record.size, record.offset)
        if len(data) != record.size:
            raise StorageError(f"{self.path} was cut short by someone; build again")
        samples: npt.NDArray[np.int16] = np.frombuffer(data, "<i2")
        return samples.astype(np.float32) / np.float32(32768)

    def sync(self) -> None:
        """Brings everything appended so far to the disk. What failed is tried again by the next
        call. Does nothing on a closed log."""
        with self._syncing:
            if self._file < 0 or self._synced == self._end:
                return
            end = self._end
            with disk.errors(f"write {self.path}"):
                os.fsync(self._file)
            self._synced = end

    def close(self) -> None:
        with self._syncing, self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _write(self, header: bytes, sound: bytes) -> int:
        """Appends a record, and takes a write back that fails half way. Returns where it begins."""
        crc = zlib.crc32(sound, zlib.crc32(header))
        record = _HEAD.pack(_MAGIC, len(header), len(sound), crc) + header + sound
        offset = self._end
        with disk.errors(f"write {self.path}"):
            try:
                view = memoryview(record)
                while view:
                    view = view[os.write(self._file, view) :]
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, offset)
                    os.lseek(self._file, offset, os.SEEK_SET)
                raise
        self._end = offset + len(record)
        return offset

    def _scan(self) -> int:
        """Reads all whole records. Returns where the last one ends."""
        offset = 0
        for end, header, sound_offset, size in _read_records(self._file):
            value = json.loads(header)
            if "ended" in value:
                self.ended.add(value["ended"])
            else:
                record = replace(_from_json(value), offset=sound_offset, size=size)
                self.records.setdefault(record.run, []).append(record)
            offset = end
        return offset


def _read_records(file: int) -> Iterator[tuple[int, bytes, int, int]]:
    """Yields (end, header, where the sound begins, its size) of each whole record."""
    offset = 0
    while True:
        head = os.pread(file, _HEAD.size, offset)
        if len(head) < _HEAD.size:
            return
        magic, header_size, sound_size, crc = _HEAD.unpack(head)
        if magic != _MAGIC or header_size > _MAX_HEADER_BYTES or sound_size > _MAX_SOUND_BYTES:
            return
        at = offset + _HEAD.size
        header = os.pread(file, header_size, at)
        sound = os.pread(file, sound_size, at + header_size)
        if len(sound) < sound_size or zlib.crc32(sound, zlib.crc32(header)) != crc:
            return
        offset = at + header_size + sound_size
        yield offset, header, at + header_size, sound_size


_KEYS = {
    "run": "run",
    "span": "span",
    "sample_rate_hz": "rate",
    "pause_s": "pause",
    "words": "words",
    "power": "power",
    "blocks": "blocks",
    "problem": "problem",
    "speed": "speed",
}
"""Fields of an utterance to their names on the disk."""


def _to_json(record: UtteranceRecord) -> dict[str, Any]:
    return {key: getattr(record, name) for name, key in _KEYS.items()}


def _from_json(value: dict[str, Any]) -> UtteranceRecord:
    record = UtteranceRecord(**{name: value[key] for name, key in _KEYS.items()})
    words = tuple((time_s, start, end) for time_s, start, end in record.words)
    return replace(record, span=(record.span[0], record.span[1]), words=words)
