"""VietTTS's own voices: recordings in a folder, by the names that people know them by."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sonca.voice import Gender, Voice

SUFFIXES = (".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus")


@dataclass(frozen=True, slots=True)
class Sample:
    voice: Voice
    path: Path


def find_samples(folder: Path | None) -> dict[str, Sample]:
    """The known voices whose recording is in `folder`, in the catalogue's order."""
    if folder is None or not folder.is_dir():
        return {}
    files = {p.stem.lower(): p for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES}
    found = {}
    for row in _known():
        if path := files.get(row["key"].lower()):
            found[row["key"]] = Sample(_voice(row, path), path)
    return found


def _voice(row: dict[str, str], path: Path) -> Voice:
    name = f"{row['key']} ({row['gender']}, {row['tone']})"
    gender = cast("Gender", row["gender"])
    file = path.stat()
    return Voice(
        row["key"], name, gender, None, row["language"] or "vi", row["tone"],
        version=f"{file.st_size}-{file.st_mtime_ns}",
    )  # fmt: skip


def _known() -> list[dict[str, str]]:
    with Path(__file__).with_name("voices.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
