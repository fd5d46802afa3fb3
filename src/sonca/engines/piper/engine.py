"""Piper: VITS voices in ONNX, any pair of ``.onnx`` and ``.onnx.json`` in the models folder.

One engine speaks with all of them: a voice is loaded when it is first asked for (about a
second) and the one unused for longest is dropped when there are too many. Knows where voices lie
and which are loaded; how they speak is the business of the modules beside it.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sonca import install
from sonca.cores import cores
from sonca.engines.base import Engine, EngineInfo, Session, Setup
from sonca.engines.kept_models import KeptModels
from sonca.engines.piper.bf16_upgrade import MOST_STREAMS, WORTH_S, Bf16Upgrade
from sonca.engines.piper.calibration import calibrate, level_of, pair_of, snr_of
from sonca.engines.piper.phonemizer import PhonemeIds, Phonemizer
from sonca.engines.piper.session import PiperSession
from sonca.engines.piper.tasks import SpeakerVoice
from sonca.engines.piper.vits_model import VitsModel
from sonca.engines.piper.voice_config import BadVoice
from sonca.engines.piper.voice_files import (
    Speaker,
    VoiceFiles,
    any_voice,
    find_speakers,
    voice_of,
)
from sonca.engines.runtime import bfloat16
from sonca.errors import EngineError, EngineNotInstalled
from sonca.espeakng import Library, installed
from sonca.utterance import Utterance
from sonca.voice import Voice

log = logging.getLogger(__name__)

KEPT_VOICES = 4
"""Loaded at once; a medium voice takes some 200 MB."""
_NEEDED = ("onnx", "onnxruntime")
_NO_VOICE = "no voice yet: sonca models pull vi_VN-vais1000-medium, or sonca models add FILE.onnx"

_ModelName = tuple[Path, int]
"""A model's file and when it was written, in ns."""


