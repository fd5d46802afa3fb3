"""A model hub of one machine: what huggingface_hub asks for, and every way it can go wrong."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """Serves ``/owner/name/resolve/REVISION/PATH``. Faults are turned on by the test."""

    files: dict[str, bytes] = field(default_factory=dict)
    """``owner/name/path`` to content."""
    status: int = 200
    page: bytes | None = None
    """Answered instead of every file, as a login page would be."""
    break_after: int | None = None
    """Bytes of a body after which the connection is cut, once."""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and range of each request."""
    address: str = ""

    def content(self, path: str) -> bytes | None:
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        if found is None:
            return None
        return self.page or self.files.get(f"{found[1]}/{found[2]}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        hub, asked = self.hub, self.headers.get("Range")
        hub.asked.append((self.command, self.path, asked))
        content = hub.content(self.path)
        if hub.status != 200 or content is None:
            self.refuse(hub.status if hub.status != 200 else 404)
            return
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        part = content[start:]
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "c" * 40)
        self.end_headers()
        if body:
            self.send(part)

    def send(self, part: bytes) -> None:
        cut = self.hub.break_after
        if cut is None or len(part) <= cut:
            self.wfile.write(part)
            return
        self.wfile.write(part[:cut])
        self.close_connection = True

    def refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 404:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


def serve() -> tuple[Hub, Callable[[], None]]:
    """A hub that runs, and what stops it."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return hub, stop
