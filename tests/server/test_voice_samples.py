"""Voices are heard, and their papers seen, before one is chosen; and how an answer was made."""

from __future__ import annotations

import io
import json
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sonca.voices.models import ModelStore
from tests.engines.piper import tiny

from .conftest import Live, Serve


def recipe(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";"))


def test_a_sample_is_made_once_and_kept(live: Live) -> None:
    name = live.http.get("/v1/audio/voices").json()["data"][0]["id"]
    made = live.stats.utterances
    with ThreadPoolExecutor(4) as pool:
        get = lambda _: live.http.get(f"/v1/audio/voices/{name}/sample")  # noqa: E731
        answers = list(pool.map(get, range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["x-voice"] == name
    assert recipe(answers[0].headers["x-recipe"])["voice"] == name
    with wave.open(io.BytesIO(answers[0].content)) as file:
        assert file.getnframes() / file.getframerate() > 1
    once = live.stats.utterances - made
    assert 1 < once < 6  # a word to warm up, and two sentences
    again = live.http.get(
        f"/v1/audio/voices/{name}/sample", headers={"If-None-Match": answers[0].headers["etag"]}
    )
    assert again.status_code == 304
    assert live.stats.utterances - made == once
    assert len(list((live.data_dir / "samples").glob("*.wav"))) == 1
    listed = live.http.get("/v1/audio/voices").json()["data"][0]["measured"]
    assert listed["seconds_per_second"] > 0
    assert listed["recipe"] == answers[0].headers["x-recipe"]


@pytest.mark.parametrize("name", ["nobody", "quynh", "..%2F..%2Fetc", "x" * 300, "%00"])
def test_a_voice_that_is_not_here_has_no_sample(live: Live, name: str) -> None:
    answer = live.http.get(f"/v1/audio/voices/{name}/sample")
    assert answer.status_code == 404
    assert not (live.data_dir / "samples").exists()


def test_a_damaged_sample_is_made_again(live: Live) -> None:
    name = live.http.get("/v1/audio/voices").json()["data"][0]["id"]
    address = f"/v1/audio/voices/{name}/sample"
    first = live.http.get(address).content
    next((live.data_dir / "samples").glob("*.wav")).unlink()
    assert live.http.get(address).content == first


def test_an_older_sample_goes_when_the_voice_sounds_otherwise(serve: Serve) -> None:
    live = serve(engine="tone")
    name = live.http.get("/v1/audio/voices").json()["data"][0]["id"]
    folder = live.data_dir / "samples"
    folder.mkdir()
    older, other = folder / f"tone.{name}.{'0' * 32}.wav", folder / f"tone.{name}-2.x.wav"
    older.touch()
    other.touch()
    live.http.get(f"/v1/audio/voices/{name}/sample")
    assert not older.exists()
    assert other.exists()
    assert len(list(folder.glob(f"tone.{name}.*"))) == 2


def test_a_sample_that_cannot_be_kept_is_an_error_in_words(live: Live) -> None:
    name = live.http.get("/v1/audio/voices").json()["data"][0]["id"]
    (live.data_dir / "samples").write_text("a file")
    answer = live.http.get(f"/v1/audio/voices/{name}/sample")
    assert answer.status_code in (500, 507)
    assert "keep the sample" in answer.json()["error"]["message"]


def test_every_voice_has_its_papers(serve: Serve) -> None:
    told = serve(engine="espeak").http.get("/v1/audio/voices").json()
    espeak = [voice for voice in told["data"] if voice["engine"] == "espeak"]
    assert {voice["passport"] for voice in espeak} == {"espeak"}
    assert told["passports"]["espeak"]["commercial"] == "yes"
    assert told["passports"]["espeak"]["consent"]["vi"]
    assert told["better"] is None  # this engine was chosen


def test_better_voices_can_be_had_until_they_are_there(serve: Serve) -> None:
    told = serve(engine=None).http.get("/v1/audio/voices").json()
    assert " models pull " in told["better"]["command"]
    assert told["better"]["title"]


def test_every_answer_says_how_it_was_made(live: Live) -> None:
    first = live.speech("một hai", response_format="wav", seed=7, speed=1.5)
    told = recipe(first.headers["x-recipe"])
    assert told["seed"] == "7"
    assert told["speed"] == "1.5"
    assert {"engine", "voice", "level", "rate", "reading"} <= told.keys()
    again = live.speech("một hai", response_format="wav", seed=7, speed=1.5)
    assert again.headers["x-recipe"] == first.headers["x-recipe"]
    assert again.content == first.content
    own = live.speech("một hai", response_format="wav", lexicon="một\tmốt")
    assert recipe(own.headers["x-recipe"])["lexicon"]
    compatible = live.synthesize("một hai", return_audio=False).json()
    assert compatible["recipe"]["seed"] == "0"
    assert compatible["file_metadata"]["recipe"] == compatible["recipe"]
    for seed in (-1, 2**32, "x", 1.5):
        assert live.speech("một", seed=seed).status_code == 400


def test_a_recipe_names_the_models_files(serve: Serve, tmp_path: Path) -> None:
    live = serve(engine="espeak")
    model = tiny.save(tmp_path / "own", "cua-toi")
    files = {".onnx": model, ".onnx.json": model.with_name(model.name + ".json")}
    home = ModelStore(live.data_dir / "models").add(files, engine="piper").folder
    live.http.post("/v1/models/reload")
    answer = live.speech("Một.", voice="cua-toi", response_format="wav")
    told = recipe(answer.headers["x-recipe"])
    assert told["model"] == "cua-toi"
    assert len(told["hash"]) == 16
    assert json.loads((home / "sonca-model.json").read_text())["name"] == "cua-toi"
