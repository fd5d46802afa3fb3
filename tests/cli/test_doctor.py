"""``sonca doctor``: what it says must be so."""

import json
import sys
from pathlib import Path

import pytest

from sonca import __version__


def report(sonca, **options: object) -> dict:
    return json.loads(sonca("doctor", "--json", **options).stdout)


@pytest.mark.slow
def test_all_is_well(sonca, speakers, tmp_path: Path) -> None:
    found = report(sonca, env=speakers)
    assert found["problems"] == []
    assert found["versions"]["sonca"] == __version__
    assert found["versions"]["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert found["audio_output"] == {"device": "Loa", "problem": None}
    engines = {engine["name"]: engine for engine in found["engines"]}
    assert engines["espeak"]["device"] == "cpu"
    assert engines["espeak"]["providers"] == ["espeak-ng"]
    assert engines["espeak"]["sample_rate_hz"] == 22_050
    assert all(e["installed"] is (e["missing"] is None) for e in engines.values())
    assert found["default_engine"] in engines
    assert found["paths"][0] == {
        "name": "data_dir",
        "path": str(tmp_path / "data"),
        "exists": False,
        "writable": True,
    }


def test_for_people(sonca, speakers) -> None:
    page = sonca("doctor", env=speakers).stdout.decode()
    assert "espeak (default)" in page
    assert "Loa" in page
    *_, well, better = page.splitlines()
    assert well == "All is well: espeak speaks."
    assert better.startswith("Better voices can be had: ")
    assert " models pull " in better


def test_no_speakers_are_no_problem(sonca, speakers) -> None:
    found = report(sonca, env=speakers | {"NO_DEVICE": "1"})
    assert found["audio_output"]["device"] is None
    assert found["problems"] == []


def test_a_gpu_that_was_asked_for_and_is_not_used(sonca, speakers) -> None:
    found = report(sonca, env=speakers | {"SONCA_DEVICE": "cuda"}, code=1)
    problem = found["problems"][0]
    assert "the engine espeak does not load: the device cuda was asked for" in problem
    assert "SONCA_DEVICE" in problem


def test_a_data_folder_that_cannot_be(sonca, speakers, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = report(sonca, env=speakers | {"SONCA_DATA_DIR": str(tmp_path / "file/data")}, code=1)
    assert found["paths"][0]["writable"] is False
    assert "SONCA_DATA_DIR" in found["problems"][0]


def test_an_engine_that_is_not(sonca, speakers) -> None:
    found = report(sonca, env=speakers | {"SONCA_ENGINE": "choir"}, code=1)
    assert "choir" in found["problems"][0]


def test_an_engine_that_was_chosen_gets_no_advice(sonca, speakers) -> None:
    found = report(sonca, env=speakers | {"SONCA_ENGINE": "espeak"})
    assert found["better"] is None


def test_where_speech_is_sold(sonca, speakers) -> None:
    found = report(sonca, env=speakers | {"SONCA_COMMERCIAL": "1"})
    engines = {engine["name"]: engine for engine in found["engines"]}
    assert "commercially (CC BY-NC" in engines["viettts"]["missing"]
    assert engines["espeak"]["licences"][0].startswith("GPL-3.0")


def test_wrong_settings(refused) -> None:
    assert "SONCA_PORT" in refused("doctor", env={"SONCA_PORT": "door"})


def test_an_engine_without_its_packages_says_what_brings_all_of_it() -> None:
    from sonca.cli.doctor import _engine_row

    lacking = {"name": "vieneu", "default": False, "installed": False}
    _, told = _engine_row(lacking | {"missing": "it needs tokenizers: make serve EXTRAS=vieneu"})
    assert "make serve EXTRAS=vieneu; or at once: " in told
    assert told.endswith(" models pull vieneu-v3-turbo --install")
    _, told = _engine_row(lacking | {"missing": "its model is not here: sonca models pull x"})
    assert "at once" not in told
