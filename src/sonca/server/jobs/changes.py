"""Tells those who follow a job that it has changed, from the builders' threads to the event loop.

A follower is told that something changed and not what: who is slow to look misses nothing and
keeps nothing waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Literal

Change = Literal["none", "progress", "job"]
"""What is to be looked at again: nothing, what the builder has in memory, or all of the job."""


class Watch:
    """One follower of one job. Belongs to the event loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._whole = False

    async def change(self, timeout_s: float) -> Change:
        """Waits for the next change, or for so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._told.wait()
        except TimeoutError:
            return "none"
        whole, self._whole = self._whole, False
        self._told.clear()  # before anybody looks: what changes from now on is told again
        return "job" if whole else "progress"

    def tell(self, *, whole: bool) -> None:
        """Wakes the follower, from any thread."""
        if whole or not self._told.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is over, and so is the follower
                self._loop.call_soon_threadsafe(self._on_told, whole)

    def _on_told(self, whole: bool) -> None:
        self._whole |= whole
        self._told.set()


class Changes:
    """Who follows which job. Usable from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = {}

    @contextlib.contextmanager
    def watch(self, id: str) -> Iterator[Watch]:
        """Follows a job. Nothing that is told from now on is missed."""
        watch = Watch()
        with self._lock:
            self._watches.setdefault(id, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[id].discard(watch)
                if not self._watches[id]:
                    del self._watches[id]

    def progress(self, id: str) -> None:
        """Tells that its builder got on."""
        self._tell(id, whole=False)

    def job(self, id: str) -> None:
        """Tells that its row or its chapters changed, or that it has gone."""
        self._tell(id, whole=True)

    def _tell(self, id: str, *, whole: bool) -> None:
        with self._lock:
            watches = tuple(self._watches.get(id, ()))
        for watch in watches:
            watch.tell(whole=whole)
