"""Books over HTTP: a job builds one in the background, and survives the server's restart."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response, StreamingResponse

from sonca.book.cast import sheet
from sonca.book.planning import preview, to_json
from sonca.errors import InvalidRequest
from sonca.server.errors import json_response
from sonca.server.jobs import Jobs, JobView
from sonca.server.schemas import MAX_EXPIRY_HOURS, Name, Speed
from sonca.server.services import Services, services_of

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_POLL_S = 0.3
_KEEP_ALIVE_S = 15.0
_MEDIA_TYPES = {
    ".m4b": "audio/mp4",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".lrc": "text/plain",
    ".json": "application/json",
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "No book, or something in it or in the options cannot be."},
    401: {"description": "An API key is needed."},
    413: {"description": "The upload is over the limit."},
    429: {"description": "Too many jobs; Retry-After says when to come back."},
    507: {"description": "The disk is full."},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    401: _PROBLEMS[401],
    404: {"description": "No such job, it has expired, or this is not there yet."},
}


class JobBody(BaseModel):
    """``POST /v1/jobs``: as JSON with `text`, or as a form with `file`."""

    model_config = ConfigDict(frozen=True)

    text: str | None = Field(None, description="The book, if it does not come as a file.")
    title: Annotated[str, Field(max_length=200)] | None = None
    author: Annotated[str, Field(max_length=200)] | None = None
    format: Literal["m4b", "mp3", "opus"] = Field(
        "m4b", description="One m4b, or an mp3 or opus file a chapter."
    )
    voice: Name | None = Field(None, description="The narrator's voice.")
    male: Name | None = Field(None, description="For men who speak; without a cast.")
    female: Name | None = Field(None, description="For women who speak; without a cast.")
    speed: Speed = 1.0
    cast: Annotated[str, Field(max_length=1_000_000)] | None = Field(
        None, description="`auto`, or a cast as TOML: the `cast` of /v1/jobs/plan, edited."
    )
    encoding: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="Of a text file; none to find it out."
    )
    expiry_hours: float | None = Field(
        None,
        gt=0,
        le=MAX_EXPIRY_HOURS,
        allow_inf_nan=False,
        description="How long the audio is kept after its end; none is the server's setting.",
    )


_JSON_SCHEMA = JobBody.model_json_schema()
_FORM_SCHEMA = {
    **_JSON_SCHEMA,
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        **{key: value for key, value in _JSON_SCHEMA["properties"].items() if key != "text"},
    },
    "required": ["file"],
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _JSON_SCHEMA | {"required": ["text"]}},
            "multipart/form-data": {"schema": _FORM_SCHEMA},
        },
    }
}


def _owner(request: Request) -> str:
    """Whose jobs these are: one owner a key, and one for all where there are no keys."""
    key = request.headers.get("authorization", "")
    secured = request.app.state.secured
    return hashlib.sha256(key.encode()).hexdigest()[:32] if secured and key else ""


Owner = Annotated[str, Depends(_owner)]
Shared = Annotated[Services, Depends(services_of)]


async def _asked(request: Request) -> tuple[str, bytes, JobBody]:
    """The book's name, its bytes, and the options, from JSON or a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await request.form(max_files=1, max_fields=20)
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidRequest("no book came with the form; send it as `file`", field="file")
        fields = {k: v for k, v in form.items() if isinstance(v, str) and v and k != "text"}
        return file.filename or "", await file.read(), _validated(fields)
    try:
        value = json.loads(await request.body())
    except ValueError as error:
        raise InvalidRequest(
            'the body is neither JSON nor a form; send {"text": …} or a `file`', field="text"
        ) from error
    body = _validated(value)
    if not body.text or not body.text.strip():
        raise InvalidRequest("text is missing or empty; send the book", field="text")
    return "book.txt", body.text.encode("utf-8", "replace"), body


def _validated(value: object) -> JobBody:
    try:
        return JobBody.model_validate(value)
    except ValidationError as error:
        problems = [
            {**problem, "loc": ("body", *problem["loc"])}
            for problem in error.errors(include_url=False)
        ]
        raise RequestValidationError(problems) from error


@router.post("", response_model=None, status_code=202, responses=_PROBLEMS, openapi_extra=_BODY)
async def create_job(request: Request, owner: Owner, services: Shared) -> Response:
    """Accept a book; it is built in the background."""
    name, data, body = await _asked(request)
    hours = services.expiry_hours if body.expiry_hours is None else body.expiry_hours
    options = body.model_dump(exclude={"text", "expiry_hours"}) | {"expiry_hours": hours}
    view = await services.pools.run_on_disk(
        lambda: services.jobs.submit(owner, name, data, options)
    )
    return json_response(_job(view), 202, {"location": f"/v1/jobs/{view.record.id}"})


@router.post("/plan", response_model=None, responses=_PROBLEMS, openapi_extra=_BODY)
async def plan_job(request: Request, services: Shared) -> Response:
    """What a book would become: chapters, lengths, who speaks, what is left out, and a cast
    as TOML to edit. Nothing is kept."""
    name, data, body = await _asked(request)
    return json_response(
        await services.pools.run_on_disk(lambda: _plan(services, name, data, body.encoding))
    )


