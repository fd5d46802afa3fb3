"""Connections below HTTP: how many there are, and which of them wait for their client.

uvicorn waits for ever: for the head of a request, and for a reader who takes nothing. Here every
connection knows when a byte last went either way, so that one that asks for nothing can be
closed, and one that stands in somebody's way can make room. Knows no routes and no sound.
Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import logging
import struct
import termios
import time
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

log = logging.getLogger(__name__)

_TOO_SLOW, _TOO_LARGE = (
    f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
    for status in ("408 Request Timeout", "431 Request Header Fields Too Large")
)
_MAX_HEAD_BYTES = 64 * 1024
"""Of a request's line and headers; neither uvicorn nor its parser has a limit."""


class Connections:
    """All connections of a server, in the order in which a byte last went."""

    def __init__(
        self,
        *,
        limit: int,
        receive_timeout_s: float,
        stall_timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._limit = limit
        self._receive_timeout_s = receive_timeout_s
        self.stall_timeout_s = stall_timeout_s
        self._all: dict[Connection, None] = {}
        self._crowded = 0
        self.behind: set[Connection] = set()
        """Those whose reader has not taken all that was sent to him."""

    @property
    def protocol(self) -> type[asyncio.Protocol]:
        """What uvicorn is to make for each connection."""
        return cast(type[asyncio.Protocol], functools.partial(Connection, self))

    def moved(self, connection: Connection) -> None:
        """Puts a connection last: its client has just sent or taken something."""
        connection.moved_at = self.clock()
        if connection in self._all:
            del self._all[connection]
            self._all[connection] = None

    def add(self, connection: Connection) -> None:
        """Takes one more; over the limit, closes the one that has been waited for longest."""
        connection.moved_at = self.clock()
        victim = None
        if len(self._all) >= self._limit:
            victim = self._longest_waited_for() or connection
            self.discard(victim)  # many may come before it hears that it is closed
            self._crowded += 1
            victim.cut("crowded")
        if victim is not connection:
            self._all[connection] = None

    def discard(self, connection: Connection) -> None:
        """Forgets one that is closed."""
        self._all.pop(connection, None)
        self.behind.discard(connection)

    def look(self) -> None:
        """Looks at those that are waited for. Called several times a second."""
        for connection in self.behind:
            connection.look()
        silent_since, late = self.clock() - self._receive_timeout_s, []
        for connection in self._all:
            if connection.moved_at > silent_since:
                break
            if connection.owes_a_request:
                late.append(connection)
        for connection in late:
            connection.give_up()
        if late:
            log.info("closed %d connections that did not send a request", len(late))
        if self._crowded:
            log.warning(
                "closed %d connections: more came than SONCA_MAX_CONNECTIONS", self._crowded
            )
            self._crowded = 0

    def _longest_waited_for(self) -> Connection | None:
        for connection in self._all:
            if connection.is_receiving:
                return connection
        stalled = max(self.behind, key=lambda c: c.stalled_s, default=None)
        return stalled if stalled and stalled.stalled_s > self.stall_timeout_s else None


class Connection(HttpToolsProtocol):
    """One connection. A request finds it in its scope, as ``state["connection"]``."""

    def __init__(self, connections: Connections, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self.moved_at = 0.0
        """When a byte last went, as far as it was seen."""
        self._connections = connections
        self._in_head = False
        self._head_bytes = 0
        self._answered: RequestResponseCycle | None = None
        self._unread = 0
        self._taken_at = 0.0

    @property
    def is_receiving(self) -> bool:
        """Whether the next byte is the client's to send."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return not self.transport.get_write_buffer_size() or self._is_silent
        return cycle.more_body and not self.flow.read_paused

    @property
    def _is_silent(self) -> bool:
        """Whether no byte has gone for as long as a reader may stall."""
        connections = self._connections
        return connections.clock() - self.moved_at > connections.stall_timeout_s

    @property
    def owes_a_request(self) -> bool:
        """Whether nothing is being answered, and uvicorn's own clock for idle ones is not set."""
        answering = self.cycle is not None and not self.cycle.response_complete
        idle = self.timeout_keep_alive_task is not None
        return not answering and not idle and not self.transport.get_write_buffer_size()

    @property
    def stalled_s(self) -> float:
        """Seconds for which the reader has taken nothing of what waits for him."""
        is_behind = self in self._connections.behind
        return self._connections.clock() - self._taken_at if is_behind else 0.0

    def look(self) -> None:
        """Sees whether the reader has taken something since the last look.

        Asked of the system: from its buffers he may read for minutes before there is room again
        for us to notice.
        """
        unread = self.count_unread()
        if unread < self._unread:
            self._taken_at = self._connections.clock()
            self._connections.moved(self)
        self._unread = unread

    def give_up(self) -> None:
        """Closes a connection whose request does not come, with an answer if it had begun."""
        if not self.transport.is_closing():
            if self._in_head:
                self.transport.write(_TOO_SLOW)
            self.transport.close()

    def cut(self, reason: str) -> None:
        """Closes it now, whatever is being sent; `reason` is for who answers the request."""
        if self._answered is not None:
            self._answered.scope["state"]["cut"] = reason
        self.transport.abort()

    def count_unread(self) -> int:
        """Returns the bytes sent that have not arrived at the reader's system."""
        raw = self.transport.get_extra_info("socket")
        try:
            answer = fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        except (OSError, ValueError, AttributeError):  # it is closed, or the system has no such
            answer = b"\0" * 4
        return self.transport.get_write_buffer_size() + int(struct.unpack("i", answer)[0])

    # uvicorn's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(exc)
        # uvicorn tells the request that came last. Where several were sent at once, that is not
        # the one which is being answered.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()

    def data_received(self, data: bytes) -> None:
        self._connections.moved(self)
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self.scope["state"]["connection"] = self

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._connections.moved(self)
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread, self._taken_at = self.count_unread(), self._connections.clock()
        self._connections.behind.add(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.behind.discard(self)
