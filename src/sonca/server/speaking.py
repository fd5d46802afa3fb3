"""From what a request asks for to a speech in line. Runs off the event loop: it reads text and,
for a voice that is cloned, a recording."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request

from sonca.encoding import decode
from sonca.engines.base import EngineInfo, Reference
from sonca.errors import (
    BadAudio,
    Cancelled,
    DeadlineExceeded,
    EmptyText,
    EngineError,
    EngineNotInstalled,
    InvalidRequest,
    NothingToSay,
    TextTooLong,
    UnknownEngine,
    UnknownVoice,
    Unsupported,
)
from sonca.server.responses import client_gone
from sonca.server.services import Services
from sonca.synthesizer import EngineLoading, Speech, SpeechRequest
from sonca.text import Lexicon
from sonca.utterance import Priority
from sonca.voices.references import MAX_DURATION_S, resolve_voice_file

log = logging.getLogger(__name__)

SPEECH_ERRORS = (
    InvalidRequest,
    EmptyText,
    NothingToSay,
    TextTooLong,
    UnknownVoice,
    UnknownEngine,
    EngineNotInstalled,
    Unsupported,
    BadAudio,
    "queue_full",
    Cancelled,
    EngineError,
    DeadlineExceeded,
)
"""What a request for speech may be answered with before there is sound."""
_KEPT_RECORDINGS = 8
_REFERENCE_PREFIX = "ref-"


def _none() -> None:
    """No lexicon."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What either API asks for, in the synthesizer's terms."""

    text: str
    engine: str | None = None
    voice: str | None = None
    """A voice's name, or the id of an uploaded recording."""
    voice_file: str | None = None
    """A recording to clone: an uploaded id, or a file of the voices folder."""
    speed: float = 1.0
    readings: Callable[[], Lexicon | None] = _none
    """Reads the caller's own lexicon."""
    priority: Priority = Priority.REALTIME

    @property
    def recording(self) -> str | None:
        """What is to be cloned, if anything is."""
        if self.voice_file:
            return self.voice_file
        is_upload = self.voice is not None and self.voice.startswith(_REFERENCE_PREFIX)
        return self.voice if is_upload else None

    def voice_of(self, speech: Speech) -> str:
        """The voice that is heard, as people name it."""
        return self.recording or speech.voice.id


async def speak(services: Services, ask: Ask, request: Request) -> Speech:
    """Put a request in line, whose body was read. Raises whatever can be known before there is
    sound."""
    until = time.monotonic() + services.request_timeout_s
    while True:
        try:
            speech = await services.pools.run(lambda: _submit(services, ask, until))
            break
        except EngineLoading as loading:
            # A pool's thread must not sit and wait for an engine that takes seconds to load. It
            # may be unloaded again before its turn here comes.
            await _loaded(services, loading.loaded, until, request)
    if speech.instead_of is not None:
        log.warning("the voice %s is not here: %s speaks", speech.instead_of, speech.voice.id)
    return speech


async def _loaded(
    services: Services, loading: Future[EngineInfo], until: float, request: Request
) -> None:
    """Wait for an engine, as long as there is time and somebody to wait for it."""
    loaded = asyncio.wrap_future(loading)
    gone = asyncio.create_task(client_gone(request.scope, request.receive))
    try:
        left_s = max(0.0, until - time.monotonic())
        both: set[asyncio.Future[Any]] = {loaded, gone}
        await asyncio.wait(both, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        if loaded.done():
            loaded.result()
        elif gone.done():
            raise Cancelled("the client went away while the engine was being loaded")
        else:
            raise DeadlineExceeded(
                f"the engine was not loaded within {services.request_timeout_s:g} s "
                "(SONCA_REQUEST_TIMEOUT_S); try again later"
            )
    finally:
        gone.cancel()
        loaded.cancel()  # this wait for it, and not the loading


def _submit(services: Services, ask: Ask, until: float) -> Speech:
    """Put it in line. `EngineLoading` if its engine must be loaded first."""
    return services.sonca.submit(
        SpeechRequest(
            text=ask.text,
            voice=_named(ask),
            engine=ask.engine,
            speed=ask.speed,
            lexicon=ask.readings(),
            reference=_reference(services, ask),
            deadline_s=until - time.monotonic(),
            priority=ask.priority,
        ),
        wait=False,
    )


def _named(ask: Ask) -> str | None:
    """The catalogue's voice that the request names, None if it wants a recording cloned."""
    return None if ask.recording else ask.voice


def _reference(services: Services, ask: Ask) -> Reference | None:
    """The recording that the request wants cloned, None if it names a voice or nothing."""
    if ask.recording is None:
        return None
    folder = services.voice_files_dir if ask.voice_file else None
    try:
        path = resolve_voice_file(ask.recording, folder, references=services.references)
    except InvalidRequest as error:
        if ask.voice_file:
            raise
        raise UnknownVoice(str(error), field="voice") from error
    return _recordings.read(path, services.max_upload_bytes)


class _Recordings:
    """The recordings used last, decoded. A file that changes is another recording."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[Path, int, int], Reference] = OrderedDict()

    def read(self, path: Path, max_bytes: int) -> Reference:
        """`BadAudio` if it is no sound, or longer than a reference may be."""
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        with self._lock:
            found = self._read.get(key)
            if found is not None:
                self._read.move_to_end(key)
                return found
        samples, rate_hz = decode(
            path, max_duration_s=MAX_DURATION_S, max_bytes=max_bytes, field="voice_file"
        )
        digest = hashlib.sha256(rate_hz.to_bytes(4, "little") + samples.tobytes()).hexdigest()
        reference = Reference(samples, rate_hz, digest)
        with self._lock:
            self._read[key] = reference
            while len(self._read) > _KEPT_RECORDINGS:
                self._read.popitem(last=False)
        return reference


_recordings = _Recordings()
