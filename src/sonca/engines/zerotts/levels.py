"""How loud each voice is by itself: measured once over a sentence, kept in the model's folder."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonca import disk
from sonca.audio import Samples
from sonca.engines.base import Audio, Event, Options
from sonca.engines.runtime import BadModel
from sonca.engines.zerotts.model import ROWS, ZeroModel
from sonca.engines.zerotts.model_folder import read_json
from sonca.engines.zerotts.session import ZeroTTSSession
from sonca.engines.zerotts.speaking import SpeakerVoice
from sonca.errors import StorageError
from sonca.loudness import loudness
from sonca.utterance import Utterance

log = logging.getLogger(__name__)

_FILE = "levels.sonca.json"
_SAMPLE = "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài."


class Levels:
    """Those of the voices that one model speaks in."""

    def __init__(self, folder: Path, model: ZeroModel, version: str) -> None:
        self._path = folder / _FILE
        self._model = model
        self._version = version
        self._known = _read(self._path)

    def of(self, voice: SpeakerVoice) -> float:
        """Returns a voice's level in LUFS; -inf if it makes no sound."""
        name = self._name(voice)
        if name not in self._known:
            self.measure([voice])
        return self._known[name]

    def measure(self, voices: Sequence[SpeakerVoice]) -> None:
        """Measures those that are not known yet, several at once."""
        new = [voice for voice in voices if self._name(voice) not in self._known]
        for at in range(0, len(new), ROWS):
            some = new[at : at + ROWS]
            for voice, sound in zip(some, _spoken(self._model, some), strict=True):
                level = loudness(sound, self._model.config.sample_rate_hz)
                self._known[self._name(voice)] = round(level, 2)
        finite = {name: level for name, level in self._known.items() if math.isfinite(level)}
        if not new or not finite:
            return
        try:
            disk.write(self._path, json.dumps(finite, indent=1).encode())
        except StorageError as error:
            log.info("how loud voices are cannot be kept: %s", error)

    def _name(self, voice: SpeakerVoice) -> str:
        return f"{voice.key} {voice.version} {self._version}"


def _spoken(model: ZeroModel, voices: Sequence[SpeakerVoice]) -> list[Samples]:
    """Returns the sample in each voice."""
    session = ZeroTTSSession(model, len(voices))
    heard: list[list[Samples]] = [[np.zeros(0, np.float32)] for _ in voices]

    def hear(event: Event) -> None:
        if isinstance(event, Audio):
            heard[event.id].append(event.chunk.samples)

    said = Utterance((0, len(_SAMPLE)), _SAMPLE, _SAMPLE, 0.0)
    for id, voice in enumerate(voices):
        session.add(id, said, voice, Options(first=False))
    while not session.idle:
        session.step(hear)
    return [np.concatenate(pieces) for pieces in heard]


def _read(path: Path) -> dict[str, float]:
    try:
        known = read_json(path)
    except BadModel:
        return {}
    return {
        key: float(level)
        for key, level in known.items()
        if isinstance(level, int | float) and math.isfinite(level)
    }
