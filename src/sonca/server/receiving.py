"""Bodies on their way in: each must move and keep its limit, and together they must fit into
memory. They are counted and passed on, not collected.

A request for speech takes its place when the last of its body is there: one that is still being
received costs neither engine nor encoder, and it may be that it never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonca.errors import Busy
from sonca.server.errors import Problem
from sonca.server.lifecycle import Lifecycle, Place
from sonca.server.policy import Policy

_FORM_BYTES = 64 * 1024
"""What a form may have around the uploaded file."""


@dataclass(eq=False, slots=True)
class _Body:
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
    them together have more than `max_total_bytes`, the one that has paused longest. Admits what
    is complete."""

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
        self._bodies: dict[_Body, None] = {}  # the one that moved last is the last
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
            await Problem.of_status(413, _too_large(announced, limit)).response(scope)(
                scope, receive, send
            )
            return
        body: _Body | None = _Body(limit)
        place: Place | None = None

        async def received() -> Message:
            nonlocal body, place
            if body is None:  # it is complete: what is awaited now is the client's going away
                return await receive()
            message = await self._next(body, receive, state)
            if not message.get("more_body"):
                self._forget(body)
                body = None
                if message["type"] == "http.disconnect":
                    state["gone"] = True  # and not a request that was wrong
                elif policy.admitted and scope["method"] == "POST":
                    place = state["place"] = await self._lifecycle.enter()
            return message

        try:
            await self._app(scope, received, send)
        finally:
            if body is not None:
                self._forget(body)
            if place is not None:
                self._lifecycle.leave(place)

    async def _next(self, body: _Body, receive: Receive, state: Mapping[str, Any]) -> Message:
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

    def _problem(self, body: _Body) -> Exception:
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

    def _count(self, body: _Body, size: int) -> None:
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

    def _forget(self, body: _Body) -> None:
        if body in self._bodies:
            del self._bodies[body]
            self._received -= body.received


def _too_large(size: str, limit: int) -> str:
    return f"the body has {size[:20]} bytes, the limit is {limit}; send it in parts"
