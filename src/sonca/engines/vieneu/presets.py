"""The voices that come with VieNeu: a speaker's vector and a recording as codes, each.

They are in ``voices_v3_turbo.json`` of the package vieneu. Knows no graph.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.heads import Array, Codes
from sonca.engines.vieneu.model_folder import PRESETS, read_json
from sonca.voice import Gender, Region, Voice, slug

log = logging.getLogger(__name__)

_REGIONS: dict[str, Region] = {"Bắc": "north", "Trung": "central", "Nam": "south"}
_PLACES = {"north": "miền Bắc", "central": "miền Trung", "south": "miền Nam"}
_TONES = {"tu_nhien": "standard", "tin_tuc": "news", "doc_truyen": "story"}
_STYLES = {"standard": "tự nhiên", "news": "tin tức", "story": "kể chuyện"}
_PAD_CODE = 455
"""What older codecs put after a recording's end; it would be heard (issue 198 of VieNeu-TTS)."""
_MOST_FRAMES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """One of them."""

    voice: Voice
    speaker: Array
    """(speaker_dim,)."""
    codes: Codes
    """(T, codebooks), perhaps with no frame."""


def read_presets(folder: Path) -> dict[str, Preset]:
    """Returns a model folder's voices by id: the default, those that its makers show first, the
    others. Raises `BadModel` if the file is not such a list; a bad entry is left out and logged.
    """
    path = folder / PRESETS
    try:
        stat = path.stat()
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}") from error
    return dict(_read(path, stat.st_size, stat.st_mtime_ns))


@functools.lru_cache(maxsize=16)
def _read(path: Path, _size: int, _written: int) -> Mapping[str, Preset]:
    found: dict[str, Preset] = {}
    for name, entry in ordered(path, read_json(path)):
        try:
            preset = _preset(name, entry, path.parent.name)
        except (ValueError, TypeError, KeyError) as error:
            log.warning("%s: the voice %r is left out: %s", path, name, error)
            continue
        if found.setdefault(preset.voice.id, preset) is not preset:
            log.warning("%s: the voice %r is left out: its name is taken", path, name)
    return found


def ordered(path: Path, known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Returns the entries of a list of voices: the default, those shown first, the others."""
    entries = known.get("presets")
    if not isinstance(entries, dict):
        raise BadModel(f"{path} has no list of presets: it is not VieNeu's list of voices")
    default = known.get("default_voice")

    def rank(item: tuple[str, Any]) -> tuple[bool, float]:
        place = item[1].get("featured") if isinstance(item[1], dict) else None
        return item[0] != default, place if isinstance(place, int) else float("inf")

    return sorted(entries.items(), key=rank)


def _preset(name: str, entry: Mapping[str, Any], model: str) -> Preset:
    speaker = np.array(entry["speaker_emb"], np.float32)
    codes = np.array(entry.get("codes") or [], np.int64)
    if speaker.ndim != 1 or not np.isfinite(speaker).all() or not speaker.any():
        raise ValueError("its vector is none")
    if codes.size and (codes.ndim != 2 or codes.min() < 0 or len(codes) > _MOST_FRAMES):
        raise ValueError(f"its codes are of {codes.shape}")
    if len(codes) > 1 and codes[-1, 0] == _PAD_CODE:
        codes = codes[:-1]
    gender: Gender = "male" if entry.get("gender") == "male" else "female"
    region = region_of(entry.get("region"))
    tone = _TONES.get(str(entry.get("style")), "standard")
    sound = json.dumps([entry["speaker_emb"], entry.get("codes")]).encode()
    voice = Voice(
        id=slug(name) or "voice",
        name=f"{name} ({described(gender, region, tone)})",
        gender=gender,
        region=region,
        tone=tone,
        version=hashlib.sha256(sound).hexdigest()[:16],
        model=model,
        earlier_names=tuple(slug(str(alias)) for alias in entry.get("aliases") or ()),
    )
    return Preset(voice, speaker, codes)


def region_of(name: object) -> Region | None:
    """Returns the region that a list of voices calls ``Bắc``, ``Trung`` or ``Nam``."""
    return _REGIONS.get(str(name))


def described(gender: Gender, region: Region | None, tone: str) -> str:
    """Returns what people read of a voice beside its name."""
    who = "nam" if gender == "male" else "nữ"
    place = _PLACES.get(region or "", "")
    return ", ".join([f"{who} {place}".strip(), _STYLES[tone]])
