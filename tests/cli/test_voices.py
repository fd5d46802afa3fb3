"""``sonca voices``."""

import json
from pathlib import Path

import pytest


def test_as_json(sonca) -> None:
    found = json.loads(sonca("voices", "--json").stdout)
    espeak = [voice for voice in found if voice["engine"] == "espeak"]
    assert {voice["region"] for voice in espeak} == {"north", "central", "south"}
    assert {voice["gender"] for voice in espeak} == {"female", "male"}
    assert len({voice["id"] for voice in found}) == len(found)


def test_as_lines(sonca) -> None:
    lines = [line.split("\t") for line in sonca("voices").stdout.decode().splitlines()]
    about = ["south-female", "Nữ miền Nam (giọng máy)", "female", "south", "standard", "espeak"]
    assert [*about, "yes", "", ""] in lines  # for sale or not; speed and level are not measured yet
    assert len(lines) == len(json.loads(sonca("voices", "--json").stdout))


def test_of_one_engine(sonca) -> None:
    found = json.loads(sonca("voices", "--engine", "tone", "--json").stdout)
    assert {voice["engine"] for voice in found} == {"tone"}


def test_of_an_engine_that_is_not(refused) -> None:
    assert "choir" in refused("voices", "--engine", "choir")


def test_a_voice_is_heard_and_its_papers_shown(sonca, speakers, tmp_path: Path) -> None:
    done = sonca("voices", "--play", "south-female", env=speakers)
    told = done.stderr.decode()
    assert "south-female: Nữ miền Nam" in told
    assert "commercial use: allowed" in told
    assert "measured here: " in told
    heard = sorted((tmp_path / "data" / "samples").glob("*.wav"))
    assert len(heard) == 1
    sonca("voices", "--play", "nu-mien-nam", env=speakers)  # its alias: the sample is kept
    assert sorted((tmp_path / "data" / "samples").glob("*.wav")) == heard


def test_a_voice_that_is_not_here_cannot_be_heard(sonca, speakers) -> None:
    done = sonca("voices", "--play", "nobody", env=speakers, code=1)
    assert "no voice 'nobody' is installed" in done.stderr.decode()


def test_without_speakers_nothing_is_made(sonca, speakers, tmp_path: Path) -> None:
    done = sonca("voices", "--play", "south-female", env=speakers | {"NO_DEVICE": "1"}, code=1)
    assert "cannot play" in done.stderr.decode()
    assert not (tmp_path / "data" / "samples").exists()


@pytest.mark.slow
def test_every_voice_is_measured_when_asked(sonca) -> None:
    found = json.loads(sonca("voices", "--engine", "espeak", "--measure", "--json").stdout)
    assert len(found) == 12
    assert all(0 < voice["speed"] < 1 for voice in found)
    assert all(-22 < voice["lufs"] < -18 for voice in found)  # the level that is set
    again = json.loads(sonca("voices", "--engine", "espeak", "--json").stdout)
    assert [voice["measured"] for voice in again] == [voice["measured"] for voice in found]
