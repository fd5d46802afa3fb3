"""Engines' voices as the catalogue has them."""

from __future__ import annotations

import re
import unicodedata

from sonca.engines.base import EngineVoice
from sonca.voices import Voice


def catalogue_voice(engine: str, voice: EngineVoice) -> Voice:
    """An engine's voice as the catalogue has it; it also goes by its Vietnamese name."""
    return Voice(
        id=voice.key,
        name=voice.name,
        engine=engine,
        key=voice.key,
        gender=voice.gender,
        region=voice.region,
        language=voice.language,
        tone=voice.tone,
        aliases=(slug(voice.name),),
        version=voice.version,
    )


def slug(name: str) -> str:
    """``Nữ dịu miền Bắc (giọng máy)`` as ``nu-diu-mien-bac``."""
    plain = unicodedata.normalize("NFD", re.sub(r"\(.*?\)", "", name.lower()).replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "-".join(re.findall(r"[a-z0-9]+", letters))
