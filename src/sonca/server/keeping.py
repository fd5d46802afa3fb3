"""Audio on its way into the store: always WAV, written while it is made, with true sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sonca.audio import Samples
from sonca.encoding import FORMATS
from sonca.encoding.encoder import SinkEncoder
from sonca.store import AudioStore, AudioWriter, StoredAudio

_WAV = FORMATS["wav"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of kept audio when its record is made."""

    id: str
    created_at: float
    """Seconds since the epoch, as `expires_at`."""
    expires_at: float
    size: int
    """Bytes."""
    sample_rate_hz: int
    duration_s: float


Describe = Callable[[Draft], Mapping[str, Any]]
"""Makes the metadata (JSON values) of kept audio."""


class Keeper:
    """Keeps the sound of one speech. Each method blocks; one thread at a time."""

    def __init__(self, store: AudioStore, expires_in_s: float, describe: Describe) -> None:
        self._store = store
        self._expires_in_s = expires_in_s
        self._describe = describe
        self._writer: AudioWriter | None = None
        self._encoder: SinkEncoder | None = None
        self._rate_hz = 0
        self.failed = False
        """Whether keeping was given up while the sound goes on."""
        self.kept: StoredAudio | None = None
        """What was kept, after `commit`."""

    def open(self, sample_rate_hz: int) -> None:
        """Make the file. `StorageFull` or `StorageError`, as of all methods."""
        self._rate_hz = sample_rate_hz
        self._writer = self._store.writer(suffix=_WAV.suffix, expires_in_s=self._expires_in_s)
        self._encoder = SinkEncoder(_WAV, sample_rate_hz, self._writer, seekable=True)

    @property
    def id(self) -> str:
        """The id that the audio will have. Known after `open`."""
        return self._opened.id

    @property
    def expires_at(self) -> float:
        """Seconds since the epoch. Known after `open`."""
        return self._opened.expires_at

    @property
    def _opened(self) -> AudioWriter:
        if self._writer is None:
            raise ValueError("the keeper is not open")
        return self._writer

    def feed(self, samples: Samples) -> None:
        """Write (N,) float32 samples."""
        assert self._encoder is not None
        self._encoder.feed(samples)

    def finish(self) -> None:
        """Complete the file."""
        assert self._encoder is not None
        self._encoder.finish()
        self._encoder = None

    def commit(self, duration_s: float) -> StoredAudio:
        """Put it on the disk and make it findable."""
        if self._encoder is not None:
            self.finish()
        writer = self._opened
        draft = Draft(
            id=writer.id,
            created_at=writer.created_at,
            expires_at=writer.expires_at,
            size=writer.size,
            sample_rate_hz=self._rate_hz,
            duration_s=duration_s,
        )
        self.kept = writer.commit(self._describe(draft))
        return self.kept

    def close(self) -> None:
        """Let go; what is not committed leaves nothing behind. May be called again."""
        if self._writer is not None:
            self._writer.close()
