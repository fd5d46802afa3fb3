"""Formats are found by name and by suffix, and what is not found is told what there is."""

import pytest

from sonca.encoding import FORMATS, format_for, format_of_path
from sonca.errors import InvalidRequest


def test_the_formats_are_openais() -> None:
    assert list(FORMATS) == ["mp3", "wav", "opus", "flac", "aac", "pcm"]


def test_people_know_them_by_their_labels() -> None:
    labels = [each.label for each in FORMATS.values()]
    assert labels == ["MP3", "WAV", "Opus", "FLAC", "AAC", "PCM"]


def test_each_is_found_by_its_name_and_its_suffix() -> None:
    for name, each in FORMATS.items():
        assert each.name == name
        assert format_for(name) is format_for(f" {name.upper()} ") is each
        for suffix in (each.suffix, *each.other_suffixes):
            assert format_of_path("một hai.ba" + suffix) is each
            assert format_of_path("x" + suffix.upper()) is each


@pytest.mark.parametrize("name", ["", "m4a", "ogg/vorbis", "\x00", "mp3\ud800", "x" * 1000])
def test_an_unknown_name_lists_what_exists(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        format_for(name)
    assert caught.value.field == "response_format"
    message = str(caught.value)
    assert all(known in message for known in FORMATS)
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize("path", ["speech", "speech.", "a.mp3/b", "speech.txt", ".wav"])
def test_a_path_without_a_known_suffix_lists_the_suffixes(path: str) -> None:
    with pytest.raises(InvalidRequest, match=r"\.mp3.*\.wav") as caught:
        format_of_path(path, field="output")
    assert caught.value.field == "output"


def test_a_rate_is_kept_where_the_format_has_it_and_never_lowered_without_need() -> None:
    assert FORMATS["opus"].rate_for(22_050) == 24_000
    assert FORMATS["opus"].rate_for(44_100) == 48_000
    assert FORMATS["opus"].rate_for(96_000) == 48_000
    assert FORMATS["mp3"].rate_for(22_050) == 22_050
    assert FORMATS["wav"].rate_for(12_345) == 12_345
