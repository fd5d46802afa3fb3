"""The OpenAI-compatible API, through the official client and without it."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import Any

import av
import httpx
import numpy as np
import openai
import pytest

from sonca.server.schemas import WHOLE_CHARS

from .conftest import Live, Serve
from .engines import CueEngine

TEXT = "Một hai ba. Bốn năm sáu bảy."
WORD_S = 0.2


def client(live: Live, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live.url}/v1", api_key=key, max_retries=0)


def decoded(data: bytes) -> tuple[int, float]:
    """Sample rate and seconds of an encoded file."""
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    return rate, sum(frame.samples for frame in frames) / rate


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.split("\n\n")
    assert blocks.pop() == ""
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def whole_length_s(live: Live, text: str) -> float:
    with live.server.services.sonca.stream(text) as speech:
        return sum(chunk.duration_s for chunk in speech)


@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac", "wav"])
def test_official_client_gets_a_playable_file(shared: Live, format: str) -> None:
    answer = client(shared).audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=format
    )
    rate, seconds = decoded(answer.content)
    # Opus always decodes to 48 kHz, whatever it was made from.
    assert format == "opus" or rate == int(answer.response.headers["x-sample-rate"])
    # Codecs pad to whole frames at both ends.
    assert seconds == pytest.approx(whole_length_s(shared, TEXT), abs=0.2)


def test_official_client_streams(shared: Live) -> None:
    text = " ".join([TEXT] * 100)
    with client(shared).audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input=text, response_format="wav"
    ) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        parts = list(answer.iter_bytes(4096))
    assert len(parts) > 1
    samples = np.frombuffer(b"".join(parts)[44:], "<i2")
    assert len(samples) / 16_000 == pytest.approx(whole_length_s(shared, text), abs=0.001)


def test_pcm_is_24_khz_whatever_the_engine_makes(shared: Live) -> None:
    answer = client(shared).audio.speech.create(
        model="tone", voice={"id": "high"}, input=TEXT, response_format="pcm"
    )
    assert answer.response.headers["x-sample-rate"] == "24000"
    expected = whole_length_s(shared, TEXT)
    assert len(answer.content) / 2 / 24_000 == pytest.approx(expected, abs=0.001)


def test_a_short_wav_has_its_true_size_and_a_long_one_streams(shared: Live) -> None:
    short = shared.speech(TEXT, response_format="wav")
    assert int(short.headers["content-length"]) == len(short.content)
    with wave.open(io.BytesIO(short.content)) as file:
        assert file.getnframes() == (len(short.content) - 44) // 2
        assert float(short.headers["x-duration-seconds"]) == file.getnframes() / 16_000
    long = shared.speech(" ".join([TEXT] * 100), response_format="wav")
    assert "content-length" not in long.headers
    assert "x-duration-seconds" not in long.headers
    assert long.content[4:8] == b"\xff\xff\xff\xff"


def test_events_carry_the_same_bytes_as_the_plain_answer(shared: Live) -> None:
    plain = shared.speech(TEXT, response_format="pcm")
    seen = events(shared.speech(TEXT, response_format="pcm", stream_format="sse"))
    assert [event["type"] for event in seen[:-1]] == ["speech.audio.delta"] * (len(seen) - 1)
    assert seen[-1]["type"] == "speech.audio.done"
    assert seen[-1]["usage"].keys() == {"input_tokens", "output_tokens", "total_tokens"}
    assert b"".join(base64.b64decode(event["audio"]) for event in seen[:-1]) == plain.content
    assert not any("marks" in event for event in seen)


def test_marks_tell_when_each_word_is_said(shared: Live) -> None:
    text = "Chào bạn. 🎵 Đi nhé!"
    seen = events(shared.speech(text, response_format="wav", stream_format="sse", marks=True))
    marks = [mark for event in seen[:-1] for mark in event["marks"]]
    assert [text[m["start"] : m["end"]] for m in marks if m["kind"] == "word"] == [
        *("Chào", "bạn", "Đi", "nhé"),
    ]
    sentences = [m for m in marks if m["kind"] == "sentence"]
    assert len(sentences) == 2
    assert text[sentences[1]["start"] : sentences[1]["end"]].endswith("Đi nhé!")
    times = [mark["time_s"] for mark in marks]
    assert times == sorted(times)
    assert times[0] == 0
    # The second sentence begins after two words and a pause.
    assert sentences[1]["time_s"] > 2 * WORD_S
    assert seen[-1]["duration_s"] == pytest.approx(whole_length_s(shared, text), abs=0.001)


def test_a_deltas_time_is_that_of_its_first_sample(shared: Live) -> None:
    text = " ".join([TEXT] * 20)
    seen = events(shared.speech(text, response_format="wav", stream_format="sse", marks=True))
    sent = -44  # the header
    for event in seen[:-1]:
        assert event["time_s"] == pytest.approx(max(0, sent) / 2 / 16_000, abs=0.001)
        sent += len(base64.b64decode(event["audio"]))
    assert len(seen) > 2


SENTENCES = "một hai ba. bốn năm sáu."
REALTIME = [("REALTIME", True), ("REALTIME", False)]
FILE = [("FILE", False)] * 2
LONG_WAV = SENTENCES * (WHOLE_CHARS // len(SENTENCES) + 1)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/v1/audio/speech", {"response_format": "mp3"}, REALTIME),
        ("/v1/audio/speech", {"response_format": "pcm"}, REALTIME),
        ("/v1/audio/speech", {"response_format": "wav"}, FILE),
        ("/v1/audio/speech", {"response_format": "wav", "stream_format": "sse"}, REALTIME),
        ("/v1/audio/speech", {"response_format": "wav", "input": LONG_WAV}, REALTIME),
        ("/api/tts/synthesize", {"store": False}, FILE),
        ("/api/tts/synthesize", {}, FILE),
        ("/api/tts/synthesize", {"text": LONG_WAV}, REALTIME),
        ("/api/tts/synthesize", {"text": LONG_WAV, "return_audio": False}, FILE),
    ],
)
def test_the_same_request_means_the_same_on_both_apis(
    cue: Live, path: str, body: dict[str, object], told: list[tuple[str, bool]]
) -> None:
    """A short WAV is heard as a whole, and so is what is only kept; all else is heard as it is
    made."""
    text = {"input" if "speech" in path else "text": SENTENCES}
    assert cue.http.post(path, json=text | body).status_code == 200
    assert CueEngine.told[:2] == told


def test_speed_makes_it_shorter(shared: Live) -> None:
    normal = shared.speech(TEXT, response_format="wav")
    fast = shared.speech(TEXT, response_format="wav", speed=2.0)
    assert len(fast.content) < 0.75 * len(normal.content)


def test_openai_voices_and_null_fields_are_understood(shared: Live) -> None:
    for voice in ("alloy", "nova", "onyx", "sage", "MARIN", {"id": "echo"}, None):
        answer = shared.speech("Chào.", voice=voice, response_format="wav", instructions="vui vẻ")
        assert answer.status_code == 200
        assert "x-voice-substituted" not in answer.headers


def test_a_vietnamese_voice_of_viettts_is_replaced_and_it_is_said(shared: Live) -> None:
    answer = shared.speech("Chào.", voice="diep-chi", response_format="wav")
    assert answer.headers["x-voice-substituted"] == "diep-chi -> high"
    assert answer.headers["x-voice"] == "high"


def test_models(shared: Live) -> None:
    listed = [model.id for model in client(shared).models.list()]
    assert {"tone", "espeak", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"} <= set(listed)
    assert client(shared).models.retrieve("espeak").owned_by == "sonca"
    with pytest.raises(openai.NotFoundError) as caught:
        client(shared).models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"
    assert "tts-1" in str(caught.value)


def test_the_official_client_understands_our_errors(shared: Live) -> None:
    speech = client(shared).audio.speech
    with pytest.raises(openai.BadRequestError) as caught:
        speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert caught.value.code == "unknown_voice"
    assert caught.value.param == "voice"
    assert "high" in str(caught.value)
    with pytest.raises(openai.NotFoundError) as unknown:
        speech.create(model="gpt-9", voice="alloy", input=TEXT)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as empty:
        speech.create(model="tts-1", voice="alloy", input="")
    assert empty.value.param == "input"


def test_the_embedded_engine_speaks_through_the_official_client(serve: Serve) -> None:
    live = serve(engine="espeak")
    answer = client(live).audio.speech.create(
        model="tts-1", voice="nova", input="Xin chào các bạn.", response_format="mp3"
    )
    assert answer.response.headers["x-model"] == "espeak"
    assert 0.5 < decoded(answer.content)[1] < 5


def test_another_engine_is_loaded_when_it_is_asked_for(shared: Live) -> None:
    answer = shared.speech("Xin chào.", model="espeak", response_format="wav")
    assert answer.status_code == 200
    assert answer.headers["x-model"] == "espeak"
    assert answer.headers["x-sample-rate"] == "22050"
