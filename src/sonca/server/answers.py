"""JSON in an answer's body, whole or as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response


def encode_json(body: object) -> bytes:
    """Returns JSON in UTF-8. What that cannot say (half a surrogate pair in a message) is `?`."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def json_response(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns an answer of JSON."""
    return Response(encode_json(body), status, headers, media_type="application/json")


def encode_event(data: object) -> bytes:
    """Returns a server-sent event with JSON."""
    return b"data: " + encode_json(data) + b"\n\n"
