"""Serves an engine as the document did; a process of its own: ``… MODE ENGINE PORT``.

Each is one FastAPI process with the predecessor's route and a health check. They differ in one
thing only, how the route reaches the engine, so that what differs in the figures is that.

- ``direct``: the synchronous call inside the async route (the document's fast setup).
- ``executor``: ``run_in_executor`` over the same. One thread: the engine bears no two, which
  is why the document's authors came to their lock and their pool.
- ``executor-lock``: the default executor, and a lock around the engine.
- ``executor-pool-2``: two instances behind a queue.
- ``executor-pool-2-warmup``: the same, speaking before it serves (the document's slow setup).
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from sonca.audio import Samples
from sonca.bench.corpus import LINES
from sonca.bench.direct_call import Bare, wav
from sonca.engines.base import Setup


class Instance(Protocol):
    """One engine, as `Bare` is one: no two threads at a time."""

    sample_rate_hz: int

    def synthesize(self, text: str) -> Samples:
        """(N,) all the sound of `text`."""


Make = Callable[[], Instance]
Speak = Callable[[str], Awaitable[bytes]]

WARM_UP_TEXTS = LINES[:3]


def _call(bare: Instance, text: str) -> bytes:
    return wav(bare.synthesize(text), bare.sample_rate_hz)


def direct(make: Make) -> Speak:
    bare = make()

    async def speak(text: str) -> bytes:
        return _call(bare, text)

    return speak


def executor(make: Make) -> Speak:
    bare, threads = make(), ThreadPoolExecutor(1)

    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(threads, _call, bare, text)

    return speak


def executor_lock(make: Make) -> Speak:
    bare, lock = make(), threading.Lock()

    def locked(text: str) -> bytes:
        with lock:
            return _call(bare, text)

    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(None, locked, text)

    return speak


def executor_pool_2(make: Make, warm_up: bool = False) -> Speak:
    pool: queue.Queue[Instance] = queue.Queue()
    for _ in range(2):
        bare = make()
        for text in WARM_UP_TEXTS if warm_up else ():
            _call(bare, text)
        pool.put(bare)

    def pooled(text: str) -> bytes:
        bare = pool.get()
        try:
            return _call(bare, text)
        finally:
            pool.put(bare)

    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(None, pooled, text)

    return speak


RIVALS: dict[str, Callable[[Make], Speak]] = {
    "direct": direct,
    "executor": executor,
    "executor-lock": executor_lock,
    "executor-pool-2": executor_pool_2,
    "executor-pool-2-warmup": lambda make: executor_pool_2(make, warm_up=True),
}


def serve(setup: str, make: Make, port: int) -> None:
    """Serve one setup, around what `make` makes, on the loopback until killed."""
    import uvicorn
    from fastapi import FastAPI, Response
    from pydantic import BaseModel

    class Body(BaseModel):
        text: str

    routes: dict[str, Speak] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        routes["speak"] = RIVALS[setup](make)
        yield

    app = FastAPI(lifespan=lifespan)

    async def synthesize(body: Body) -> Response:
        return Response(await routes["speak"](body.text), media_type="audio/wav")

    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    # Annotations are strings here, and `Body` is local: give FastAPI the class itself.
    synthesize.__annotations__["body"] = Body
    app.add_api_route("/api/tts/synthesize", synthesize, methods=["POST"], response_model=None)
    app.add_api_route("/livez", livez)
    app.add_api_route("/readyz", livez)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("setup", choices=RIVALS)
    parser.add_argument("engine")
    parser.add_argument("port", type=int)
    parser.add_argument("--models-dir", type=Path)
    parser.add_argument("--sentence-s", type=float, help="see `setups.Plan.sentence_s`")
    args = parser.parse_args()
    if args.sentence_s:
        from benchmarks.viettts.random_model import force

        force(args.sentence_s)
    serve(args.setup, lambda: Bare(args.engine, Setup(args.models_dir)), args.port)


if __name__ == "__main__":
    main()
