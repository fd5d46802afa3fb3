"""Limits how many books may be read and checked at once, or wait for that.

Reading one is seconds of computing for a long novel. Those who ask get their turn one after
another; so that the line stays short, whoever comes to a full one is refused. Used on the event
loop alone.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from sonca.errors import Busy, ShuttingDown
from sonca.server.lifecycle import Lifecycle

MAX_READ = 8
"""Books that are read at the same time or wait for it."""
MAX_OWN_READ = 4
"""Of one owner."""
_RETRY_S = 5.0


class ReadingLimit:
    """Counts the books in line, of all and of each owner."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._waiting: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Books that are read now or wait for it."""
        return self._waiting.total()

    @contextlib.contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """Holds a place in line. `Busy` if there is none, `ShuttingDown` if nothing new begins."""
        if self._lifecycle.draining:
            raise ShuttingDown("the server is shutting down; send the book again soon")
        self._check(self._waiting[owner], MAX_OWN_READ, "of your books")
        self._check(self.waiting, MAX_READ, "books")
        self._waiting[owner] += 1
        try:
            yield
        finally:
            self._waiting[owner] -= 1
            self._waiting += Counter()  # forgets those who have none

    @staticmethod
    def _check(waiting: int, limit: int, whose: str) -> None:
        if waiting >= limit:
            raise Busy(
                f"{waiting} {whose} are being read or wait for it and the limit is {limit}; send "
                "this one again when one of them is answered",
                retry_after_s=_RETRY_S,
                reason="too_many_plans",
            )
