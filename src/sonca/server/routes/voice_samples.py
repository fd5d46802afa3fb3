"""A sample of each voice, so that voices are heard before one is chosen."""

from __future__ import annotations

import time

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca import errors
from sonca.audio import AudioChunk
from sonca.server.policy import Policy
from sonca.server.services import Services, services_of
from sonca.server.speech.submit import SPEECH_ERRORS, submit
from sonca.synthesizer import Sample, SpeechRequest
from sonca.synthesizer.speech import Speech
from sonca.voice import Voice

router = APIRouter(prefix="/v1/audio/voices", tags=["voices"])

_AUDIO = {
    "description": "The sample.",
    "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get("/{voice_id}/sample", response_model=None, responses={200: _AUDIO})
@Policy(raises=(*SPEECH_ERRORS, errors.NotFound, errors.StorageFull, errors.StorageError))
async def voice_sample(
    voice_id: str, request: Request, services: Services = Depends(services_of)
) -> Response:
    """Sends two sentences in a voice, as a WAV; made when first asked for, then kept."""
    voice = services.samples.voice(voice_id)
    sample = await services.pools.run_on_disk(lambda: services.samples.find(voice))
    if sample is None:
        async with services.sampling:  # one after another: a page may ask for all of them
            sample = await services.pools.run_on_disk(lambda: services.samples.find(voice))
            if sample is None:
                sample = await _make(voice, request, services)
    found = sample
    headers = {
        "x-voice": voice.id,
        "x-model": voice.engine,
        "x-recipe": found.measured.recipe,
        "etag": f'"{found.path.stem}"',
        "cache-control": "private, max-age=60",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    data = await services.pools.run_on_disk(found.path.read_bytes)
    return Response(data, headers=headers, media_type="audio/wav")


async def _make(voice: Voice, request: Request, services: Services) -> Sample:
    samples = services.samples
    await _spoken(samples.warm_up(voice), request, services)
    began_s = time.perf_counter()
    speech, chunks = await _spoken(samples.request(voice), request, services)
    seconds = time.perf_counter() - began_s
    return await services.pools.run_on_disk(lambda: samples.keep(voice, speech, chunks, seconds))


async def _spoken(
    wanted: SpeechRequest, request: Request, services: Services
) -> tuple[Speech, list[AudioChunk]]:
    speech = await submit(services, lambda _: wanted, request)
    return speech, [chunk async for chunk in speech]
