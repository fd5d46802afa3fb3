"""The VietTTS-compatible API: a client of VietTTS's server works unchanged."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca import errors
from sonca.engines.base import EngineInfo
from sonca.server.answers import json_response
from sonca.server.errors import request_id
from sonca.server.policy import Policy
from sonca.server.schemas import ModelInfoBody, SynthesizeBody, engine_of
from sonca.server.services import Services, services_of
from sonca.server.speech.audio_stream import AudioStream
from sonca.server.speech.recorder import WAV, Recorder
from sonca.server.speech.response import SpeechResponse, heard, listened_to, substitution
from sonca.server.speech.submit import SPEECH_ERRORS, submit
from sonca.store import AudioWriter
from sonca.synthesizer import Speech
from sonca.voices.catalogue import rows

router = APIRouter(prefix="/api/tts", tags=["VietTTS-compatible"])

_MB = 1024 * 1024

_ANSWER = {
    "description": "The WAV; or JSON, with `return_audio: false` or where nothing can be spoken.",
    "content": {
        "audio/wav": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "object"}},
    },
}


@router.post("/synthesize", response_model=None, responses={200: _ANSWER})
@Policy(admitted=True, raises=(*SPEECH_ERRORS, errors.StorageFull, errors.StorageError))
async def synthesize(
    body: SynthesizeBody, request: Request, services: Services = Depends(services_of)
) -> Response:
    """Speaks `text`, and keeps the audio unless `store` is false.

    The WAV of a text of up to 1000 characters has its true size, if all of it is made within a
    quarter of a second; a longer one streams, with the header of a stream. The kept file has
    its true size in any case. `X-File-ID` is sent before the audio is complete: the file can be
    had as soon as the last byte has arrived. Should the disk fill up before that, the audio is
    sent whole, and the id answers 404; if it is full from the start, the answer is 507.
    """
    try:
        speech = await submit(services, body.speech_request, request)
    except errors.NothingToSay as nothing:
        return await _answer_skipped(str(nothing), body, request, services)
    recorder = _recorder(body, speech, request, services) if body.store is not False else None
    if body.return_audio is False:
        return await _answer_json(speech, recorder, request, services)
    stream = AudioStream(
        speech, services.pools, format=WAV, recorder=recorder, priority=body.priority
    )

    def headers() -> dict[str, str]:
        if recorder is None:
            return {"content-disposition": 'attachment; filename="speech.wav"'}
        writer = recorder.writer
        return {
            "x-file-id": writer.id,
            "x-expires-at": _moment(writer.expires_at),
            "content-disposition": f'attachment; filename="{writer.id}{WAV.suffix}"',
        }

    voice = body.voice_file or body.voice
    return SpeechResponse(stream, services, api="predecessor", voice=voice, more_headers=headers)


async def _answer_skipped(
    reason: str, body: SynthesizeBody, request: Request, services: Services
) -> Response:
    """Answers a text in which nothing can be spoken. That is no error: books have such."""
    info = await _load(services, body.model)
    answer = {
        "success": True,
        "skipped": True,
        "reason": reason,
        "request_id": request_id(request.scope),
        "model": info.name,
        "sample_rate": info.sample_rate_hz,
        "duration_seconds": 0.0,
        "file_metadata": None,
    }
    return json_response(answer, headers={"x-skipped": "true"})


async def _answer_json(
    speech: Speech, recorder: Recorder | None, request: Request, services: Services
) -> Response:
    """Makes all of the sound, sends none of it, and says what was made."""
    stream = AudioStream(speech, services.pools, format=None, recorder=recorder)
    async with listened_to(stream, request.scope, request.receive):
        await stream.begin()
        async for _ in stream.parts():
            pass
    stored = recorder.stored if recorder else None
    answer = {
        "success": True,
        "request_id": request_id(request.scope),
        "model": speech.voice.engine,
        "sample_rate": stream.sample_rate_hz,
        "duration_seconds": round(stream.duration_s, 3),
        "file_metadata": dict(stored.metadata) if stored else None,
        "voice_substituted": speech.instead_of,
        "recipe": dict(speech.recipe.steps),
    }
    substituted = {"x-voice-substituted": substitution(speech)} if speech.instead_of else {}
    return json_response(answer, headers={"x-recipe": speech.recipe.header()} | substituted)


def _recorder(
    body: SynthesizeBody, speech: Speech, request: Request, services: Services
) -> Recorder:
    default_hours = services.settings.expiry_hours
    hours = default_hours if body.expiry_hours is None else body.expiry_hours

    def describe(file: AudioWriter, rate_hz: int, duration_s: float) -> dict[str, Any]:
        return {
            "file_id": file.id,
            "file_name": file.id + WAV.suffix,
            "text": body.text,
            "voice": heard(speech, body.voice_file or body.voice),
            "voice_substituted": speech.instead_of,
            "model": speech.voice.engine,
            "created_at": _moment(file.created_at),
            "expires_at": _moment(file.expires_at),
            "expiry_hours": hours,
            "file_size": file.size,
            "file_size_mb": round(file.size / _MB, 3),
            "request_id": request_id(request.scope),
            "speed": body.speed or 1.0,
            "recipe": dict(speech.recipe.steps),
            "sample_rate": rate_hz,
            "duration_seconds": round(duration_s, 3),
        }

    return Recorder(services.audio, hours * 3600, describe)


def _moment(seconds: float) -> str:
    """Writes seconds since the epoch in ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


@router.get("/voices", response_model=None)
async def voices(services: Services = Depends(services_of)) -> Response:
    """Lists every name that `voice` understands, VietTTS's included, and the voice that speaks
    it."""
    catalogue, default = services.sonca.catalogue, services.sonca.default_engine
    names = [voice.id for voice in catalogue.voices]
    names += [row["id"] for row in rows("viettts.tsv") if row["id"] not in names]
    spoken_by = {name: catalogue.resolve(name, None, default).voice.id for name in names}
    return json_response({"success": True, "voices": names, "voice_map": spoken_by})


@router.post("/model/info", response_model=None)
@Policy(
    raises=(
        errors.InvalidRequest,
        errors.UnknownEngine,
        errors.EngineNotInstalled,
        errors.EngineError,
    )
)
async def model_info(body: ModelInfoBody, services: Services = Depends(services_of)) -> Response:
    """Says what an engine is. Loads it, if it is not."""
    info = await _load(services, body.model)
    voices = [voice.id for voice in services.sonca.catalogue.of(info.name)]
    return json_response(
        {
            "success": True,
            "info": {
                "model": info.name,
                "version": info.version,
                "sample_rate": info.sample_rate_hz,
                "device": info.device,
                "requires_reference": info.clones and not voices,
                "available_voices": voices,
            },
        }
    )


async def _load(services: Services, model: str | None) -> EngineInfo:
    """Returns what an engine is; loads it if it is not."""
    worker = await services.pools.run(lambda: services.sonca.load(engine_of(model)))
    return await asyncio.wrap_future(worker.loaded)
