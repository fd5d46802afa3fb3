"""Streams that do not go as planned: readers that leave, stall or wait too long, engines that
fail on the way."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import struct

import httpx
import numpy as np
import pytest
import requests

from .conftest import Live, Serve, wait_until
from .engines import CueEngine

NUMBERS = itertools.permutations(("một", "hai", "ba", "bốn", "năm", "sáu", "bảy"), 5)
LONG = " ".join(f"{' '.join(words)}." for words in itertools.islice(NUMBERS, 1000))
WORD_S = 0.2


def hang_up(raw: socket.socket) -> None:
    """Close with a reset, as a process that is killed does."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def nobody_waits(live: Live) -> None:
    wait_until(lambda: live.server.services.lifecycle.in_flight == 0, "the end of the request")


@pytest.mark.parametrize("polite", [True, False])
def test_a_client_that_leaves_in_mid_stream_stops_the_engine(cue: Live, polite: bool) -> None:
    body = {"input": f"Một hai ba. chờ bốn năm sáu. {LONG}", "response_format": "pcm"}
    raw = cue.post_raw("/v1/audio/speech", body)
    head = raw.recv(65536)
    assert head.startswith(b"HTTP/1.1 200")
    raw.close() if polite else hang_up(raw)
    nobody_waits(cue)
    CueEngine.gate.set()
    wait_until(lambda: cue.stats.cancelled == 1, "the cancellation")
    assert cue.stats.depth == {"interactive": 0, "bulk": 0}
    # The word in work was finished, and nothing after it begun. A client that is quick to leave
    # may do so before the third word.
    assert 1 <= len(CueEngine.spoken) <= 4
    assert CueEngine.spoken[:3] == ["Một", "hai", "ba"][: len(CueEngine.spoken)]
    # The engine is free for others.
    assert cue.speech("Chào.").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/audio/speech", {"input": "chờ một hai"}),
        ("/v1/audio/speech", {"input": "chờ một hai", "stream_format": "sse"}),
        ("/v1/audio/speech", {"input": "chờ một hai", "response_format": "wav"}),
        ("/api/tts/synthesize", {"text": "chờ một hai"}),
        ("/api/tts/synthesize", {"text": "chờ một hai", "return_audio": False}),
    ],
)
def test_a_client_that_leaves_before_the_first_sound_stops_the_engine(
    cue: Live, path: str, body: dict[str, object]
) -> None:
    raw = cue.post_raw(path, body)
    wait_until(lambda: cue.stats.depth["interactive"] == 1, "the request")
    raw.close()
    nobody_waits(cue)
    CueEngine.gate.set()
    wait_until(lambda: cue.stats.cancelled == 1, "the cancellation")
    assert len(CueEngine.spoken) <= 1
    assert not [p for p in (cue.data_dir / "audio" / "files").iterdir() if p.suffix == ".wav"]


def test_a_client_that_leaves_while_it_waits_in_line_gives_up_its_place(cue: Live) -> None:
    first = cue.post_raw("/v1/audio/speech", {"input": "chờ"})
    wait_until(lambda: cue.stats.depth["interactive"] == 1, "the first")
    second = cue.post_raw("/v1/audio/speech", {"input": "hai"})
    wait_until(lambda: cue.stats.depth["interactive"] == 2, "the second")
    second.close()
    wait_until(lambda: cue.server.services.lifecycle.in_flight == 1, "the second's end")
    CueEngine.gate.set()
    assert first.recv(1024).startswith(b"HTTP/1.1 200")
    assert "hai" not in CueEngine.spoken
    first.close()


