"""Brings utterances to the disk while more are made."""

from __future__ import annotations

import logging
import threading

from sonca import background
from sonca.book.build.journal import ChapterLog
from sonca.errors import StorageError

log = logging.getLogger(__name__)

_EVERY_S = 0.2


class LogFlusher:
    """Syncs open logs from a thread of its own, until it is closed: a slow engine's sentences one
    by one, a fast one's in groups. A log that the disk refuses is tried again each time, and
    reported once until it succeeds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: set[ChapterLog] = set()
        self._refused: set[ChapterLog] = set()
        self._over = threading.Event()
        self._thread = background.start(self._run, "sonca-book-sync")

    def add(self, chapter: ChapterLog) -> None:
        """Syncs a log from now on."""
        with self._lock:
            self._logs.add(chapter)

    def remove(self, chapter: ChapterLog) -> None:
        """Closes a log that nobody needs any more."""
        with self._lock:
            self._logs.discard(chapter)
            self._refused.discard(chapter)
        chapter.close()

    def close(self) -> None:
        """Brings everything to the disk once more, and closes all logs."""
        self._over.set()
        self._thread.join()
        self._sync()
        for chapter in list(self._logs):
            self.remove(chapter)

    def _run(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            logs = list(self._logs)
        for chapter in logs:
            try:
                chapter.sync()
            except StorageError as error:
                self._report(chapter, error)
            else:
                self._refused.discard(chapter)

    def _report(self, chapter: ChapterLog, error: StorageError) -> None:
        with self._lock:
            if chapter in self._refused or chapter not in self._logs:
                return
            self._refused.add(chapter)
        log.error("%s; it is tried again while the book is built", error)
