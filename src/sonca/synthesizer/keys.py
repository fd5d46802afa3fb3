"""When two utterances sound the same: the keys of the chunk cache."""

from __future__ import annotations

import hashlib
import json

from sonca.engines.base import EngineInfo, Options, Reference
from sonca.utterance import Utterance
from sonca.voice import Voice


def identity(
    info: EngineInfo,
    voice: Voice,
    reference: Reference | None,
    options: Options,
    loudness_lufs: float | None,
) -> str:
    """Returns everything but the words that decides how an utterance sounds."""
    who = reference.content_hash if reference else f"{voice.id} {voice.version}"
    how = (options.speed, options.pitch, options.seed, loudness_lufs)
    return json.dumps([info.name, info.version, info.sample_rate_hz, who, *how])


def key(utterance: Utterance, identity: str) -> str:
    """Returns the SHA-256 of all that decides the sound and its marks, relative to the
    utterance."""
    start = utterance.span[0]
    words = [(w.spoken, w.source[0] - start, w.source[1] - start) for w in utterance.words]
    content = json.dumps([identity, utterance.spoken, words])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
