"""VietTTS's own voices: recordings in a folder, by the names that people know them by."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sonca.engines.viettts.model_folder import HOME, SAMPLES
from sonca.voice import Gender, Voice

SUFFIXES = (".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus")


@dataclass(frozen=True, slots=True)
class BuiltinVoice:
    voice: Voice
    path: Path


def find_builtin_voices(models_dir: Path | None) -> dict[str, BuiltinVoice]:
    """Returns the known voices whose recording is there, in the catalogue's order."""
    folder = models_dir / HOME / SAMPLES if models_dir else None
    if folder is None or not folder.is_dir():
        return {}
    files = {p.stem.lower(): p for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES}
    found = {}
    with Path(__file__).with_name("voices.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if path := files.get(row["key"].lower()):
                found[row["key"]] = BuiltinVoice(_voice(row, path), path)
    return found


def _voice(row: dict[str, str], path: Path) -> Voice:
    file = path.stat()
    return Voice(
        row["key"],
        f"{row['key']} ({row['gender']}, {row['tone']})",
        cast("Gender", row["gender"]),
        language=row["language"] or "vi",
        tone=row["tone"],
        version=f"{file.st_size}-{file.st_mtime_ns}",
    )
