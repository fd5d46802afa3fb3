"""The voices API: the catalogue, and recordings to clone."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import openai
import pytest

from sonca.encoding import FORMATS, encode

from .conftest import Live, Serve

RATE_HZ = 8000


def recording(seconds: float, format: str = "wav") -> bytes:
    count = int(seconds * RATE_HZ)
    samples = 0.3 * np.sin(2 * np.pi * 200 * np.arange(count) / RATE_HZ)
    return encode(samples.astype(np.float32), RATE_HZ, FORMATS[format])


def upload(live: Live, data: bytes, name: str | None = "Giọng tôi", file: str = "a.wav"):  # type: ignore[no-untyped-def]
    form = {} if name is None else {"name": name}
    return live.http.post("/v1/audio/voices", files={"file": (file, data)}, data=form)


def ids(live: Live) -> list[str]:
    return [voice["id"] for voice in live.http.get("/v1/audio/voices").json()["data"]]


def test_the_catalogue(serve: Serve) -> None:
    live = serve(engine="espeak")
    told = live.http.get("/v1/audio/voices").json()
    assert told["default"] == told["data"][0]["id"]
    assert {v["region"] for v in told["data"]} == {"north", "central", "south"}
    assert {v["gender"] for v in told["data"]} == {"male", "female"}
    fields = {"id", "name", "engine", "gender", "region", "language", "tone", "aliases", "cloned"}
    for voice in told["data"]:
        assert voice.keys() >= fields
        assert voice["cloned"] is False
        for name in (voice["id"], *voice["aliases"]):
            answer = live.speech("Ừ.", voice=name, response_format="wav")
            assert answer.headers["x-voice"] == voice["id"]


def test_an_upload_speaks_is_listed_and_can_be_deleted(live: Live) -> None:
    made = upload(live, recording(3))
    assert made.status_code == 201
    told = made.json()
    assert told["name"] == "Giọng tôi"
    assert told["cloned"] is True
    assert told["duration_s"] == 3
    id = told["id"]
    assert ids(live)[-1] == id

    plain = live.speech("một hai", response_format="wav").content
    for voice in (id, {"id": id}):
        answer = live.speech("một hai", voice=voice, response_format="wav")
        assert answer.headers["x-voice"] == id
        assert answer.content != plain
    by_file = live.synthesize("một hai", voice_file=id)
    assert by_file.content == answer.content

    gone = live.http.delete(f"/v1/audio/voices/{id}")
    assert gone.json() == {"id": id, "object": "audio.voice.deleted", "deleted": True}
    assert id not in ids(live)
    assert live.http.delete(f"/v1/audio/voices/{id}").status_code == 404
    assert live.speech("một", voice=id).status_code == 400
    assert live.synthesize("một", voice_file=id).status_code == 400


def test_uploads_are_there_after_a_restart(serve: Serve, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from .conftest import running

    with running(tmp_path / "kept") as live:
        id = upload(live, recording(2)).json()["id"]
    with running(tmp_path / "kept") as live:
        assert id in ids(live)
        assert live.speech("một", voice=id).status_code == 200


def test_the_official_clients_form(live: Live) -> None:
    client = openai.OpenAI(base_url=f"{live.url}/v1", api_key="x", max_retries=0)
    voice = client.audio.voices.create(
        audio_sample=("a.mp3", recording(4, "mp3"), "audio/mpeg"), consent="c-1", name="Lan"
    )
    assert voice.name == "Lan"
    assert voice.id in ids(live)


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "aac"])
def test_other_formats(live: Live, format: str) -> None:
    told = upload(live, recording(2, format)).json()
    assert told["duration_s"] == pytest.approx(2, abs=0.2)


def test_a_name_is_optional(live: Live) -> None:
    assert upload(live, recording(2), None, "giọng mẹ.wav").json()["name"] == "giọng mẹ"
    assert upload(live, recording(2), None, "blob").json()["name"] == "voice"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"not audio at all" * 100, "not audio"),
        (recording(0), "0 s"),
        (recording(0.5), "0.50 s"),
        (recording(31), "30 s"),
        (recording(600), "30 s"),
        (recording(2)[:60], ""),
        (b"RIFF" + b"\0" * 2000, "not audio"),
    ],
    ids=["empty", "text", "0 s", "half a second", "31 s", "10 minutes", "stump", "zeros"],
)
def test_a_recording_that_is_none(shared: Live, data: bytes, says: str) -> None:
    before = ids(shared)
    answer = upload(shared, data)
    assert answer.status_code == 400
    told = answer.json()["error"]
    assert says in told["message"]
    assert told["param"] == "file"
    assert ids(shared) == before


def test_a_header_that_lies_about_its_length_is_not_believed(live: Live) -> None:
    data = bytearray(recording(2))
    data[4:8] = data[40:44] = struct.pack("<I", 0x3FFF_FFFF)
    answer = upload(live, bytes(data))
    assert answer.status_code == 201
    assert answer.json()["duration_s"] == 2


@pytest.mark.parametrize("name", ["x" * 101, "a\nb", "a\0b", "  "])
def test_names_that_are_none(shared: Live, name: str) -> None:
    answer = upload(shared, recording(2), name)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "name"


def test_forms_without_a_file(shared: Live) -> None:
    for sent in ({"data": {"name": "x"}}, {"json": {"name": "x"}}, {"data": {"file": "text"}}, {}):
        answer = shared.http.post("/v1/audio/voices", **sent)  # type: ignore[arg-type]
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
    broken = shared.http.post(
        "/v1/audio/voices",
        content=b"--x\r\nbroken",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code == 400


def test_an_upload_over_the_limit(serve: Serve) -> None:
    live = serve(max_upload_bytes=20_000)
    answer = upload(live, recording(3))
    assert answer.status_code == 400
    assert "20000" in answer.json()["error"]["message"]
    assert upload(live, recording(20)).status_code == 413
    assert upload(live, recording(1)).status_code == 201


def test_an_engines_voice_cannot_be_deleted(shared: Live) -> None:
    answer = shared.http.delete("/v1/audio/voices/high")
    assert answer.status_code == 400
    assert "high" in ids(shared)


def test_the_embedded_engine_refuses_to_clone(serve: Serve) -> None:
    live = serve(engine="espeak")
    id = upload(live, recording(3)).json()["id"]
    openai_answer = live.speech("một", voice=id)
    old_answer = live.synthesize("một", voice_file=id)
    for answer in (openai_answer, old_answer):
        assert answer.status_code == 400
        assert "espeak" in answer.text
        assert "viettts" in answer.text


def test_the_kept_recording_is_a_wav(live: Live) -> None:
    id = upload(live, recording(2, "mp3")).json()["id"]
    data = (live.data_dir / "references" / id / "audio.wav").read_bytes()
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(2, abs=0.2)
