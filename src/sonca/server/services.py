"""Services that every route shares: synthesizer, stores, thread pools, counters.

Built once from the settings; below this module only plain values are passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import HTTPConnection

from sonca.cores import cores
from sonca.errors import ShuttingDown
from sonca.factory import open_sonca
from sonca.server.jobs import Jobs
from sonca.server.jobs.reading_limit import ReadingLimit
from sonca.server.lifecycle import Lifecycle
from sonca.server.metrics import Metrics
from sonca.server.recordings import Recordings
from sonca.settings import Settings
from sonca.store import AudioStore
from sonca.synthesizer import Sonca, VoiceSamples
from sonca.voices.references import ReferenceStore

T = TypeVar("T")

_READERS_PER_PLACE = 2
"""Requests answered at once for each place in the engine's line: an answer whose sound is made
leaves the line, but goes on until its reader has it."""
_REQUEST_THREADS = 2
_DISK_THREADS = 4
_BOOK_THREADS = 1
"""Reading books is Python from end to end: a second thread would only share the first one's
interpreter lock, and make the event loop wait twice as long for it."""
_ENCODER_NICENESS = 10


def _yield_to_others() -> None:
    """Lowers the priority of the calling thread, on systems where threads have one of their own.

    Encoding keeps a core busy for as long as it lasts, as reading a book does, and there may be
    no core to spare: the event loop and the engine go first. With four streams encoded to MP3 on
    two cores, this is what keeps `/livez` quick.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _ENCODER_NICENESS)


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads for what must not run on the event loop.

    Few of them: what is not inside a library shares Python's one lock with the event loop.
    """

    requests: ThreadPoolExecutor
    """Reading requests and recordings, which somebody's first sound waits for."""
    encode: ThreadPoolExecutor
    """Encoding, which yields to everything else."""
    disk: ThreadPoolExecutor
    """What waits for the disk, so that nothing else waits behind it."""
    books: ThreadPoolExecutor
    """Reading and checking whole books, which takes seconds and yields to everything else."""

    @classmethod
    def start(cls) -> Pools:
        return cls(
            ThreadPoolExecutor(_REQUEST_THREADS, "sonca-request"),
            ThreadPoolExecutor(min(8, max(2, cores())), "sonca-encode", _yield_to_others),
            ThreadPoolExecutor(_DISK_THREADS, "sonca-disk"),
            ThreadPoolExecutor(_BOOK_THREADS, "sonca-books", _yield_to_others),
        )

    async def run(self, function: Callable[[], T]) -> T:
        """Runs a short piece of computing."""
        return await asyncio.get_running_loop().run_in_executor(self.requests, function)

    async def run_encoder(self, function: Callable[[], T]) -> T:
        """Runs a piece of encoding."""
        return await asyncio.get_running_loop().run_in_executor(self.encode, function)

    async def run_on_disk(self, function: Callable[[], T]) -> T:
        """Runs something that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self.disk, function)

    async def run_book(self, function: Callable[[], T]) -> T:
        """Runs the reading of a book, when its turn comes. `ShuttingDown` if that is never."""
        reading = asyncio.get_running_loop().run_in_executor(self.books, function)
        try:
            return await reading
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ShuttingDown("the server is shutting down; send the book again soon") from None

    def close(self) -> None:
        self.books.shutdown(wait=True, cancel_futures=True)
        self.requests.shutdown(wait=True, cancel_futures=True)
        self.encode.shutdown(wait=True)  # what is queued there frees encoders
        self.disk.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may need."""

    sonca: Sonca
    audio: AudioStore
    references: ReferenceStore
    recordings: Recordings
    samples: VoiceSamples
    sampling: asyncio.Lock
    """Held by whoever makes a sample."""
    jobs: Jobs
    reading_limit: ReadingLimit
    pools: Pools
    lifecycle: Lifecycle
    metrics: Metrics
    settings: Settings

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """Opens the stores and reads the catalogue. `SoncaError` if something cannot be used."""
        sonca = open_sonca(settings, cached=True)
        audio = AudioStore(settings.audio_dir, quota_bytes=settings.storage_quota_bytes)
        references = ReferenceStore(settings.references_dir)
        lifecycle = Lifecycle(
            _READERS_PER_PLACE * settings.queue_limit, stall_timeout_s=settings.stall_timeout_s
        )
        return cls(
            sonca=sonca,
            audio=audio,
            references=references,
            recordings=Recordings(
                references, settings.voice_files_dir, max_bytes=settings.max_upload_bytes
            ),
            samples=VoiceSamples(settings.samples_dir, sonca),
            sampling=asyncio.Lock(),
            jobs=Jobs(settings.data_dir / "jobs", sonca, audio),
            reading_limit=ReadingLimit(lifecycle),
            pools=Pools.start(),
            lifecycle=lifecycle,
            metrics=Metrics(sonca.engines, audio.stats, lambda: lifecycle.in_flight),
            settings=settings,
        )

    def close(self) -> None:
        """Stops the engines and closes the stores."""
        self.pools.books.shutdown(wait=False, cancel_futures=True)  # who waits is answered now
        self.jobs.close()  # while there is an engine: what is begun stops in good order
        self.sonca.close()
        self.pools.close()
        self.audio.close()


async def services_of(connection: HTTPConnection) -> Services:
    """Returns the services of the app that a request came to. A coroutine, because FastAPI sends
    any other dependency to a thread, which costs a tenth of a millisecond each way."""
    services = connection.app.state.services
    assert isinstance(services, Services)
    return services
