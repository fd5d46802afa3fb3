"""The OpenAI-compatible API: speech and models. Errors have OpenAI's shape."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca.encoding import format_for
from sonca.errors import UnknownEngine
from sonca.server.answers import json_response
from sonca.server.delivery import Delivery, deliver, priority_of
from sonca.server.docs import EVENT
from sonca.server.framing import Events, Plain
from sonca.server.policy import Policy
from sonca.server.schemas import SpeechBody
from sonca.server.services import Services, services_of
from sonca.server.speaking import SPEECH_ERRORS, Ask, speak
from sonca.utterance import Priority

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

DEFAULT_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's names, which stand for the default engine."""
_PCM_RATE_HZ = 24_000
"""What OpenAI's clients expect of `pcm`, which has no header to say otherwise."""

_AUDIO = {
    "description": "The audio, in chunks as it is made; or events, with stream_format sse.",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in ("audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm")
    }
    | {"text/event-stream": {"schema": EVENT}},
}


def engine_of(model: str | None) -> str | None:
    """The engine that a model's name asks for, None for the default one."""
    if model is None or not model.strip() or model.strip().lower() in DEFAULT_MODELS:
        return None
    return model.strip()


@router.post("/audio/speech", response_model=None, responses={200: _AUDIO})
@Policy(admitted=True, raises=SPEECH_ERRORS)
async def create_speech(
    body: SpeechBody, request: Request, services: Services = Depends(services_of)
) -> Response:
    """Speak `input`; the first bytes leave as soon as the first sound exists."""
    format = format_for(body.response_format)
    as_events = body.stream_format == "sse"
    ask = Ask(
        *(body.input, engine_of(body.model), body.voice_name),
        speed=body.speed,
        readings=body.own_readings,
        priority=Priority.REALTIME if as_events else priority_of(format, len(body.input)),
    )
    speech = await speak(services, ask, request)
    return deliver(
        services,
        speech,
        Delivery(
            api="openai",
            voice=ask.voice_of(speech),
            format=format,
            chars=len(body.input),
            output_rate_hz=_PCM_RATE_HZ if format.name == "pcm" else None,
            framing=Events(marks=body.marks) if as_events else Plain(),
            media_type="text/event-stream; charset=utf-8" if as_events else format.media_type,
        ),
    )


@router.get("/models", response_model=None)
async def list_models(services: Services = Depends(services_of)) -> Response:
    """The engines that are installed, and OpenAI's names for the default one."""
    return json_response({"object": "list", "data": await _models(services)})


@router.get("/models/{model}", response_model=None)
@Policy(raises=(UnknownEngine,))
async def get_model(model: str, services: Services = Depends(services_of)) -> Response:
    """One of them."""
    models = await _models(services)
    for found in models:
        if found["id"] == model:
            return json_response(found)
    names = ", ".join(found["id"] for found in models)
    raise UnknownEngine(f"unknown model {model[:60]!r}; there are: {names}", field="model")


async def _models(services: Services) -> list[dict[str, Any]]:
    engines = await services.pools.run(services.sonca.engines)
    names = [engine.name for engine in engines if engine.missing is None]
    return [
        {"id": name, "object": "model", "created": 0, "owned_by": "sonca"}
        for name in (*names, *DEFAULT_MODELS)
    ]
