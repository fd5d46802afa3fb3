"""What is measured of a voice once and kept beside its files: how loud it is, and how high.

Knows nothing of targets; the engine turns the level into a gain.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from sonca import disk
from sonca.audio import Samples
from sonca.engines.piper.files import VoiceFiles, card_path, describe
from sonca.engines.piper.phonemes import Phonemizer
from sonca.engines.piper.tasks import SpeakerVoice
from sonca.engines.piper.voice import Manner, PiperVoice
from sonca.errors import StorageError
from sonca.espeakng import Library
from sonca.loudness import loudness

log = logging.getLogger(__name__)

_SAMPLES = {
    "vi": "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài. "
    "Bà đứng ở hiên nhà nhìn ra con đường làng.",
    "": "The wind rose that afternoon and clouds came down from the hills in long grey bands. "
    "She stood on the porch and looked along the village road.",
}
_LEVELS = "loudness_lufs"
_BETWEEN_HZ = 165.0
"""Men mostly speak below it, women above."""


def level_of(speaker: SpeakerVoice) -> float:
    """Returns the voice's own loudness in LUFS, from its card, or measured now and put there."""
    files, number = describe(speaker.files.model, speaker.files.config_path), speaker.speaker
    levels, name = _levels(files.card), str(number or 0)
    if name in levels:
        return levels[name]
    with closing(Library()) as library:  # a session may be at work with another
        sound = _speak(files, speaker.voice, Phonemizer(library), number)
    level = round(loudness(sound, speaker.voice.sample_rate_hz), 2)
    if math.isfinite(level):
        try:
            write_card(files.model, {**files.card, _LEVELS: {**levels, name: level}})
        except StorageError as error:
            log.info("the loudness of %s cannot be kept: %s", files.stem, error)
    return level


def measured(
    files: VoiceFiles, voice: PiperVoice, phonemizer: Phonemizer, card: Mapping[str, Any]
) -> dict[str, Any]:
    """What can be measured of every speaker, in the form of a card. What the card knows of
    gender is kept."""
    levels: dict[str, float] = {}
    speakers: dict[str, dict[str, str]] = {}
    for number in files.config.speakers.values() or [0]:
        sound = _speak(files, voice, phonemizer, number)
        level = loudness(sound, voice.sample_rate_hz)
        if math.isfinite(level):
            levels[str(number)] = round(level, 2)
        pitch_hz = pitch(sound, voice.sample_rate_hz)
        if pitch_hz is not None:
            speakers[str(number)] = {"gender": "male" if pitch_hz < _BETWEEN_HZ else "female"}
    found: dict[str, Any] = {_LEVELS: levels}
    if files.config.speakers:
        found["speakers"] = speakers
    elif "gender" not in card and speakers:
        found["gender"] = speakers["0"]["gender"]
    return found


def write_card(model: Path, card: Mapping[str, Any]) -> None:
    """Replaces what is kept of a voice, whole or not at all."""
    text = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
    disk.write(card_path(model), text.encode())


def pitch(samples: Samples, sample_rate_hz: int) -> float | None:
    """Median pitch in Hz by autocorrelation of the voiced frames; None if there are none."""
    width, low, high = 1024, sample_rate_hz // 400, sample_rate_hz // 60
    found = []
    for start in range(0, len(samples) - width, width // 2):
        frame = samples[start : start + width] - samples[start : start + width].mean()
        power = float(np.mean(frame**2))
        if power < 1e-4:
            continue
        correlation = np.fft.irfft(np.abs(np.fft.rfft(frame, 2 * width)) ** 2)[:width]
        lag = low + int(np.argmax(correlation[low:high]))
        if correlation[lag] > 0.5 * correlation[0]:
            found.append(sample_rate_hz / lag)
    return float(np.median(found)) if found else None


def _levels(card: Mapping[str, Any]) -> dict[str, float]:
    known = card.get(_LEVELS)
    if not isinstance(known, dict):
        return {}
    return {
        str(number): float(level)
        for number, level in known.items()
        if isinstance(level, int | float) and math.isfinite(level)
    }


def _speak(
    files: VoiceFiles, voice: PiperVoice, phonemizer: Phonemizer, speaker: int | None
) -> Samples:
    """Two sentences in the voice's language, or what it can say of them."""
    language = files.config.language.split("-")[0].lower()
    text = _SAMPLES.get(language, _SAMPLES[""])
    manner = Manner(speaker, 1.0, 0)
    pieces = [np.zeros(0, np.float32)]
    for sentence in phonemizer.sentences(text, (), files.config):
        latent = voice.settle(voice.prepare(sentence.ids, manner))
        pieces.append(voice.decode(latent, 0, latent.count))
    return np.concatenate(pieces)
