"""What ``sonca book build`` makes of its options: where the book goes, what it says of itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sonca.errors import InvalidRequest

if TYPE_CHECKING:
    from sonca.book.model import Book, Cover
    from sonca.book.output import Target

_INTERRUPTED = 130
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def format_of(output: Path | None, format: str | None) -> str:
    """Returns the format of a book: the one that is asked for, or what the output's name means."""
    if format:
        return format
    suffix = output.suffix.lower() if output else ""
    return {".epub": "epub", ".zip": "mp3"}.get(suffix, "m4b")


def default_path(book: Book, file: Path, format: str) -> Path:
    """Returns where a book goes that nobody named: its title, in the current folder."""
    from sonca.book.output.publish import file_name
    from sonca.encoding.formats import ONE_FILE

    name = file_name(book.title) or file.stem
    ending = f".{format}" if format in ONE_FILE else ""
    path = Path(f"{name}{ending}")
    if path.exists() and file.exists() and path.samefile(file):
        path = Path(f"{name} (Sonca){ending}")
    return path


def read_cover(path: Path) -> Cover:
    """Reads a picture. Raises `InvalidRequest` if it is none, or too large."""
    from sonca.book.limits import MAX_COVER_BYTES
    from sonca.book.model import Cover

    try:
        with path.open("rb") as file:
            data = file.read(MAX_COVER_BYTES + 1)
    except OSError as error:
        raise InvalidRequest(f"cannot read the cover {path}: {error.strerror or error}") from error
    if len(data) > MAX_COVER_BYTES:
        raise InvalidRequest(
            f"the cover {path} has over {MAX_COVER_BYTES:,} bytes; give a smaller picture"
        )
    for magic, media_type in _MAGIC.items():
        if data.startswith(magic):
            return Cover(data, media_type)
    raise InvalidRequest(f"the cover {path} is neither JPEG nor PNG; give one of these")


@contextlib.contextmanager
def resumable(target: Target) -> Iterator[None]:
    """Says, when a build is interrupted, how it goes on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        typer.echo(
            f"\nsonca: stopped; what is made is kept in {target.build_dir}, and the same command "
            "goes on from there",
            err=True,
        )
        if isinstance(stop, SystemExit):
            raise
        raise SystemExit(_INTERRUPTED) from None
