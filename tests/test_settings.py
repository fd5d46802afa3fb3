"""Settings are strict: a misspelt limit is no limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from sonca import settings
from sonca.errors import SettingsError


def test_defaults() -> None:
    values = settings.read()
    assert (values.host, values.port) == ("127.0.0.1", 11111)
    assert values.audio_dir == values.data_dir / "audio"


def test_the_environment_is_read_and_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONCA_PORT", "8000")
    monkeypatch.setenv("SONCA_DATA_DIR", "/somewhere")
    monkeypatch.setenv("SONCA_API_KEYS", " one, two,, ")
    values = settings.read(port=9000, host=None)
    assert values.port == 9000
    assert values.host == "127.0.0.1"
    assert values.data_dir == Path("/somewhere")
    assert [key.get_secret_value() for key in values.api_keys] == ["one", "two"]


def test_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONCA_API_KEYS", "hush")
    assert "hush" not in repr(settings.read())


def test_an_unknown_key_is_refused_with_the_list_of_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SONCA_PROT", "8000")
    with pytest.raises(SettingsError, match=r"unknown setting SONCA_PROT; there are: .*SONCA_PORT"):
        settings.read()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "x"),
        ("QUEUE_LIMIT", "0"),
        ("EXPIRY_HOURS", "-1"),
        ("DEVICE", "tpu"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_names_its_key(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(f"SONCA_{key}", value)
    with pytest.raises(SettingsError, match=f"SONCA_{key}='{value}'"):
        settings.read()


def test_frozen() -> None:
    values = settings.read()
    with pytest.raises(ValidationError):
        values.port = 1  # type: ignore[misc]


def test_every_setting_is_documented_and_nothing_else() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    told = re.findall(r"^\| `SONCA_([A-Z_]+)` \|", page.read_text("utf-8"), re.M)
    assert told == [name.upper() for name in settings.Settings.model_fields]
