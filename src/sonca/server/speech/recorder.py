"""Audio on its way into the store: always WAV, written while it is made, with true sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sonca.audio import Samples
from sonca.encoding import FORMATS
from sonca.encoding.encoder import SinkEncoder
from sonca.store import AudioStore, AudioWriter, StoredAudio

WAV = FORMATS["wav"]


class Recorder:
    """Keeps the sound of one speech. Methods wait for the disk and raise `StorageFull` or
    `StorageError`; one thread at a time."""

    def __init__(
        self,
        store: AudioStore,
        expires_in_s: float,
        describe: Callable[[AudioWriter, int, float], Mapping[str, Any]],
    ) -> None:
        """Makes nothing yet. `describe` returns the metadata (JSON values) of the complete file,
        given its sample rate in Hz and its length in seconds."""
        self._store = store
        self._expires_in_s = expires_in_s
        self._describe = describe
        self._writer: AudioWriter | None = None
        self._encoder: SinkEncoder | None = None
        self._rate_hz = 0
        self._samples = 0
        self.failed = False
        """Whether keeping was given up while the sound goes on."""
        self.stored: StoredAudio | None = None
        """What was kept, after `commit`."""

    def open(self, sample_rate_hz: int) -> None:
        """Makes the file."""
        self._rate_hz = sample_rate_hz
        self._writer = self._store.writer(suffix=WAV.suffix, expires_in_s=self._expires_in_s)
        self._encoder = SinkEncoder(WAV, sample_rate_hz, self._writer, seekable=True)

    @property
    def writer(self) -> AudioWriter:
        """The file, with the id that the audio will have. Known after `open`."""
        if self._writer is None:
            raise ValueError("the recorder is not open")
        return self._writer

    def feed(self, samples: Samples) -> None:
        """Writes (N,) float32 samples."""
        assert self._encoder is not None
        self._encoder.feed(samples)
        self._samples += len(samples)

    def commit(self) -> None:
        """Completes the file, puts it on the disk and makes it findable."""
        assert self._encoder is not None
        self._encoder.finish()
        duration_s = self._samples / self._rate_hz
        self.stored = self.writer.commit(self._describe(self.writer, self._rate_hz, duration_s))

    def close(self) -> None:
        """Frees everything; what is not committed leaves nothing behind. May be called again."""
        if self._writer is not None:
            self._writer.close()
