"""The VietTTS-compatible API's kept audio: fetch it, ask about it, delete it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sonca.encoding import format_of_path
from sonca.errors import NotFound
from sonca.server.answers import json_response
from sonca.server.policy import Policy
from sonca.server.services import Pools, Services, services_of
from sonca.store import StoredAudio

router = APIRouter(prefix="/api/tts", tags=["VietTTS-compatible"])

_MB = 1024 * 1024
_BLOCK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
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
    """Sends a kept WAV, whole or in part."""
    kept, file = await services.pools.run_on_disk(lambda: services.audio.open(file_id))
    return StoredAudioResponse(kept, file, services.pools, request.headers)


@router.get("/audio/{file_id}/metadata", response_model=None)
@_FINDABLE
async def get_metadata(file_id: str, services: Services = Depends(services_of)) -> Response:
    """Says what is known of a kept file."""
    kept = await services.pools.run_on_disk(lambda: services.audio.get(file_id))
    return json_response({"success": True, "metadata": dict(kept.metadata)})


@router.delete("/audio/{file_id}", response_model=None)
@_FINDABLE
async def delete_audio(file_id: str, services: Services = Depends(services_of)) -> Response:
    """Forgets a kept file now."""
    await services.pools.run_on_disk(lambda: services.audio.delete(file_id))
    return json_response({"success": True, "file_id": file_id, "message": "deleted"})


@router.get("/storage/stats", response_model=None)
async def storage_stats(services: Services = Depends(services_of)) -> Response:
    """Says how full the store is."""
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
                "default_expiry_hours": services.settings.expiry_hours,
            },
        }
    )


class StoredAudioResponse(Response):
    """Sends an open file, and closes it."""

    def __init__(
        self, kept: StoredAudio, file: BinaryIO, pools: Pools, asked: Mapping[str, str]
    ) -> None:
        self.background = None
        self.status_code = 200
        self.media_type = format_of_path(kept.path).media_type
        self._file = file
        self._pools = pools
        etag = f'"{kept.id}"'  # an id never gets other bytes
        headers = {
            "accept-ranges": "bytes",
            "etag": etag,
            "cache-control": "private, no-cache",
            "content-disposition": f'attachment; filename="{kept.path.name}"',
            "x-file-id": kept.id,
        }
        self._start, self._end = 0, kept.size
        if asked.get("if-none-match") == etag:
            self.status_code, self._end = 304, 0
        elif asked.get("if-range", etag) == etag:
            self._take_range(asked.get("range", ""), kept.size, headers)
        if self.status_code != 304:
            headers["content-length"] = str(self._end - self._start)
        self.init_headers(headers)

    def _take_range(self, asked: str, size: int, headers: dict[str, str]) -> None:
        """Narrows the answer to one range. Several at once, or what is no range, is ignored, as
        the standard allows."""
        found = _RANGE.fullmatch(asked.strip().lower())
        if found is None or found.groups() == ("", ""):
            return
        first, last = found.groups()
        if first:
            start, end = int(first), min(size, int(last) + 1) if last else size
            if last and int(last) < start:
                return
        else:
            start, end = max(0, size - int(last)), size
        if start >= size or start >= end:
            self.status_code, self._end = 416, 0
            headers["content-range"] = f"bytes */{size}"
            return
        self.status_code, self._start, self._end = 206, start, end
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if scope["method"] != "HEAD":
                await self._send_blocks(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.close()

    async def _send_blocks(self, send: Send) -> None:
        await self._pools.run_on_disk(lambda: self._file.seek(self._start))
        left = self._end - self._start
        while left > 0:
            block = await self._pools.run_on_disk(
                lambda: self._file.read(min(left, _BLOCK_BYTES))  # noqa: B023
            )
            if not block:
                raise OSError(f"a kept file is {left} bytes short")
            left -= len(block)
            await send({"type": "http.response.body", "body": block, "more_body": True})
