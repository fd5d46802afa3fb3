"""Voices: what there is to choose, and recordings to clone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from starlette.responses import Response

from sonca.audio import Samples
from sonca.encoding import decode
from sonca.errors import BadAudio, InvalidRequest, NotFound, StorageError, StorageFull
from sonca.server.answers import json_response
from sonca.server.policy import Policy
from sonca.server.services import Services, services_of
from sonca.synthesizer.choosing import Better
from sonca.voice import Voice
from sonca.voices.references import (
    MAX_DURATION_S,
    MAX_NAME_LENGTH,
    ReferenceStore,
    UploadedReference,
)

router = APIRouter(prefix="/v1/audio/voices", tags=["voices"])

_MAX_UPLOADS = 1000


@router.get("", response_model=None)
async def list_voices(services: Services = Depends(services_of)) -> Response:
    """Lists every voice that can be named, uploaded recordings last."""
    uploads = await services.pools.run_on_disk(services.references.list)
    own = await services.pools.run_on_disk(lambda: _voices(services))
    default = services.sonca.catalogue.of(services.sonca.default_engine)
    better = services.sonca.better()
    return json_response(
        {
            "object": "list",
            "data": own + [_upload(each) for each in uploads],
            "default": default[0].id if default else None,
            "passports": _passports(services),
            "better": _better(better) if better else None,
        }
    )


def _better(better: Better) -> dict[str, str]:
    return {
        "model": better.model,
        "engine": better.engine,
        "title": better.title,
        "command": better.command(public=True),
    }


def _voices(services: Services) -> list[dict[str, Any]]:
    """Returns the engines' voices, each with the name of its passport and what was measured of
    its sample, if that was made."""
    found = []
    for voice in services.sonca.voices:
        sample = services.samples.find(voice)
        found.append(
            _voice(voice)
            | {
                "passport": services.sonca.permits.passport(voice).name,
                "hash": services.sonca.permits.model_hash(voice) or None,
                "measured": asdict(sample.measured) if sample else None,
            }
        )
    return found


def _passports(services: Services) -> dict[str, Any]:
    """Returns the passports of all voices by their names; that of a model nobody knows is called
    nothing."""
    found = map(services.sonca.permits.passport, services.sonca.voices)
    return {passport.name: passport.as_json() for passport in found}


def _voice(voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "object": "audio.voice",
        "name": voice.name,
        "engine": voice.engine,
        "model": voice.model or None,
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


@router.post("", response_model=None, status_code=201)
@Policy(admitted=True, upload=True, raises=(InvalidRequest, BadAudio, StorageFull, StorageError))
async def upload_voice(
    file: Annotated[UploadFile | None, File(description="The recording, 1 to 30 s.")] = None,
    audio_sample: Annotated[UploadFile | None, File(description="OpenAI's name for it.")] = None,
    name: Annotated[str | None, Form(description="What you call it.")] = None,
    services: Services = Depends(services_of),
) -> Response:
    """Keeps a recording for engines that clone voices. Its id is a `voice` and a `voice_file`."""
    upload = file or audio_sample
    if upload is None:
        raise InvalidRequest("no recording came with the form; send it as `file`", field="file")
    data = await upload.read()
    title = name or (upload.filename or "").rpartition(".")[0][:MAX_NAME_LENGTH] or "voice"
    max_bytes = services.settings.max_upload_bytes
    samples, rate_hz = await services.pools.run_encoder(
        lambda: decode(data, max_duration_s=MAX_DURATION_S, max_bytes=max_bytes)
    )
    reference = await services.pools.run_on_disk(
        lambda: _add(services.references, samples, rate_hz, title)
    )
    return json_response(_upload(reference), 201)


def _add(
    references: ReferenceStore, samples: Samples, rate_hz: int, name: str
) -> UploadedReference:
    count = len(references.list())
    if count >= _MAX_UPLOADS:
        raise StorageFull(
            f"{count} recordings are kept and the limit is {_MAX_UPLOADS}; delete some first"
        )
    return references.add(samples, rate_hz, name=name)


@router.delete("/{voice_id}", response_model=None)
@Policy(raises=(InvalidRequest, NotFound))
async def delete_voice(voice_id: str, services: Services = Depends(services_of)) -> Response:
    """Forgets an uploaded recording. The engines' own voices stay."""
    if any(voice.id == voice_id for voice in services.sonca.voices):
        raise InvalidRequest(
            f"{voice_id} is a voice of an engine and cannot be deleted; uploads can", field="voice"
        )
    await services.pools.run_on_disk(lambda: services.references.delete(voice_id))
    return json_response({"id": voice_id, "object": "audio.voice.deleted", "deleted": True})
