"""Bad input: each has a clear answer in the shape of its API, and the server goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sonca import disk

from .conftest import Live, Serve

SPEECH, SYNTHESIZE = "/v1/audio/speech", "/api/tts/synthesize"
HALF = "\\ud800"

# (body, status of OpenAI's route, status of the VietTTS-compatible, what the message must say)
BODIES: list[tuple[str, dict[str, Any], int, int, tuple[str, ...]]] = [
    ("empty", {"T": ""}, 400, 400, ("empty",)),
    ("blank", {"T": " \n\t"}, 400, 400, ("empty",)),
    ("no text", {}, 400, 422, ("missing",)),
    ("number", {"T": 5}, 400, 422, ("string",)),
    ("null", {"T": None}, 400, 422, ("string",)),
    ("list", {"T": ["a"]}, 400, 422, ("string",)),
    ("too long", {"T": "a " * 600}, 413, 413, ("1,200", "1,000")),
    ("slow", {"T": "a", "speed": 0}, 400, 422, ("speed", "0.5", "not 0")),
    ("negative", {"T": "a", "speed": -1}, 400, 422, ("speed", "0.5", "-1")),
    ("fast", {"T": "a", "speed": 3}, 400, 422, ("speed", "2", "not 3")),
    ("NaN", {"T": "a", "speed": float("nan")}, 400, 422, ("speed", "finite")),
    ("endless", {"T": "a", "speed": float("inf")}, 400, 422, ("speed",)),
    ("words", {"T": "a", "speed": "nhanh"}, 400, 422, ("speed", "number")),
    ("voice", {"T": "a", "voice": "nobody"}, 400, 400, ("'nobody'", "high")),
    ("voice kind", {"T": "a", "voice": 7}, 400, 422, ("voice",)),
    ("voice long", {"T": "a", "voice": "a" * 201}, 400, 422, ("voice", "200 characters")),
    ("voice NUL", {"T": "a", "voice": "a\0b\x1b"}, 400, 400, ("unknown voice",)),
    ("voice path", {"T": "a", "voice": "../../etc/passwd"}, 400, 400, ("unknown voice",)),
    ("upload", {"T": "a", "voice": "ref-nobody"}, 400, 400, ("voice",)),
    ("model", {"T": "a", "model": "gpt-9"}, 404, 404, ("'gpt-9'", "espeak")),
    ("model NUL", {"T": "a", "model": "\0"}, 404, 404, ("unknown model",)),
]


def message(answer: httpx.Response) -> str:
    """The error's text, in the shape of the API it came from."""
    told = answer.json()
    if "/v1/" in str(answer.request.url):
        assert told.keys() == {"error"}
        assert told["error"].keys() == {"message", "type", "param", "code"}
        return str(told["error"]["message"])
    assert told.keys() == {"detail", "code", "field", "request_id"}
    assert told["request_id"] == answer.headers["x-request-id"]
    return str(told["detail"])


def post(live: Live, path: str, data: bytes | str, **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json"} | headers
    return live.http.post(path, content=data, headers=sent)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from .conftest import running

    folder = tmp_path_factory.mktemp("strict")
    with running(folder, max_text_chars=1000, max_body_bytes=8192) as live:
        yield live


@pytest.mark.parametrize(
    ("body", "openai", "viettts", "says"),
    [case[1:] for case in BODIES],
    ids=[case[0] for case in BODIES],
)
def test_wrong_fields(
    strict: Live, body: dict[str, Any], openai: int, viettts: int, says: tuple[str, ...]
) -> None:
    for path, field, status in ((SPEECH, "input", openai), (SYNTHESIZE, "text", viettts)):
        sent = {field if key == "T" else key: value for key, value in body.items()}
        answer = post(strict, path, json.dumps(sent))
        assert answer.status_code == status, answer.text
        told = message(answer)
        for part in says:
            assert part in told, told
        assert len(told) < 1000
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "missing"),
        (b"{", "not JSON"),
        (b"not json at all", "not JSON"),
        (b"{'input': 'a', 'text': 'a'}", "not JSON"),
        (b'{"input": "a", "text": "a"', "not JSON"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"5", "object"),
        (b"null", ""),
        (b'\xff\xfe{"input": 1}', ""),
        (b'{"input": "\xff", "text": "\xff"}', ""),
        (b"[" * 8000, ""),
        (b'{"input":"a","text":"a","speed":' + b"9" * 5000 + b"}", ""),
        (b'{"input":"a","text":"a","speed":1e999}', "speed"),
    ],
)
@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
def test_what_is_no_json_object(strict: Live, path: str, data: bytes, says: str) -> None:
    answer = post(strict, path, data)
    assert answer.status_code in (400, 422)
    assert says in message(answer)


