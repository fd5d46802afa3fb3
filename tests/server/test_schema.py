"""The OpenAPI schema is true: requests made from it get only answers that it declares."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from .conftest import Live


@pytest.fixture(scope="module")
def api(shared: Live) -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_url(f"{shared.url}/openapi.json")


_BOUNDED = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.mark.slow
def test_answers_are_as_declared(api: schemathesis.schemas.BaseSchema) -> None:
    tested = []
    for result in api.get_all_operations():
        operation = result.ok()
        tested.append(operation.label)

        @given(case=operation.as_strategy())
        @_BOUNDED
        def check(case: schemathesis.Case) -> None:
            if isinstance(case.body, dict):
                for name in ("text", "input"):
                    if isinstance(case.body.get(name), str):
                        case.body[name] = case.body[name][:200]
            case.call_and_validate(checks=_CHECKS)

        check()
    assert len(tested) >= 18


def test_every_route_is_in_it(shared: Live) -> None:
    paths = shared.http.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        *("/v1/audio/speech", "/v1/models", "/v1/models/{model}"),
        *("/v1/models/reload", "/v1/text/explain"),
        *("/v1/audio/voices", "/v1/audio/voices/{voice_id}", "/v1/devices"),
        "/v1/audio/voices/{voice_id}/sample",
        *("/api/tts/synthesize", "/api/tts/voices", "/api/tts/model/info", "/api/tts/health"),
        *("/api/tts/audio/{file_id}", "/api/tts/audio/{file_id}/metadata"),
        *("/v1/jobs", "/v1/jobs/plan", "/v1/jobs/{job_id}", "/v1/jobs/{job_id}/events"),
        *("/v1/jobs/{job_id}/audio", "/v1/jobs/{job_id}/captions", "/v1/jobs/{job_id}/archive"),
        *("/api/tts/storage/stats", "/health", "/livez", "/readyz", "/metrics"),
    }


def test_it_names_no_validation_error_of_the_framework(shared: Live) -> None:
    text = shared.http.get("/openapi.json").text
    assert "HTTPValidationError" not in text
    for path, operations in shared.http.get("/openapi.json").json()["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            assert not (path.startswith("/v1/") and "422" in operation["responses"])
