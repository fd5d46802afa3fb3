"""How a speech goes out: one place that puts together encoder, framing, store and headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from sonca.encoding import Format
from sonca.server.framing import Framing, Plain
from sonca.server.keeping import Keeper
from sonca.server.responses import SpeechResponse
from sonca.server.services import Services
from sonca.server.spoken import WHOLE_CHARS, Spoken
from sonca.synthesizer import Speech

PATIENCE_S = 0.25
"""How long the first byte of a short WAV may wait for the last. A WAV that is whole has a header
with its true size, which is what `wave` and the like want; one that streams cannot have it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the answer is to be."""

    api: str
    """``openai`` or ``predecessor``, for the metrics."""
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


def deliver(services: Services, speech: Speech, delivery: Delivery) -> Response:
    """The answer that streams `speech`."""
    plain = delivery.framing is None or isinstance(delivery.framing, Plain)
    brief = delivery.format.name == "wav" and delivery.chars <= WHOLE_CHARS and plain
    spoken = Spoken(
        speech,
        services.pools,
        format=delivery.format,
        output_rate_hz=delivery.output_rate_hz,
        framing=delivery.framing,
        keeper=delivery.keeper,
        patience_s=PATIENCE_S if brief else 0.0,
    )

    def headers(spoken: Spoken) -> Mapping[str, str]:
        more = delivery.headers(spoken) if delivery.headers else {}
        return {**common_headers(spoken), **more}

    return SpeechResponse(
        spoken,
        media_type=delivery.media_type,
        headers=headers,
        fallback_rate_hz=rate_hz(services, speech),
        timeout_s=services.request_timeout_s,
        metrics=services.metrics,
        api=delivery.api,
    )


def common_headers(spoken: Spoken) -> Mapping[str, str]:
    """What every answer with sound says about it."""
    voice, instead_of = spoken.speech.voice, spoken.speech.instead_of
    headers = {
        "x-sample-rate": str(spoken.sample_rate_hz),
        "x-voice": voice.id,
        "x-model": voice.engine,
        "cache-control": "no-store",
        "x-accel-buffering": "no",  # or nginx collects what we stream
    }
    if instead_of is not None:
        headers["x-voice-substituted"] = f"{instead_of} -> {voice.id}"
    return headers


def rate_hz(services: Services, speech: Speech) -> int:
    """The rate for a speech that turns out to hold no sound at all."""
    loaded = services.sonca.load(speech.voice.engine).loaded
    if loaded.done() and loaded.exception() is None:
        return loaded.result().sample_rate_hz
    return 24_000
