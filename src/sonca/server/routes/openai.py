"""The OpenAI-compatible API: speech and models. Errors have OpenAI's shape."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca.encoding import FORMATS
from sonca.errors import UnknownEngine
from sonca.server.answers import json_response
from sonca.server.openapi import EVENT
from sonca.server.policy import Policy
from sonca.server.schemas import DEFAULT_MODELS, SpeechBody
from sonca.server.services import Services, services_of
from sonca.server.speech.audio_stream import AudioStream
from sonca.server.speech.body import RAW, SseBody
from sonca.server.speech.response import SpeechResponse
from sonca.server.speech.submit import SPEECH_ERRORS, submit

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

_PCM_RATE_HZ = 24_000
"""What OpenAI's clients expect of `pcm`, which has no header to say otherwise."""

_AUDIO = {
    "description": "The audio, in chunks as it is made; or events, with stream_format sse.",
    "content": {
        each.media_type: {"schema": {"type": "string", "format": "binary"}}
        for each in FORMATS.values()
    }
    | {"text/event-stream": {"schema": EVENT}},
}


@router.post("/audio/speech", response_model=None, responses={200: _AUDIO})
@Policy(admitted=True, raises=SPEECH_ERRORS)
async def create_speech(
    body: SpeechBody, request: Request, services: Services = Depends(services_of)
) -> Response:
    """Speaks `input`; the first bytes leave as soon as the first sound exists."""
    speech = await submit(services, body.speech_request, request)
    stream = AudioStream(
        speech,
        services.pools,
        format=FORMATS[body.response_format],
        output_rate_hz=_PCM_RATE_HZ if body.response_format == "pcm" else None,
        body=SseBody(marks=body.marks) if body.stream_format == "sse" else RAW,
        priority=body.priority,
    )
    return SpeechResponse(stream, services, api="openai", voice=body.voice_name)


@router.get("/models", response_model=None)
async def list_models(services: Services = Depends(services_of)) -> Response:
    """Lists the engines that are installed, and OpenAI's names for the default one."""
    return json_response({"object": "list", "data": await _models(services)})


@router.get("/models/{model}", response_model=None)
@Policy(raises=(UnknownEngine,))
async def get_model(model: str, services: Services = Depends(services_of)) -> Response:
    """Returns one of them."""
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
