"""Builds the ASGI app from settings, and runs what accompanies it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from sonca import __version__
from sonca.errors import SoncaError
from sonca.server import errors, openapi
from sonca.server.middleware import ApiKeys, Receiving, RequestContext, UnhandledErrors
from sonca.server.policy import Policies
from sonca.server.routes import (
    jobs,
    openai,
    operations,
    text,
    viettts_audio,
    viettts_compat,
    voice_samples,
    voices,
)
from sonca.server.routes.page import page_router
from sonca.server.services import Services
from sonca.settings import Settings
from sonca.worker import Worker

log = logging.getLogger(__name__)

_EXPOSED_HEADERS = (
    "Content-Disposition",
    "Retry-After",
    "X-Duration-Seconds",
    "X-Expires-At",
    "X-File-ID",
    "X-Model",
    "X-Recipe",
    "X-Request-ID",
    "X-Sample-Rate",
    "X-Skipped",
    "X-Suspect-Utterances",
    "X-Voice",
    "X-Voice-Substituted",
)


def create_app(settings: Settings) -> FastAPI:
    """Returns the server as an ASGI app. `SoncaError` if a folder or an engine cannot be used.

    The engine is loaded when the app starts, on its own thread: the app answers at once, and
    ``/readyz`` says when it speaks. Nothing is spoken to warm up.
    """
    services = Services.open(settings)
    app = FastAPI(
        title="Sonca",
        version=__version__,
        summary="Vietnamese text-to-speech",
        lifespan=_lifespan,
        docs_url=None,  # these pages come from other hosts
        redoc_url=None,
    )
    app.state.services = services
    errors.install(app)
    routers = (
        openai.router,
        voices.router,
        voice_samples.router,
        jobs.router,
        viettts_compat.router,
        viettts_audio.router,
        operations.router,
        text.router,
        page_router(),
    )
    for router in routers:
        app.include_router(router)
    routes = [route for router in routers for route in router.routes]
    _wrap(app, settings, services, Policies(routes))
    openapi.describe(app, routes, secured=bool(settings.api_keys))
    return app


def _wrap(app: FastAPI, settings: Settings, services: Services, policies: Policies) -> None:
    """Adds the middlewares, the innermost first."""
    app.add_middleware(UnhandledErrors, metrics=services.metrics)
    app.add_middleware(
        Receiving,
        lifecycle=services.lifecycle,
        timeout_s=settings.receive_timeout_s,
        max_total_bytes=settings.receive_bytes,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
    )
    if settings.api_keys:
        app.add_middleware(ApiKeys, keys=[key.get_secret_value() for key in settings.api_keys])
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "X-Request-ID"),
            expose_headers=_EXPOSED_HEADERS,
        )
    app.add_middleware(RequestContext, policies=policies, metrics=services.metrics)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    worker = services.sonca.load()  # begins, on the worker's own thread
    services.jobs.start()
    tasks = [
        asyncio.create_task(_announce(services, worker)),
        asyncio.create_task(_sweep(services, services.settings.sweep_s)),
    ]
    try:
        yield
    finally:
        services.lifecycle.drain()
        for task in tasks:
            task.cancel()
        # Joins threads: not on the loop, which streams may still need to end.
        await asyncio.get_running_loop().run_in_executor(None, services.close)


async def _announce(services: Services, worker: Worker) -> None:
    """Logs what the default engine runs on, once it is loaded."""
    try:
        info = await asyncio.wrap_future(worker.loaded)
    except SoncaError as error:
        log.error("the engine %s cannot be loaded: %s", services.sonca.default_engine, error)
        return
    log.info("%s %s is ready on %s", info.name, info.version, info.device)
    for warning in operations.device_warnings(services.settings.device, services.sonca.engines()):
        log.warning("%s", warning)
    # The encoder's library takes 0.1 s to import, which the first caller should not pay for.
    await services.pools.run_encoder(lambda: importlib.import_module("av"))


async def _sweep(services: Services, every_s: float) -> None:
    """Removes expired audio and unloads idle engines, from time to time."""
    while True:
        await asyncio.sleep(every_s)
        for sweep in (_unload_idle, _remove_audio, _remove_jobs):
            try:
                await sweep(services)
            except SoncaError as error:
                log.error("the sweep failed: %s", error)
            except Exception:  # the next one may succeed
                services.metrics.unhandled.inc()
                log.exception("the sweep failed")


async def _unload_idle(services: Services) -> None:
    if after_s := services.settings.unload_after_s:
        for name in await services.pools.run(lambda: services.sonca.pool.unload_idle(after_s)):
            log.info("unloaded the engine %s, which nobody used", name)


async def _remove_audio(services: Services) -> None:
    if removed := await services.pools.run_on_disk(services.audio.sweep):
        log.info("removed %d expired or orphaned files", removed)


async def _remove_jobs(services: Services) -> None:
    if removed := await services.pools.run_on_disk(services.jobs.sweep):
        log.info("removed %d expired books", removed)
