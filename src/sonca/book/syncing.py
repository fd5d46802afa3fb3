"""Brings what is said to the disk while more is said."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Self

from sonca.book.journal import ChapterLog
from sonca.errors import SoncaError

_EVERY_S = 0.2


class Syncing:
    """The logs that are open. Inside of its `with` block a thread of its own brings them to the
    disk all the time, a slow engine's sentences one by one, a fast one's in groups; leaving it
    does so once more and closes them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: set[ChapterLog] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sonca-book-sync", daemon=True)

    def add(self, log: ChapterLog) -> None:
        """Care for a log from now on."""
        with self._lock:
            self._logs.add(log)

    def remove(self, log: ChapterLog) -> None:
        """Close a log that nobody needs any more."""
        with self._lock:
            self._logs.discard(log)
            log.close()

    def _run(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            logs = list(self._logs)
        for log in logs:
            with contextlib.suppress(SoncaError, OSError):
                log.sync()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._sync()
        for log in list(self._logs):
            self.remove(log)
