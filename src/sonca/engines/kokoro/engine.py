"""The Kokoro engine: all voices of the models in one models folder, 24 kHz.

A model is loaded when one of its voices is first asked for, and the one unused for longest is
dropped when there are too many. Knows which models are loaded; how they speak is the business
of the modules beside it.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from sonca import install
from sonca.cores import cores
from sonca.engines.base import Engine, EngineInfo, Session, Setup
from sonca.engines.flow_session import FlowSession
from sonca.engines.kept_models import KeptModels
from sonca.engines.kokoro import model_folder
from sonca.engines.kokoro.front_end import FrontEnd
from sonca.engines.kokoro.kokoro_model import SAMPLE_RATE_HZ, KokoroModel
from sonca.engines.kokoro.model_folder import PUBLISHED, VoiceFile
from sonca.engines.kokoro.speaking import SpeakerPack, plan
from sonca.engines.kokoro.voice_packs import names_in, read_pack
from sonca.engines.runtime import BadModel, bfloat16
from sonca.errors import EngineError, EngineNotInstalled, StorageError
from sonca.voice import Voice

log = logging.getLogger(__name__)

VERSION = "1"
"""Of how sound is made here; another one whenever it would differ for equal files."""
SLOTS = 4
"""So many that one can be kept for a new caller."""
LANES = 2
"""Pieces in work at once: one has all cores from within, but for the short graphs at its ends."""
KEPT_MODELS = 2
"""Loaded at once; one takes some 500 MB."""
_NEEDED = ("onnx", "onnxruntime", "sea_g2p")
_NO_MODEL = f"no model yet: sonca models pull {PUBLISHED}, or sonca models add DIR"


class KokoroEngine(Engine):
    """All voices of the models in one models folder."""

    def __init__(self, setup: Setup) -> None:
        reason = self.missing(setup)
        if reason is not None:
            raise EngineNotInstalled(f"kokoro cannot run here: {reason}", field="model")
        if setup.device == "cuda":
            raise EngineError("kokoro computes on the CPU only; set the device to cpu or auto")
        self._models_dir = setup.models_dir
        self._threads = setup.threads or cores()
        self._fast = bfloat16.missing() is None and not setup.exact
        self._loaded = KeptModels[tuple[Path, str], KokoroModel](KEPT_MODELS)
        self._levels: dict[VoiceFile, float] = {}
        self._files = model_folder.find_voices(setup.models_dir)
        self._session: FlowSession | None = None
        self._front_end = FrontEnd()
        first = self._first()
        self._info = EngineInfo(
            name="kokoro",
            version=f"{VERSION}, {importlib.metadata.version('onnxruntime')}"
            + (", bf16" if self._fast else ""),
            sample_rate_hz=SAMPLE_RATE_HZ,
            device="cpu",
            providers=first.providers,
            word_marks=True,
            deterministic=first.deterministic,
            slots=SLOTS,
        )

    def _first(self) -> KokoroModel:
        """Loads the first model that can be."""
        errors = ["no voice of theirs can be read, see the log"]
        for file in {file.model: file for file in reversed(self._files.values())}.values():
            try:
                return self._load(file)
            except BadModel as error:
                errors.insert(0, str(error))
                log.warning("a model cannot be used: %s", error)
        raise EngineNotInstalled(
            f"none of the models in {self._models_dir} can be used: {errors[0]}", field="model"
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        return cls(setup)

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := install.needed("kokoro", *_NEEDED):
            return reason
        return None if model_folder.find_models(setup.models_dir) else _NO_MODEL

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        found = model_folder.find_voices(setup.models_dir).values()
        return tuple(map(model_folder.voice_of, found))

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        folder = file if file.is_dir() else file.absolute().parent
        if folder.name in ("onnx", "voices", "voicepacks"):
            folder = folder.parent
        found = model_folder.model_parts(folder)
        KokoroModel(folder)
        for path in found.values():
            if path.suffix in (".npy", ".npz", ".pt", ".bin"):
                for name in names_in(path):
                    read_pack(path, name)
        return found

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Measures the voices, and bf16, where what that needs is installed."""
        from sonca.engines.kokoro.calibration import calibrate

        known = {key: value for key, value in facts.items() if key in ("gender", "region")}
        if known:
            model_folder.keep(folder, {}, **known)
        if reason := install.needed("kokoro", *_NEEDED):
            say(reason)
        else:
            calibrate(folder, models_dir, say)

    def voice(self, key: str) -> SpeakerPack:
        file = self._files.get(key)
        if file is None or not file.path.is_file():  # added or removed since the engine started
            self._files = model_folder.find_voices(self._models_dir)
            file = self._files[key]
        return SpeakerPack(file, self._load(file), read_pack(file.path, file.name))

    def voice_ready(self, key: str) -> bool:
        file = self._files.get(key)
        if file is None or not file.path.is_file():
            return False  # it is looked for again
        return self._loaded.find(_name(file)) is not None

    def level_lufs(self, voice: SpeakerPack) -> float:
        file = voice.file
        if file not in self._levels:
            level = model_folder.level_of(file)
            if level is None:
                from sonca.engines.kokoro.calibration import level_of

                level = level_of(voice)
                try:
                    model_folder.keep(file.model, {file.name: level})
                except StorageError as error:
                    log.info("the loudness of %s cannot be kept: %s", file.key, error)
            self._levels[file] = level
        return self._levels[file]

    def session(self) -> Session:
        if self._session is not None:
            self._session.close()
        self._session = FlowSession(
            slots=SLOTS,
            threads=min(LANES, self._threads),
            sample_rate_hz=SAMPLE_RATE_HZ,
            plan=partial(plan, self._front_end),
        )
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._loaded.clear()
        self._front_end.close()

    def _load(self, file: VoiceFile) -> KokoroModel:
        """Returns a voice's model, loaded if it is not."""

        def load() -> KokoroModel:
            fast = self._fast and model_folder.bf16_of(file.model)
            model = KokoroModel(file.model, self._threads, "bf16" if fast else "published")
            log.info("loaded %s", file.model.name)
            return model

        return self._loaded.get(_name(file), load)


def _name(file: VoiceFile) -> tuple[Path, str]:
    """Returns what names a model: one that was replaced is another."""
    return file.model, file.model_version
