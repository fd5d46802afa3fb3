"""What wraps every request, as plain ASGI.

From the outside in: `RequestContext` (id, log, counters), CORS (if configured), `ApiKeys`,
`Receiving` (bodies on their way in), `UnhandledErrors`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonca.errors import Busy, ShuttingDown
from sonca.server.errors import UNFORESEEN, ErrorAnswer
from sonca.server.lifecycle import Admission, Lifecycle
from sonca.server.logs import request_id_of_this_task
from sonca.server.metrics import Metrics
from sonca.server.policy import Policies, Policy

log = logging.getLogger(__name__)
access = logging.getLogger("sonca.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_GONE = 499
"""What is logged for a client that went away before its answer was complete."""
_FORM_BYTES = 64 * 1024
"""What a form may have around the uploaded file."""
_NO_KEY = ErrorAnswer.of_status(401, "this server wants an API key: Authorization: Bearer KEY")


class RequestContext:
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


class ApiKeys:
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


@dataclass(eq=False, slots=True)
class _IncomingBody:
    """A body that is not complete."""

    limit: int
    """In bytes."""
    received: int = 0
    """Bytes so far."""
    waiting: asyncio.Timeout | None = None
    """The limit of the wait for its next byte, while there is one."""
    gave_way: bool = False


class Receiving:
    """Gives up bodies that are too large or pause for longer than `timeout_s`; and, while all of
    them together have more than `max_total_bytes`, the one that has paused longest. They are
    counted and passed on, not collected.

    A request for speech is admitted when the last of its body is there: one that is still being
    received costs neither engine nor encoder, and it may be that it never ends.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        lifecycle: Lifecycle,
        timeout_s: float,
        max_total_bytes: int,
        max_body_bytes: int,
        max_upload_bytes: int,
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._timeout_s = timeout_s
        self._max_total_bytes = max_total_bytes
        self._max_body_bytes = max_body_bytes
        self._max_form_bytes = max_upload_bytes + _FORM_BYTES
        self._bodies: dict[_IncomingBody, None] = {}  # the one that moved last is the last
        self._received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope["state"]
        policy: Policy = state["policy"]
        limit = self._max_form_bytes if policy.upload else self._max_body_bytes
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            await ErrorAnswer.of_status(413, _too_large(announced, limit)).response(scope)(
                scope, receive, send
            )
            return
        body: _IncomingBody | None = _IncomingBody(limit)
        admission: Admission | None = None

        async def received() -> Message:
            nonlocal body, admission
            if body is None:  # it is complete: what is awaited now is the client's going away
                return await receive()
            message = await self._next(body, receive, state)
            if not message.get("more_body"):
                self._forget(body)
                body = None
                if message["type"] == "http.disconnect":
                    state["gone"] = True  # and not a request that was wrong
                elif policy.admitted and scope["method"] == "POST":
                    admission = state["admission"] = await self._lifecycle.enter()
            return message

        try:
            await self._app(scope, received, send)
        finally:
            if body is not None:
                self._forget(body)
            if admission is not None:
                self._lifecycle.leave(admission)

    async def _next(
        self, body: _IncomingBody, receive: Receive, state: Mapping[str, Any]
    ) -> Message:
        """Waits for the next part of a body. What its header said is not believed."""
        try:
            async with asyncio.timeout(self._timeout_s) as body.waiting:
                message = await receive()
        except TimeoutError as error:
            if "status" in state:  # answered before all of it was there: too late to say so
                return {"type": "http.disconnect"}
            raise self._problem(body) from error
        finally:
            body.waiting = None
        size = len(message.get("body", b""))
        if body.received + size > body.limit:
            raise HTTPException(413, _too_large("more", body.limit))
        if message.get("more_body"):
            self._count(body, size)
        return message

    def _problem(self, body: _IncomingBody) -> Exception:
        if body.gave_way:
            return Busy(
                f"more than {self._max_total_bytes} bytes of bodies are being received at once, "
                "the limit of SONCA_RECEIVE_BYTES; try again soon",
                retry_after_s=5,
                reason="too_much_received",
            )
        return HTTPException(
            408,
            f"nothing of the body came for {self._timeout_s:g} s "
            "(SONCA_RECEIVE_TIMEOUT_S); send it again",
        )

    def _count(self, body: _IncomingBody, size: int) -> None:
        """Counts what has come of a body. Where that is too much for the memory, those that have
        paused longest are given up; one that is alone may be as large as it is, and those that
        are smaller than their share would not help."""
        body.received += size
        self._received += size
        self._bodies.pop(body, None)
        self._bodies[body] = None
        excess = self._received - self._max_total_bytes
        share = self._max_total_bytes / max(1, len(self._bodies))
        for other in self._bodies:
            if excess <= 0:
                break
            waits = other.waiting is not None and not other.waiting.expired()
            if waits and other.received > share and not other.gave_way:
                assert other.waiting is not None
                other.gave_way = True
                other.waiting.reschedule(0)
            if other.gave_way:
                excess -= other.received

    def _forget(self, body: _IncomingBody) -> None:
        if body in self._bodies:
            del self._bodies[body]
            self._received -= body.received


def _too_large(size: str, limit: int) -> str:
    return f"the body has {size[:20]} bytes, the limit is {limit}; send it in parts"


class UnhandledErrors:
    """Logs an error that nobody foresaw whole, and answers it without a traceback."""

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
            problem = ErrorAnswer.of(ShuttingDown())
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
