"""``POST /v1/text/explain``."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sonca.errors import InvalidRequest
from sonca.server.routes.text import MAX_CHARS, router


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(router)
    return TestClient(app)


def test_tokens_utterances_and_skipped_parts(client: TestClient) -> None:
    text = "Ngày 20/11, xem Netflix.\n\n***\n\nHết."
    body = client.post("/v1/text/explain", json={"text": text}).json()
    date = next(t for t in body["tokens"] if t["original"] == "20/11")
    assert (date["spoken"], date["rule"]) == ("hai mươi tháng mười một", "slash")
    assert text[date["start"] : date["end"]] == "20/11"
    assert [u["spoken"] for u in body["utterances"]][-1] == "hết."
    assert body["skipped"] == [{"start": 26, "end": 29, "reason": "separator"}]


def test_region_and_lexicon(client: TestClient) -> None:
    request = {"text": "1.000 GenZ", "region": "south", "lexicon": "GenZ\tgien dét\n"}
    body = client.post("/v1/text/explain", json=request).json()
    assert body["utterances"][0]["spoken"] == "một ngàn gien dét"


def test_controls_and_signs_are_answered(client: TestClient) -> None:
    body = client.post("/v1/text/explain", json={"text": "a \u0000 \u200d 😀 <b>"}).json()
    assert [u["spoken"] for u in body["utterances"]] == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": 5},
        {"text": "a", "region": "west"},
        {"text": "a", "more": 1},
        {"text": "a" * (MAX_CHARS + 1)},
    ],
)
def test_bad_requests_are_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/v1/text/explain", json=body).status_code == 422


def test_a_bad_lexicon_is_our_error(client: TestClient) -> None:
    with pytest.raises(InvalidRequest, match="line 1"):
        client.post("/v1/text/explain", json={"text": "a", "lexicon": "x"})
