"""How encoded sound is laid into an answer's body: as it is, or as OpenAI's events."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence

from sonca.audio import Mark
from sonca.errors import SoncaError
from sonca.server.answers import encode_event
from sonca.server.errors import Problem

_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


class Framing(ABC):
    """Bytes of the body for what happens in a stream. Called on a pool's thread."""

    @abstractmethod
    def delta(self, data: bytes, time_s: float, marks: Sequence[Mark]) -> bytes:
        """More sound. `time_s` is where in the stream it begins."""

    @abstractmethod
    def done(self, duration_s: float) -> bytes:
        """The end: all sound was sent."""

    @abstractmethod
    def failed(self, error: SoncaError) -> bytes | None:
        """The end, too early. None if the body cannot say so: the connection is cut then."""


class Plain(Framing):
    """The encoded bytes alone."""

    def delta(self, data: bytes, time_s: float, marks: Sequence[Mark]) -> bytes:
        return data

    def done(self, duration_s: float) -> bytes:
        return b""

    def failed(self, error: SoncaError) -> bytes | None:
        return None


class Events(Framing):
    """Server-sent events as OpenAI's: ``speech.audio.delta`` with the bytes in base64, then one
    ``speech.audio.done``. With `marks`, ours are added: times of sentences and words."""

    def __init__(self, *, marks: bool = False) -> None:
        self._marks = marks

    def delta(self, data: bytes, time_s: float, marks: Sequence[Mark]) -> bytes:
        event: dict[str, object] = {
            "type": "speech.audio.delta",
            "audio": base64.b64encode(data).decode("ascii"),
        }
        if self._marks:
            event["time_s"] = round(time_s, 4)
            event["marks"] = [_mark(mark) for mark in marks]
        return encode_event(event)

    def done(self, duration_s: float) -> bytes:
        # OpenAI's clients require `usage`; Sonca counts no tokens.
        event: dict[str, object] = {"type": "speech.audio.done", "usage": _NO_TOKENS}
        return encode_event(event | {"duration_s": round(duration_s, 4)})

    def failed(self, error: SoncaError) -> bytes | None:
        return encode_event({"type": "error", **Problem.of(error).openai()})


def _mark(mark: Mark) -> dict[str, object]:
    start, end = mark.span
    return {"kind": mark.kind, "time_s": round(mark.time_s, 4), "start": start, "end": end}