@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
def test_json_needs_its_content_type(strict: Live, path: str) -> None:
    data = '{"input": "a", "text": "a"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = post(strict, path, data, **{"content-type": kind})
        assert answer.status_code in (400, 422)
        assert "application/json" in message(answer)


@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
@pytest.mark.parametrize("field", ["TEXT", "voice", "model", "instructions", "voice_file"])
def test_half_a_character(strict: Live, path: str, field: str) -> None:
    name = {SPEECH: "input", SYNTHESIZE: "text"}[path] if field == "TEXT" else field
    text = f'"text": "a", "input": "a", "{name}": "Chào {HALF} bạn"'
    answer = post(strict, path, f"{{{text}}}")
    known = name in ("input", "text", "voice", "model") or (name == "instructions") == (
        path == SPEECH
    )
    if not known:
        assert answer.status_code == 200  # a field of the other API is ignored
        return
    assert answer.status_code in (400, 422)
    assert "half a surrogate pair" in message(answer)
    assert name in message(answer)


@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
@pytest.mark.parametrize(
    "text",
    [
        "một\0hai",
        "một\x01\x1b[31m hai\x7f",
        "một\u202ehai\ufeff",
        "\U0001f600 một",
        "a\r\nb",
        "\ud83d\ude00a",
    ],
)
def test_odd_characters_are_no_trouble(strict: Live, path: str, text: str) -> None:
    data = json.dumps({"input": text, "text": text})  # a pair of surrogates is one character
    answer = post(strict, path, data)
    assert answer.status_code == 200
    assert len(answer.content) > 44


@pytest.mark.slow
def test_100_000_letters_without_a_blank(live: Live) -> None:
    for text in ("a" * 100_000, "ạ" * 100_000, "1" * 100_000):
        answer = live.synthesize(text, return_audio=False, store=False)
        assert answer.status_code == 200
        assert answer.json()["duration_seconds"] > 0


@pytest.mark.parametrize(
    ("path", "fields", "says"),
    [
        (SPEECH, {"response_format": "ogg"}, "response_format"),
        (SPEECH, {"response_format": "../x"}, "response_format"),
        (SPEECH, {"stream_format": "xml"}, "stream_format"),
        (SPEECH, {"marks": "maybe"}, "marks"),
        (SPEECH, {"voice": {"id": 5}}, "voice"),
        (SPEECH, {"voice": {}}, "voice"),
        (SYNTHESIZE, {"expiry_hours": 0}, "expiry_hours"),
        (SYNTHESIZE, {"expiry_hours": -1}, "expiry_hours"),
        (SYNTHESIZE, {"expiry_hours": 8761}, "expiry_hours"),
        (SYNTHESIZE, {"expiry_hours": float("nan")}, "expiry_hours"),
        (SYNTHESIZE, {"store": "maybe"}, "store"),
        (SYNTHESIZE, {"return_audio": []}, "return_audio"),
        (SYNTHESIZE, {"model": "viettts"}, "model"),
    ],
)
def test_wrong_choices(strict: Live, path: str, fields: dict[str, Any], says: str) -> None:
    answer = post(strict, path, json.dumps({"input": "a", "text": "a"} | fields))
    assert 400 <= answer.status_code < 500
    assert says in message(answer)


class TestVoiceFile:
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, strict: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
        outside = tmp_path_factory.mktemp("outside")
        wav = strict.synthesize("một hai ba bốn năm sáu bảy", store=False).content
        (outside / "secret.wav").write_bytes(wav)
        voices = strict.data_dir / "voices"
        (voices / "sub").mkdir(parents=True)
        (voices / "sub" / "inner.wav").write_bytes(wav)
        (voices / "good.wav").write_bytes(wav)
        (voices / "giọng của tôi.wav").write_bytes(wav)
        (voices / "text.wav").write_text("no sound")
        (voices / "link.wav").symlink_to(outside / "secret.wav")
        return outside

    @pytest.mark.parametrize(
        "name",
        [
            *("../data/voices/good.wav", "..", ".", "/etc/passwd", "sub", "sub/inner.wav"),
            *("link.wav", "missing.wav", "http://localhost/a.wav", "file:///etc/passwd"),
            *("good.wav\0.txt", "..\\good.wav", "text.wav", "ref-AAAAAAAAAAAAAAAAAAAAAA", " "),
        ],
    )
    def test_what_is_not_in_the_folder(self, strict: Live, folder: Path, name: str) -> None:
        answer = strict.synthesize("một", voice_file=name, store=False)
        assert answer.status_code == 400
        assert "secret" not in answer.text
        assert answer.json()["field"] == "voice_file"

    def test_an_absolute_path_into_the_folder_is_refused_too(
        self, strict: Live, folder: Path
    ) -> None:
        path = strict.data_dir / "voices" / "good.wav"
        assert strict.synthesize("một", voice_file=str(path)).status_code == 400

    @pytest.mark.parametrize("name", ["good.wav", "giọng của tôi.wav"])
    def test_a_file_of_the_folder_speaks(self, strict: Live, folder: Path, name: str) -> None:
        answer = strict.synthesize("một hai", voice_file=name)
        assert answer.status_code == 200
        metadata = f"/api/tts/audio/{answer.headers['x-file-id']}/metadata"
        assert strict.http.get(metadata).json()["metadata"]["voice"] == name
        plain = strict.synthesize("một hai")
        assert answer.content != plain.content

    def test_an_engine_that_cannot_clone_says_which_can(self, strict: Live, folder: Path) -> None:
        answer = strict.synthesize("một", voice_file="good.wav", model="espeak")
        assert answer.status_code == 400
        assert "viettts" in answer.json()["detail"]
        assert "espeak" in answer.json()["detail"]


