"""What is found out once about a voice that comes, and kept beside its files: that it is one, how
loud it is, and how high.

Knows nothing of where the voice came from, or of the level it is to be brought to.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from sonca import install
from sonca.audio import Samples
from sonca.engines.model_card import LEVELS, as_number, levels_on, write_card
from sonca.engines.piper.phonemizer import Phonemizer
from sonca.engines.piper.tasks import SpeakerVoice
from sonca.engines.piper.vits_model import SynthesisConfig, VitsModel
from sonca.engines.piper.voice_config import BadVoice
from sonca.engines.piper.voice_files import VoiceFiles, card_path, describe
from sonca.engines.runtime import bfloat16
from sonca.engines.runtime.accuracy import snr_db
from sonca.errors import EngineNotInstalled, StorageError
from sonca.espeakng import Library
from sonca.loudness import loudness

log = logging.getLogger(__name__)

_SAMPLES = {
    "vi": "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài. "
    "Bà đứng ở hiên nhà nhìn ra con đường làng.",
    "": "The wind rose that afternoon and clouds came down from the hills in long grey bands. "
    "She stood on the porch and looked along the village road.",
}
_SNR = "bf16_snr_db"
_BETWEEN_HZ = 165.0
"""Men mostly speak below it, women above."""


def pair_of(model: Path) -> dict[str, Path]:
    """Returns the two files of a voice by their endings. Raises `BadVoice` if a file is not a
    Piper voice with its settings beside it."""
    files = _described(model)
    _load(files)
    return {".onnx": model, ".onnx.json": files.config_path}


def calibrate(folder: Path, known: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Measures every speaker of the voices in a folder and keeps that, with what is known, beside
    their files. Where ONNX Runtime is not installed, only what is known is kept."""
    for model in sorted(folder.glob("*.onnx")):
        files = _described(model)
        card = {**files.card, **known}
        try:
            loaded = _load(files)
        except EngineNotInstalled as error:
            say(str(error))
        else:
            say(f"measuring {files.stem}")
            card |= _measured(files, loaded, card)
            if bfloat16.missing() is None:
                say(f"measuring {files.stem} in bf16")
                card[_SNR] = _snr_db(files, loaded, loaded.in_bfloat16(1))
        write_card(card_path(model), card)


def level_of(speaker: SpeakerVoice) -> float:
    """Returns the voice's own loudness in LUFS, from its card, or measured now and put there."""
    files, model = describe(speaker.files.model, speaker.files.config_path), speaker.model
    levels, name = levels_on(files.card), str(speaker.speaker or 0)
    if name in levels:
        return levels[name]
    level = round(loudness(_speak(files, model, speaker.speaker), model.sample_rate_hz), 2)
    if math.isfinite(level):
        try:
            write_card(card_path(files.model), {**files.card, LEVELS: {**levels, name: level}})
        except StorageError as error:
            log.info("the loudness of %s cannot be kept: %s", files.stem, error)
    return level


def snr_of(files: VoiceFiles) -> float | None:
    """Returns how far above its error a voice's sound in bf16 lies, in dB, if it was measured."""
    return as_number(files.card.get(_SNR))


def near_enough(files: VoiceFiles, exact: VitsModel, faster: VitsModel) -> bool:
    """Returns whether a voice may speak in bf16: measured once over two sentences, and kept with
    the voice."""
    files = describe(files.model, files.config_path)  # what was put there since
    found = snr_of(files)
    if found is None:
        found = _snr_db(files, exact, faster)
        try:
            write_card(card_path(files.model), {**files.card, _SNR: found})
        except StorageError as error:
            log.info("the bf16 of %s is measured anew each time: %s", files.stem, error)
    log.info("%s in bf16: %.1f dB above its error", files.stem, found)
    return found >= bfloat16.LEAST_SNR_DB


def _snr_db(files: VoiceFiles, exact: VitsModel, faster: VitsModel) -> float:
    """Returns the power of two sentences over that of their error, in dB."""
    speaker = next(iter(files.config.speakers.values()), None)
    wanted, made = _speak(files, exact, speaker), _speak(files, faster, speaker)
    return round(snr_db(wanted, made), 1)


def pitch(samples: Samples, sample_rate_hz: int) -> float | None:
    """Returns the median pitch in Hz of the voiced frames, by autocorrelation; None if there are
    none."""
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


def _measured(files: VoiceFiles, model: VitsModel, card: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what can be measured of every speaker, in the form of a card. What the card knows
    of gender is kept."""
    levels: dict[str, float] = {}
    speakers: dict[str, dict[str, str]] = {}
    for number in files.config.speakers.values() or [0]:
        sound = _speak(files, model, number)
        level = loudness(sound, model.sample_rate_hz)
        if math.isfinite(level):
            levels[str(number)] = round(level, 2)
        pitch_hz = pitch(sound, model.sample_rate_hz)
        if pitch_hz is not None:
            speakers[str(number)] = {"gender": "male" if pitch_hz < _BETWEEN_HZ else "female"}
    found: dict[str, Any] = {LEVELS: levels}
    if files.config.speakers:
        found["speakers"] = speakers
    elif "gender" not in card and speakers:
        found["gender"] = speakers["0"]["gender"]
    return found


def _speak(files: VoiceFiles, model: VitsModel, speaker: int | None) -> Samples:
    """Speaks two sentences in the voice's language, or what it can say of them."""
    language = files.config.language.split("-")[0].lower()
    text = _SAMPLES.get(language, _SAMPLES[""])
    config = SynthesisConfig(speaker, 1.0, 0)
    pieces = [np.zeros(0, np.float32)]
    with closing(Library()) as library:  # the engine's own may be at work
        for sentence in Phonemizer(library).sentences(text, (), files.config):
            latent = model.with_flow(model.encode(sentence.ids, config))
            pieces.append(model.decode(latent, 0, latent.count))
    return np.concatenate(pieces)


def _described(model: Path) -> VoiceFiles:
    config = model.with_name(model.name + ".json")
    if not config.is_file():
        raise BadVoice(f"{config} is missing; a Piper voice is a pair of files")
    return describe(model, config)


def _load(files: VoiceFiles) -> VitsModel:
    try:
        return VitsModel(files, ("CPUExecutionProvider",))
    except ModuleNotFoundError as error:
        raise EngineNotInstalled(
            f"Piper voices need {error.name}: {install.command('piper')}", field="model"
        ) from error