def _plan(services: Services, name: str, data: bytes, encoding: str | None) -> dict[str, Any]:
    book = services.jobs.read(name, data, encoding)
    sonca = services.sonca
    cast = sheet.draft(book, sonca.catalogue.of(sonca.default_engine))
    found = to_json(preview(book))
    parts = {part.name: part.role for part in cast.parts}
    for each in found["cast"]:
        role = parts.get(each["name"])
        each["voice"] = role.voice if role else None
        each["pitch"] = role.pitch if role else 1.0
    roles = {"narrator": cast.narrator, "male": cast.male, "female": cast.female}
    found["roles"] = {name: role.voice if role else None for name, role in roles.items()}
    return {"object": "job.plan", **found, "cast_toml": sheet.text_of(cast, book)}


@router.get("", response_model=None, responses={401: _PROBLEMS[401]})
async def list_jobs(owner: Owner, services: Shared) -> Response:
    """Your jobs, the newest first."""
    views = await services.pools.run_on_disk(lambda: services.jobs.of(owner))
    return json_response({"object": "list", "data": [_job(v, chapters=False) for v in views]})


@router.get("/{job_id}", response_model=None, responses=_UNKNOWN)
async def get_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """Where a job is, and which chapters can be heard."""
    view = await services.pools.run_on_disk(lambda: services.jobs.get(owner, job_id))
    return json_response(_job(view))


@router.get("/{job_id}/events", response_model=None, responses=_UNKNOWN)
async def follow_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """A job's progress as server-sent events: the same object without its chapters, whenever it
    has changed, the last one when the job has ended."""
    await services.pools.run_on_disk(lambda: services.jobs.get(owner, job_id))
    return StreamingResponse(
        _events(services, owner, job_id),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(services: Services, owner: str, job_id: str) -> AsyncIterator[bytes]:
    jobs: Jobs = services.jobs
    last, sent_at = "", time.monotonic()
    while not services.lifecycle.draining:
        try:
            view = await services.pools.run_on_disk(lambda: jobs.get(owner, job_id))
        except Exception:  # deleted while it was followed
            yield b'data: {"type":"job.deleted"}\n\n'
            return
        event = json.dumps(
            {"type": "job.progress", "job": _job(view, chapters=False)}, ensure_ascii=False
        )
        if event != last:
            last, sent_at = event, time.monotonic()
            yield f"data: {event}\n\n".encode("utf-8", "replace")
        elif time.monotonic() - sent_at > _KEEP_ALIVE_S:
            sent_at = time.monotonic()
            yield b": still here\n\n"
        if view.record.ended:
            return
        await asyncio.sleep(_POLL_S)


@router.get("/{job_id}/audio", response_model=None, responses=_UNKNOWN)
async def get_job_audio(
    job_id: str,
    owner: Owner,
    services: Shared,
    chapter: Annotated[
        int | None, Query(ge=1, le=100_000, description="One chapter, as soon as it is there.")
    ] = None,
) -> Response:
    """The audiobook, once it is done; with `chapter`, one chapter of it."""
    index = None if chapter is None else chapter - 1
    path, name = await services.pools.run_on_disk(lambda: services.jobs.audio(owner, job_id, index))
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], filename=name)


@router.get("/{job_id}/captions", response_model=None, responses=_UNKNOWN)
async def get_job_captions(
    job_id: str,
    owner: Owner,
    services: Shared,
    kind: Annotated[Literal["srt", "vtt", "lrc", "json"], Query()] = "srt",
) -> Response:
    """Captions of a finished m4b; `json` maps every spoken span to the book's text."""
    path, name = await services.pools.run_on_disk(
        lambda: services.jobs.captions(owner, job_id, kind)
    )
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], filename=name)


@router.delete("/{job_id}", response_model=None, responses=_UNKNOWN)
async def delete_job(job_id: str, owner: Owner, services: Shared) -> Response:
    """Cancel a job, or forget one that has ended, with all its audio."""
    await services.pools.run_on_disk(lambda: services.jobs.delete(owner, job_id))
    return json_response({"id": job_id, "object": "job.deleted", "deleted": True})


def _job(view: JobView, *, chapters: bool = True) -> dict[str, Any]:
    record, options, progress = view.record, view.options, view.progress
    done = record.state == "done"
    value: dict[str, Any] = {
        "id": record.id,
        "object": "job",
        "state": record.state,
        "title": options.title,
        "author": options.author,
        "format": options.format,
        "created_at": int(record.created_at),
        "expires_at": int(record.expires_at) if record.expires_at is not None else None,
        "chapters_ready": len(view.ready),
        "chapters_total": len(options.chapters),
        "error": view.result.get("error"),
        "duration_s": view.result.get("duration_s"),
        "problems": view.result.get("problems", []),
        "audio": f"/v1/jobs/{record.id}/audio" if done and options.format == "m4b" else None,
        "progress": None,
    }
    if progress is not None and not record.ended:
        value["progress"] = {
            "phase": progress.phase,
            "chapter": progress.chapter + 1,
            "sentence": progress.sentence,
            "done": round(min(1.0, progress.chars_done / max(1, progress.chars)), 4),
            "audio_s": round(progress.audio_s, 1),
            "speed": round(progress.speed, 2),
        }
    if chapters:
        value["chapters"] = [_chapter(view, i, title) for i, title in enumerate(options.chapters)]
    return value


def _chapter(view: JobView, index: int, title: str) -> dict[str, Any]:
    ready = index in view.ready
    return {
        "number": index + 1,
        "title": title,
        "duration_s": view.ready.get(index),
        "audio": f"/v1/jobs/{view.record.id}/audio?chapter={index + 1}" if ready else None,
    }
