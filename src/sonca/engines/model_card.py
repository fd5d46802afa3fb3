"""What Sonca has found out about a model, in a JSON file beside it: how loud its voices are, and
whether it can be computed faster."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonca import disk

LEVELS = "loudness_lufs"


def stamp(path: Path) -> str:
    """Returns what changes with a file; empty where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def read_card(path: Path) -> Mapping[str, Any]:
    """Returns what a card says; nothing if there is none, or it is damaged."""
    return _read(path, stamp(path))


@functools.lru_cache(maxsize=64)
def _read(path: Path, _stamp: str) -> Mapping[str, Any]:
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return card if isinstance(card, dict) else {}


def write_card(path: Path, card: Mapping[str, Any]) -> None:
    """Replaces a card, whole or not at all."""
    disk.write(path, (json.dumps(card, ensure_ascii=False, indent=1) + "\n").encode())


def add_levels(path: Path, levels: Mapping[str, float], **facts: object) -> None:
    """Puts levels in LUFS, by the voice's name, and whatever else is known on a card."""
    card = read_card(path)
    write_card(path, {**card, **facts, LEVELS: levels_on(card) | dict(levels)})


def levels_on(card: Mapping[str, Any]) -> dict[str, float]:
    """Returns the levels on a card that are numbers."""
    known = card.get(LEVELS)
    found = known.items() if isinstance(known, dict) else ()
    return {str(name): level for name, each in found if (level := as_number(each)) is not None}


def as_number(value: object) -> float | None:
    """Returns a value as a finite number; None if it is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
