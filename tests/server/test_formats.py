"""A format is one row of `sonca.encoding.formats`: everything here lists what stands there."""

from __future__ import annotations

import re

from sonca.encoding import BOOK_FORMATS, FORMATS

from .conftest import Live


def test_the_api_documents_every_format(live: Live) -> None:
    schema = live.http.get("/openapi.json").json()
    schemas = schema["components"]["schemas"]
    assert schemas["SpeechBody"]["properties"]["response_format"]["enum"] == list(FORMATS)
    answer = schema["paths"]["/v1/audio/speech"]["post"]["responses"]["200"]
    assert {each.media_type for each in FORMATS.values()} < set(answer["content"])
    job = schema["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    assert job["schema"]["properties"]["format"]["enum"] == list(BOOK_FORMATS)


def test_every_format_is_spoken(live: Live) -> None:
    for each in FORMATS.values():
        answer = live.http.post(
            "/v1/audio/speech", json={"input": "một", "response_format": each.name}
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"] == each.media_type
    unknown = live.http.post("/v1/audio/speech", json={"input": "một", "response_format": "m4a"})
    assert unknown.status_code == 400
    assert all(repr(name) in unknown.json()["error"]["message"] for name in FORMATS)


def test_the_page_offers_every_format_that_a_player_knows(live: Live) -> None:
    page = live.http.get("/").text
    offered = re.findall(r'data-format="(\w+)" data-suffix="([.\w]+)">(\w+)<', page)
    assert offered == [(f.name, f.suffix, f.label) for f in FORMATS.values() if not f.bare]
    choices = re.findall(r'<option value="(\w+)" data-say="format_', page)
    assert choices == list(BOOK_FORMATS)
