"""The one table from errors to HTTP statuses, how each API words an error, and how OpenAPI does.

Paths below ``/v1`` answer in OpenAI's shape, everything else in VietTTS's: ``detail``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Scope

from sonca import errors
from sonca.server.answers import json_response


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """How an error is answered."""

    status: int
    code: str
    """For programs: OpenAI's `code`, and ours."""
    meaning: str
    """For OpenAPI."""


TABLE: Mapping[type[errors.SoncaError], ErrorSpec] = {
    errors.InvalidRequest: ErrorSpec(400, "invalid_value", "something in the request is wrong"),
    errors.EmptyText: ErrorSpec(400, "empty_text", "there is no text"),
    errors.NothingToSay: ErrorSpec(400, "nothing_to_say", "nothing in the text can be spoken"),
    errors.TextTooLong: ErrorSpec(413, "text_too_long", "over `SONCA_MAX_TEXT_CHARS`"),
    errors.UnknownVoice: ErrorSpec(400, "unknown_voice", "no voice has this name"),
    errors.UnknownEngine: ErrorSpec(404, "model_not_found", "no model has this name"),
    errors.EngineNotInstalled: ErrorSpec(404, "model_not_installed", "the model is not installed"),
    errors.Unsupported: ErrorSpec(400, "unsupported", "the engine cannot do this"),
    errors.BadAudio: ErrorSpec(400, "bad_audio", "not audio, too short or too long"),
    errors.NotFound: ErrorSpec(404, "not_found", "unknown, deleted, expired, or not there yet"),
    errors.Busy: ErrorSpec(429, "busy", "there is no room"),
    errors.ShuttingDown: ErrorSpec(503, "shutting_down", "the server is shutting down"),
    errors.Cancelled: ErrorSpec(503, "cancelled", "the shutdown ended the request"),
    errors.DeadlineExceeded: ErrorSpec(504, "deadline_exceeded", "over `SONCA_REQUEST_TIMEOUT_S`"),
    errors.EngineError: ErrorSpec(500, "engine_error", "the engine failed"),
    errors.StorageFull: ErrorSpec(507, "storage_full", "the disk or the quota is full"),
    errors.StorageError: ErrorSpec(500, "storage_error", "the disk failed"),
    errors.SoncaError: ErrorSpec(500, "server_error", "something went wrong on our side"),
}
"""An error that is not listed is answered as the nearest of its ancestors."""

HTTP_TABLE: Mapping[int, ErrorSpec] = {
    spec.status: spec
    for spec in (
        ErrorSpec(401, "invalid_api_key", "an API key is needed"),
        ErrorSpec(404, "not_found", "there is no such path"),
        ErrorSpec(405, "method_not_allowed", "the path has not this method"),
        ErrorSpec(408, "receive_timeout", "the body paused for `SONCA_RECEIVE_TIMEOUT_S`"),
        ErrorSpec(413, "body_too_large", "over `SONCA_MAX_BODY_BYTES` or `SONCA_MAX_UPLOAD_BYTES`"),
        ErrorSpec(422, "invalid_value", "something in the body is wrong"),
    )
}
"""What is wrong with a request as such, whatever it asks for."""

REFUSALS: Mapping[str, str] = {
    "too_many_requests": "more requests are being answered than twice `SONCA_QUEUE_LIMIT`",
    "queue_full": "more wait for the engine than `SONCA_QUEUE_LIMIT`",
    "too_much_received": "more is being received at once than `SONCA_RECEIVE_BYTES`",
    "too_many_plans": "too many books are being read, or wait for that",
    "too_many_books": "too many books of one key wait or are being built",
    "too_many_kept_books": "too many books of one key are kept",
}
"""The codes of a 429, `Busy.reason`, and what each means."""

_HALF_READ = {"body_too_large", "receive_timeout"}
"""The rest of such a body is not read: the connection is of no more use."""


def spec_of(error: errors.SoncaError) -> ErrorSpec:
    """Looks an error up in the table; what there is no room for has a code for each limit."""
    found = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    if isinstance(error, errors.Busy):
        return ErrorSpec(found.status, error.reason, found.meaning)
    return found


DeclaredError = type[errors.SoncaError] | int | str
"""An error as a route declares it: a class, a status of `HTTP_TABLE`, or a code of `REFUSALS`."""


def documented(kinds: Iterable[DeclaredError]) -> dict[str, dict[str, Any]]:
    """Returns OpenAPI's responses for these errors, one for each status."""
    meanings: dict[int, dict[str, str]] = {}
    for kind in kinds:
        spec = _declared(kind)
        meanings.setdefault(spec.status, {})[spec.code] = spec.meaning
    return {
        str(status): {"description": "; ".join(f"`{code}`: {text}" for code, text in by_code)}
        for status, by_code in sorted((status, found.items()) for status, found in meanings.items())
    }


