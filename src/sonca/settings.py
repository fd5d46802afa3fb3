"""Settings: the only reader of the environment (prefix ``SONCA_``).

Read once by the command line and the server and passed down as plain values. Unknown keys are
an error, because a misspelt limit is no limit.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sonca.errors import SettingsError

PREFIX = "SONCA_"

MiB = 1024 * 1024

Seconds = Annotated[float, Field(le=4e9, allow_inf_nan=False)]
"""A century and more: for ever, to all that can wait."""


def _path(value: object) -> object:
    """Reads ``~``: only a shell does, and there is none between an environment file and us."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("that is not a path; name one, or leave it out")
    try:
        return Path(value.strip()).expanduser()
    except RuntimeError as error:  # nobody of that name
        raise ValueError(f"{error}; write the path in full") from error


def _host(value: str) -> str:
    """Reads an address or a name to listen on; ``[::]``, as in a URL, is ``::``."""
    host = value[1:-1] if value[:1] == "[" and value[-1:] == "]" else value
    try:
        ip_address(host)
    except ValueError:
        # To the C library `0` and an empty name are addresses, too: those of everybody.
        if not _HOST_NAME.fullmatch(host):
            raise ValueError(
                "that is neither an address nor a host's name; write 127.0.0.1 for this machine "
                "alone, 0.0.0.0 or :: for the network, and the port in SONCA_PORT"
            ) from None
    return host


