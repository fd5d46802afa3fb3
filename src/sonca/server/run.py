"""Runs the app in a process of its own: uvicorn, signals, the drain, the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextvars import Context
from types import FrameType

import uvicorn

from sonca.errors import EngineError, SettingsError, SoncaError
from sonca.server import logs
from sonca.server.app import create_app
from sonca.server.connections import Connections
from sonca.server.services import Services
from sonca.settings import Settings

log = logging.getLogger(__name__)

_CUT_AFTER_S = 1
"""Seconds that answers which outlived the drain get to notice that they are cancelled."""
_KEEP_ALIVE_S = 30
_SWITCH_S = 0.001
_OTHER_FILES = 256
"""Open files that are no connections: stores, logs, models."""
_UNSENT_BYTES = 128 * 1024
"""What the system may hold of an answer that it cannot send yet. It would take megabytes, which
are minutes of sound: encoded, and made, for a reader who may never take them."""


def run(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is in flight and returns.

    `on_ready` is called once with the server's address when it can speak. `SettingsError` if
    the port cannot be had, `EngineError` if the engine cannot be loaded.
    """
    logs.configure(settings.log_level, settings.log_format)
    # The engine's callbacks, planning and the event loop share one interpreter lock. Python lets
    # a thread keep it for 5 ms while others wait: several such waits in a row are a slow /livez.
    sys.setswitchinterval(_SWITCH_S)
    listener = listen(settings.host, settings.port)

    def ready(url: str) -> None:
        # What is loaded now stays. To look through it for garbage every few thousand requests
        # would stop all threads for some 50 ms, and be a /livez that late.
        gc.freeze()
        if on_ready is not None:
            on_ready(url)

    try:
        server = server_for(settings, listener, on_ready=ready)
        signal.signal(signal.SIGHUP, server.handle_reload)
        server.run(sockets=[listener])
    finally:
        listener.close()
    if server.broken is not None:
        raise server.broken


def server_for(
    settings: Settings, listener: socket.socket, *, on_ready: Callable[[str], None] | None = None
) -> DrainingServer:
    """Returns a server of the app on a socket that listens already."""
    app = create_app(settings)
    connections = Connections(
        limit=_connections_within(settings.max_connections),
        receive_timeout_s=settings.receive_timeout_s,
        stall_timeout_s=settings.stall_timeout_s,
    )
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=connections.protocol,
        ws="none",
        lifespan="on",
        access_log=False,  # ours has the request id
        log_config=None,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_CUT_AFTER_S,
    )
    url = address(listener, settings.host)
    return DrainingServer(config, app.state.services, connections, settings.drain_s, url, on_ready)


def _connections_within(wanted: int) -> int:
    """Returns how many connections there can be: each is a file to the system, which allows 1024
    of them unless it is asked for more."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed:
        return wanted
    limit = max(1, soft - _OTHER_FILES)
    log.warning(
        "SONCA_MAX_CONNECTIONS=%d needs %d open files and the system allows %d (ulimit -n): %d "
        "connections are taken",
        wanted,
        needed,
        soft,
        limit,
    )
    return limit


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket. `SettingsError` if the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise SettingsError(
            f"cannot listen on {host}:{port}: {reason.lower()}; {_way_out(error)}"
        ) from error
    return listener


def _way_out(error: OSError) -> str:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return "choose another port with --port, or stop what is using it"
    return "--host must be an address of this machine: 127.0.0.1, or 0.0.0.0 for the network"


def address(listener: socket.socket, host: str) -> str:
    """Returns the URL to open in a browser on this machine."""
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


class DrainingServer(uvicorn.Server):
    """uvicorn, except that a signal first drains: the port stays open, so that ``/readyz`` can
    say so and new work is refused with a clear answer, until the last answer is sent."""

    def __init__(
        self,
        config: uvicorn.Config,
        services: Services,
        connections: Connections,
        drain_s: float,
        url: str,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(config)
        self.url = url
        self.services = services
        self.broken: EngineError | None = None
        """Why the engine could not be loaded, if it could not."""
        self._connections = connections
        self._on_ready = on_ready
        self._drain_s = drain_s
        self._ready = False
        self._drained_by: float | None = None
        self._reload_asked = False
        self._reloading: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drains at a first signal, stops at once at a second. Neither makes the exit code."""
        if self._drained_by is not None:
            self.should_exit = self.force_exit = True
            return
        self.services.lifecycle.drain()
        self._drained_by = time.monotonic() + self._drain_s
        # A handler runs in the middle of whatever request has the thread: not in its name.
        Context().run(log.info, "%s: finishing what is in flight", signal.Signals(sig).name)

    def handle_reload(self, sig: int, frame: FrameType | None) -> None:
        """Looks again for models at SIGHUP, as ``POST /v1/models/reload`` does."""
        self._reload_asked = True

    async def _reload(self) -> None:
        try:
            voices = await self.services.pools.run_on_disk(self.services.sonca.reload)
        except SoncaError as error:
            log.error("models could not be looked for again: %s", error)
        else:
            log.info("%d voices can speak now", len(voices))

    async def on_tick(self, counter: int) -> bool:
        self._connections.look()
        if not self._ready:
            self._check_ready()
        if self._reload_asked:
            self._reload_asked = False
            self._reloading = asyncio.create_task(self._reload())
        if self._drained_by is not None and not self.should_exit:
            in_flight = self.services.lifecycle.in_flight + self.services.reading_limit.waiting
            if not in_flight or time.monotonic() >= self._drained_by:
                if in_flight:
                    log.warning("%d answers are cut: the drain is over", in_flight)
                self.should_exit = True
        return await super().on_tick(counter)

    def _check_ready(self) -> None:
        worker = self.services.sonca.load()
        if worker.state == "ready":
            self._ready = True
            if self._on_ready is not None:
                self._on_ready(self.url)
        elif worker.state == "broken":
            self._ready = True
            error = worker.loaded.exception()
            self.broken = error if isinstance(error, EngineError) else EngineError(str(error))
            self.should_exit = True