def test_a_body_over_the_limit(strict: Live) -> None:
    for path in (SPEECH, SYNTHESIZE, "/api/tts/model/info"):
        answer = post(strict, path, json.dumps({"input": "a", "text": "a" * 9000}))
        assert answer.status_code == 413
        assert "8192" in message(answer)


@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
def test_a_body_in_chunks_is_counted(strict: Live, path: str) -> None:
    raw = strict.connect()
    raw.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    for _ in range(9):
        raw.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
    assert raw.recv(4096).startswith(b"HTTP/1.1 413")
    raw.close()


def test_a_header_that_announces_a_gigabyte(strict: Live) -> None:
    for path in (SPEECH, SYNTHESIZE, "/v1/audio/voices"):
        raw = strict.connect()
        raw.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 1073741824\r\n\r\n{".encode()
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")
        raw.close()


def test_wrong_paths_and_methods(strict: Live) -> None:
    assert "nothing at" in message(strict.http.get("/v1/nothing"))
    assert "nothing at" in message(strict.http.get("/api/nothing"))
    assert "not understood" in message(strict.http.get(SPEECH))
    assert strict.http.get(SPEECH).headers["allow"] == "POST"
    assert strict.http.get("/page/../app.py").status_code == 404
    assert strict.http.get("/page/%2e%2e%2fapp.py").status_code == 404
    assert strict.http.get("/page/..%5capp.py").status_code == 404


@pytest.mark.parametrize("id", ["x", "A" * 22, "..%2f..%2fetc%2fpasswd", "%00", "ự", "a" * 5000])
def test_unknown_files(strict: Live, id: str) -> None:
    for method, path in (("GET", ""), ("HEAD", ""), ("GET", "/metadata"), ("DELETE", "")):
        answer = strict.http.request(method, f"/api/tts/audio/{id}{path}")
        assert answer.status_code == 404


def test_a_full_quota(serve: Serve) -> None:
    live = serve(storage_quota_bytes=1024 * 1024)
    long = "một hai ba bốn năm. " * 100  # 100 s of 32 kB each
    told = live.synthesize(long, return_audio=False)
    assert told.status_code == 507
    assert "full" in told.json()["detail"]
    # What streams is sent whole: its id, which was promised before, answers 404.
    answer = live.synthesize(long)
    assert answer.status_code == 200
    assert len(answer.content) > 3_200_000
    assert live.http.get(f"/api/tts/audio/{answer.headers['x-file-id']}").status_code == 404
    assert live.http.get("/api/tts/storage/stats").json()["stats"]["unfinished_bytes"] == 0
    assert live.synthesize("một", return_audio=False).status_code == 200


def test_a_full_disk(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "sync", full)
    for told in (live.synthesize("một"), live.synthesize("một", return_audio=False)):
        assert told.status_code == 507
        assert "No space left" in told.json()["detail"]
    assert live.synthesize("một", store=False).status_code == 200
    monkeypatch.undo()
    assert live.synthesize("một").status_code == 200
    assert live.http.get("/api/tts/storage/stats").json()["stats"]["total_files"] == 1


@pytest.mark.parametrize("path", [SPEECH, SYNTHESIZE])
@pytest.mark.parametrize("body", [b'{"text": "\xff", "input": "\xff"}', b"[" * 200_000])
def test_a_body_that_cannot_be_read_says_why(shared: Live, path: str, body: bytes) -> None:
    answer = post(shared, path, body)
    assert answer.status_code == 400
    assert "UTF-8, or nested" in message(answer)


def test_null_is_as_good_as_nothing(shared: Live) -> None:
    """Some languages cannot leave a field out."""
    names = ("model", "voice", "response_format", "speed", "instructions", "stream_format")
    nulls = dict.fromkeys((*names, "marks", "lexicon", "lexicon_format"))
    assert post(shared, SPEECH, json.dumps({"input": "một", **nulls})).status_code == 200
    assert shared.speech("một", **nulls).headers["content-type"] == "audio/mpeg"
