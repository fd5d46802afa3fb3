"""Voices: what there is to choose, and recordings to clone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from sonca.server.errors import json_response
from sonca.server.services import Services, services_of
from sonca.voices import Voice
from sonca.voices.references import UploadedReference

router = APIRouter(prefix="/v1/audio/voices", tags=["voices"])


@router.get("", response_model=None)
async def list_voices(services: Services = Depends(services_of)) -> Response:
    """Every voice that can be named, uploaded recordings last."""
    uploads = await services.pools.run_on_disk(services.references.list)
    data = [_voice(voice) for voice in services.sonca.voices] + [_upload(u) for u in uploads]
    default = services.sonca.catalogue.of(services.sonca.default_engine)
    return json_response(
        {"object": "list", "data": data, "default": default[0].id if default else None}
    )


def _voice(voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "object": "audio.voice",
        "name": voice.name,
        "engine": voice.engine,
        "gender": voice.gender,
        "region": voice.region,
        "language": voice.language,
        "tone": voice.tone,
        "aliases": list(voice.aliases),
        "cloned": voice.cloned,
    }


def _upload(reference: UploadedReference) -> dict[str, Any]:
    return {
        "id": reference.id,
        "object": "audio.voice",
        "name": reference.name,
        "engine": None,
        "gender": None,
        "region": None,
        "language": None,
        "tone": None,
        "aliases": [],
        "cloned": True,
        "created_at": int(reference.created_at),
        "duration_s": round(reference.duration_s, 3),
        "sample_rate_hz": reference.sample_rate_hz,
    }
