"""Background threads that say what ended them.

A thread that dies of an error nobody foresaw is otherwise noticed only by what no longer happens.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

log = logging.getLogger(__name__)


def start(target: Callable[[], None], name: str) -> threading.Thread:
    """Runs `target` on a daemon thread called `name`; an error that ends it is logged."""

    def run() -> None:
        try:
            target()
        except BaseException:  # a library in Rust panics with one that is no Exception
            log.critical("the thread %s ended with an error", name, exc_info=True)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def report(future: Future[None]) -> None:
    """Logs what a task of a pool raised, for tasks whose result nobody asks for. To be given to
    `Future.add_done_callback`."""
    if not future.cancelled() and (error := future.exception()) is not None:
        log.critical("a background task ended with an error", exc_info=error)
