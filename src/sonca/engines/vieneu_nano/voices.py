"""The voices that come with Nano: ``voices_v3_nano.json`` of the package vieneu."""

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
from sonca.engines.vieneu.model_folder import read_json
from sonca.engines.vieneu.presets import described, ordered, region_of
from sonca.engines.vieneu_nano.model import SPEAKER, STYLE, NanoVoice
from sonca.voice import Gender, Voice, slug

PRESETS = "voices_v3_nano.json"
PREFIX = "nano-"
"""Of ids: some names are those of Turbo's voices, which sound otherwise."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class NanoPreset:
    """One of them."""

    voice: Voice
    state: NanoVoice


def read_voices(folder: Path) -> Mapping[str, NanoPreset]:
    """Returns a model folder's voices by id, the default first. Raises `BadModel` if the file is
    not such a list; a bad entry is left out and logged."""
    path = folder / PRESETS
    try:
        stat = path.stat()
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}") from error
    return _read(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _read(path: Path, _size: int, _written: int) -> Mapping[str, NanoPreset]:
    found: dict[str, NanoPreset] = {}
    for name, entry in ordered(path, read_json(path)):
        try:
            preset = _preset(name, entry, path.parent.name)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s: the voice %r is left out: %s", path, name, error)
            continue
        found.setdefault(preset.voice.id, preset)
    return found


def _preset(name: str, entry: Mapping[str, Any], model: str) -> NanoPreset:
    speaker = np.array(entry["speaker_emb"], np.float32)
    style = np.array(entry["style"], np.float32)
    if speaker.shape != (SPEAKER,) or style.shape != STYLE:
        raise ValueError(f"it is of {speaker.shape} and {style.shape}, not {(SPEAKER,)}, {STYLE}")
    if not (np.isfinite(speaker).all() and np.isfinite(style).all()):
        raise ValueError("it holds values that are no numbers")
    version = hashlib.sha256(json.dumps([entry["speaker_emb"], entry["style"]]).encode())
    gender: Gender = "male" if entry.get("gender") == "male" else "female"
    _, place, kind = (*str(entry.get("description")).split(" · "), "", "", "")[:3]
    region = region_of(place)
    tone = "news" if "tin tức" in kind else "story" if "truyện" in kind else "standard"
    voice = Voice(
        id=PREFIX + (slug(name) or "voice"),
        name=f"{name} Nano ({described(gender, region, tone)})",
        gender=gender,
        region=region,
        tone=tone,
        version=version.hexdigest()[:16],
        model=model,
    )
    return NanoPreset(voice, NanoVoice(f"{voice.id} {voice.version}", speaker[None], style[None]))
