"""From a request's body to queued speech."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope

from sonca import errors
from sonca.engines.base import EngineInfo
from sonca.server.recordings import Recordings
from sonca.server.services import Services
from sonca.synthesizer import EngineLoading, Speech, SpeechRequest

log = logging.getLogger(__name__)

SPEECH_ERRORS = (
    errors.InvalidRequest,
    errors.EmptyText,
    errors.NothingToSay,
    errors.TextTooLong,
    errors.UnknownVoice,
    errors.UnknownEngine,
    errors.EngineNotInstalled,
    errors.Unsupported,
    errors.BadAudio,
    "queue_full",
    errors.Cancelled,
    errors.EngineError,
    errors.DeadlineExceeded,
)
"""What a request for speech may be answered with before there is sound."""


async def submit(
    services: Services, make: Callable[[Recordings], SpeechRequest], request: Request
) -> Speech:
    """Queues the speech that `request` asks for, whose body was read. Raises all that can be known
    before there is sound.

    `make` runs off the event loop: it may read a lexicon and a recording.
    """
    timeout_s = services.settings.request_timeout_s
    until = time.monotonic() + timeout_s
    while True:
        try:
            speech = await services.pools.run(
                lambda: services.sonca.submit(
                    replace(make(services.recordings), deadline_s=until - time.monotonic()),
                    wait=False,
                )
            )
            break
        except EngineLoading as loading:
            # A pool's thread must not sit and wait for an engine that takes seconds to load. It
            # may be unloaded again before its turn here comes.
            await _wait_for_engine(loading.loaded, until, timeout_s, request)
    if speech.instead_of is not None:
        log.warning("the voice %s is not here: %s speaks", speech.instead_of, speech.voice.id)
    return speech


async def _wait_for_engine(
    loading: Future[EngineInfo], until: float, timeout_s: float, request: Request
) -> None:
    """Waits for an engine, as long as there is time and the client is there."""
    loaded = asyncio.wrap_future(loading)
    gone = asyncio.create_task(client_gone(request.scope, request.receive))
    try:
        left_s = max(0.0, until - time.monotonic())
        both: set[asyncio.Future[Any]] = {loaded, gone}
        await asyncio.wait(both, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        if loaded.done():
            loaded.result()
        elif gone.done():
            raise errors.Cancelled("the client went away while the engine was being loaded")
        else:
            raise errors.DeadlineExceeded(
                f"the engine was not loaded within {timeout_s:g} s "
                "(SONCA_REQUEST_TIMEOUT_S); try again later"
            )
    finally:
        gone.cancel()
        loaded.cancel()  # this wait for it, and not the loading


async def client_gone(scope: Scope, receive: Receive) -> None:
    """Waits until the client of a request, whose body was read, goes away; notes it for the log."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope["state"]["gone"] = True
