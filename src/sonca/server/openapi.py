"""Corrects the OpenAPI schema: which errors a route has, and what they look like.

The framework's own schema promises its own validation errors everywhere; ours have one shape
per API (see `sonca.server.errors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute, Route

from sonca.errors import InvalidRequest, ShuttingDown
from sonca.server.errors import documented, in_openai_shape
from sonca.server.policy import Policy, policy_of

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
    """Returns the schema of one kind of event."""
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


def describe(app: FastAPI, routes: Iterable[BaseRoute], *, secured: bool) -> None:
    """Has the app answer with the schema of `routes`. `secured`: whether it asks for API keys."""
    policies = {
        (route.path, method.lower()): policy_of(route)
        for route in routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app, policies, secured)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _schema(
    app: FastAPI, policies: Mapping[tuple[str, str], Policy], secured: bool
) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"OpenAIError": _OPENAI_ERROR, "Error": _ERROR}
    if secured:
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _correct(path, operation, policies[path, method], secured)
    return made


def _correct(path: str, operation: dict[str, Any], policy: Policy, secured: bool) -> None:
    """Names the errors of one route as they are."""
    openai = in_openai_shape(path)
    is_checked = operation["responses"].pop("422", None) is not None
    has_body = "requestBody" in operation
    kinds = list(policy.raises)
    if is_checked and openai:
        kinds.append(InvalidRequest)
    elif is_checked and has_body:  # a path's parameters are strings: only bodies have a shape
        kinds.append(422)
    if has_body:
        kinds += (408, 413, "too_much_received")
    if policy.admitted:
        kinds += ("too_many_requests", ShuttingDown)
    if secured and not policy.open:
        kinds.append(401)
        operation["security"] = [{"key": []}]
    name = "OpenAIError" if openai else "Error"
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation["responses"] |= documented(kinds)
    for status, response in operation["responses"].items():
        if status >= "400" and "content" not in response:
            response["content"] = error
