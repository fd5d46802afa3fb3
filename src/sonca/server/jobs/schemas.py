"""What ``POST /v1/jobs`` takes: a book as a form's file or as text in JSON, and options."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from sonca.book.options import BookOptions
from sonca.encoding.formats import BookFormatName
from sonca.errors import InvalidRequest
from sonca.server.schemas import MAX_EXPIRY_HOURS, Name, OwnReadings, Speed, Text


class JobBody(OwnReadings):
    """``POST /v1/jobs``: as JSON with `text`, or as a form with `file`."""

    model_config = ConfigDict(frozen=True)

    text: Text | None = Field(None, description="The book, if it does not come as a file.")
    title: Annotated[Text, Field(max_length=200)] | None = None
    author: Annotated[Text, Field(max_length=200)] | None = None
    format: BookFormatName = Field(
        "m4b", description="One m4b, a read-along epub, or a file a chapter."
    )
    voice: Name | None = Field(None, description="The narrator's voice.")
    male: Name | None = Field(None, description="For men who speak; without a cast.")
    female: Name | None = Field(None, description="For women who speak; without a cast.")
    speed: Speed = 1.0
    cast: Annotated[Text, Field(max_length=1_000_000)] | None = Field(
        None, description="`auto`, or a cast as TOML: the `cast_toml` of /v1/jobs/plan, edited."
    )
    narrator: Annotated[Text, Field(max_length=200)] = Field(
        "", description="Who reads it; none for the narrator's voice."
    )
    year: Annotated[int, Field(ge=1, le=9999)] | None = Field(None, description="Of the book.")
    description: Annotated[Text, Field(max_length=10_000)] = ""
    series: Annotated[Text, Field(max_length=200)] = ""
    part: Annotated[Text, Field(max_length=20)] = Field("", description="Its number in the series.")
    words: bool = Field(False, description="Whether an epub marks every word.")
    verify: bool = Field(
        False,
        description="Listen to every sentence, and make it again where words are missing, doubled "
        "or others.",
    )
    encoding: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="Of a text file; none to find it out."
    )
    chapters: Literal["auto", "toc", "headings", "files"] = Field(
        "auto", description="Where chapters begin; `auto` takes the best of all signs."
    )
    skip: Annotated[Text, Field(max_length=2000)] = Field(
        "", description="Chapters to leave out: numbers, ranges, parts of titles, with commas."
    )
    only: Annotated[Text, Field(max_length=2000)] = Field(
        "", description="The only chapters to read, likewise."
    )
    front: bool = Field(
        False, description="Read title pages, copyright, dedication and contents, too."
    )
    notes: Literal["skip", "paragraph", "chapter"] = Field(
        "skip", description="Leave notes out, or read them after their paragraph or chapter."
    )
    ocr: bool = Field(
        False, description="Recognize pages of a PDF that are pictures, if Tesseract is installed."
    )
    expiry_hours: float | None = Field(
        None,
        gt=0,
        le=MAX_EXPIRY_HOURS,
        allow_inf_nan=False,
        description="How long the book is kept after its end; none is the server's setting, "
        "which by default keeps it until it is deleted.",
    )

    def book_options(self) -> BookOptions:
        """Returns how the book is to be read."""
        return BookOptions(
            self.chapters, self.skip, self.only, self.front, self.notes, ocr=self.ocr
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
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _JSON_SCHEMA | {"required": ["text"]}},
            "multipart/form-data": {"schema": _FORM_SCHEMA},
        },
    }
}
"""For OpenAPI: FastAPI does not know of bodies that may come in two ways."""


async def read_body(request: Request) -> tuple[str, bytes, JobBody]:
    """Returns the book's name, its bytes, and the options, from JSON or a form. `InvalidRequest`,
    or `RequestValidationError` for options that cannot be."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await request.form(max_files=1, max_fields=40)
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
    return "book.txt", body.text.encode(), body


def _validated(value: object) -> JobBody:
    try:
        return JobBody.model_validate(value)
    except ValidationError as error:
        problems = [
            {**problem, "loc": ("body", *problem["loc"])}
            for problem in error.errors(include_url=False)
        ]
        raise RequestValidationError(problems) from error
