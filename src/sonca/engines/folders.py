"""Models that are folders: which of the files in one belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sonca.errors import InvalidRequest

_MOST = 2000
"""Files in a folder that is a model; a home folder given by mistake has more."""


def files_in(folder: Path, *wanted: str) -> dict[str, Path]:
    """Returns a model's files by their paths in `folder`, with `/`.

    `wanted` are paths, each of which must be there, and patterns (``voices/*.npz``), each of which
    must match a file; one that ends in ``?`` may be missing. The order is theirs, and that of the
    alphabet within a pattern. Raises `InvalidRequest` naming the folder and what it lacks.
    """
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is not a folder; this model is one", field="file")
    try:
        there = sorted(_files(folder))
    except OSError as error:
        raise InvalidRequest(f"{folder} cannot be read: {error.strerror}", field="file") from error
    found: dict[str, Path] = {}
    for pattern in wanted:
        optional, pattern = pattern.endswith("?"), pattern.removesuffix("?")
        # PurePath.match counts from the right: a pattern has as many parts as the path.
        parts = len(PurePosixPath(pattern).parts)
        names = [
            name
            for name in there
            if len(PurePosixPath(name).parts) == parts and PurePosixPath(name).match(pattern)
        ]
        if not names and not optional:
            raise InvalidRequest(f"{folder} lacks {pattern}", field="file")
        found |= {name: folder / name for name in names}
    return found


def _files(folder: Path) -> Iterator[str]:
    """Yields the paths of all files in a folder but hidden ones; links to files count."""
    waiting, count = [folder], 0
    while waiting:
        for entry in waiting.pop().iterdir():
            if entry.name.startswith("."):
                continue
            if entry.is_dir() and not entry.is_symlink():
                waiting.append(entry)
            elif entry.is_file():
                count += 1
                if count > _MOST:
                    raise InvalidRequest(
                        f"{folder} holds more than {_MOST:,} files; give the folder of the model "
                        "itself",
                        field="file",
                    )
                yield entry.relative_to(folder).as_posix()
