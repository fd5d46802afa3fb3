"""How text is read, as seen through the server: explanations and the caller's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Live, Serve


def explain(live: Live, text: str, **fields: Any) -> dict[str, Any]:
    answer = live.http.post("/v1/text/explain", json={"text": text, **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_every_token_says_what_is_said_for_what_by_which_rule(shared: Live) -> None:
    text = "Ngày 20/11, giá 25k."
    told = explain(shared, text)
    assert told["utterances"][0]["spoken"].startswith("ngày hai mươi tháng mười một, giá")
    for token in told["tokens"]:
        assert text[token["start"] : token["end"]] == token["original"]
        assert token["rule"]
    assert explain(shared, text, region="south")["utterances"][0]["spoken"].endswith("ngàn.")


def duration_s(live: Live, text: str, **fields: Any) -> float:
    answer = live.speech(text, response_format="wav", **fields)
    assert answer.status_code == 200, answer.text
    return (len(answer.content) - 44) / 2 / 16_000


@pytest.mark.parametrize(
    ("lexicon", "format"),
    [("Zyx\tmột hai ba bốn", "tsv"), ('[words]\nZyx = "một hai ba bốn"', "toml")],
)
def test_a_lexicon_of_the_request_wins(shared: Live, lexicon: str, format: str) -> None:
    said = duration_s(shared, "Zyx.", lexicon=lexicon, lexicon_format=format)
    assert said == pytest.approx(4 * 0.2, abs=0.01)
    answer = shared.synthesize("Zyx.", lexicon=lexicon, lexicon_format=format)
    assert float(answer.headers["X-Duration-Seconds"]) == pytest.approx(0.8, abs=0.01)


def test_a_bad_line_is_named(shared: Live) -> None:
    answer = shared.speech("Zyx.", lexicon="một\thai\nba")
    assert answer.status_code == 400
    assert "line 2" in answer.json()["error"]["message"]


def test_a_lexicon_of_the_server(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("Zyx\tmột hai ba\nKwq\tmột\n", encoding="utf-8")
    live = serve(lexicon=path)
    assert duration_s(live, "Zyx.") == pytest.approx(0.6, abs=0.01)
    own = duration_s(live, "Zyx Kwq.", lexicon="Zyx\tnăm")
    assert own == pytest.approx(0.4, abs=0.01), "the request's word wins, the server's stays"


def test_messages_name_fields_and_models_that_people_know(shared: Live) -> None:
    body = b'{"model": "tts-1", "voice": "\\ud800", "input": "a"}'
    answer = shared.http.post(
        "/v1/audio/speech", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message.startswith("voice: half a surrogate pair")
    message = shared.speech("một", model="nobody").json()["error"]["message"]
    assert "espeak" in message
    assert "synthetic" not in message
