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
from dataclasses import dataclass, field
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
    """Sum of the loudness-weighted power of its loud blocks; see `sonca.book.loudness`."""
    blocks: int
    problem: str | None
    """Why it has no sound, or an impossible one."""
    speed: float = 1.0
    """How much faster it was spoken to fit its time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record's place in the log."""

    said: Said
    offset: int
    size: int
    """Bytes of sound, 16 bits a sample."""


@dataclass(slots=True)
class Contents:
    """What a log holds."""

    entries: dict[int, list[Entry]] = field(default_factory=dict)
    """By run, in order."""
    ended: set[int] = field(default_factory=set)
    """Runs of which everything is made."""

    def reached(self, run: int) -> int:
        """Where a run goes on: the end of its last utterance in the run's text."""
        entries = self.entries.get(run)
        return entries[-1].said.span[1] if entries else 0


class ChapterLog:
    """The log of one chapter. `StorageError` and `StorageFull` where the disk fails."""

    def __init__(self, path: Path) -> None:
        """Opens or makes it, and cuts off what a crash left half."""
        self.path = path
        self.contents = Contents()
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
            offset = self._write(header, sound)
            entry = Entry(said, offset + _HEAD.size + len(header), len(sound))
            self.contents.entries.setdefault(said.run, []).append(entry)
            self._lock.notify_all()

    def end_run(self, run: int) -> None:
        """Say that all of a run is made."""
        with self._lock:
            self._write(json.dumps({"ended": run}).encode(), b"")
            self.contents.ended.add(run)
            self._lock.notify_all()

    def follow(self, run: int, stop: threading.Event) -> Iterator[Entry]:
        """A run's utterances in order, waiting for those that are still to be made. `Cancelled`
        once `stop` is set."""
        at = 0
        while (entry := self._entry(run, at, stop)) is not None:
            yield entry
            at += 1

    def _entry(self, run: int, at: int, stop: threading.Event) -> Entry | None:
        """The utterance number `at` of a run, None if the run ends before it."""
        with self._lock:
            while not stop.is_set():
                entries = self.contents.entries.get(run, ())
                if at < len(entries):
                    return entries[at]
                if run in self.contents.ended:
                    return None
                self._lock.wait(_LOOK_S)
        raise Cancelled("the build was stopped")

    def sound(self, entry: Entry) -> Samples:
        """(N,) float32 samples of an utterance."""
        with disk.errors(f"read {self.path}"):
            data = os.pread(self._file, entry.size, entry.offset)
        if len(data) != entry.size:
            raise StorageError(f"{self.path} was cut short by someone; build again")
        samples: npt.NDArray[np.int16] = np.frombuffer(data, "<i2")
        return samples.astype(np.float32) / np.float32(32768)

    @property
    def _dirty(self) -> bool:
        """Whether something was appended that is not known to be on the disk."""
        return self._end != self._synced

    def sync(self) -> None:
        """Bring everything appended so far to the disk. What failed is tried again by the next
        call; a log that is closed has nothing to bring."""
        with self._syncing:
            if self._file < 0 or not self._dirty:
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
        for entry_end, header, sound_offset, size in _records(self._file):
            value = json.loads(header)
            if "ended" in value:
                self.contents.ended.add(value["ended"])
            else:
                said = _from_json(value)
                own = self.contents.entries.setdefault(said.run, [])
                own.append(Entry(said, sound_offset, size))
            offset = entry_end
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


def _to_json(said: Said) -> dict[str, Any]:
    return {
        "run": said.run,
        "span": said.span,
        "rate": said.sample_rate_hz,
        "pause": said.pause_s,
        "words": said.words,
        "power": said.power,
        "blocks": said.blocks,
        "problem": said.problem,
        "speed": said.speed,
    }


def _from_json(value: dict[str, Any]) -> Said:
    return Said(
        run=value["run"],
        span=(value["span"][0], value["span"][1]),
        sample_rate_hz=value["rate"],
        pause_s=value["pause"],
        words=tuple((time_s, start, end) for time_s, start, end in value["words"]),
        power=value["power"],
        blocks=value["blocks"],
        problem=value["problem"],
        speed=value["speed"],
    )
