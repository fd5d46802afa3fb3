"""What a voice's settings may be, and what is said of those that may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonca.engines.piper.voice_config import BadVoice, parse, read
from tests.engines.piper import tiny


def test_a_good_one() -> None:
    config = parse(tiny.config(speakers=2))
    assert config.sample_rate_hz == 22050
    assert config.espeak_voice == "vi"
    assert config.language == "vi-VN"
    assert config.speakers == {"Người 0": 0, "Người 1": 1}
    assert (config.noise_scale, config.length_scale, config.noise_w) == (0.667, 1.0, 0.8)
    assert config.ids["a"] == (tiny.SYMBOLS.index("a"),)


def test_speakers_without_names_have_numbers() -> None:
    assert parse(tiny.config(speakers=3, speaker_id_map={"Lan": 1})).speakers == {
        "0": 0,
        "Lan": 1,
        "2": 2,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phoneme_id_map": {}}, "no phoneme_id_map"),
        ({"phoneme_id_map": {"a": ["x"]}}, "phoneme_id_map has"),
        ({"phoneme_id_map": {"a": [10_000]}}, "goes up to 10000"),
        ({"phoneme_id_map": [1]}, "not an object"),
        ({"phoneme_type": "pinyin"}, "'pinyin', and only espeak and text"),
        ({"audio": {}}, "sample_rate is None"),
        ({"audio": {"sample_rate": 1}}, "sample_rate is 1"),
        ({"espeak": {"voice": "../../etc/passwd"}}, "only letters"),
        ({"espeak": {}}, "espeak.voice is None"),
        ({"inference": {"length_scale": 0}}, "length_scale is 0"),
        ({"inference": {"noise_scale": "loud"}}, "must be a number"),
        ({"inference": {"noise_w": float("nan")}}, "noise_w is nan"),
        ({"num_speakers": 0}, "num_speakers is 0"),
        ({"num_speakers": 2, "speaker_id_map": {"x": 7}}, "not 0 to 1"),
    ],
)
def test_a_bad_one_says_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadVoice, match=said):
        parse(tiny.config(**changes))


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "<html>", "[" * 100_000, "\xff"])
def test_a_file_that_is_no_settings_at_all(content: str, tmp_path: Path) -> None:
    path = tmp_path / "v.onnx.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadVoice, match=str(path)):
        read(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadVoice, match="cannot be read"):
        read(tmp_path / "nothing.onnx.json")


def test_the_file_is_read_as_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "v.onnx.json"
    path.write_text(json.dumps(tiny.config()), "utf-8")
    assert read(path) == parse(tiny.config())
