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


@pytest.mark.parametrize("name", ["HOST", "DATA_DIR", "ENGINE", "PORT", "VOICES_DIR", "LEXICON"])
def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = getattr(settings.read(), name.lower())
    monkeypatch.setenv(f"SONCA_{name}", "")
    assert getattr(settings.read(), name.lower()) == default


@pytest.mark.parametrize(
    ("name", "given", "understood"),
    [
        ("HOST", "[::]", "::"),
        ("HOST", " 0.0.0.0 ", "0.0.0.0"),
        ("HOST", "localhost", "localhost"),
        ("HOST", "fe80::1%eth0", "fe80::1%eth0"),
        (
            "CORS_ORIGINS",
            "HTTPS://App.Example:443, http://a:80",
            ("https://app.example", "http://a"),
        ),
        ("CORS_ORIGINS", "app://obsidian.md", ("app://obsidian.md",)),
        ("CORS_ORIGINS", "http://[::1]:8080", ("http://[::1]:8080",)),
        ("CORS_ORIGINS", "*", ("*",)),
        ("DATA_DIR", "~/sonca", Path.home() / "sonca"),
    ],
)
def test_what_can_only_be_meant_one_way_is_understood(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, understood: object
) -> None:
    monkeypatch.setenv(f"SONCA_{name}", given)
    assert getattr(settings.read(), name.lower()) == understood


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("CORS_ORIGINS", "http://localhost:3000/", "without a path or a slash at the end"),
        ("HOST", "0", "0.0.0.0 or ::"),  # the C library takes it for every address
        ("HOST", "*", "0.0.0.0 or ::"),
        ("HOST", "127.0.0.1:8000", "SONCA_PORT"),
        ("HOST", "http://localhost", "SONCA_PORT"),
        ("HOST", "'0.0.0.0'", "quotes"),
        ("CORS_ORIGINS", "https://app.example/page", "https://example.com"),
        ("CORS_ORIGINS", "app.example", "https://example.com"),
        ("CORS_ORIGINS", "https://*.example", "https://example.com"),
        ("CORS_ORIGINS", "*, https://app.example", "leave out"),
        ("CORS_ORIGINS", " , ", "leave it out"),
        ("DATA_DIR", '"/data"', "quotes"),
        ("VOICES_DIR", " ", "leave it out"),
        ("ENGINE", " ", "at least 1 character"),
        ("DRAIN_S", "inf", "finite"),
        ("SWEEP_S", "inf", "finite"),
        ("EXPIRY_HOURS", "nan", "finite"),
        ("REQUEST_TIMEOUT_S", "1e300", "4000000000"),
    ],
)
def test_a_value_that_would_do_something_else_in_silence_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, says: str
) -> None:
    monkeypatch.setenv(f"SONCA_{name}", given)
    with pytest.raises(SettingsError) as caught:
        settings.read()
    assert f"SONCA_{name}={given!r}" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("given", [",", " ", '["hush"]', "Bearer hush", "a, 'hush'", "hu\tsh"])
def test_keys_that_nobody_could_send_are_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("SONCA_API_KEYS", given)
    with pytest.raises(SettingsError, match="SONCA_API_KEYS: ") as caught:
        settings.read()
    assert "hu" not in str(caught.value)


def test_a_text_limit_that_no_body_can_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONCA_API_KEYS", "hush")
    monkeypatch.setenv("SONCA_MAX_TEXT_CHARS", "9000000")
    assert settings.read().max_text_chars == 9_000_000  # the other is only a default
    monkeypatch.setenv("SONCA_MAX_BODY_BYTES", "8388608")
    with pytest.raises(
        SettingsError, match=r"SONCA_MAX_TEXT_CHARS=9000000 .*SONCA_MAX_BODY_BYTES"
    ) as e:
        settings.read()
    assert "hush" not in str(e.value)


def test_a_misspelt_name_in_small_letters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("sonca_prot", "8000")
    with pytest.raises(SettingsError, match="unknown setting sonca_prot"):
        settings.read()


def test_frozen() -> None:
    values = settings.read()
    with pytest.raises(ValidationError):
        values.port = 1  # type: ignore[misc]


def test_every_setting_is_documented_and_nothing_else() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    told = re.findall(r"^\| `SONCA_([A-Z_]+)` \|", page.read_text("utf-8"), re.M)
    assert told == [name.upper() for name in settings.Settings.model_fields]


def test_for_ever_is_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONCA_REQUEST_TIMEOUT_S", "1e9")
    assert settings.read().request_timeout_s == 1e9


def test_a_home_that_nobody_has_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONCA_DATA_DIR", "~nosuchuser/x")
    with pytest.raises(SettingsError, match="write the path in full"):
        settings.read()


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_pages_without_a_host_have_an_origin(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("SONCA_CORS_ORIGINS", f"https://a.vn, {origin}")
    assert settings.read().cors_origins == ("https://a.vn", origin)
