"""The OpenAPI schema, made true: which errors a route has, and what they look like.

The framework's own schema promises its own validation errors everywhere; ours have one shape
per API (see `sonca.server.errors`).
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sonca.server.errors import REFUSALS
from sonca.server.middleware import Keys

_OPENAI_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["detail", "code", "field", "request_id"],
    "properties": {
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": ["string", "null"]},
        "request_id": {"type": "string"},
    },
}


def _kind(name: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """The schema of one kind of event."""
    kind = {"type": {"const": name}}
    return {"type": "object", "required": list(kind | fields), "properties": kind | fields}


_MARK = {
    "type": "object",
    "required": ["kind", "time_s", "start", "end"],
    "properties": {
        "kind": {"enum": ["sentence", "word"]},
        "time_s": {"type": "number", "description": "From the start of the speech."},
        "start": {"type": "integer", "description": "Code points from the start of the input."},
        "end": {"type": "integer"},
    },
}
_DELTA = _kind("speech.audio.delta", audio={"type": "string", "contentEncoding": "base64"})
_DELTA["properties"] |= {
    "time_s": {"type": "number", "description": "Of the first sample; with `marks: true`."},
    "marks": {"type": "array", "items": _MARK, "description": "With `marks: true`."},
}
EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "oneOf": [
                    _DELTA,
                    _kind(
                        "speech.audio.done",
                        usage={"type": "object", "description": "Zeros: Sonca has no tokens."},
                        duration_s={"type": "number"},
                    ),
                    _kind("error", error=_OPENAI_ERROR["properties"]["error"]),
                ]
            },
        }
    },
}
"""One event of a stream: many deltas, then one that says that it is over, or why it broke."""

_UNPROVEN = {"description": "An API key is needed."}


def describe(app: FastAPI, *, secured: bool) -> None:
    """Have the app answer with this schema. `secured`: whether it asks for API keys."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app, secured)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _schema(app: FastAPI, secured: bool) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"OpenAIError": _OPENAI_ERROR, "Error": _ERROR}
    if secured:
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _correct(path, operation, secured=secured and not Keys.is_open(path))
    return made


def _correct(path: str, operation: dict[str, Any], *, secured: bool) -> None:
    """Name the errors of one route as they are."""
    openai = path.startswith("/v1/")
    responses = operation["responses"]
    invalid = responses.pop("422", None)
    if invalid is not None:
        # A path's parameters are strings: only bodies can have the wrong shape.
        if openai:
            responses.setdefault("400", {"description": "The request has not the right shape."})
        elif "requestBody" in operation:
            responses["422"] = {"description": "The body has not the right shape."}
    if secured:
        responses["401"] = _UNPROVEN
        operation["security"] = [{"key": []}]
    else:
        responses.pop("401", None)
    name = "OpenAIError" if openai else "Error"
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    if "429" in responses:
        responses["429"]["description"] += f" `code` is one of {', '.join(REFUSALS)}."
    for status, response in responses.items():
        if status >= "400" and "content" not in response:
            response["content"] = error