class PiperEngine(Engine):
    """All Piper voices of one models folder, at the sample rate of the first."""

    def __init__(self, setup: Setup) -> None:
        reason = self.missing(setup)
        if reason is not None:
            raise EngineNotInstalled(f"piper cannot run here: {reason}", field="model")
        self._setup = setup
        self._providers = _providers(setup.device)
        self._loaded = KeptModels[_ModelName, VitsModel](KEPT_VOICES)
        self._levels: dict[tuple[_ModelName, int | None], float] = {}
        self._speakers = find_speakers(setup.models_dir)
        self._library = Library()
        self._phonemizer = Phonemizer(self._library)
        self._threads = setup.threads or cores()
        self._upgrades = not setup.exact and setup.device != "cuda" and bfloat16.missing() is None
        self._session: PiperSession | None = None
        first = self._first()
        self._upgrade = Bf16Upgrade(min(self._threads, MOST_STREAMS)) if self._upgrades else None
        self._info = EngineInfo(
            name="piper",
            # What was kept of the one must not be taken for the other.
            version=importlib.metadata.version("onnxruntime")
            + (", bf16" if self._upgrades else ""),
            sample_rate_hz=first.sample_rate_hz,
            device=_device(first, setup.device),
            providers=first.providers,
            word_marks=True,
            # The same sound, but not to the bit, before and after.
            deterministic=not self._upgrades,
            slots=self._threads + 1,
            precision=self._precision(),
        )

    def _precision(self) -> str:
        if not self._upgrades:
            return f"float32: {'as set' if self._setup.exact else bfloat16.missing() or 'on CUDA'}"
        models = {speaker.files.model: speaker.files for speaker in self._speakers.values()}
        measured = {files.stem: snr_of(files) for files in models.values()}
        known = [f"{stem} {snr:g} dB" for stem, snr in measured.items() if snr is not None]
        return (
            f"{bfloat16.NAME} after {WORTH_S:g} s of sound where it is at least "
            f"{bfloat16.LEAST_SNR_DB:g} dB above its error ({', '.join(known) or 'none measured'})"
        )

    def _first(self) -> VitsModel:
        """Loads the first voice that can be: it shows the device truly in use."""
        errors = []
        for speaker in self._speakers.values():
            try:
                return self._load(speaker)
            except BadVoice as error:
                errors.append(str(error))
                log.warning("a voice cannot be used: %s", error)
        why = errors[0] if errors else "no settings file can be read, see the log"
        raise EngineNotInstalled(
            f"none of the voices in {self._setup.models_dir} can be used: {why}", field="model"
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        return cls(setup)

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := install.needed("piper", *_NEEDED):
            return reason
        if not installed():
            return "pip install espeakng-loader"
        return None if any_voice(setup.models_dir) else _NO_VOICE

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        found = find_speakers(setup.models_dir).values()
        return tuple(voice_of(speaker) for speaker in found)

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        return pair_of(file)

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        calibrate(folder, facts, say)

    def voice(self, key: str) -> SpeakerVoice:
        speaker = self._speaker(key)
        return SpeakerVoice(speaker.files, self._load(speaker), speaker.number)

    def voice_ready(self, key: str) -> bool:
        speaker = self._speakers.get(key)
        if speaker is None or not speaker.files.model.is_file():
            return False  # its files are looked for again
        return self._loaded.find(_model_name(speaker.files)) is not None

    def level_lufs(self, voice: SpeakerVoice) -> float:
        name = _model_name(voice.files), voice.speaker
        if name not in self._levels:  # also where the folder cannot be written to
            self._levels[name] = level_of(voice)
        return self._levels[name]

    def _speaker(self, key: str) -> Speaker:
        """Returns a voice by key, added or replaced since the engine started if need be."""
        speaker = self._speakers.get(key)
        if speaker is None or not speaker.files.model.is_file():
            self._speakers = find_speakers(self._setup.models_dir)
        return self._speakers[key]

    def _load(self, speaker: Speaker) -> VitsModel:
        """Returns a voice's model, loaded if it is not."""

        def load() -> VitsModel:
            model = VitsModel(speaker.files, self._providers)
            log.info("loaded %s", speaker.files.model.name)
            return model

        return self._loaded.get(_model_name(speaker.files), load)

    def _phonemize(self, utterance: Utterance, voice: SpeakerVoice) -> Sequence[PhonemeIds]:
        if self._upgrade is not None:
            self._upgrade.consider(voice)
        config = voice.files.config
        return self._phonemizer.sentences(utterance.spoken, utterance.words, config)

    def session(self) -> Session:
        if self._session is not None:
            self._session.close()
        self._session = PiperSession(
            slots=self._info.slots,
            threads=self._threads,
            sample_rate_hz=self._info.sample_rate_hz,
            phonemize=self._phonemize,
        )
        return self._session

    def close(self) -> None:
        if self._upgrade is not None:
            self._upgrade.close()
        if self._session is not None:
            self._session.close()
        self._loaded.clear()
        self._library.close()


def _model_name(files: VoiceFiles) -> _ModelName:
    """Returns what names a model: one that was replaced is another."""
    model = files.model
    try:
        return model, model.stat().st_mtime_ns
    except OSError as error:
        raise BadVoice(f"{model} cannot be read: {error.strerror}") from error


def _providers(device: str) -> tuple[str, ...]:
    """Returns ONNX Runtime's providers for a device. ``auto`` is the CPU: windows of one sentence
    are too little work for a GPU to be worth the way there."""
    if device != "cuda":
        return ("CPUExecutionProvider",)
    import onnxruntime

    present = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" not in present:
        raise EngineError(
            "the device cuda was asked for and this ONNX Runtime has no CUDA provider "
            f"(it has {', '.join(present)}); install onnxruntime-gpu "
            "instead of onnxruntime, or set the device to cpu"
        )
    return ("CUDAExecutionProvider", "CPUExecutionProvider")


def _device(voice: VitsModel, asked: str) -> str:
    """Returns where a voice runs. ONNX Runtime falls back to the CPU silently; we do not."""
    if "CUDAExecutionProvider" in voice.providers:
        return "cuda:0"
    if asked == "cuda":
        raise EngineError(
            "the device cuda was asked for and ONNX Runtime could not start it (its CUDA or cuDNN "
            "libraries may be missing); see its log, or set the device to cpu"
        )
    return "cpu"
