"""The VietTTS-compatible API, used as a client that was written for it uses it."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from .conftest import Live, wait_until

TEXT = "Xin chào các bạn. Hôm nay trời đẹp."
METADATA = {
    *("file_id", "file_name", "text", "voice", "model", "created_at", "expires_at"),
    *("expiry_hours", "file_size", "file_size_mb", "request_id", "speed", "sample_rate"),
}


def post(live: Live, **body: Any) -> requests.Response:
    return requests.post(f"{live.url}/api/tts/synthesize", json=body, timeout=20)


def test_a_client_of_viettts_works_unchanged(shared: Live) -> None:
    answer = post(
        shared,
        **{"text": TEXT, "model": None, "voice": "cdteam", "speed": 1.0, "batch_chunks": True},
        **{"store": True, "expiry_hours": 2, "return_audio": True},
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Voice-Substituted"].startswith("cdteam -> ")
    file_id = answer.headers["X-File-ID"]
    assert file_id in answer.headers["Content-Disposition"]
    left = datetime.fromisoformat(answer.headers["X-Expires-At"]) - datetime.now(UTC)
    assert 7100 < left.total_seconds() < 7201
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() * 2 + 44 == len(answer.content)

    kept = requests.get(f"{shared.url}/api/tts/audio/{file_id}", timeout=20)
    assert kept.content == answer.content
    told = requests.get(f"{shared.url}/api/tts/audio/{file_id}/metadata", timeout=20).json()
    assert told["success"] is True
    assert told["metadata"].keys() >= METADATA
    assert told["metadata"]["text"] == TEXT
    assert told["metadata"]["file_size"] == len(answer.content)
    assert told["metadata"]["voice_substituted"] == "cdteam"
    assert told["metadata"]["request_id"] == answer.headers["X-Request-ID"]

    gone = requests.delete(f"{shared.url}/api/tts/audio/{file_id}", timeout=20)
    assert gone.json()["success"] is True
    for method, path in (("GET", ""), ("GET", "/metadata"), ("DELETE", "")):
        url = f"{shared.url}/api/tts/audio/{file_id}{path}"
        answer = requests.request(method, url, timeout=20)
        assert answer.status_code == 404
        assert "detail" in answer.json()


def test_without_audio_it_tells_what_it_made(shared: Live) -> None:
    told = post(shared, text=TEXT, return_audio=False).json()
    assert told["success"] is True
    assert told["sample_rate"] == 16_000
    assert told["model"] == "tone"
    metadata = told["file_metadata"]
    assert metadata.keys() >= METADATA
    kept = requests.get(f"{shared.url}/api/tts/audio/{metadata['file_id']}", timeout=20)
    with wave.open(io.BytesIO(kept.content)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert told["duration_seconds"] == pytest.approx(seconds, abs=0.001)
    assert metadata["file_size"] == len(kept.content)


def test_a_long_text_streams_and_is_kept_with_its_true_size(shared: Live) -> None:
    text = " ".join([TEXT] * 60)
    answer = post(shared, text=text)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.content[4:8] == b"\xff\xff\xff\xff"
    kept = requests.get(f"{shared.url}/api/tts/audio/{answer.headers['X-File-ID']}", timeout=20)
    assert kept.content[44:] == answer.content[44:]
    with wave.open(io.BytesIO(kept.content)) as file:
        assert file.getnframes() == (len(kept.content) - 44) // 2


def test_what_is_not_to_be_kept_is_not(shared: Live) -> None:
    before = shared.http.get("/api/tts/storage/stats").json()["stats"]["total_files"]
    answer = post(shared, text=TEXT, store=False)
    assert answer.status_code == 200
    assert "X-File-ID" not in answer.headers
    assert "X-Expires-At" not in answer.headers
    told = post(shared, text=TEXT, store=False, return_audio=False).json()
    assert told["file_metadata"] is None
    after = shared.http.get("/api/tts/storage/stats").json()["stats"]["total_files"]
    assert after == before


@pytest.mark.parametrize("text", ["-----", "🎵🎵", "***\n===\n", "…"])
def test_a_text_that_says_nothing_is_skipped_with_success(shared: Live, text: str) -> None:
    answer = post(shared, text=text)
    assert answer.status_code == 200
    assert answer.headers["X-Skipped"] == "true"
    told = answer.json()
    assert told["success"] is True
    assert told["skipped"] is True
    assert told["reason"]
    assert told["duration_seconds"] == 0.0
    assert told["file_metadata"] is None
    assert told["sample_rate"] == 16_000


@pytest.mark.parametrize("text", ["", "   ", "\n\t "])
def test_an_empty_text_is_an_error(shared: Live, text: str) -> None:
    answer = post(shared, text=text)
    assert answer.status_code == 400
    assert "empty" in answer.json()["detail"]


@pytest.mark.parametrize("text", ["Ừ", "Được rồi", "À?", "5"])
def test_short_lines_are_spoken(shared: Live, text: str) -> None:
    answer = post(shared, text=text, store=False)
    assert answer.status_code == 200
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() > 0


def test_voices(shared: Live) -> None:
    told = shared.http.get("/api/tts/voices").json()
    assert told["success"] is True
    assert {"cdteam", "quynh", "speechify_12", "high", "north-female"} <= set(told["voices"])
    assert told["voice_map"].keys() == set(told["voices"])
    assert told["voice_map"]["quynh"] == "high"
    for name in told["voices"]:
        assert post(shared, text="Ừ", voice=name, store=False).status_code == 200


def test_model_info(shared: Live) -> None:
    for asked, model in ((None, "tone"), ("tone", "tone"), ("espeak", "espeak")):
        told = shared.http.post("/api/tts/model/info", json={"model": asked}).json()
        assert told["success"] is True
        assert told["info"]["model"] == model
        assert told["info"]["device"] == "cpu"
        assert told["info"]["requires_reference"] is False
        assert told["info"]["available_voices"]
        assert told["info"]["sample_rate"] in (16_000, 22_050)
    unknown = shared.http.post("/api/tts/model/info", json={"model": "nope"})
    assert unknown.status_code == 404
    assert "espeak" in unknown.json()["detail"]


def test_health(shared: Live) -> None:
    for path in ("/health", "/api/tts/health"):
        assert shared.http.get(path).json()["status"] == "healthy"


def test_storage_stats(live: Live) -> None:
    size = len(post(live, text=TEXT).content)
    stats = live.http.get("/api/tts/storage/stats").json()["stats"]
    assert (stats["total_files"], stats["total_size_bytes"]) == (1, size)


def test_kept_audio_expires(serve: Any) -> None:
    live = serve(sweep_s=0.05)
    answer = post(live, text=TEXT, expiry_hours=0.3 / 3600)
    url = f"/api/tts/audio/{answer.headers['X-File-ID']}"
    wait_until(lambda: live.http.get(url).status_code == 404, "the expiry")
    wait_until(
        lambda: live.http.get("/api/tts/storage/stats").json()["stats"]["total_files"] == 0,
        "the sweep",
    )
    # The row goes first, the file a moment later.
    files = live.data_dir / "audio" / "files"
    wait_until(lambda: not list(files.iterdir()), "the file's end")


@pytest.fixture(scope="module")
def kept(shared: Live) -> tuple[str, bytes]:
    """The address and the bytes of a kept file."""
    answer = post(shared, text=TEXT)
    return f"/api/tts/audio/{answer.headers['X-File-ID']}", answer.content


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("0-0", 0, 1), ("0-99", 0, 100), ("100-", 100, None), ("-50", -50, None)],
    )
    def test_a_part(
        self, shared: Live, kept: tuple[str, bytes], asked: str, start: int, end: int | None
    ) -> None:
        url, data = kept
        answer = shared.http.get(url, headers={"range": f"bytes={asked}"})
        assert answer.status_code == 206
        assert answer.content == data[start:end]
        first = start % len(data)
        last = first + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(data)}"

    def test_more_than_there_is(self, shared: Live, kept: tuple[str, bytes]) -> None:
        url, data = kept
        answer = shared.http.get(url, headers={"range": f"bytes=10-{len(data) + 999}"})
        assert answer.content == data[10:]
        beyond = shared.http.get(url, headers={"range": f"bytes={len(data)}-"})
        assert beyond.status_code == 416
        assert beyond.headers["content-range"] == f"bytes */{len(data)}"
        assert shared.http.get(url, headers={"range": "bytes=-0"}).status_code == 416

    @pytest.mark.parametrize("asked", ["bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=0-1,5-6"])
    def test_what_is_no_single_range_gets_all(
        self, shared: Live, kept: tuple[str, bytes], asked: str
    ) -> None:
        url, data = kept
        answer = shared.http.get(url, headers={"range": asked})
        assert answer.status_code == 200
        assert answer.content == data

    def test_conditions(self, shared: Live, kept: tuple[str, bytes]) -> None:
        url, data = kept
        etag = shared.http.get(url).headers["etag"]
        assert shared.http.get(url, headers={"if-none-match": etag}).status_code == 304
        other = shared.http.get(url, headers={"if-range": '"other"', "range": "bytes=0-1"})
        assert other.content == data
        same = shared.http.get(url, headers={"if-range": etag, "range": "bytes=0-1"})
        assert same.content == data[:2]

    def test_head(self, shared: Live, kept: tuple[str, bytes]) -> None:
        url, data = kept
        answer = shared.http.head(url)
        assert int(answer.headers["content-length"]) == len(data)
        assert answer.content == b""
        assert answer.headers["accept-ranges"] == "bytes"
