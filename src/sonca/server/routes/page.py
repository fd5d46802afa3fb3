"""The page and its files, from this package. Nothing else can be asked for: the list is made
once, at start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sonca.encoding.formats import BOOK_FORMATS, FORMATS
from sonca.server.policy import Policy

_OPEN = Policy(open=True)
_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Asked for again each time, and answered with 304: a new version is seen at once.
    "cache-control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    media_type: str
    etag: str


def page_router() -> APIRouter:
    """Returns the routes of the page, with its files read."""
    files = _read()
    router = APIRouter(tags=["page"], include_in_schema=False)

    @router.get("/", response_model=None)
    @router.head("/", response_model=None)
    @_OPEN
    async def page(request: Request) -> Response:
        """Sends the page."""
        return _answer(files, "index.html", request)

    @router.get("/favicon.ico", response_model=None)
    @_OPEN
    async def icon(request: Request) -> Response:
        """Sends the picture that browsers ask for on their own."""
        return _answer(files, "favicon.svg", request)

    @router.get("/page/{name}", response_model=None)
    @router.head("/page/{name}", response_model=None)
    @_OPEN
    async def file(name: str, request: Request) -> Response:
        """Sends a file of the page."""
        return _answer(files, name, request)

    return router


def _read() -> Mapping[str, _File]:
    folder = resources.files("sonca.server").joinpath("page")
    files: dict[str, _File] = {}
    if not folder.is_dir():
        return files
    for item in folder.iterdir():
        suffix = "." + item.name.rpartition(".")[2]
        if item.is_file() and suffix in _TYPES:
            data = item.read_bytes()
            if item.name == "index.html":
                data = _filled(data.decode()).encode()
            etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
            files[item.name] = _File(data, _TYPES[suffix], etag)
    return files


def _filled(html: str) -> str:
    """Returns the page with a button, or a choice, for each format that there is."""
    buttons = [
        f'<button type="button" data-format="{each.name}" data-suffix="{each.suffix}">'
        f"{each.label}</button>"
        for each in FORMATS.values()
        if not each.bare
    ]
    choices = [
        f'<option value="{each.name}" data-say="format_folder" data-name="{each.label}">'
        f"{each.label}</option>"
        for each in BOOK_FORMATS.values()
        if each.for_chapters
    ]
    html = html.replace("<!-- formats -->", "".join(buttons))
    return html.replace("<!-- book formats -->", "".join(choices))


def _answer(files: Mapping[str, _File], name: str, request: Request) -> Response:
    file = files.get(name)
    if file is None:
        raise HTTPException(404)
    headers = {**_HEADERS, "etag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.data, headers=headers, media_type=file.media_type)
