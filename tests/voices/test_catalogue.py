"""Names of voices: exact, by another name, by a stand-in, or an error that lists what exists."""

from __future__ import annotations

import pytest

from sonca.errors import UnknownVoice
from sonca.voice import Voice
from sonca.voices import Catalogue
from sonca.voices.catalogue import known_names, rows

NORTH_MAN = Voice("north-male", "Nam", "male", "north", engine="espeak")
NORTH_DEEP = Voice("north-male-deep", "Nam", "male", "north", tone="deep", engine="espeak")
SOUTH_WOMAN = Voice("south-female", "Nữ", "female", "south", engine="espeak")
QUYNH = Voice("quynh", "Quỳnh", "female", tone="soft", engine="viettts")
SMALL = Catalogue([NORTH_MAN, NORTH_DEEP, SOUTH_WOMAN])
LARGE = Catalogue([NORTH_MAN, NORTH_DEEP, SOUTH_WOMAN, QUYNH])


def resolve(
    catalogue: Catalogue, name: str | None, engine: str | None = None
) -> tuple[str, object]:
    resolution = catalogue.resolve(name, engine, "espeak")
    return resolution.voice.id, resolution.instead_of


@pytest.mark.parametrize("name", [None, "", "  "])
def test_no_name_is_the_default_voice(name: str | None) -> None:
    assert resolve(SMALL, name) == ("north-male", None)


@pytest.mark.parametrize("name", ["south-female", " South-Female ", "SOUTH-FEMALE"])
def test_a_name_is_that_voice(name: str) -> None:
    assert resolve(SMALL, name) == ("south-female", None)


def test_an_alias_is_no_substitution() -> None:
    assert resolve(SMALL, "nam") == ("north-male", None)


def test_a_viettts_name_that_is_not_installed_is_spoken_by_the_same_gender_and_says_so() -> None:
    assert resolve(SMALL, "quynh") == ("south-female", "quynh")
    assert resolve(SMALL, "cdteam") == ("north-male-deep", "cdteam")


def test_all_24_names_of_viettts_are_known() -> None:
    names = {row["id"] for row in rows("viettts.tsv")}
    assert len(names) == 24
    for name in names:
        assert resolve(SMALL, name)[1] == name


def test_an_installed_voice_of_another_engine_is_itself() -> None:
    assert LARGE.resolve("quynh", None, "espeak").voice is QUYNH


def test_an_engine_asked_for_by_name_speaks_even_with_anothers_voice() -> None:
    assert resolve(LARGE, "quynh", "espeak") == ("south-female", "quynh")


def test_openai_names_and_roles_are_mapped_silently() -> None:
    assert resolve(SMALL, "onyx") == ("north-male-deep", None)
    assert resolve(SMALL, "marin") == ("south-female", None)
    assert resolve(SMALL, "female") == ("south-female", None)
    assert resolve(SMALL, "narrator")[1] is None
    for name in ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "sage", "shimmer"):
        assert name in known_names()


@pytest.mark.parametrize("name", ["nobody", "../etc/passwd", "\ud800", "x" * 10_000])
def test_a_name_nobody_knows_lists_what_exists(name: str) -> None:
    with pytest.raises(UnknownVoice, match="north-male, north-male-deep, south-female") as refusal:
        resolve(SMALL, name)
    assert len(str(refusal.value)) < 500


def test_an_engine_without_voices_says_so() -> None:
    with pytest.raises(UnknownVoice, match="piper has no voice yet"):
        SMALL.resolve(None, "piper", "espeak")
