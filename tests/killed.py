"""Processes that are killed at a chosen moment, counted in calls instead of seconds.

A moment counted in seconds falls somewhere else on every machine, and nowhere near the work where
the machine is busy. A process counts the functions it calls, built-in ones too, in all of its
threads, and sends itself SIGKILL at the one that it was told.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["hypothesis", "pytest", "sonca.book.build", "sonca.store", "sonca.voices.references"]
)


@dataclass(frozen=True)
class End:
    """What a process said, and how it ended."""

    said: list[Any]
    was_killed: bool
    calls: int = 0
    """How many functions it called, if it was not killed."""


def run(work: Callable[..., None], *args: Any, dies_at: int | None = None, **options: Any) -> End:
    """Runs ``work(say, *args, **options)`` in a process of its own, which dies at its call number
    `dies_at`."""
    reading, writing = _forks.Pipe(duplex=False)
    process = _forks.Process(target=_work, args=(writing, dies_at, work, args, options))
    process.start()
    writing.close()
    said = []
    with contextlib.suppress(EOFError, OSError):
        while True:
            said.append(reading.recv())
    process.join()
    reading.close()
    if process.exitcode == -signal.SIGKILL:
        return End(said, was_killed=True)
    assert process.exitcode == 0
    return End(said[:-1], was_killed=False, calls=said[-1])


def _work(
    writing: Connection,
    dies_at: int | None,
    work: Callable[..., None],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    calls = itertools.count(1)

    def count(frame: object, event: str, arg: object) -> None:
        if event in ("call", "c_call") and next(calls) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)
    work(writing.send, *args, **options)
    sys.setprofile(None)
    writing.send(next(calls))
