"""How encoded sound is laid into an answer's body: as it is, or as OpenAI's events."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence

from sonca.audio import Mark
from sonca.errors import SoncaError
from sonca.server.answers import encode_event
from sonca.server.errors import ErrorAnswer

_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


class BodyFormat(ABC):
    """Bytes of the body for what happens in a stream. Called on an encoder's thread."""

    media_type: str | None = None
    """None for that of the sound."""

    @abstractmethod
    def delta(self, data: bytes, start_s: float, marks: Sequence[Mark]) -> bytes:
        """Returns the bytes for more sound, whose first sample is at `start_s` in the stream.
        `data` is what an encoder gave for it, which may be nothing yet."""

    @abstractmethod
    def done(self, duration_s: float) -> bytes:
        """Returns the bytes for the end: all sound was sent."""

    @abstractmethod
    def failed(self, error: SoncaError) -> bytes | None:
        """Returns the bytes for an end that is too early. None if the body cannot say so: the
        connection is cut then."""


class RawBody(BodyFormat):
    """The encoded bytes alone."""

    def delta(self, data: bytes, start_s: float, marks: Sequence[Mark]) -> bytes:
        return data

    def done(self, duration_s: float) -> bytes:
        return b""

    def failed(self, error: SoncaError) -> bytes | None:
        return None


RAW = RawBody()


class SseBody(BodyFormat):
    """Server-sent events as OpenAI's: ``speech.audio.delta`` with the bytes in base64, then one
    ``speech.audio.done``. With `marks`, ours are added: times of sentences and words."""

    media_type = "text/event-stream; charset=utf-8"

    def __init__(self, *, marks: bool = False) -> None:
        self._with_marks = marks
        # Marks wait for the first bytes after them: an encoder may hold those back.
        self._marks: list[Mark] = []
        self._start_s: float | None = None

    def delta(self, data: bytes, start_s: float, marks: Sequence[Mark]) -> bytes:
        self._marks += marks
        if self._start_s is None:
            self._start_s = start_s
        if not data:
            return b""
        event: dict[str, object] = {
            "type": "speech.audio.delta",
            "audio": base64.b64encode(data).decode("ascii"),
        }
        if self._with_marks:
            event["time_s"] = round(self._start_s, 4)
            event["marks"] = [_mark(mark) for mark in self._marks]
        self._marks, self._start_s = [], None
        return encode_event(event)

    def done(self, duration_s: float) -> bytes:
        # OpenAI's clients require `usage`; Sonca counts no tokens.
        event: dict[str, object] = {"type": "speech.audio.done", "usage": _NO_TOKENS}
        return encode_event(event | {"duration_s": round(duration_s, 4)})

    def failed(self, error: SoncaError) -> bytes | None:
        return encode_event({"type": "error", **ErrorAnswer.of(error).openai()})


def _mark(mark: Mark) -> dict[str, object]:
    start, end = mark.span
    return {"kind": mark.kind, "time_s": round(mark.time_s, 4), "start": start, "end": end}