def _unquoted(value: object) -> object:
    """Refuses quotes that a shell would have taken away and an environment file does not."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        raise ValueError("the quotes are part of the value; leave them out")
    return value


def _keys(value: str) -> tuple[str, ...]:
    """Splits API keys. None at all would be no authentication, which is said by leaving it out."""
    keys = _split(value)
    if not keys:
        raise ValueError("there is no key in it; give one, or leave it out for no authentication")
    for number, key in enumerate(keys, start=1):
        _unquoted(key)
        if key.startswith(("[", "Bearer ")) or not key.isprintable():
            raise ValueError(
                f"key {number} could not be sent; write the keys alone, with commas between them"
            )
    return tuple(dict.fromkeys(keys))


def _origins(value: str) -> tuple[str, ...]:
    """Splits origins, each as a browser writes it."""
    origins = tuple(dict.fromkeys(_origin(part) for part in _split(value)))
    if not origins:
        raise ValueError("there is no origin in it; give one, or leave it out for none")
    if "*" in origins and len(origins) > 1:
        raise ValueError("* is any origin, so others beside it mean nothing; leave out either")
    return origins


def _origin(value: str) -> str:
    """Writes scheme and host small, and no default port: origins are compared letter by letter."""
    if value in ("*", "null", "file://"):  # pages of a sandbox, and of a file
        return value
    match = _ORIGIN.fullmatch(value.lower())
    if match is None:
        raise ValueError(
            f"{value[:100]!r} is not an origin, which is a scheme, a host and perhaps a port, "
            "without a path or a slash at the end: https://example.com; or * for any"
        )
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS.get(scheme) else "")


def _split(value: str) -> list[str]:
    """Splits ``a, b`` into two values."""
    return [part.strip() for part in value.split(",") if part.strip()]


_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s:/?#@*\[\]]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": "80", "https": "443"}

Location = Annotated[Path, BeforeValidator(_path)]


class Settings(BaseSettings):
    """Everything that can be set. Each is read from ``SONCA_`` plus its name in capitals.

    A variable that is empty counts as not set: a compose file makes such of what it does not
    know, and an empty host would listen to the whole network.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        str_strip_whitespace=True,
        frozen=True,
        extra="forbid",
    )

    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: int = Field(11111, ge=0, le=65535)
    """0 takes any free port."""
    data_dir: Location = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sonca")))
    """Everything kept lies under it: audio, references, models, cache."""
    voices_dir: Location | None = None
    """Recordings that requests may name as `voice_file`; default: `voices` in the data folder."""

    engine: Annotated[str, Field(min_length=1)] | None = None
    """The default engine; None for the best that is installed."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(None, ge=1, le=256)
    """Compute threads per engine; None lets the engine choose. For espeak, which computes on
    one, the number of instances."""
    steps: int | None = Field(None, ge=1, le=64)
    """Steps from noise to sound of supertonic's voices: time against quality; None for 8."""
    exact: bool = False
    """Compute in float32 only, also where bf16 or int8 is near enough and faster."""

    loudness_lufs: Annotated[float, Field(ge=-40.0, le=-10.0)] | Literal["off"] = -20.0
    """The level every voice is brought to, in speech and in books, by one fixed gain each; ``off``
    leaves them as they are. -20 LUFS lies in what audiobook shops ask for."""

    unload_after_s: Seconds = Field(0.0, ge=0)
    """Unload an engine that nobody has used for so long; 0 keeps engines loaded."""

    commercial: bool = False
    """`1` refuses voices and models whose licence forbids commercial use."""

    lexicon: Location | None = None
    """A TSV or TOML file of readings of your own, for every request."""

    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Comma-separated; empty for no authentication."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma-separated origins that browsers may call from; ``*`` for any."""

    max_text_chars: int = Field(1_000_000, ge=1)
    max_body_bytes: int = Field(8 * MiB, ge=1024)
    max_upload_bytes: int = Field(32 * MiB, ge=1024)
    queue_limit: int = Field(64, ge=1)
    """Requests that wait for an engine's sound; beyond it callers get 429. Books have half as many
    places of their own."""
    request_timeout_s: Seconds = Field(3600.0, gt=0)
    """All sound of a request must be made within it; time spent waiting for its reader does not
    count."""
    max_connections: int = Field(1000, ge=8)
    """Connections at once; beyond it the one whose client has been silent longest is closed."""
    receive_timeout_s: Seconds = Field(30.0, gt=0)
    """How long a request that is being received may pause; then it is given up."""
    receive_bytes: int = Field(256 * MiB, ge=1024)
    """Bytes of all bodies that are being received at once; beyond it the one that has paused
    longest is given up."""
    stall_timeout_s: Seconds = Field(30.0, gt=0)
    """How long a reader may take nothing of his answer before somebody else may have his place.
    Where nobody needs it he keeps it."""
    drain_s: Seconds = Field(20.0, ge=0)
    """How long requests in flight may go on after SIGTERM."""

    storage_quota_bytes: int = Field(2048 * MiB, ge=MiB)
    """Total size of kept audio."""
    cache_quota_bytes: int = Field(1024 * MiB, ge=0)
    """Total size of the chunk cache; 0 for none."""
    expiry_hours: float = Field(2.0, gt=0, le=24 * 365, allow_inf_nan=False)
    """How long audio is kept when the request does not say."""
    book_expiry_days: float = Field(0.0, ge=0, le=3650, allow_inf_nan=False)
    """How long a book is kept after it is done, when the request does not say; 0 keeps it until
    it is deleted."""
    sweep_s: Seconds = Field(60.0, gt=0)
    """How often expired audio is removed."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    """`auto` is text on a terminal and JSON elsewhere."""

    @field_validator("*", mode="before")
    @classmethod
    def _check_quotes(cls, value: object) -> object:
        return _unquoted(value)

    @field_validator("api_keys", mode="before")
    @classmethod
    def _read_keys(cls, value: object) -> object:
        return _keys(value) if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _read_origins(cls, value: object) -> object:
        return _origins(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuses limits of which one makes another void, where both were chosen."""
        chosen = {"max_body_bytes", "max_text_chars"} <= self.model_fields_set
        if chosen and self.max_body_bytes < self.max_text_chars:
            raise ValueError(
                f"SONCA_MAX_TEXT_CHARS={self.max_text_chars} is more than a body may have "
                f"(SONCA_MAX_BODY_BYTES={self.max_body_bytes}); raise the one or lower the other"
            )
        return self

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
        """`loudness_lufs` as `Sonca` takes it."""
        return None if self.loudness_lufs == "off" else self.loudness_lufs

    @property
    def book_expiry_hours(self) -> float | None:
        """`book_expiry_days` as jobs take it."""
        return self.book_expiry_days * 24 or None

    @property
    def samples_dir(self) -> Path:
        """A sample of each voice."""
        return self.data_dir / "samples"

    @property
    def models_dir(self) -> Path:
        """Downloaded models."""
        return self.data_dir / "models"

    @property
    def voice_files_dir(self) -> Path:
        """Where `voice_file` is looked up."""
        return self.voices_dir or self.data_dir / "voices"


def read(**overrides: Any) -> Settings:
    """Reads the settings of this process; `overrides` (from a command line) win where not None.

    Raises `SettingsError` that names every key that is unknown or has a wrong value.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    # Small letters are read as well, so they can be misspelt as well.
    unknown = sorted(
        key for key in os.environ if key.upper().startswith(PREFIX) and key.upper() not in known
    )
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
        )
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(part) for part in error.errors())) from None


def _explain(problem: ErrorDetails) -> str:
    """Says what is wrong with one setting. A wrong key is not shown: logs are read."""
    wrong = problem.get("ctx", {}).get("error")
    reason = problem["msg"].lower() if wrong is None else str(wrong)
    if not problem["loc"]:
        return reason
    name = str(problem["loc"][0])
    value = "" if name == "api_keys" else f"={problem['input']!r}"
    return f"{PREFIX}{name.upper()}{value}: {reason}"
