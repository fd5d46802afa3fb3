"""Which Piper voices lie in the models folder, without loading any of them.

A voice is a pair ``NAME.onnx`` and ``NAME.onnx.json`` anywhere under ``piper`` in the models
folder. Beside them may lie ``NAME.sonca.json`` with what Piper's file does not say: gender,
region, a name for people, loudness. Knows nothing of graphs or sound.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sonca.engines.model_card import read_card, stamp
from sonca.engines.piper.voice_config import BadVoice, VoiceConfig, read
from sonca.voice import Gender, Region, Voice, slug

log = logging.getLogger(__name__)

FOLDER = "piper"
_DEPTH = 4  # rhasspy's own tree is deeper, but pulled voices lie flat
_QUALITY = ("high", "medium", "low", "x_low")


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """One pair of files."""

    model: Path
    config_path: Path
    config: VoiceConfig
    card: Mapping[str, Any]
    """What ``NAME.sonca.json`` says; empty if there is none."""
    version: str
    """Another one whenever the graph or its settings are replaced."""

    @property
    def stem(self) -> str:
        """The file name without ``.onnx``."""
        return self.model.name.removesuffix(".onnx")


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of a pair of files."""

    key: str
    files: VoiceFiles
    number: int | None = None
    """The speaker's number in the graph; None if the graph has only one."""
    name: str = ""
    """The speaker's name in the settings."""


def card_path(model: Path) -> Path:
    """Returns where what we know of a voice is kept."""
    return model.with_name(model.name.removesuffix(".onnx") + ".sonca.json")


def any_voice(models_dir: Path | None) -> bool:
    """Returns whether there is a pair of files at all. Reads no file."""
    return next(_pairs(models_dir), None) is not None


def find_speakers(models_dir: Path | None) -> dict[str, Speaker]:
    """Returns every voice that can be read, the best first: Vietnamese, then by quality."""
    found = []
    for model, config_path in _pairs(models_dir):
        try:
            found.append(describe(model, config_path))
        except BadVoice as error:
            log.warning("a voice is left out: %s", error)
    found.sort(key=_rank)
    listed: dict[str, Speaker] = {}
    for files in found:
        for speaker in _speakers(files):
            other = listed.setdefault(speaker.key, speaker)
            if other is not speaker:
                log.warning("%s is left out: %s has its name", files.model, other.files.model)
    return listed


def describe(model: Path, config_path: Path) -> VoiceFiles:
    """Returns what a pair of files is. `BadVoice` if its settings cannot be used."""
    version = f"{stamp(model)} {stamp(config_path)}"
    return _describe(model, config_path, version, stamp(card_path(model)))


@functools.lru_cache(maxsize=512)
def _describe(model: Path, config_path: Path, version: str, _card_stamp: str) -> VoiceFiles:
    card = read_card(card_path(model))
    return VoiceFiles(model, config_path, read(config_path), card, version)


def _pairs(models_dir: Path | None) -> Iterator[tuple[Path, Path]]:
    if models_dir is None:
        return
    waiting = [(models_dir / FOLDER, 0)]
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith(".onnx"):
                config = entry.with_name(entry.name + ".json")
                if config.is_file():
                    yield entry, config
            elif depth < _DEPTH and entry.is_dir() and not entry.name.startswith("."):
                waiting.append((entry, depth + 1))


def _rank(files: VoiceFiles) -> tuple[bool, int, str]:
    quality = files.config.quality
    place = _QUALITY.index(quality) if quality in _QUALITY else len(_QUALITY)
    return (language(files.config) != "vi", place, files.stem)


def _speakers(files: VoiceFiles) -> list[Speaker]:
    base = _key(files.stem)
    if not files.config.speakers:
        return [Speaker(base, files)]
    return [
        Speaker(f"{base}-{_key(name)}", files, number, name)
        for name, number in files.config.speakers.items()
    ]


def _key(name: str) -> str:
    return slug(name, keep="_") or "voice"


def language(config: VoiceConfig) -> str:
    """Returns the BCP 47 language; Vietnamese is ``vi`` wherever it comes from."""
    return "vi" if config.language.lower().split("-")[0] == "vi" else config.language


def voice_of(speaker: Speaker) -> Voice:
    """Returns the voice as the catalogue has it. Gender and region come from the card; a voice
    whose gender was neither told nor measured counts as female."""
    files, card = speaker.files, speaker.files.card
    people = card.get("speakers")
    own = people.get(str(speaker.number)) if isinstance(people, dict) else None
    known = {**card, **own} if isinstance(own, dict) else card
    gender = known.get("gender")
    region = known.get("region")
    return Voice(
        id=speaker.key,
        name=_name(speaker, known),
        gender=cast(Gender, gender if gender in ("female", "male") else "female"),
        region=cast(Region, region) if region in ("north", "central", "south") else None,
        language=language(files.config),
        tone=str(known.get("tone") or "standard"),
        version=files.version,
        model=files.stem,
    )


def _name(speaker: Speaker, known: Mapping[str, Any]) -> str:
    config = speaker.files.config
    title = known.get("name")
    if not isinstance(title, str) or not title:
        title = f"{config.dataset or speaker.files.stem} ({config.language or 'không rõ tiếng'})"
    return " ".join(filter(None, [title, speaker.name]))
