"""``POST /v1/text/explain``: what would be said for a text, from which span, by which rule."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sonca.server.schemas import OwnReadings
from sonca.text import Reading, explain, plan

router = APIRouter(tags=["text"])

MAX_CHARS = 20_000
"""More text is answered with an error: this is for looking, not for books."""


class ExplainRequest(OwnReadings):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_CHARS)
    region: Literal["north", "central", "south"] = "north"


class ExplainedToken(BaseModel):
    start: int = Field(description="Where it stands in the text, in code points.")
    end: int
    original: str
    spoken: str = Field(description="What is said; empty for what is silent.")
    rule: str
    foreign: str | None = Field(description="The spelling of a word that is not Vietnamese.")
    unsure: str | None = Field(description="Why the reading may be wrong.")


class ExplainedUtterance(BaseModel):
    start: int
    end: int
    spoken: str
    pause_s: float = Field(description="Silence after it, in seconds.")


class ExplainedPart(BaseModel):
    start: int
    end: int
    reason: str


class ExplainResponse(BaseModel):
    tokens: list[ExplainedToken]
    utterances: list[ExplainedUtterance]
    skipped: list[ExplainedPart]


@router.post("/v1/text/explain")
def explain_text(request: ExplainRequest) -> ExplainResponse:
    """Reads a text and says how. A plain function, so that it runs beside the event loop."""
    reading = Reading(region=request.region, lexicon=request.own_readings())
    planned = plan(request.text, reading=reading)
    return ExplainResponse(
        tokens=[
            ExplainedToken(
                start=t.span[0],
                end=t.span[1],
                original=_sendable(t.original),
                spoken=t.spoken,
                rule=t.rule,
                foreign=t.foreign,
                unsure=t.unsure,
            )
            for t in explain(request.text, reading)
        ],
        utterances=[
            ExplainedUtterance(start=u.span[0], end=u.span[1], spoken=u.spoken, pause_s=u.pause_s)
            for u in planned
        ],
        skipped=[
            ExplainedPart(start=s.span[0], end=s.span[1], reason=s.reason) for s in planned.skipped
        ],
    )


def _sendable(text: str) -> str:
    """Replaces lone surrogates, which cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
