"""How a speech goes out: one place that puts together encoder, framing, store and headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from sonca.encoding import Format
from sonca.engines.base import EngineInfo
from sonca.server.framing import Framing, Plain
from sonca.server.keeping import Keeper
from sonca.server.responses import SpeechResponse
from sonca.server.services import Services
from sonca.server.spoken import WHOLE_CHARS, Spoken
from sonca.synthesizer import Speech
from sonca.utterance import Priority

PATIENCE_S = 0.25
"""How long the first byte of a short WAV may wait for the last. A WAV that is whole has a header
with its true size, which is what `wave` and the like want; one that streams cannot have it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the answer is to be."""

    api: str
    """``openai`` or ``predecessor``, for the metrics."""
    voice: str
    """The voice that is heard."""
    format: Format
    chars: int
    """Length of the text."""
    media_type: str
    framing: Framing | None = None
    output_rate_hz: int | None = None
    """None for the engine's rate, as far as the format has it."""
    keeper: Keeper | None = None
    headers: Callable[[Spoken], Mapping[str, str]] | None = None
    """More headers, known when the first sound is."""


def brief(format: Format, chars: int) -> bool:
    """Whether an answer that is plain bytes waits a moment (`PATIENCE_S`) for all of them."""
    return format.name == "wav" and chars <= WHOLE_CHARS


def priority_of(format: Format, chars: int) -> Priority:
    """Who waits for an answer that is plain bytes: a short WAV is heard as a whole."""
    return Priority.FILE if brief(format, chars) else Priority.REALTIME


def deliver(services: Services, speech: Speech, delivery: Delivery) -> Response:
    """The answer that streams `speech`."""
    plain = delivery.framing is None or isinstance(delivery.framing, Plain)
    patient = plain and brief(delivery.format, delivery.chars)
    spoken = open_spoken(
        services,
        speech,
        format=delivery.format,
        output_rate_hz=delivery.output_rate_hz,
        framing=delivery.framing,
        keeper=delivery.keeper,
        patience_s=PATIENCE_S if patient else 0.0,
    )

    def headers(spoken: Spoken) -> Mapping[str, str]:
        more = delivery.headers(spoken) if delivery.headers else {}
        return {**common_headers(spoken, delivery.voice), **more}

    return SpeechResponse(
        spoken,
        media_type=delivery.media_type,
        headers=headers,
        metrics=services.metrics,
        lifecycle=services.lifecycle,
        api=delivery.api,
    )


def open_spoken(
    services: Services,
    speech: Speech,
    *,
    format: Format | None = None,
    output_rate_hz: int | None = None,
    framing: Framing | None = None,
    keeper: Keeper | None = None,
    patience_s: float = 0.0,
) -> Spoken:
    """The speech on its way to bytes. Whoever opens it closes it, or the engine works for
    nobody."""
    return Spoken(
        speech,
        services.pools,
        format=format,
        output_rate_hz=output_rate_hz,
        framing=framing,
        keeper=keeper,
        patience_s=patience_s,
    )


def common_headers(spoken: Spoken, voice: str) -> Mapping[str, str]:
    """What every answer with sound says about it."""
    headers = {
        "x-sample-rate": str(spoken.sample_rate_hz),
        "x-voice": quote(voice),  # a file's name may be any Unicode
        "x-model": spoken.speech.voice.engine,
        "cache-control": "no-store",
        "x-accel-buffering": "no",  # or nginx collects what we stream
    }
    if spoken.speech.instead_of is not None:
        headers["x-voice-substituted"] = substitution(spoken.speech)
    if spoken.complete:
        headers["x-duration-seconds"] = f"{spoken.duration_s:.3f}"
        if spoken.speech.suspects:
            headers["x-suspect-utterances"] = str(len(spoken.speech.suspects))
    return headers


def substitution(speech: Speech) -> str:
    """Which voice was asked for, and which speaks instead."""
    return f"{speech.instead_of} -> {speech.voice.id}"


async def loaded(services: Services, engine: str) -> EngineInfo:
    """What an engine is; it is loaded if it is not."""
    worker = await services.pools.run(lambda: services.sonca.load(engine))
    return await asyncio.wrap_future(worker.loaded)
