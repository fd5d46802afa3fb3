"""``sonca voices``."""

import json


def test_as_json(sonca) -> None:
    found = json.loads(sonca("voices", "--json").stdout)
    espeak = [voice for voice in found if voice["engine"] == "espeak"]
    assert {voice["region"] for voice in espeak} == {"north", "central", "south"}
    assert {voice["gender"] for voice in espeak} == {"female", "male"}
    assert len({voice["id"] for voice in found}) == len(found)


def test_as_lines(sonca) -> None:
    lines = [line.split("\t") for line in sonca("voices").stdout.decode().splitlines()]
    about = ["south-female", "Nữ miền Nam (giọng máy)", "female", "south", "standard", "espeak"]
    assert [*about, "yes"] in lines  # whether its licence allows commercial use
    assert len(lines) == len(json.loads(sonca("voices", "--json").stdout))


def test_of_one_engine(sonca) -> None:
    found = json.loads(sonca("voices", "--engine", "tone", "--json").stdout)
    assert {voice["engine"] for voice in found} == {"tone"}


def test_of_an_engine_that_is_not(refused) -> None:
    assert "choir" in refused("voices", "--engine", "choir")