def test_a_stream_that_fails_is_cut_and_never_looks_complete(cue: Live) -> None:
    text = "Một hai ba. chờ hỏng bốn."
    with (
        pytest.raises(httpx.RemoteProtocolError),
        cue.http.stream(
            "POST", "/v1/audio/speech", json={"input": text, "response_format": "pcm"}
        ) as answer,
    ):
        assert answer.status_code == 200
        CueEngine.gate.set()
        for _ in answer.iter_raw():
            pass
    metrics = cue.http.get("/metrics").text
    assert 'sonca_broken_streams_total{reason="EngineError"} 1.0' in metrics
    assert cue.speech("Chào.").status_code == 200


def test_a_failing_long_wav_is_cut_for_a_viettts_client_and_not_kept(cue: Live) -> None:
    text = f"Một hai ba. chờ hỏng bốn. {LONG[:2000]}"
    answer = requests.post(
        f"{cue.url}/api/tts/synthesize", json={"text": text}, stream=True, timeout=20
    )
    CueEngine.gate.set()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        answer.raw.decode_content = False
        for _ in answer.iter_content(1024):
            pass
    assert cue.http.get(f"/api/tts/audio/{answer.headers['X-File-ID']}").status_code == 404
    wait_until(lambda: not list((cue.data_dir / "audio" / "files").iterdir()), "tidying up")


def test_a_stream_of_events_that_fails_says_so(cue: Live) -> None:
    body = {"input": "Một hai ba. chờ hỏng.", "response_format": "pcm", "stream_format": "sse"}
    with cue.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        CueEngine.gate.set()
        seen = [json.loads(line[6:]) for line in answer.iter_lines() if line]
    assert seen[0]["type"] == "speech.audio.delta"
    assert seen[-1]["type"] == "error"
    assert seen[-1]["error"]["code"] == "engine_error"
    assert not any(event["type"] == "speech.audio.done" for event in seen)


@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_what_fails_before_the_first_sound_gets_its_status(cue: Live, format: str) -> None:
    answer = cue.speech("hỏng một", response_format=format)
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "told to fail" in answer.json()["error"]["message"]


def test_a_speech_without_any_sound_is_an_empty_file(cue: Live) -> None:
    answer = cue.speech("lặng", response_format="wav")
    assert answer.status_code == 200
    assert len(answer.content) == 44
    assert answer.headers["x-sample-rate"] == "16000"
    assert cue.speech("lặng", response_format="mp3").status_code == 200


@pytest.mark.slow
def test_a_reader_that_stalls_stalls_the_engine_and_then_gets_all(live: Live) -> None:
    body = {"input": LONG, "response_format": "wav"}
    raw = live.post_raw("/v1/audio/speech", body, receive_buffer=4096)
    wait_until(lambda: live.stats.audio_s > 30, "as much as is made ahead")
    # Others are served meanwhile. Were the engine not at rest, it would make more beside them.
    for _ in range(20):
        assert live.speech("Chào.").status_code == 200
    # What is made ahead: the stream's 30 s, a batch, and the little that the sockets hold.
    assert live.stats.audio_s < 80 + 20 * WORD_S

    answer = http.client.HTTPResponse(raw, method="POST")
    answer.begin()
    data = answer.read()
    assert answer.isclosed()
    samples = np.frombuffer(data[44:], "<i2")
    words_s = 5000 * WORD_S
    assert words_s < len(samples) / 16_000 < 2 * words_s
    raw.close()


@pytest.mark.slow
def test_an_answer_that_takes_too_long_is_an_error(cue_serve: Serve) -> None:
    live = cue_serve(request_timeout_s=0.4)
    with pytest.raises(httpx.RemoteProtocolError):
        live.speech("Một hai. chờ ba.", response_format="pcm")
    CueEngine.gate.set()
    wait_until(lambda: live.stats.cancelled + live.stats.failed == 1, "the end of the work")
    CueEngine.gate.clear()
    answer = live.speech("chờ một")
    assert answer.status_code == 504
    assert "0.4 s" in answer.json()["error"]["message"]
    told = live.synthesize("chờ một", return_audio=False)
    assert told.status_code == 504
    assert "0.4 s" in told.json()["detail"]
