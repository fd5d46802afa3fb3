"""The folder of a build: what is made so far, each chapter's files named by a hash of what it is.

A chapter's log grows while it is spoken; then its sound and its timeline take their names, whole,
and the log goes. Whatever is found under the right name is right, so a build that was
interrupted, or whose book was edited, keeps all that has not changed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sonca import disk
from sonca.book.output.timeline import ChapterArtifact

_NAME_CHARS = 16
_ABOUT = "build.json"
_OWN = ("[0-9][0-9][0-9][0-9][0-9]-*.*", _ABOUT, "publishing", "archive", ".lock", ".sonca-*")
"""What a build puts into its folder."""


class BuildDir:
    """The folder of a build."""

    def __init__(self, path: Path, suffix: str) -> None:
        """`suffix` is that of the chapters' files, without the dot."""
        self.path = path
        self._suffix = suffix

    def open(self) -> None:
        """Makes the folder, if it is not there. Raises `StorageError` if it cannot be used."""
        with disk.errors(f"use {self.path}"):
            self.path.mkdir(parents=True, exist_ok=True)

    def log_path(self, chapter: int, digest: str) -> Path:
        """Returns the path of a chapter's log."""
        return self._path(chapter, digest, "log")

    def sound_path(self, chapter: int, digest: str) -> Path:
        """Returns the path of a chapter's sound."""
        return self._path(chapter, digest, self._suffix)

    def _path(self, chapter: int, digest: str, suffix: str) -> Path:
        return self.path / f"{chapter + 1:05}-{digest[:_NAME_CHARS]}.{suffix}"

    def sweep(self, keep: Iterable[ChapterArtifact]) -> None:
        """Removes the files of an earlier state of the book."""
        stems = {artifact.path.stem for artifact in keep}
        with contextlib.suppress(OSError):
            for path in self.path.glob("[0-9]*-*.*"):
                if path.stem not in stems:
                    disk.remove(path)

    def note(self, about: dict[str, Any]) -> None:
        """Writes what is built here, for people who find the folder."""
        text = json.dumps(about, ensure_ascii=False, indent=1)
        disk.write(self.path / _ABOUT, text.encode(), sole_writer=True)

    def remove(self) -> None:
        """Removes what the build has put into the folder, and the folder if nothing else is in it:
        it may be one that the user named."""
        with contextlib.suppress(OSError):
            for pattern in _OWN:
                for path in self.path.glob(pattern):
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        disk.remove(path)
            self.path.rmdir()
