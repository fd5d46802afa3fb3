"""Serves an engine as the document did; a process of its own: ``… MODE ENGINE PORT``.

Each is one FastAPI process with the predecessor's route and a health check. They differ in one
thing only, how the route reaches the engine, so that what differs in the figures is that.

- ``direct``: the synchronous call inside the async route (the document's fast way).
- ``executor``: ``run_in_executor`` over the same. One thread: the engine bears no two, which
  is why the document's authors came to their lock and their pool.
- ``executor-lock``: the default executor, and a lock around the engine.
- ``executor-pool-2``: two instances behind a queue.
- ``executor-pool-2-warmup``: the same, speaking before it serves (the document's slow way).
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from sonca.audio import Samples
from sonca.bench.corpus import LINES
from sonca.bench.direct_call import DirectCall, wav
from sonca.engines.base import Setup


class Instance(Protocol):
    """One engine, as `DirectCall` is one: no two threads at a time."""

    sample_rate_hz: int

    def synthesize(self, text: str) -> Samples:
        """Returns (N,) all the sound of `text`."""


Make = Callable[[], Instance]
Speak = Callable[[str], Awaitable[bytes]]


def _call(instance: Instance, text: str) -> bytes:
    return wav(instance.synthesize(text), instance.sample_rate_hz)


def direct(make: Make) -> Speak:
    instance = make()

    async def speak(text: str) -> bytes:
        return _call(instance, text)

    return speak


def _on_threads(call: Callable[[str], bytes], threads: ThreadPoolExecutor | None = None) -> Speak:
    async def speak(text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(threads, call, text)

    return speak


def executor(make: Make) -> Speak:
    instance = make()
    return _on_threads(lambda text: _call(instance, text), ThreadPoolExecutor(1))


def executor_lock(make: Make) -> Speak:
    instance, lock = make(), threading.Lock()

    def locked(text: str) -> bytes:
        with lock:
            return _call(instance, text)

    return _on_threads(locked)


def executor_pool_2(make: Make, warm_up: Sequence[str] = ()) -> Speak:
    pool: queue.Queue[Instance] = queue.Queue()
    for _ in range(2):
        instance = make()
        for text in warm_up:
            _call(instance, text)
        pool.put(instance)

    def pooled(text: str) -> bytes:
        instance = pool.get()
        try:
            return _call(instance, text)
        finally:
            pool.put(instance)

    return _on_threads(pooled)


BASELINES: dict[str, Callable[[Make], Speak]] = {
    "direct": direct,
    "executor": executor,
    "executor-lock": executor_lock,
    "executor-pool-2": executor_pool_2,
    "executor-pool-2-warmup": lambda make: executor_pool_2(make, LINES[:3]),
}


def serve(speak: Callable[[], Speak], port: int) -> None:
    """Serves what `speak` makes, on the loopback until killed."""
    import uvicorn
    from fastapi import FastAPI, Response
    from pydantic import BaseModel

    class Body(BaseModel):
        text: str

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.speak = speak()
        yield

    app = FastAPI(lifespan=lifespan)

    async def synthesize(body: Body) -> Response:
        return Response(await app.state.speak(body.text), media_type="audio/wav")

    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    # Annotations are strings here, and `Body` is local: give FastAPI the class itself.
    synthesize.__annotations__["body"] = Body
    app.add_api_route("/api/tts/synthesize", synthesize, methods=["POST"], response_model=None)
    app.add_api_route("/livez", livez)
    app.add_api_route("/readyz", livez)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def main() -> None:
    """Parses the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=BASELINES)
    parser.add_argument("engine")
    parser.add_argument("port", type=int)
    parser.add_argument("--models-dir", type=Path)
    parser.add_argument("--sentence-s", type=float, help="see `measure.Plan.sentence_s`")
    args = parser.parse_args()
    if args.sentence_s:
        from benchmarks.viettts.random_model import force

        force(args.sentence_s)
    setup = Setup(args.models_dir)
    serve(lambda: BASELINES[args.mode](lambda: DirectCall(args.engine, setup)), args.port)


if __name__ == "__main__":
    main()