def _declared(kind: DeclaredError) -> ErrorSpec:
    if isinstance(kind, str):
        return ErrorSpec(TABLE[errors.Busy].status, kind, REFUSALS[kind])
    return HTTP_TABLE[kind] if isinstance(kind, int) else TABLE[kind]


def in_openai_shape(path: str) -> bool:
    """Returns whether the errors of a path have OpenAI's shape."""
    return path.startswith("/v1/")


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error on its way to a client."""

    status: int
    code: str
    message: str
    field: str | None = None
    retry_after_s: float | None = None

    @classmethod
    def of(cls, error: errors.SoncaError) -> ErrorAnswer:
        """Returns what the table says about an error of ours."""
        spec = spec_of(error)
        return cls(
            spec.status,
            spec.code,
            str(error),
            getattr(error, "field", None),
            getattr(error, "retry_after_s", None),
        )

    @classmethod
    def of_status(cls, status: int, message: str) -> ErrorAnswer:
        """Returns what is wrong with a request as such."""
        spec = HTTP_TABLE.get(status)
        return cls(status, spec.code if spec else "invalid_request", message)

    def headers(self) -> dict[str, str]:
        """Returns the headers that belong to the error."""
        if self.retry_after_s is not None:
            return {"retry-after": str(max(1, math.ceil(self.retry_after_s)))}
        if self.code in _HALF_READ:
            return {"connection": "close"}
        return {"www-authenticate": "Bearer"} if self.status == 401 else {}

    def openai(self) -> dict[str, Any]:
        """Returns the error in OpenAI's shape."""
        if self.status == 429:
            kind = "rate_limit_error"
        else:
            kind = "invalid_request_error" if self.status < 500 else "server_error"
        field = {"text": "input", "format": "response_format"}.get(self.field or "", self.field)
        return {"error": {"message": self.message, "type": kind, "param": field, "code": self.code}}

    def viettts(self, request_id: str) -> dict[str, Any]:
        """Returns the error in VietTTS's shape."""
        return {
            "detail": self.message,
            "code": self.code,
            "field": self.field,
            "request_id": request_id,
        }

    def response(self, scope: Scope) -> Response:
        """Returns the answer, in the shape of the API that the request came to."""
        scope.setdefault("state", {})["error_code"] = self.code
        openai = in_openai_shape(scope["path"])
        body = self.openai() if openai else self.viettts(request_id(scope))
        return json_response(body, self.status, self.headers())


UNFORESEEN = ErrorAnswer(
    500,
    "server_error",
    "something went wrong on our side; quote the request id when you report it",
)
"""What a client is told of an error that is none of ours; the log has the rest."""


def install(app: FastAPI) -> None:
    """Answers every error of ours and of the framework from the table."""
    app.add_exception_handler(errors.SoncaError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_gone)


def request_id(scope: Scope) -> str:
    """Returns the id that the middleware gave this request."""
    return str(scope.get("state", {}).get("request_id", "-"))


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.SoncaError)
    return ErrorAnswer.of(error).response(request.scope)


async def _on_gone(request: Request, error: Exception) -> Response:
    """Notes for the log that the client has gone: nobody hears the answer."""
    assert isinstance(error, ClientDisconnect)
    request.scope.setdefault("state", {})["gone"] = True
    return Response(status_code=400)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, errors.SoncaError):  # FastAPI wraps what a body's end raises
        return await _on_ours(request, error.__cause__)
    message = str(error.detail)
    if error.status_code == 400 and isinstance(error.__cause__, ValueError | RecursionError):
        message = "the body cannot be read as JSON: it is not UTF-8, or nested too deeply"
    if error.status_code == 404 and message == "Not Found":
        message = f"there is nothing at {request.url.path[:200]!r}; see /openapi.json"
    if error.status_code == 405:
        message = f"{request.method} is not understood here; see /openapi.json"
    response = ErrorAnswer.of_status(error.status_code, message).response(request.scope)
    response.headers.update(error.headers or {})
    return response


async def _on_validation(request: Request, error: Exception) -> Response:
    """Answers a body of the wrong shape: 400 in OpenAI's API, 422 in VietTTS's."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    # Of a field that may have several forms, the validator also names the form it tried.
    where = [str(part) for part in first["loc"][1:] if "[" not in str(part)]
    field = where[0] if where and not where[0].isdigit() else None
    status = 400 if in_openai_shape(request.scope["path"]) else 422
    return ErrorAnswer(status, "invalid_value", _explain(first, where), field).response(
        request.scope
    )


def _explain(problem: Mapping[str, Any], where: list[str]) -> str:
    """Returns one sentence about the first thing that is wrong, without echoing the input: it may
    be megabytes, or not even valid text."""
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
    """Returns the wrong value, if it is a number or a short word."""
    value = problem.get("input")
    if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 40):
        return f", not {ascii(value)[:60]}"
    return ""
