"""Recordings to clone, as requests name them. Knows no engine."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from sonca.encoding import decode
from sonca.engines.base import Reference
from sonca.errors import InvalidRequest, UnknownVoice
from sonca.voices.references import MAX_DURATION_S, ReferenceStore, resolve_voice_file

_CACHED = 8
_UPLOAD_PREFIX = "ref-"


class Recordings:
    """Finds and decodes recordings, and holds those used last. Usable from several threads."""

    def __init__(self, uploads: ReferenceStore, folder: Path, *, max_bytes: int) -> None:
        """Takes `folder` for the files that a `voice_file` may name, up to `max_bytes` each."""
        self._uploads = uploads
        self._folder = folder
        self._max_bytes = max_bytes
        self._decoded = functools.lru_cache(_CACHED)(self._decode)

    def find(self, voice: str | None, voice_file: str | None = None) -> Reference | None:
        """Returns the recording that a request wants cloned, None if it names a voice or nothing.

        `voice_file` is an upload's id or a file's name, `voice` a voice or an upload's id. Raises
        `InvalidRequest`, `UnknownVoice`, `BadAudio`.
        """
        if voice_file:
            path = resolve_voice_file(voice_file, self._folder, references=self._uploads)
        elif voice is not None and voice.startswith(_UPLOAD_PREFIX):
            try:
                path = resolve_voice_file(voice, None, references=self._uploads)
            except InvalidRequest as error:
                raise UnknownVoice(str(error), field="voice") from error
        else:
            return None
        status = path.stat()  # a file that changes is another recording
        return self._decoded(path, status.st_mtime_ns, status.st_size)

    def _decode(self, path: Path, _changed_at: int, _size: int) -> Reference:
        samples, rate_hz = decode(
            path, max_duration_s=MAX_DURATION_S, max_bytes=self._max_bytes, field="voice_file"
        )
        digest = hashlib.sha256(rate_hz.to_bytes(4, "little") + samples.tobytes()).hexdigest()
        return Reference(samples, rate_hz, digest)
