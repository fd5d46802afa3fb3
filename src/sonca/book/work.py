"""A build's folder: what is made so far, by chapter, each part named by a hash of what it is.

A chapter's log grows while it is spoken; then its sound and its time line take their names,
whole, and the log goes. Whatever is found under the right name is right, so a build that was
interrupted, or whose book was edited, keeps all that has not changed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca import disk
from sonca.book.assembly import Line, Spot

_NAME_CHARS = 16
_PUBLISHING = "publishing"
_OURS = ("build.json", _PUBLISHING)


@dataclass(frozen=True, slots=True)
class Made:
    """A chapter that is complete."""

    path: Path
    """Its sound."""
    packets: int
    duration_s: float


class Work:
    """The folder of one build."""

    def __init__(self, folder: Path, suffix: str) -> None:
        """`suffix` is that of the chapters' files, without the dot."""
        self.folder = folder
        self._suffix = suffix

    def open(self) -> None:
        """Make the folder, if it is not there. `StorageError` if it cannot be used."""
        with disk.errors(f"use {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)

    def log_path(self, index: int, digest: str) -> Path:
        return self._path(index, digest, "log")

    def sound_path(self, index: int, digest: str) -> Path:
        return self._path(index, digest, self._suffix)

    def line_path(self, index: int, digest: str) -> Path:
        return self._path(index, digest, "json")

    def _path(self, index: int, digest: str, suffix: str) -> Path:
        return self.folder / f"{index + 1:05}-{digest[:_NAME_CHARS]}.{suffix}"

    def made(self, index: int, digest: str) -> Made | None:
        """The chapter, if it is complete."""
        sound, line = self.sound_path(index, digest), self.line_path(index, digest)
        if not sound.is_file():
            return None
        try:
            head = _head(line)
            return Made(sound, int(head["packets"]), float(head["duration_s"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_line(self, index: int, digest: str, line: Line, packets: int) -> None:
        """Write the time line. Its sound takes its name after it: where there is sound, there
        is a time line."""
        head = {"packets": packets, "duration_s": line.duration_s}
        rows = [head, *map(_to_json, line.spots)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        disk.write(self.line_path(index, digest), text.encode(), sole_writer=True)

    def spots(self, index: int, digest: str) -> list[Spot]:
        """The time line of a complete chapter."""
        with disk.errors(f"read {self.folder}"):
            text = self.line_path(index, digest).read_text(encoding="utf-8")
        return [_from_json(json.loads(row)) for row in text.split("\n")[1:] if row]

    def forget_log(self, index: int, digest: str) -> None:
        disk.remove(self.log_path(index, digest))

    def sweep(self, keep: set[str]) -> None:
        """Remove parts of an earlier state of the book; `keep` has names without suffix."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.name[:1] != "." and path.stem not in keep and path.name not in _OURS:
                    disk.remove(path)

    def name(self, index: int, digest: str) -> str:
        """The part of a chapter's files' names before the suffix."""
        return self._path(index, digest, "log").stem

    def note(self, about: dict[str, Any]) -> None:
        """Leave word of what is built here, for people."""
        text = json.dumps(about, ensure_ascii=False, indent=1)
        disk.write(self.folder / "build.json", text.encode(), sole_writer=True)

    @property
    def publishing(self) -> bool:
        """Whether a build has begun to put its output in place: what is found there is its own."""
        return (self.folder / _PUBLISHING).exists()

    def mark_publishing(self) -> None:
        """Say so. Goes with the folder."""
        with disk.errors(f"write {self.folder}"):
            (self.folder / _PUBLISHING).touch()
            disk.sync_folder(self.folder)

    def remove(self) -> None:
        """The build is done."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _head(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        value: dict[str, Any] = json.loads(file.readline())
    return value


def _to_json(spot: Spot) -> list[Any]:
    return [
        *(spot.paragraph, spot.span, spot.start_s, spot.end_s),
        *(spot.speaker, spot.words, spot.problem),
    ]


def _from_json(value: list[Any]) -> Spot:
    paragraph, span, start_s, end_s, speaker, words, problem = value
    return Spot(
        *(paragraph, (span[0], span[1]), start_s, end_s, speaker),
        *(tuple((t, a, b) for t, a, b in words), problem),
    )
