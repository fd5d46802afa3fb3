"""The VieNeu engine: the models of a models folder, their presets, and voices that are cloned."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonca import install
from sonca.audio import AudioChunk, Samples
from sonca.cores import cores
from sonca.engines.base import Engine, EngineInfo, Options, Reference, Session, Setup
from sonca.engines.folders import files_in
from sonca.engines.moss_codec import MossDecoder
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.checking import check, check_codec, check_preset
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ, read_config
from sonca.engines.vieneu.heads import read_heads
from sonca.engines.vieneu.levels import Levels
from sonca.engines.vieneu.model import SerialModel
from sonca.engines.vieneu.model_folder import (
    DENOISER,
    FLOAT,
    INT8,
    PUBLISHED,
    ModelFolder,
    find_models,
    open_folder,
    wanted_files,
)
from sonca.engines.vieneu.presets import read_presets
from sonca.engines.vieneu.speaking import SpeakerVoice, Speaking
from sonca.engines.vieneu.tokens import Tokens
from sonca.errors import EngineError, EngineNotInstalled
from sonca.utterance import Utterance
from sonca.voice import Voice

NEEDED = ("onnxruntime", "sea_g2p", "tokenizers")
if TYPE_CHECKING:
    from sonca.engines.vieneu.batch import Batch
    from sonca.engines.vieneu.batch.layers import Precision

log = logging.getLogger(__name__)

VERSION = "1"
"""Of how sound is made here; another one whenever it would differ for equal files."""
MOST_THREADS = 4
"""One utterance gains little from more: a step reads all weights for a single row."""
SLOTS = 8
"""Utterances that are worked on at once: a frame of eight costs less than twice that of one."""
_MEASURED = "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài."
"""What a voice says to be measured: 4 s."""


class VieneuEngine(Engine):
    """One model on the CPU, several utterances at once."""

    def __init__(self, folder: ModelFolder, setup: Setup, *, serial: bool = False) -> None:
        """Loads a model. Raises `BadModel`, naming what differs, if its files are not such.

        `serial` asks for upstream's own graphs, one utterance at a time, which is what is used
        anyway where the batch's networks cannot be made.
        """
        if setup.device == "cuda":
            raise EngineError("vieneu computes on the CPU; set the device to cpu or auto")
        self._folder = folder
        self._threads = setup.threads or min(cores(), MOST_THREADS)
        config = read_config(folder.graphs / "config.json")
        self._heads = read_heads(folder.graphs / "vieneu_v3_heads.npz", config)
        codec = MossDecoder(folder.codec, self._threads)
        check_codec(codec, config)
        tokens = Tokens(folder.graphs / "tokenizer.json", config)
        self._batch = None if serial else self._load_batch(codec, exact=setup.exact)
        if self._batch is None:
            model = SerialModel(folder, self._threads)
            self._providers, kind = model.providers, folder.precision
            self._speaking = Speaking(model, codec, tokens)
        else:
            # Levels are measured on another thread than that of the session.
            aside = self._batch.clone()
            self._providers, kind = self._batch.providers, self._batch.kind
            self._speaking = Speaking(aside.single(), aside.codec, tokens)
        self._presets = read_presets(folder.path)
        for preset in self._presets.values():
            check_preset(preset, self._heads)
        self._levels = Levels(folder.path)
        self._version = f"{VERSION}+{kind}.{folder.version()}"

    def _load_batch(self, codec: MossDecoder, *, exact: bool) -> Batch | None:
        """Returns what speaks several at once; None, with a line in the log, if nothing can."""
        if importlib.util.find_spec("openvino") is None:
            log.warning("without OpenVINO, VieNeu speaks one utterance at a time")
            return None
        from sonca.engines.vieneu.batch import load_batch

        try:
            precision: Precision | None = "f32" if exact else None
            return load_batch(self._folder, self._heads, codec, self._threads, precision)
        except (BadModel, EngineError) as error:
            log.warning("VieNeu speaks one utterance at a time, from upstream's graphs: %s", error)
            return None

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            name="vieneu",
            version=self._version,
            sample_rate_hz=SAMPLE_RATE_HZ,
            device="cpu",
            providers=self._providers,
            clones=True,
            deterministic=True,
            slots=SLOTS if self._batch else 1,
        )

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        if reason := cls.missing(setup):
            raise EngineNotInstalled(f"vieneu cannot run here: {reason}", field="model")
        return cls(open_folder(find_models(setup.models_dir)[0]), setup)

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := install.needed("vieneu", *NEEDED):
            return reason
        found = find_models(setup.models_dir)
        if not found:
            return f"its model is not here: sonca models pull {PUBLISHED}"
        try:
            open_folder(found[0])
        except BadModel as error:
            return str(error)
        return None

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        found = find_models(setup.models_dir)
        if not found:
            return ()
        try:
            return tuple(preset.voice for preset in read_presets(found[0]).values())
        except BadModel:
            return ()

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        folder = _root_of(file)
        model = open_folder(folder)
        found = files_in(folder, *wanted_files(model.graphs.name), f"{DENOISER}?")
        if not install.needed("vieneu", *NEEDED):
            check(model)
        return found

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Measures how loud the voices are, so that nobody's first sound waits for it."""
        if reason := install.needed("vieneu", *NEEDED):
            say(reason)
            return
        engine = cls(open_folder(folder), Setup(models_dir))
        for key in engine._presets:
            say(f"measuring {key}")
            engine.level_lufs(engine.voice(key))

    def voice(self, key: str) -> SpeakerVoice:
        preset = self._presets[key]
        anchor = self._heads.anchor(preset.speaker)
        return SpeakerVoice(f"{key} {preset.voice.version}", anchor, preset.codes)

    def condition(self, reference: Reference) -> SpeakerVoice:
        from sonca.engines.vieneu.reference import clone

        dim = self._heads.config.speaker_dim
        speaker, codes = clone(self._folder, reference, self._threads, dim)
        return SpeakerVoice(reference.content_hash, self._heads.anchor(speaker), codes)

    def level_lufs(self, voice: SpeakerVoice) -> float:
        return self._levels.get(f"{self._version} {voice.key}", lambda: self._sample(voice))

    def _sample(self, voice: SpeakerVoice) -> Samples:
        """Returns a sentence in a voice."""
        said = Utterance((0, len(_MEASURED)), _MEASURED, _MEASURED, 0.0)
        return np.concatenate(list(self._speaking.speak(said, voice, Options())))

    def session(self) -> Session:
        if self._batch is None:
            return super().session()
        return self._batch.session(self._speaking, SLOTS)

    def synthesize(
        self, utterance: Utterance, voice: SpeakerVoice, options: Options
    ) -> Iterator[AudioChunk]:
        for samples in self._speaking.speak(utterance, voice, options):
            yield AudioChunk(samples, SAMPLE_RATE_HZ)


def _root_of(file: Path) -> Path:
    """Returns the model's folder, of which `file` is a part or which it is."""
    folder = file if file.is_dir() else file.parent
    return folder.parent if folder.name in (FLOAT, INT8) else folder
