"""The VietTTS-compatible API: a client of VietTTS's server works unchanged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca.encoding import FORMATS
from sonca.errors import (
    EngineError,
    EngineNotInstalled,
    InvalidRequest,
    NothingToSay,
    StorageError,
    StorageFull,
    UnknownEngine,
)
from sonca.server.answers import json_response
from sonca.server.delivery import Delivery, deliver, loaded, open_spoken, priority_of, substitution
from sonca.server.errors import request_id
from sonca.server.keeping import Describe, Draft, Keeper
from sonca.server.policy import Policy
from sonca.server.responses import watched
from sonca.server.routes.openai import engine_of
from sonca.server.schemas import ModelInfoBody, SynthesizeBody
from sonca.server.services import Services, services_of
from sonca.server.speaking import SPEECH_ERRORS, Ask, speak
from sonca.server.spoken import Spoken
from sonca.synthesizer import Speech
from sonca.utterance import Priority
from sonca.voices.catalogue import rows

router = APIRouter(prefix="/api/tts", tags=["VietTTS-compatible"])

_WAV = FORMATS["wav"]
_MB = 1024 * 1024

_ANSWER = {
    "description": "The WAV; or JSON, with `return_audio: false` or where nothing can be spoken.",
    "content": {
        "audio/wav": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "object"}},
    },
}


@router.post("/synthesize", response_model=None, responses={200: _ANSWER})
@Policy(admitted=True, raises=(*SPEECH_ERRORS, StorageFull, StorageError))
async def synthesize(
    body: SynthesizeBody, request: Request, services: Services = Depends(services_of)
) -> Response:
    """Speak `text`, and keep the audio unless `store` is false.

    The WAV of a text of up to 1000 characters has its true size, if all of it is made within a
    quarter of a second; a longer one streams, with the header of a stream. The kept file has
    its true size in any case. `X-File-ID` is sent before the audio is complete: the file can be
    had as soon as the last byte has arrived. Should the disk fill up before that, the audio is
    sent whole, and the id answers 404; if it is full from the start, the answer is 507.
    """
    silent = body.return_audio is False
    ask = Ask(
        *(body.text, engine_of(body.model), body.voice, body.voice_file),
        speed=body.speed or 1.0,
        readings=body.own_readings,
        priority=Priority.FILE if silent else priority_of(_WAV, len(body.text)),
    )
    try:
        speech = await speak(services, ask, request)
    except NothingToSay as nothing:
        return await _skipped(str(nothing), ask, request, services)
    keeper = _keeper(body, ask.voice_of(speech), speech, request, services)
    if silent:
        return await _tell(speech, keeper, request, services)
    return deliver(
        services,
        speech,
        Delivery(
            api="predecessor",
            voice=ask.voice_of(speech),
            format=_WAV,
            chars=len(body.text),
            media_type=_WAV.media_type,
            keeper=keeper,
            headers=_headers,
        ),
    )


async def _skipped(reason: str, ask: Ask, request: Request, services: Services) -> Response:
    """The answer to a text in which nothing can be spoken. That is no error: books have such."""
    info = await loaded(services, ask.engine or services.sonca.default_engine)
    body = {
        "success": True,
        "skipped": True,
        "reason": reason,
        "request_id": request_id(request.scope),
        "model": info.name,
        "sample_rate": info.sample_rate_hz,
        "duration_seconds": 0.0,
        "file_metadata": None,
    }
    return json_response(body, headers={"x-skipped": "true"})


async def _tell(
    speech: Speech, keeper: Keeper | None, request: Request, services: Services
) -> Response:
    """Make all of the sound, send none of it, and say what was made."""
    spoken = open_spoken(services, speech, keeper=keeper)
    async with watched(request.scope, request.receive, spoken):
        await spoken.begin()
        await spoken.drain()
    body = {
        "success": True,
        "request_id": request_id(request.scope),
        "model": speech.voice.engine,
        "sample_rate": spoken.sample_rate_hz,
        "duration_seconds": round(spoken.duration_s, 3),
        "file_metadata": dict(keeper.kept.metadata) if keeper and keeper.kept else None,
        "voice_substituted": speech.instead_of,
    }
    substituted = {"x-voice-substituted": substitution(speech)} if speech.instead_of else {}
    return json_response(body, headers=substituted)


def _headers(spoken: Spoken) -> dict[str, str]:
    keeper = spoken.keeper
    if keeper is None:
        return {"content-disposition": 'attachment; filename="speech.wav"'}
    return {
        "x-file-id": keeper.id,
        "x-expires-at": _moment(keeper.expires_at),
        "content-disposition": f'attachment; filename="{keeper.id}{_WAV.suffix}"',
    }


def _keeper(
    body: SynthesizeBody, voice: str, speech: Speech, request: Request, services: Services
) -> Keeper | None:
    if body.store is False:
        return None
    hours = services.expiry_hours if body.expiry_hours is None else body.expiry_hours
    describe = _describe(body, voice, speech, hours, request_id(request.scope))
    return Keeper(services.audio, hours * 3600, describe)


def _describe(body: SynthesizeBody, voice: str, speech: Speech, hours: float, id: str) -> Describe:
    """How the kept audio is described to who asks for its metadata."""

    def describe(draft: Draft) -> dict[str, Any]:
        return {
            "file_id": draft.id,
            "file_name": draft.id + _WAV.suffix,
            "text": body.text,
            "voice": voice,
            "voice_substituted": speech.instead_of,
            "model": speech.voice.engine,
            "created_at": _moment(draft.created_at),
            "expires_at": _moment(draft.expires_at),
            "expiry_hours": hours,
            "file_size": draft.size,
            "file_size_mb": round(draft.size / _MB, 3),
            "request_id": id,
            "speed": body.speed or 1.0,
            "sample_rate": draft.sample_rate_hz,
            "duration_seconds": round(draft.duration_s, 3),
        }

    return describe


def _moment(seconds: float) -> str:
    """Seconds since the epoch in ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


@router.get("/voices", response_model=None)
async def voices(services: Services = Depends(services_of)) -> Response:
    """Every name that `voice` understands, VietTTS's included, and the voice that speaks it."""
    catalogue, default = services.sonca.catalogue, services.sonca.default_engine
    names = [voice.id for voice in catalogue.voices]
    names += [row["id"] for row in rows("viettts.tsv") if row["id"] not in names]
    spoken_by = {name: catalogue.resolve(name, None, default).voice.id for name in names}
    return json_response({"success": True, "voices": names, "voice_map": spoken_by})


@router.post("/model/info", response_model=None)
@Policy(raises=(InvalidRequest, UnknownEngine, EngineNotInstalled, EngineError))
async def model_info(body: ModelInfoBody, services: Services = Depends(services_of)) -> Response:
    """What an engine is. Loads it, if it is not."""
    engine = engine_of(body.model) or services.sonca.default_engine
    info = await loaded(services, engine)
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
