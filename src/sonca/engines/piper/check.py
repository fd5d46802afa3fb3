"""What is done once with a voice that comes: that it is one, how loud it is, who speaks.

For the command line; the engine itself does not need it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from sonca.engines.piper import calibration, files
from sonca.engines.piper.config import BadVoice
from sonca.engines.piper.phonemes import Phonemizer
from sonca.engines.piper.voice import PiperVoice
from sonca.errors import EngineNotInstalled
from sonca.espeakng import Library

log = logging.getLogger(__name__)


def pair_of(model: Path) -> dict[str, Path]:
    """Returns the two files of a voice by their endings. Raises `BadVoice` if a file is not a
    Piper voice with its settings beside it."""
    found = _described(model)
    _load(found)
    return {".onnx": model, ".onnx.json": found.config_path}


def settle(folder: Path, known: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Measure every speaker of a voice and keep that, with what is known, beside its files.

    Where ONNX Runtime is not installed only what is known is kept.
    """
    for model in sorted(folder.glob("*.onnx")):
        found = _described(model)
        card = {**found.card, **known}
        try:
            voice = _load(found)
        except EngineNotInstalled as error:
            calibration.write_card(model, card)
            say(str(error))
            continue
        say(f"measuring {found.stem}")
        library = Library()
        try:
            card |= calibration.measured(found, voice, Phonemizer(library), card)
        finally:
            library.close()
        calibration.write_card(model, card)


def _described(model: Path) -> files.VoiceFiles:
    config = model.with_name(model.name + ".json")
    if not config.is_file():
        raise BadVoice(f"{config} is missing; a Piper voice is a pair of files")
    return files.describe(model, config)


def _load(found: files.VoiceFiles) -> PiperVoice:
    try:
        return PiperVoice(found, ("CPUExecutionProvider",))
    except ModuleNotFoundError as error:
        raise EngineNotInstalled(
            f'Piper voices need {error.name}: pip install "sonca[piper]"', field="model"
        ) from error
