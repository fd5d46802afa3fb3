"""Books over HTTP: a job builds one in the background, and survives the server's restart."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import fields, replace
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from sonca import errors
from sonca.book.options import BookOptions
from sonca.encoding.formats import BOOK_FORMATS, ONE_FILE
from sonca.server.answers import encode_event, json_response
from sonca.server.errors import UNFORESEEN, ErrorAnswer
from sonca.server.jobs import JobView
from sonca.server.jobs.archive import zip_stream
from sonca.server.jobs.schemas import BODY, read_body
from sonca.server.jobs.views import job_json, plan_json
from sonca.server.policy import Policy
from sonca.server.services import Services, services_of

log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

T = TypeVar("T")

_LOOK_S = 0.5
"""How often a follower looks whether the server is stopping."""
_SPACING_S = 0.3
"""Between two events of one follower, however often a builder tells."""
_KEEP_ALIVE_S = 15.0
_MEDIA_TYPES = {
    **{each.suffix: each.media_type for each in BOOK_FORMATS.values()},
    **{f".{name}": media_type for name, media_type in ONE_FILE.items()},
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".lrc": "text/plain",
    ".json": "application/json",
}
_ACCEPTS = Policy(
    upload=True,
    raises=(
        errors.InvalidRequest,
        errors.UnknownVoice,
        errors.EngineNotInstalled,
        errors.ShuttingDown,
        errors.StorageFull,
        errors.StorageError,
        "too_many_plans",
    ),
)
_KEEPS = replace(_ACCEPTS, raises=(*_ACCEPTS.raises, "too_many_books", "too_many_kept_books"))
_FINDABLE = Policy(raises=(errors.InvalidRequest, errors.NotFound))


Shared = Annotated[Services, Depends(services_of)]


async def _owner(request: Request, services: Shared) -> str:
    """Returns whose jobs these are: one owner a key, and one for all where there are no keys."""
    key = request.headers.get("authorization", "")
    secured = services.settings.api_keys
    return hashlib.sha256(key.encode()).hexdigest()[:32] if secured and key else ""


Owner = Annotated[str, Depends(_owner)]


_NOT_KEPT = {"text", "expiry_hours", *(option.name for option in fields(BookOptions))}
"""Of a body: what a job has in another form."""


@router.post("", response_model=None, status_code=202, openapi_extra=BODY)
@_KEEPS
async def create_job(request: Request, owner: Owner, services: Shared) -> Response:
    """Accepts a book; it is built in the background."""
    name, data, body = await read_body(request)
    hours = services.settings.book_expiry_hours if body.expiry_hours is None else body.expiry_hours
    options = body.model_dump(exclude=_NOT_KEPT) | {
        "expiry_hours": hours,
        "book": body.book_options(),
    }
    view = await _in_line(services, owner, lambda: services.jobs.submit(owner, name, data, options))
    return json_response(job_json(view), 202, {"location": f"/v1/jobs/{view.record.id}"})


@router.post("/plan", response_model=None, openapi_extra=BODY)
@_ACCEPTS
async def plan_job(request: Request, owner: Owner, services: Shared) -> Response:
    """Says what a book would become: chapters, lengths, who speaks, what is left out, and a cast
    as TOML to edit. Nothing is kept."""
    name, data, body = await read_body(request)
    plan = await _in_line(
        services,
        owner,
        lambda: plan_json(
            services.jobs.read(name, data, body.encoding, body.book_options()), services.sonca
        ),
    )
    return json_response(plan)


async def _in_line(services: Services, owner: str, function: Callable[[], T]) -> T:
    """Reads a book, when its turn comes."""
    with services.reading_limit.place(owner):
        return await services.pools.run_book(function)


@router.get("", response_model=None)
async def list_jobs(owner: Owner, services: Shared) -> Response:
    """Lists your jobs, the newest first."""
    views = await services.pools.run_on_disk(lambda: services.jobs.of(owner))
    rows = [job_json(view, chapters=False) for view in views]
    return json_response({"object": "list", "data": rows})


@router.get("/{job_id}", response_model=None)
@_FINDABLE
async def get_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """Says where a job is, and which chapters can be heard."""
    view = await services.pools.run_on_disk(lambda: services.jobs.get(owner, job_id))
    return json_response(job_json(view))


@router.get("/{job_id}/events", response_model=None)
@_FINDABLE
async def follow_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """Follows a job with server-sent events: `job.progress` with the same object without its
    chapters whenever it has changed, the last one when the job has ended; `job.deleted` if it
    went; `error` if it cannot be followed any more."""
    await services.pools.run_on_disk(lambda: services.jobs.get(owner, job_id))
    return StreamingResponse(
        _events(services, owner, job_id),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(services: Services, owner: str, job_id: str) -> AsyncIterator[bytes]:
    last, sent_at = b"", time.monotonic()
    try:
        async with contextlib.aclosing(_views(services, owner, job_id)) as views:
            async for view in views:
                event = last
                if view is not None:
                    job = job_json(view, chapters=False)
                    event = encode_event({"type": "job.progress", "job": job})
                if event != last:
                    last, sent_at = event, time.monotonic()
                    yield event
                elif time.monotonic() - sent_at > _KEEP_ALIVE_S:
                    sent_at = time.monotonic()
                    yield b": still here\n\n"
    except errors.NotFound:
        yield encode_event({"type": "job.deleted"})
    except errors.SoncaError as error:
        log.error("the job %s cannot be followed: %s", job_id, error)
        yield encode_event({"type": "error", **ErrorAnswer.of(error).openai()})
    except Exception:
        services.metrics.unhandled.inc()
        log.exception("unhandled error while the job %s was followed", job_id)
        yield encode_event({"type": "error", **UNFORESEEN.openai()})


async def _views(
    services: Services, owner: str, job_id: str
) -> AsyncGenerator[JobView | None, None]:
    """Yields the job now and whenever it has changed, until it has ended; None from time to time
    where nothing has. Only a change of more than its progress is looked for on the disk."""
    jobs = services.jobs
    with jobs.watch(job_id) as watch:
        view = await services.pools.run_on_disk(lambda: jobs.get(owner, job_id))
        yield view
        while not view.record.ended and not services.lifecycle.draining:
            await asyncio.sleep(_SPACING_S)
            change = await watch.change(_LOOK_S)
            if change == "job":
                view = await services.pools.run_on_disk(lambda: jobs.get(owner, job_id))
            elif change == "progress":
                view = jobs.with_progress(view)
            yield view if change != "none" else None


@router.get("/{job_id}/audio", response_model=None)
@_FINDABLE
async def get_job_audio(
    job_id: str,
    owner: Owner,
    services: Shared,
    chapter: Annotated[
        int | None, Query(ge=1, le=100_000, description="One chapter, as soon as it is there.")
    ] = None,
) -> Response:
    """Sends the audiobook, once it is done; with `chapter`, one chapter of it."""
    index = None if chapter is None else chapter - 1
    path, name = await services.pools.run_on_disk(lambda: services.jobs.audio(owner, job_id, index))
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], filename=name)


@router.get("/{job_id}/captions", response_model=None)
@_FINDABLE
async def get_job_captions(
    job_id: str,
    owner: Owner,
    services: Shared,
    kind: Annotated[Literal["srt", "vtt", "lrc", "json"], Query()] = "srt",
    chapter: Annotated[
        int | None, Query(ge=1, le=100_000, description="Where each chapter is a file.")
    ] = None,
) -> Response:
    """Sends the captions of a finished book; `json` maps every spoken span to the book's text."""
    index = None if chapter is None else chapter - 1
    path, name = await services.pools.run_on_disk(
        lambda: services.jobs.captions(owner, job_id, kind, index)
    )
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], filename=name)


@router.get("/{job_id}/archive", response_model=None)
@_FINDABLE
async def get_job_archive(job_id: str, owner: Owner, services: Shared) -> Response:
    """Sends all files of a finished book as one zip: sound, captions, cover, playlist."""
    files, name = await services.pools.run_on_disk(lambda: services.jobs.files(owner, job_id))
    return StreamingResponse(
        zip_stream(files),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


@router.delete("/{job_id}", response_model=None)
@_FINDABLE
async def delete_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """Cancels a job, or forgets one that has ended, with all its audio."""
    await services.pools.run_on_disk(lambda: services.jobs.delete(owner, job_id))
    return json_response({"id": job_id, "object": "job.deleted", "deleted": True})
