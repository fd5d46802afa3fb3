"""How loud each voice speaks by itself: measured once, kept beside the model."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path

from sonca import disk
from sonca.audio import Samples
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ
from sonca.engines.vieneu.model_folder import read_json
from sonca.errors import StorageError
from sonca.loudness import loudness

_FILE = "levels.sonca.json"


class Levels:
    """Levels in LUFS by the key of what is spoken: a voice, its version and the model's."""

    def __init__(self, folder: Path, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._path, self._rate_hz = folder / _FILE, sample_rate_hz
        self._known = _read(self._path)

    def get(self, key: str, speak: Callable[[], Samples]) -> float:
        """Returns a voice's level; `speak` is called only if it is not known."""
        level = self._known.get(key)
        if level is None:
            level = round(loudness(speak(), self._rate_hz), 2)
            self._known[key] = level
            if math.isfinite(level):
                self._keep()
        return level

    def _keep(self) -> None:
        """Writes what is known. What cannot be kept is measured again next time."""
        finite = {key: level for key, level in self._known.items() if math.isfinite(level)}
        with contextlib.suppress(StorageError):
            disk.write(self._path, json.dumps(finite, indent=1).encode(), durable=False)


def _read(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    try:
        known = read_json(path)
    except BadModel:
        return {}  # written over
    return {key: float(level) for key, level in known.items() if isinstance(level, int | float)}
