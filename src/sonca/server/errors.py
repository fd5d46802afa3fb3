"""The one table from errors to HTTP statuses, and how each API words an error.

Paths below ``/v1`` answer in OpenAI's shape, everything else as the predecessor did: ``detail``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Scope

from sonca import errors

FAILED = "something went wrong on our side; quote the request id when you report it"


@dataclass(frozen=True, slots=True)
class Row:
    """How an error is answered."""

    status: int
    code: str
    """For programs: OpenAI's `code`, and ours."""


TABLE: Mapping[type[errors.SoncaError], Row] = {
    errors.InvalidRequest: Row(400, "invalid_value"),
    errors.EmptyText: Row(400, "empty_text"),
    errors.NothingToSay: Row(400, "nothing_to_say"),
    errors.TextTooLong: Row(413, "text_too_long"),
    errors.UnknownVoice: Row(400, "unknown_voice"),
    errors.UnknownEngine: Row(404, "model_not_found"),
    errors.EngineNotInstalled: Row(404, "model_not_installed"),
    errors.Unsupported: Row(400, "unsupported"),
    errors.BadAudio: Row(400, "bad_audio"),
    errors.NotFound: Row(404, "not_found"),
    errors.Busy: Row(429, "busy"),
    errors.ShuttingDown: Row(503, "shutting_down"),
    errors.Cancelled: Row(503, "cancelled"),
    errors.DeadlineExceeded: Row(504, "deadline_exceeded"),
    errors.EngineError: Row(500, "engine_error"),
    errors.StorageFull: Row(507, "storage_full"),
    errors.StorageError: Row(500, "storage_error"),
    errors.SoncaError: Row(500, "server_error"),
}
"""An error that is not listed is answered as the nearest of its ancestors."""


REFUSALS: Mapping[str, str] = {
    "too_many_requests": "more requests are being answered than twice `SONCA_QUEUE_LIMIT`",
    "queue_full": "more wait for the engine than `SONCA_QUEUE_LIMIT`",
    "too_much_received": "more is being received at once than `SONCA_RECEIVE_BYTES`",
    "too_many_plans": "so many books are being read, or wait for it",
    "too_many_books": "so many books of one key wait or are being built",
    "too_many_kept_books": "so many books of one key are kept",
}
"""The codes of a 429, `Busy.reason`, and what each means."""


def row(error: errors.SoncaError) -> Row:
    """The table's row for an error; what there is no room for has a code for each limit."""
    found = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    return Row(found.status, error.reason) if isinstance(error, errors.Busy) else found


@dataclass(frozen=True, slots=True)
class Problem:
    """An error on its way to a client."""

    status: int
    code: str
    message: str
    field: str | None = None
    retry_after_s: float | None = None

    @classmethod
    def of(cls, error: errors.SoncaError) -> Problem:
        """What the table says about an error of ours."""
        found = row(error)
        return cls(
            found.status,
            found.code,
            str(error),
            getattr(error, "field", None),
            getattr(error, "retry_after_s", None),
        )

    def headers(self) -> dict[str, str]:
        """Headers that belong to the status."""
        if self.retry_after_s is not None:
            return {"retry-after": str(max(1, math.ceil(self.retry_after_s)))}
        return {"www-authenticate": "Bearer"} if self.status == 401 else {}

    def openai(self) -> dict[str, Any]:
        """The error in OpenAI's shape."""
        if self.status == 429:
            kind = "rate_limit_error"
        else:
            kind = "invalid_request_error" if self.status < 500 else "server_error"
        field = {"text": "input", "format": "response_format"}.get(self.field or "", self.field)
        return {"error": {"message": self.message, "type": kind, "param": field, "code": self.code}}

    def predecessor(self, request_id: str) -> dict[str, Any]:
        """The error in the predecessor's shape."""
        return {
            "detail": self.message,
            "code": self.code,
            "field": self.field,
            "request_id": request_id,
        }

    def response(self, scope: Scope) -> Response:
        """The answer, in the shape of the API that the request came to."""
        scope.setdefault("state", {})["error_code"] = self.code
        openai = scope["path"].startswith("/v1/")
        body = self.openai() if openai else self.predecessor(request_id(scope))
        return json_response(body, self.status, self.headers())


def json_response(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON in UTF-8. What UTF-8 cannot say (half a surrogate pair in a message) becomes `?`."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, media_type="application/json")


def install(app: FastAPI) -> None:
    """Answer every error of ours and of the framework from the table."""
    app.add_exception_handler(errors.SoncaError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_gone)


def request_id(scope: Scope) -> str:
    """The id that the middleware gave this request."""
    return str(scope.get("state", {}).get("request_id", "-"))


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.SoncaError)
    return Problem.of(error).response(request.scope)


async def _on_gone(request: Request, error: Exception) -> Response:
    """Nobody hears the answer; the log says that the client has gone."""
    assert isinstance(error, ClientDisconnect)
    request.scope.setdefault("state", {})["gone"] = True
    return Response(status_code=400)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, errors.SoncaError):  # FastAPI wraps what a body's end raises
        return await _on_ours(request, error.__cause__)
    known = {
        404: "not_found",
        405: "method_not_allowed",
        408: "receive_timeout",
        413: "body_too_large",
    }
    code = known.get(error.status_code, "invalid_request")
    message = str(error.detail)
    if error.status_code == 400 and isinstance(error.__cause__, ValueError | RecursionError):
        message = "the body cannot be read as JSON: it is not UTF-8, or nested too deeply"
    if error.status_code == 404 and message == "Not Found":
        message = f"there is nothing at {request.url.path[:200]!r}; see /openapi.json"
    if error.status_code == 405:
        message = f"{request.method} is not understood here; see /openapi.json"
    problem = Problem(error.status_code, code, message)
    response = problem.response(request.scope)
    response.headers.update(error.headers or {})
    return response


async def _on_validation(request: Request, error: Exception) -> Response:
    """A body of the wrong shape: 400 in OpenAI's API, 422 in the predecessor's."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    path = request.url.path
    # Of a field that may have several forms, the validator also names the form it tried.
    where = [str(part) for part in first["loc"][1:] if "[" not in str(part)]
    field = where[0] if where and not where[0].isdigit() else None
    status = 400 if path.startswith("/v1/") else 422
    return Problem(status, "invalid_value", _explain(first, where), field).response(request.scope)


def _explain(problem: Mapping[str, Any], where: list[str]) -> str:
    """One sentence about the first thing that is wrong, without echoing the input: it may be
    megabytes, or not even valid text."""
    name = ".".join(where) or "the body"
    match problem["type"]:
        case "json_invalid":
            return f"the body is not JSON: {problem['ctx']['error']} (character {name})"
        case "missing" if not where:
            return "the body is missing; send JSON with Content-Type: application/json"
        case "missing":
            return f"{name} is missing"
        case "too_long" | "string_too_long":
            return f"{name} is longer than {problem['ctx']['max_length']} characters"
        case "extra_forbidden":
            return f"{name} is not a field of this request; see /openapi.json"
        case "model_attributes_type" | "dict_type":
            return "the body is not a JSON object; send JSON with Content-Type: application/json"
        case "value_error":
            return f"{name}: {problem['ctx']['error']}"
        case _:
            return f"{name}: {problem['msg'][:1].lower()}{problem['msg'][1:]}{_value(problem)}"


def _value(problem: Mapping[str, Any]) -> str:
    """The wrong value, if it is a number or a short word."""
    value = problem.get("input")
    if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 40):
        return f", not {ascii(value)[:60]}"
    return ""
