"""A real server on a free port, in a thread; the clients that tests use against it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn.server

from sonca import settings as sonca_settings
from sonca.engines import registry
from sonca.engines.registry import EngineSpec
from sonca.server.run import DrainingServer, listen, server_for
from sonca.worker import WorkerStats

from .engines import CueEngine

WAIT_S = 20.0


def wait_until(condition: Callable[[], bool], what: str = "the condition") -> None:
    """Poll until `condition`; fail the test if it never comes."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come within {WAIT_S:g} s")
        time.sleep(0.01)


@dataclass
class Live:
    """A running server."""

    server: DrainingServer
    http: httpx.Client
    data_dir: Path

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def stats(self) -> WorkerStats:
        return self.server.services.sonca.load().stats

    def speech(self, input: str, **fields: Any) -> httpx.Response:
        """POST to OpenAI's route."""
        return self.http.post("/v1/audio/speech", json={"input": input, **fields})

    def synthesize(self, text: str, **fields: Any) -> httpx.Response:
        """POST to the VietTTS-compatible route."""
        return self.http.post("/api/tts/synthesize", json={"text": text, **fields})

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A raw connection."""
        host, port = self.url.removeprefix("http://").split(":")
        raw = socket.socket()
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(WAIT_S)
        raw.connect((host, int(port)))
        return raw

    def post_raw(
        self, path: str, body: dict[str, Any], *, receive_buffer: int | None = None
    ) -> socket.socket:
        """Send a request and leave the answer in the socket."""
        data = json.dumps(body).encode()
        raw = self.connect(receive_buffer=receive_buffer)
        raw.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        return raw


Serve = Callable[..., Live]
_KINDS = {"cue": "CueEngine", "slow": "SlowEngine", "unloadable": "BrokenEngine"}


@pytest.fixture(autouse=True, scope="session")
def _engines() -> Iterator[None]:
    """The registry knows the engines of `tests.server.engines`, too."""
    with pytest.MonkeyPatch.context() as patch:
        here = CueEngine.__module__
        own = [EngineSpec(name, f"{here}:{kind}", public=False) for name, kind in _KINDS.items()]
        patch.setattr(registry, "BUILT_IN", registry.BUILT_IN + own)
        registry.specs.cache_clear()
        yield
    registry.specs.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def _ticks() -> Iterator[None]:
    """uvicorn looks ten times a second whether it is ready or is to end; here a hundred times."""
    quick = SimpleNamespace(**vars(asyncio))
    quick.sleep = lambda seconds: asyncio.sleep(seconds / 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.server, "asyncio", quick)
        yield


@contextlib.contextmanager
def running(data_dir: Path, *, send_buffer: int | None = None, **overrides: Any) -> Iterator[Live]:
    """Start a server, wait until it is ready, and stop it at the end. With `send_buffer`, the
    system holds no more than so many bytes of an answer."""
    # Without a cache every request is work for the engine, which is what most tests look at.
    defaults = {"engine": "tone", "log_level": "debug", "cache_quota_bytes": 0}
    overrides = defaults | overrides
    settings = sonca_settings.read(data_dir=data_dir, **overrides)
    listener = listen("127.0.0.1", 0)
    if send_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    server = server_for(settings, listener)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    client = httpx.Client(base_url=server.url, timeout=WAIT_S)
    try:
        wait_until(lambda: server.started and server._ready, "readiness")
        yield Live(server, client, data_dir)
    finally:
        client.close()
        server.should_exit = True
        thread.join(WAIT_S)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers: `serve(engine="espeak", queue_limit=1)`."""
    with contextlib.ExitStack() as stack:

        def start(**overrides: Any) -> Live:
            folder = tmp_path / f"data-{len(list(tmp_path.iterdir()))}"
            return stack.enter_context(running(folder, **overrides))

        yield start


@pytest.fixture
def live(serve: Serve) -> Live:
    """A server that speaks in tones."""
    return serve()


@pytest.fixture
def cue_serve(serve: Serve) -> Iterator[Serve]:
    """Start servers whose engine does as the words of the text say."""
    CueEngine.gate.clear()
    CueEngine.spoken.clear()
    CueEngine.told.clear()
    yield functools.partial(serve, engine="cue")
    CueEngine.gate.set()


@pytest.fixture
def cue(cue_serve: Serve) -> Live:
    """One of them."""
    return cue_serve()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for many small tests that leave nothing behind."""
    with running(tmp_path_factory.mktemp("shared")) as live:
        yield live
