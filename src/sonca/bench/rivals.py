"""The setups of the document, runnable: ``python -m sonca.bench.rivals SETUP ENGINE PORT``.

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

from sonca.bench.bare import Bare, wav
from sonca.bench.corpus import LINES
from sonca.engines.base import Setup

Speak = Callable[[str], Awaitable[bytes]]

WARM_UP_TEXTS = LINES[:3]


def _call(bare: Bare, text: str) -> bytes:
    return wav(bare.synthesize(text), bare.sample_rate_hz)


def direct(make: Callable[[], Bare]) -> Speak:
    bare = make()

    async def speak(text: str) -> bytes:
        return _call(bare, text)

    return speak


def executor(make: Callable[[], Bare]) -> Speak:
    bare, threads = make(), ThreadPoolExecutor(1)

    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(threads, _call, bare, text)

    return speak


def executor_lock(make: Callable[[], Bare]) -> Speak:
    bare, lock = make(), threading.Lock()

    def locked(text: str) -> bytes:
        with lock:
            return _call(bare, text)

    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(None, locked, text)

    return speak


def executor_pool_2(make: Callable[[], Bare], warm_up: bool = False) -> Speak:
    pool: queue.Queue[Bare] = queue.Queue()
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


RIVALS: dict[str, Callable[[Callable[[], Bare]], Speak]] = {
    "direct": direct,
    "executor": executor,
    "executor-lock": executor_lock,
    "executor-pool-2": executor_pool_2,
    "executor-pool-2-warmup": lambda make: executor_pool_2(make, warm_up=True),
}


def serve(setup: str, engine: str, port: int, models_dir: Path | None) -> None:
    """Serve one setup on the loopback until killed."""
    import uvicorn
    from fastapi import FastAPI, Response
    from pydantic import BaseModel

    class Body(BaseModel):
        text: str

    routes: dict[str, Speak] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        routes["speak"] = RIVALS[setup](lambda: Bare(engine, Setup(models_dir)))
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
    args = parser.parse_args()
    serve(args.setup, args.engine, args.port, args.models_dir)


if __name__ == "__main__":
    main()
