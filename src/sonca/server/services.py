"""What every route shares: the synthesizer, the stores, the thread pools, the counters.

Built once from the settings; below this module only plain values are passed on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from starlette.requests import HTTPConnection

from sonca.engines.base import Setup
from sonca.server.lifecycle import Lifecycle
from sonca.server.metrics import Metrics
from sonca.settings import Settings
from sonca.store import AudioStore
from sonca.synthesizer import Sonca
from sonca.voices.references import ReferenceStore

T = TypeVar("T")

_READERS_PER_PLACE = 2
"""Requests answered at once for each place in the engine's line: an answer whose sound is made
leaves the line, but goes on until its reader has it."""
_DISK_THREADS = 4


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads for what must not run on the event loop."""

    work: ThreadPoolExecutor
    """Planning and encoding. Few threads: they share Python's one lock with the event loop."""
    disk: ThreadPoolExecutor
    """What waits for the disk, so that encoding does not wait behind it."""

    @classmethod
    def start(cls) -> Pools:
        return cls(
            ThreadPoolExecutor(min(4, max(2, os.cpu_count() or 2)), "sonca-work"),
            ThreadPoolExecutor(_DISK_THREADS, "sonca-disk"),
        )

    async def run(self, function: Callable[[], T]) -> T:
        """Run a piece of computing."""
        return await asyncio.get_running_loop().run_in_executor(self.work, function)

    async def run_on_disk(self, function: Callable[[], T]) -> T:
        """Run something that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self.disk, function)

    def close(self) -> None:
        self.work.shutdown(wait=True, cancel_futures=True)
        self.disk.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may need."""

    sonca: Sonca
    audio: AudioStore
    references: ReferenceStore
    voice_files_dir: Path
    pools: Pools
    lifecycle: Lifecycle
    metrics: Metrics
    device_asked: str
    """``auto``, ``cpu`` or ``cuda``."""
    expiry_hours: float
    """How long audio is kept when the request does not say."""
    request_timeout_s: float
    max_upload_bytes: int

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """Open the stores and read the catalogue. Errors of ours if something cannot be used."""
        sonca = Sonca(
            settings.engine,
            setup=Setup(
                settings.models_dir, settings.device, settings.threads, settings.level_lufs
            ),
            queue_limit=settings.queue_limit,
            max_text_chars=settings.max_text_chars,
        )
        audio = AudioStore(settings.audio_dir, quota_bytes=settings.storage_quota_bytes)
        lifecycle = Lifecycle(_READERS_PER_PLACE * settings.queue_limit)
        return cls(
            sonca=sonca,
            audio=audio,
            references=ReferenceStore(settings.references_dir),
            voice_files_dir=settings.voice_files_dir,
            pools=Pools.start(),
            lifecycle=lifecycle,
            metrics=Metrics(sonca.engines, audio.stats, lambda: lifecycle.in_flight),
            device_asked=settings.device,
            expiry_hours=settings.expiry_hours,
            request_timeout_s=settings.request_timeout_s,
            max_upload_bytes=settings.max_upload_bytes,
        )

    def close(self) -> None:
        """Stop the engines and close the stores."""
        self.sonca.close()
        self.pools.close()
        self.audio.close()


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that a request came to (a dependency)."""
    services = connection.app.state.services
    assert isinstance(services, Services)
    return services
