"""Kept audio: fetch it, ask about it, delete it. Part of the predecessor's API."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sonca.errors import NotFound
from sonca.server.errors import json_response
from sonca.server.files import FileResponse
from sonca.server.policy import Policy
from sonca.server.services import Services, services_of

router = APIRouter(prefix="/api/tts", tags=["predecessor"])

_MB = 1024 * 1024
_FINDABLE = Policy(raises=(NotFound,))
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The audio.",
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The part of it that Range asks for."},
    304: {"description": "Unchanged, with If-None-Match."},
    416: {"description": "Range asks for what is beyond its end."},
}


@router.head("/audio/{file_id}", response_model=None, include_in_schema=False)
@router.get("/audio/{file_id}", response_model=None, responses=_FILE)
@_FINDABLE
async def get_audio(
    file_id: str, request: Request, services: Services = Depends(services_of)
) -> Response:
    """A kept WAV, whole or in part."""
    kept, file = await services.pools.run_on_disk(lambda: services.audio.open(file_id))
    return FileResponse(kept, file, services.pools, request.headers)


@router.get("/audio/{file_id}/metadata", response_model=None)
@_FINDABLE
async def get_metadata(file_id: str, services: Services = Depends(services_of)) -> Response:
    """What is known of a kept file."""
    kept = await services.pools.run_on_disk(lambda: services.audio.get(file_id))
    return json_response({"success": True, "metadata": dict(kept.metadata)})


@router.delete("/audio/{file_id}", response_model=None)
@_FINDABLE
async def delete_audio(file_id: str, services: Services = Depends(services_of)) -> Response:
    """Forget a kept file now."""
    await services.pools.run_on_disk(lambda: services.audio.delete(file_id))
    return json_response({"success": True, "file_id": file_id, "message": "deleted"})


@router.get("/storage/stats", response_model=None)
async def storage_stats(services: Services = Depends(services_of)) -> Response:
    """How full the store is."""
    stats = await services.pools.run_on_disk(services.audio.stats)
    return json_response(
        {
            "success": True,
            "stats": {
                "total_files": stats.files,
                "total_size_bytes": stats.size,
                "total_size_mb": round(stats.size / _MB, 3),
                "quota_bytes": stats.quota,
                "quota_mb": round(stats.quota / _MB, 3),
                "unfinished_bytes": stats.unfinished,
                "default_expiry_hours": services.expiry_hours,
            },
        }
    )
