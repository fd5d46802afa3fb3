"""Caches the sound of utterances on the disk, found by the hash of what made it.

A book of which one paragraph changed costs one paragraph, and equal requests give equal bytes
even from an engine that never says a thing the same way twice. An entry is one file, whole or not
there; a damaged one counts as absent. Losing an entry costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sonca import background, disk
from sonca.audio import AudioChunk, Mark
from sonca.errors import StorageError

log = logging.getLogger(__name__)

_KEY = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".chunk"
_MAGIC = b"sonca1\n"
_SPARE = 0.9
"""How full the cache is left after making room, so that it is not made for every entry."""
_MAX_WAITING = 64


class ChunkCache:
    """At most `quota_bytes` of entries under `root`; the longest unused go first.

    `get` and `put` may be called from any thread. `put` only queues: a thread of the cache's
    own does the writing, and when the disk cannot keep up, entries are not kept.
    """

    def __init__(self, root: Path, *, quota_bytes: int) -> None:
        self._root = root
        self._quota = quota_bytes
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sonca-cache")
        self._waiting = threading.BoundedSemaphore(_MAX_WAITING)
        self._size: int | None = None  # known after the first look; only the writer uses it
        self._refused = False
        self.hits = 0
        self.misses = 0

    def get(self, key: str) -> AudioChunk | None:
        """Returns the entry of a key (SHA-256 in hex), or None. Marks count from its start."""
        path = self._path(key)
        try:
            chunk = _from_bytes(path.read_bytes())
            os.utime(path)
        except OSError:
            self.misses += 1
            return None
        except (ValueError, KeyError, TypeError) as error:
            log.warning("a damaged cache entry was removed: %s (%s)", path.name, error)
            path.unlink(missing_ok=True)
            self.misses += 1
            return None
        self.hits += 1
        return chunk

    def put(self, key: str, make: Callable[[], AudioChunk]) -> None:
        """Stores an entry, soon; `make` gives it, on the cache's thread. What the disk refuses is
        logged and not raised."""
        if self._waiting.acquire(blocking=False):
            self._writer.submit(self._put, key, make).add_done_callback(background.report)

    def close(self) -> None:
        """Finishes writing what is queued."""
        self._writer.shutdown()

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a cache key: {key!r}")
        return self._root / key[:2] / (key + _SUFFIX)

    def _put(self, key: str, make: Callable[[], AudioChunk]) -> None:
        try:
            data = _to_bytes(make())
            # Not synced: an entry that a power cut takes is made again, and damage is found.
            disk.write(self._path(key), data, durable=False, parents=True, mode=0o600)
            self._size = self._measure() if self._size is None else self._size + len(data)
            if self._size > self._quota:
                self._make_room()
            self._refused = False
        except (OSError, StorageError) as error:
            if not self._refused:  # once, until it works again: there may be thousands of entries
                log.warning("the chunk cache keeps nothing for now, all else goes on: %s", error)
            self._refused = True
        finally:
            self._waiting.release()

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Returns (last use, size, path) of every entry."""
        found = []
        for path in self._root.glob(f"*/*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        return found

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._entries())

    def _make_room(self) -> None:
        entries = sorted(self._entries())
        self._size = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if self._size <= self._quota * _SPARE:
                break
            path.unlink(missing_ok=True)
            self._size -= size


def _to_bytes(chunk: AudioChunk) -> bytes:
    """Returns an entry: a line of JSON, then the samples."""
    header = json.dumps(
        {
            "sample_rate_hz": chunk.sample_rate_hz,
            "samples": len(chunk.samples),
            "marks": [[mark.kind, mark.time_s, *mark.span] for mark in chunk.marks],
        }
    ).encode()
    return b"".join([_MAGIC, header, b"\n", chunk.samples.astype("<f4", copy=False).tobytes()])


def _from_bytes(data: bytes) -> AudioChunk:
    if not data.startswith(_MAGIC):
        raise ValueError("not an entry of this version")
    end = data.index(b"\n", len(_MAGIC))
    header = json.loads(data[len(_MAGIC) : end])
    samples = np.frombuffer(data, "<f4", offset=end + 1)
    if len(samples) != header["samples"]:
        raise ValueError(f"{len(samples)} samples of {header['samples']}")
    marks = tuple(
        Mark(kind, time_s, (start, stop)) for kind, time_s, start, stop in header["marks"]
    )
    return AudioChunk(samples, header["sample_rate_hz"], marks)
