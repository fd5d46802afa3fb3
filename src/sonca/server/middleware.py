"""What wraps every request, as plain ASGI: id and log, admission, keys, body limit, last resort.

From the outside in: `Context`, CORS (if configured), `Keys`, `Receiving` (a module of its own),
`Admission`, `BodyLimit`, `Guard`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import Collection, Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonca.errors import ShuttingDown
from sonca.server.errors import FAILED, Problem
from sonca.server.lifecycle import Lifecycle, Place
from sonca.server.logs import request_id_of_this_task
from sonca.server.metrics import Metrics

log = logging.getLogger(__name__)
access = logging.getLogger("sonca.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_QUIET = frozenset({"/livez", "/readyz", "/health", "/metrics", "/api/tts/health"})
CLIENT_GONE = 499
"""What is logged for a client that went away before its answer was complete."""


class Context:
    """Gives every request an id, and writes one log line and the counters when it is over."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        offered = Headers(scope=scope).get("x-request-id", "")
        request_id = offered if _SANE_ID.fullmatch(offered) else secrets.token_hex(12)
        state = scope.setdefault("state", {})
        state.update(request_id=request_id, started_s=started_s)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        token = request_id_of_this_task.set(request_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            if state.get("gone"):
                status = CLIENT_GONE
            self._write(scope, status, time.perf_counter() - started_s)
            request_id_of_this_task.reset(token)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        gone = scope["state"].get("gone")
        code = None if gone else scope["state"].get("error_code")
        if code is not None:
            self._metrics.errors.labels(code).inc()
        level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
        access.log(
            level,
            "%s %s %d",
            scope["method"],
            scope["path"],
            status,
            extra={
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "error": code,
                "duration_ms": round(seconds * 1000, 1),
                "client": (scope.get("client") or ("-",))[0],
            },
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Keys:
    """Asks for one of the API keys as ``Authorization: Bearer``.

    Open without one: the page and its files, and the three health checks that machines ask.
    """

    OPEN = frozenset({"/", "/favicon.ico", "/livez", "/readyz", "/health", "/api/tts/health"})
    OPEN_BELOW = "/page/"

    def __init__(self, app: ASGIApp, *, keys: Sequence[str]) -> None:
        self._app = app
        self._keys = tuple(key.encode() for key in keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.is_open(scope["path"]) or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        problem = Problem(
            401, "invalid_api_key", "this server wants an API key: Authorization: Bearer KEY"
        )
        await _answer(problem, scope, receive, send)

    @classmethod
    def is_open(cls, path: str) -> bool:
        """Whether a path can be had without a key."""
        return path in cls.OPEN or path.startswith(cls.OPEN_BELOW)

    def _is_known(self, scope: Scope) -> bool:
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        offered = given.strip().encode("latin-1", "replace")
        # Every key is compared, each in constant time: how long it takes tells nothing.
        matches = [hmac.compare_digest(offered, key) for key in self._keys]
        return scheme.lower() == "bearer" and any(matches)


class Admission:
    """Counts the requests that make sound or take it in, and refuses what is too much.

    A request counts when the last of its body is there: one that is still being received costs
    neither engine nor encoder, and it may be that it never ends.
    """

    def __init__(self, app: ASGIApp, *, lifecycle: Lifecycle, paths: Collection[str]) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        place: Place | None = None

        async def admitted() -> Message:
            nonlocal place
            message = await receive()
            last = message["type"] == "http.request" and not message.get("more_body")
            if last and place is None:
                place = scope["state"]["place"] = await self._lifecycle.enter()
            return message

        try:
            await self._app(scope, admitted, send)
        finally:
            if place is not None:
                self._lifecycle.leave(place)


class BodyLimit:
    """Counts the body while it is received: what its header says is not believed."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, by_path: Mapping[str, int]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._by_path.get(scope["path"], self._max_bytes)
        received = 0
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            await _answer(_too_large(announced, limit), scope, receive, send)
            return

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                problem = _too_large("more", limit)
                raise HTTPException(problem.status, problem.message, {"connection": "close"})
            return message

        await self._app(scope, counted, send)


def _too_large(size: str, limit: int) -> Problem:
    return Problem(
        413,
        "body_too_large",
        f"the body has {size[:20]} bytes, the limit is {limit}; send it in parts",
    )


class Guard:
    """The last resort: what nobody foresaw is logged whole and answered without a traceback."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        ways = (scope, receive, send)

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            # Only the end of the drain cancels a request; its task ends here in any case.
            log.warning("%s %s was cut: the server is stopping", scope["method"], scope["path"])
            if not started:
                await _answer(Problem.of(ShuttingDown()), *ways)
        except Exception:
            if scope["type"] != "http":
                raise
            self._metrics.unhandled.inc()
            log.exception("unhandled error in %s %s", scope["method"], scope["path"])
            if not started:  # else the server cuts the connection, because the answer is not over
                await _answer(Problem(500, "server_error", FAILED), *ways)


async def _answer(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    response = problem.response(scope)
    if problem.status == 413:
        # The rest of the body is not read: the connection is of no more use.
        response.headers["connection"] = "close"
    await response(scope, receive, send)
