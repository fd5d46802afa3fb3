"""From what a request asks for to a speech in line. Runs off the event loop: it reads text and,
for a voice that is cloned, a recording."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from sonca.encoding import decode
from sonca.engines.base import Reference
from sonca.errors import InvalidRequest, UnknownVoice
from sonca.server.services import Services
from sonca.synthesizer import Speech, SpeechRequest
from sonca.voices.references import MAX_DURATION_S, resolve_voice_file

_KEPT_RECORDINGS = 8
_REFERENCE_PREFIX = "ref-"


@dataclass(frozen=True, slots=True)
class Ask:
    """What either API asks for, in the synthesizer's terms."""

    text: str
    engine: str | None = None
    voice: str | None = None
    """A voice's name, or the id of an uploaded recording."""
    voice_file: str | None = None
    """A recording to clone: an uploaded id, or a file of the voices folder."""
    speed: float = 1.0


async def speak(services: Services, ask: Ask) -> Speech:
    """Put a request in line. Raises whatever can be known before there is sound."""
    return await services.pools.run(lambda: _submit(services, ask))


def _submit(services: Services, ask: Ask) -> Speech:
    reference = _reference(services, ask)
    return services.sonca.submit(
        SpeechRequest(
            text=ask.text,
            voice=None if reference else ask.voice,
            engine=ask.engine,
            speed=ask.speed,
            reference=reference,
            deadline_s=services.request_timeout_s,
        )
    )


def _reference(services: Services, ask: Ask) -> Reference | None:
    """The recording that the request wants cloned, None if it names a voice or nothing."""
    if ask.voice_file:
        path = resolve_voice_file(
            ask.voice_file, services.voice_files_dir, references=services.references
        )
        return _recordings.read(path, services.max_upload_bytes)
    if ask.voice and ask.voice.startswith(_REFERENCE_PREFIX):
        try:
            path = resolve_voice_file(ask.voice, None, references=services.references)
        except InvalidRequest as error:
            raise UnknownVoice(str(error), field="voice") from error
        return _recordings.read(path, services.max_upload_bytes)
    return None


class _Recordings:
    """The recordings used last, decoded. A file that changes is another recording."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[Path, int, int], Reference] = OrderedDict()

    def read(self, path: Path, max_bytes: int) -> Reference:
        """`BadAudio` if it is no sound, or longer than a reference may be."""
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        with self._lock:
            found = self._read.get(key)
            if found is not None:
                self._read.move_to_end(key)
                return found
        samples, rate_hz = decode(
            path, max_duration_s=MAX_DURATION_S, max_bytes=max_bytes, field="voice_file"
        )
        digest = hashlib.sha256(rate_hz.to_bytes(4, "little") + samples.tobytes()).hexdigest()
        reference = Reference(samples, rate_hz, digest)
        with self._lock:
            self._read[key] = reference
            while len(self._read) > _KEPT_RECORDINGS:
                self._read.popitem(last=False)
        return reference


_recordings = _Recordings()
