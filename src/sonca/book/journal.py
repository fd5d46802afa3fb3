"""What is spoken so far, on the disk: one log a chapter, one record an utterance.

Records are only ever appended, each with its own checksum. Whatever moment a process dies at,
what stands before the last whole record is true, and the rest is cut off when the log is opened
again. Records of different runs may come in any order; those of one run come in order.
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
"""How often who waits for an utterance looks whether it still makes sense."""


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance as it was made."""

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
    """The log of one chapter. `StorageError` and `StorageFull` where the disk fails."""

    def __init__(self, path: Path) -> None:
        """Opens or makes it, and cuts off what a crash left half."""
        self.path = path
        self.said: dict[int, list[Said]] = {}
        """Utterances by run, in order."""
        self.ended: set[int] = set()
        """Runs of which everything is made."""
        self._lock = threading.Condition()  # told of everything that is added
        self._syncing = threading.Lock()  # a file that is being synced is not closed under it
        self._synced = 0  # up to where it is known to be on the disk
        with disk.errors(f"use {path}"):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._end = self._scan()
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)

    def append(self, said: Said, samples: Samples) -> None:
        """Add an utterance: (N,) float32 samples. It survives this process at once, and the
        machine after `sync`."""
        sound = to_s16(samples).tobytes()
        header = json.dumps(_to_json(said), separators=(",", ":")).encode()
        with self._lock:
            offset = self._write(header, sound) + _HEAD.size + len(header)
            said = replace(said, offset=offset, size=len(sound))
            self.said.setdefault(said.run, []).append(said)
            self._lock.notify_all()

    def end_run(self, run: int) -> None:
        """Say that all of a run is made."""
        with self._lock:
            self._write(json.dumps({"ended": run}).encode(), b"")
            self.ended.add(run)
            self._lock.notify_all()

    def reached(self, run: int) -> int:
        """Where a run goes on: the end of its last utterance in the run's text."""
        said = self.said.get(run)
        return said[-1].span[1] if said else 0

    def follow(self, run: int, stop: threading.Event) -> Iterator[Said]:
        """A run's utterances in order, waiting for those that are still to be made. `Cancelled`
        once `stop` is set."""
        at = 0
        while (said := self._at(run, at, stop)) is not None:
            yield said
            at += 1

    def _at(self, run: int, at: int, stop: threading.Event) -> Said | None:
        """The utterance number `at` of a run, None if the run ends before it."""
        with self._lock:
            while not stop.is_set():
                said = self.said.get(run, ())
                if at < len(said):
                    return said[at]
                if run in self.ended:
                    return None
                self._lock.wait(_LOOK_S)
        raise Cancelled("the build was stopped")

    def sound(self, said: Said) -> Samples:
        """(N,) float32 samples of an utterance."""
        with disk.errors(f"read {self.path}"):
            data = os.pread(self._file, said.size, said.offset)
        if len(data) != said.size:
            raise StorageError(f"{self.path} was cut short by someone; build again")
        samples: npt.NDArray[np.int16] = np.frombuffer(data, "<i2")
        return samples.astype(np.float32) / np.float32(32768)

    def sync(self) -> None:
        """Bring everything appended so far to the disk. What failed is tried again by the next
        call; a log that is closed has nothing to bring."""
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
        """Append a record; a write that fails half way is taken back."""
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
        """Read all whole records; where the last one ends."""
        offset = 0
        for end, header, sound_offset, size in _records(self._file):
            value = json.loads(header)
            if "ended" in value:
                self.ended.add(value["ended"])
            else:
                said = replace(_from_json(value), offset=sound_offset, size=size)
                self.said.setdefault(said.run, []).append(said)
            offset = end
        return offset


def _records(file: int) -> Iterator[tuple[int, bytes, int, int]]:
    """(end, header, where the sound begins, its size) of each whole record from the start."""
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


def _to_json(said: Said) -> dict[str, Any]:
    return {key: getattr(said, name) for name, key in _KEYS.items()}


def _from_json(value: dict[str, Any]) -> Said:
    said = Said(**{name: value[key] for name, key in _KEYS.items()})
    words = tuple((time_s, start, end) for time_s, start, end in said.words)
    return replace(said, span=(said.span[0], said.span[1]), words=words)
