"""How much of the storage quota each job holds."""

from __future__ import annotations

import threading

from sonca.book.model import Book
from sonca.encoding.formats import ONE_FILE
from sonca.errors import StorageFull
from sonca.store import Quota

SHARE = 0.5
"""Of the quota, what books may take: kept audio has the rest to itself."""
_BYTES_PER_CHAR = 600
"""Of sound in any format at speed 1, on the safe side."""


def needed(book: Book, upload_bytes: int, format: str, speed: float) -> int:
    """Estimates what a job comes to take: its book and its chapters, in one file once more."""
    sound = book.chars * _BYTES_PER_CHAR / speed
    return upload_bytes + round(sound * (2 if format in ONE_FILE else 1))


class JobQuota:
    """The bytes that jobs hold, claimed from the quota. Usable from several threads."""

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}

    def reserve(self, id: str, size: int, *, must_fit: bool = True) -> None:
        """Lets a job hold `size` bytes from now on, instead of what it held. `StorageFull` if
        they do not fit, unless they are there already (`must_fit` is false)."""
        with self._lock:
            more = size - self._held.get(id, 0)
            if more > 0 and must_fit:
                limit = int(self._quota.limit * SHARE)
                free = limit - sum(self._held.values())
                if more > free:
                    raise StorageFull(
                        f"the book needs about {_mib(more)} more on the disk and of the "
                        f"{_mib(limit)} that books may take {_mib(max(0, free))} are free; delete "
                        "jobs that are no longer needed, or raise SONCA_STORAGE_QUOTA_BYTES, of "
                        "which books may take half"
                    )
            self._quota.claim(more, must_fit=must_fit)
            self._held[id] = size

    def release(self, id: str) -> None:
        """Gives back what a job held that has gone."""
        with self._lock:
            self._quota.claim(-self._held.pop(id, 0))

    def holders(self) -> set[str]:
        """Returns the ids of those that hold anything."""
        with self._lock:
            return set(self._held)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
