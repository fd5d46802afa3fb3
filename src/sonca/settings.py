"""Settings: the only reader of the environment (prefix ``SONCA_``).

Read once by the command line and the server and passed down as plain values. Unknown keys are
an error, because a misspelt limit is no limit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sonca.errors import SettingsError

PREFIX = "SONCA_"

MiB = 1024 * 1024


class Settings(BaseSettings):
    """Everything that can be set. Each is read from ``SONCA_`` plus its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(11111, ge=0, le=65535)
    """0 takes any free port."""
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sonca")))
    """Everything kept lies under it: audio, references, models, cache."""
    voices_dir: Path | None = None
    """Recordings that requests may name as `voice_file`; default: `voices` in the data folder."""

    engine: str | None = None
    """The default engine; None for the best that is installed."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(None, ge=1, le=256)
    """Compute threads per engine; None lets the engine choose. For espeak, which computes on
    one, the number of instances."""

    loudness_lufs: Annotated[float, Field(ge=-40.0, le=-10.0)] | Literal["off"] = -20.0
    """The level every voice is brought to, in speech and in books, by one fixed gain each; ``off``
    leaves them as they are. -20 LUFS lies in what audiobook shops ask for."""

    unload_after_s: float = Field(0.0, ge=0)
    """Unload an engine that nobody has used for so long; 0 keeps engines loaded."""

    lexicon: Path | None = None
    """A TSV or TOML file of readings of your own, for every request."""

    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Comma-separated; empty for no authentication."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma-separated origins that browsers may call from; ``*`` for any."""

    max_text_chars: int = Field(1_000_000, ge=1)
    max_body_bytes: int = Field(8 * MiB, ge=1024)
    max_upload_bytes: int = Field(32 * MiB, ge=1024)
    queue_limit: int = Field(64, ge=1)
    """Requests in flight per engine; beyond it callers get 429."""
    request_timeout_s: float = Field(3600.0, gt=0)
    """All sound of a request must be made within it."""
    drain_s: float = Field(20.0, ge=0)
    """How long requests in flight may go on after SIGTERM."""

    storage_quota_bytes: int = Field(2048 * MiB, ge=MiB)
    """Total size of kept audio."""
    cache_quota_bytes: int = Field(1024 * MiB, ge=0)
    """Total size of the chunk cache; 0 for none."""
    expiry_hours: float = Field(2.0, gt=0, le=24 * 365)
    """How long audio is kept when the request does not say."""
    book_expiry_days: float = Field(0.0, ge=0, le=3650)
    """How long a book is kept after it is done, when the request does not say; 0 keeps it until
    it is deleted."""
    sweep_s: float = Field(60.0, gt=0)
    """How often expired audio is removed."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    """`auto` is text on a terminal and JSON elsewhere."""

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """``a, b`` as two values."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def audio_dir(self) -> Path:
        """Kept audio."""
        return self.data_dir / "audio"

    @property
    def cache_dir(self) -> Path:
        """Sound of utterances that were made before."""
        return self.data_dir / "cache"

    @property
    def references_dir(self) -> Path:
        """Uploaded recordings to clone."""
        return self.data_dir / "references"

    @property
    def level_lufs(self) -> float | None:
        """`loudness_lufs` as engines take it."""
        return None if self.loudness_lufs == "off" else self.loudness_lufs

    @property
    def book_expiry_hours(self) -> float | None:
        """`book_expiry_days` as jobs take it."""
        return self.book_expiry_days * 24 or None

    @property
    def models_dir(self) -> Path:
        """Downloaded models."""
        return self.data_dir / "models"

    @property
    def voice_files_dir(self) -> Path:
        """Where `voice_file` is looked up."""
        return self.voices_dir or self.data_dir / "voices"


def read(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` (from a command line) win where not None.

    Raises `SettingsError` that names every key that is unknown or has a wrong value.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        key for key in os.environ if key.startswith(PREFIX) and key.upper() not in known
    )
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
        )
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    problems = []
    for part in error.errors():
        name = str(part["loc"][0]) if part["loc"] else "settings"
        problems.append(f"{PREFIX}{name.upper()}={part['input']!r}: {part['msg'].lower()}")
    return "; ".join(problems)
