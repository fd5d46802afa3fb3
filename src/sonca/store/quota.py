"""How many bytes may be stored, and who has them: stored audio, audio that is being written, and
what others keep beside it.

Audio that expires first makes room for what comes. Knows no formats and no ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sonca.errors import StorageFull
from sonca.store.audio_records import AudioRecord, AudioRecords

_STEP_BYTES = 1 << 20
"""Writers take their share in steps of at most this size, so that they need not ask for every
frame."""


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How full a store is."""

    files: int
    size: int
    """Bytes of the files, those that have expired but are not yet swept included."""
    quota: int
    """Bytes, as `unfinished`."""
    unfinished: int
    """Set aside for audio that is being written by this process."""
    claimed: int = 0
    """What others keep beside the store, see `Quota.claim`."""


class Quota:
    """At most `limit` bytes. Every method may be called from any thread; those that ask for more
    raise `StorageFull` where it cannot be had."""

    def __init__(
        self, limit: int, records: AudioRecords, remove: Callable[[AudioRecord], bool]
    ) -> None:
        """`remove` removes stored audio, and returns whether it was still there."""
        self.limit = limit
        self._records = records
        self._remove = remove
        self._lock = threading.Lock()
        self._reserved = 0
        self._claimed = 0

    def reserve(self, needed: int) -> int:
        """Sets aside `needed` more bytes for a writer. Returns how many it got: some more, where
        there are."""
        with self._lock:
            spare = max(0, self.limit - self._reserved - self._claimed - needed)
            granted = needed + min(_STEP_BYTES, self.limit // 64, spare)
            self._make_room(granted)
            self._reserved += granted
            return granted

    def release(self, size: int) -> None:
        """Gives back what a writer had reserved."""
        with self._lock:
            self._reserved -= size

    def admit(self, record: AudioRecord, reserved: int) -> None:
        """Records a finished file, whose bytes count as stored and no longer as reserved."""
        with self._lock:
            self._records.insert(record)
            self._reserved -= reserved

    def claim(self, change: int, *, must_fit: bool = True) -> None:
        """Counts `change` more bytes (or fewer) for files that others keep beside the audio. They
        have to fit unless they are there already (`must_fit` is false)."""
        with self._lock:
            if change > 0 and must_fit:
                self._make_room(change)
            self._claimed += change

    def shrink(self) -> int:
        """Removes what is over the limit. Returns how many went."""
        with self._lock:
            return self._make_room(0)

    def stats(self) -> StoreStats:
        """Returns how full it is now."""
        with self._lock:
            count, size = self._records.totals()
            return StoreStats(count, size, self.limit, self._reserved, self._claimed)

    def _make_room(self, needed: int) -> int:
        """Removes what expires first until `needed` bytes fit. Returns how many went."""
        free = self.limit - self._reserved - self._claimed - needed
        if free < 0 and needed:
            raise StorageFull(
                f"the store for audio is full: of {self.limit} bytes {self._reserved} are being "
                f"written, books hold {self._claimed}, and {needed} more do not fit; raise the "
                "quota or keep less"
            )
        removed = 0
        _, size = self._records.totals()
        while size > max(free, 0):
            soonest = self._records.soonest(16)
            for record in soonest:
                if size > max(free, 0):
                    removed += self._remove(record)
                    size -= record.size
            if not soonest:
                break
        return removed
