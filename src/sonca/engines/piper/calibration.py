"""How loud a voice is by itself: measured once, over two sentences, and kept beside its files.

Knows nothing of targets; the engine turns the level into a gain.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.piper.files import Speaker, VoiceFiles, card_path
from sonca.engines.piper.phonemes import Sentence
from sonca.engines.piper.voice import Manner, PiperVoice
from sonca.loudness import loudness
from sonca.utterance import Utterance

log = logging.getLogger(__name__)

_SAMPLE = {
    "vi": "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài. "
    "Bà đứng ở hiên nhà nhìn ra con đường làng.",
    "": "The wind rose that afternoon and clouds came down from the hills in long grey bands. "
    "She stood on the porch and looked along the village road.",
}
_KEY = "loudness_lufs"


def level_of(
    speaker: Speaker, voice: PiperVoice, read: Callable[[Utterance, VoiceFiles], Sequence[Sentence]]
) -> float:
    """The voice's own loudness in LUFS, from its card or measured now and put there."""
    card = speaker.files.card
    own = card.get(_KEY, {})
    known = own.get(_number(speaker)) if isinstance(own, dict) else None
    if isinstance(known, int | float) and math.isfinite(known):
        return float(known)
    level = _measure(speaker, voice, read)
    _keep(speaker, level)
    return level


def _number(speaker: Speaker) -> str:
    return str(speaker.number or 0)


def _measure(
    speaker: Speaker, voice: PiperVoice, read: Callable[[Utterance, VoiceFiles], Sequence[Sentence]]
) -> float:
    language = speaker.files.config.language.split("-")[0].lower()
    text = _SAMPLE.get(language, _SAMPLE[""])
    manner = Manner(speaker.number, 1.0, 0)
    pieces = []
    for sentence in read(Utterance((0, len(text)), text, text, 0.0), speaker.files):
        latent = voice.prepare(sentence.ids, manner)
        pieces.append(voice.decode(latent, 0, latent.count))
    if not pieces:  # it knows none of the sounds, so it will never say anything either
        return -math.inf
    return loudness(np.concatenate(pieces), voice.sample_rate_hz)


def _keep(speaker: Speaker, level: float) -> None:
    """Write the level into the voice's card. Where that cannot be, it is measured again."""
    if not math.isfinite(level):
        return
    files = speaker.files
    own = files.card.get(_KEY, {})
    levels = {**(own if isinstance(own, dict) else {}), _number(speaker): round(level, 2)}
    try:
        write_card(files.model, {**files.card, _KEY: levels})
    except OSError as error:
        log.info("the loudness of %s cannot be kept: %s", files.stem, error)


def write_card(model: Path, card: Mapping[str, Any]) -> None:
    """Replace what is kept of a voice, whole or not at all."""
    path = card_path(model)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", "utf-8")
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
