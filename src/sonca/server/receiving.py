"""Bodies on their way in: each must move, and together they must fit into memory.

They are counted and passed on, not collected. Knows nothing of what is in them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonca.errors import Busy

_CLOSE = {"connection": "close"}


@dataclass(eq=False, slots=True)
class _Body:
    """A body that is not complete."""

    received: int = 0
    """Bytes so far."""
    waiting: asyncio.Timeout | None = None
    """The limit of the wait for its next byte, while there is one."""
    gave_way: bool = False
    answered: bool = False
    """Whether the answer has begun, before all of the question was there."""


class Receiving:
    """Gives up bodies that pause for longer than `timeout_s`; and, while all of them together
    have more than `max_bytes`, the one that has paused longest."""

    def __init__(self, app: ASGIApp, *, timeout_s: float, max_bytes: int) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._bodies: dict[_Body, None] = {}  # the one that moved last is the last
        self._received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body: _Body | None = _Body()

        async def timely() -> Message:
            nonlocal body
            if body is None:  # it is complete: what is awaited now is the client's going away
                return await receive()
            message = await self._next(body, receive)
            if message["type"] == "http.disconnect":
                scope["state"]["gone"] = True  # and not a request that was wrong
            if message["type"] != "http.request" or not message.get("more_body"):
                self._forget(body)
                body = None
            return message

        async def answer(message: Message) -> None:
            if body is not None:
                body.answered = True
            await send(message)

        try:
            await self._app(scope, timely, answer)
        finally:
            if body is not None:
                self._forget(body)

    async def _next(self, body: _Body, receive: Receive) -> Message:
        try:
            async with asyncio.timeout(self._timeout_s) as body.waiting:
                message = await receive()
        except TimeoutError as error:
            if body.answered:  # too late to say so
                return {"type": "http.disconnect"}
            raise self._problem(body) from error
        finally:
            body.waiting = None
        if message.get("more_body"):
            self._count(body, len(message.get("body", b"")))
        return message

    def _problem(self, body: _Body) -> Exception:
        if body.gave_way:
            return Busy(
                f"more than {self._max_bytes} bytes of bodies are being received at once, the "
                "limit of SONCA_RECEIVE_BYTES; try again soon",
                retry_after_s=5,
                reason="too_much_received",
            )
        return HTTPException(
            408,
            f"nothing of the body came for {self._timeout_s:g} s "
            "(SONCA_RECEIVE_TIMEOUT_S); send it again",
            _CLOSE,
        )

    def _count(self, body: _Body, size: int) -> None:
        body.received += size
        self._received += size
        self._bodies.pop(body, None)
        self._bodies[body] = None
        self._make_room()

    def _make_room(self) -> None:
        """Give up those that have paused longest; one that is alone may be as large as it is.
        Those that are smaller than their share would not help, and are left alone."""
        excess = self._received - self._max_bytes
        share = self._max_bytes / max(1, len(self._bodies))
        for body in self._bodies:
            if excess <= 0:
                break
            waits = body.waiting is not None and not body.waiting.expired()
            if waits and body.received > share and not body.gave_way:
                assert body.waiting is not None
                body.gave_way = True
                body.waiting.reschedule(0)
            if body.gave_way:
                excess -= body.received

    def _forget(self, body: _Body) -> None:
        if body in self._bodies:
            del self._bodies[body]
            self._received -= body.received
