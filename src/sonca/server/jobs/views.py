"""Jobs and plans as JSON."""

from __future__ import annotations

from typing import Any

from sonca.book.cast import cast_file, propose_cast
from sonca.book.model import Book
from sonca.book.preview import preview, to_json
from sonca.encoding.formats import ONE_FILE
from sonca.server.jobs import JobView
from sonca.synthesizer import Sonca


def job_json(view: JobView, *, chapters: bool = True) -> dict[str, Any]:
    """Says where a job is; with `chapters`, each of them."""
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
        "recipes": view.result.get("recipes", {}),
        "audio": f"/v1/jobs/{record.id}/audio" if done and options.format in ONE_FILE else None,
        "archive": f"/v1/jobs/{record.id}/archive" if done else None,
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


def plan_json(book: Book, sonca: Sonca) -> dict[str, Any]:
    """Says what the book would become, with a cast to edit."""
    cast = propose_cast(book, sonca.catalogue.of(sonca.default_engine))
    found = to_json(preview(book))
    parts = {part.name: part.role for part in cast.members}
    for each in found["cast"]:
        role = parts.get(each["name"])
        each["voice"] = role.voice if role else None
        each["pitch"] = role.pitch if role else 1.0
    roles = {"narrator": cast.narrator, "male": cast.male, "female": cast.female}
    found["roles"] = {name: role.voice if role else None for name, role in roles.items()}
    return {"object": "job.plan", **found, "cast_toml": cast_file.text_of(cast, book)}
