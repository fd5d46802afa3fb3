"""What wraps every request, as plain ASGI: id and log, keys, last resort.

From the outside in: `Context`, CORS (if configured), `Keys`, `Receiving` (a module of its own),
`Guard`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonca.errors import ShuttingDown
from sonca.server.errors import UNFORESEEN, Problem
from sonca.server.logs import request_id_of_this_task
from sonca.server.metrics import Metrics
from sonca.server.policy import Policies

log = logging.getLogger(__name__)
access = logging.getLogger("sonca.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_GONE = 499
"""What is logged for a client that went away before its answer was complete."""
_NO_KEY = Problem.of_status(401, "this server wants an API key: Authorization: Bearer KEY")


class Context:
    """Gives every request an id and its policy, and writes one log line and the counters when it
    is over."""

    def __init__(self, app: ASGIApp, *, policies: Policies, metrics: Metrics) -> None:
        self._app = app
        self._policies = policies
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        offered = Headers(scope=scope).get("x-request-id", "")
        request_id = offered if _SANE_ID.fullmatch(offered) else secrets.token_hex(12)
        state = scope.setdefault("state", {})
        policy = self._policies[scope["path"]]
        state.update(request_id=request_id, started_s=started_s, policy=policy)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        token = request_id_of_this_task.set(request_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            self._write(scope, state, time.perf_counter() - started_s)
            request_id_of_this_task.reset(token)

    def _write(self, scope: Scope, state: Mapping[str, Any], seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        gone = state.get("gone")
        status = CLIENT_GONE if gone else state.get("status", 0)
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        code = None if gone else state.get("error_code")
        if code is not None:
            self._metrics.errors.labels(code).inc()
        access.log(
            logging.DEBUG if state["policy"].quiet else logging.INFO,
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


class Keys:
    """Asks for one of the API keys as ``Authorization: Bearer``, where a route is not open."""

    def __init__(self, app: ASGIApp, *, keys: Sequence[str]) -> None:
        self._app = app
        self._keys = tuple(key.encode() for key in keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        is_open = scope["type"] != "http" or scope["state"]["policy"].open
        if not is_open and not self._is_known(scope):
            app = _NO_KEY.response(scope)
        await app(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        offered = given.strip().encode("latin-1", "replace")
        # Every key is compared, each in constant time: how long it takes tells nothing.
        matches = [hmac.compare_digest(offered, key) for key in self._keys]
        return scheme.lower() == "bearer" and any(matches)


class Guard:
    """The last resort: what nobody foresaw is logged whole and answered without a traceback."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            # Only the end of the drain cancels a request; its task ends here in any case.
            log.warning("%s %s was cut: the server is stopping", scope["method"], scope["path"])
            problem = Problem.of(ShuttingDown())
        except Exception:
            if scope["type"] != "http":
                raise
            self._metrics.unhandled.inc()
            log.exception("unhandled error in %s %s", scope["method"], scope["path"])
            problem = UNFORESEEN
        else:
            return
        if "status" not in scope["state"]:
            await problem.response(scope)(scope, receive, send)
        # Else the server cuts the connection, because the answer is not over.
