"""Supertonic 3 and KorvaTTS: from noise to speech in a few steps, 44.1 kHz, voices as JSON files.

Both are the same four graphs with other weights, so one engine speaks with all of their voices. A
model is loaded when one of its voices is first asked for, and the one unused for longest is
dropped when there are too many. Knows which models are loaded; how they speak is the business
of the modules beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sonca import install
from sonca.cores import cores
from sonca.engines.base import Engine, EngineInfo, Session, Setup
from sonca.engines.flow_session import FlowSession
from sonca.engines.folders import files_in
from sonca.engines.kept_models import KeptModels
from sonca.engines.runtime import BadModel, bfloat16
from sonca.engines.supertonic import styles
from sonca.engines.supertonic.calibration import calibrate, level_of, near_enough
from sonca.engines.supertonic.flow_model import SAMPLE_RATE_HZ, FlowModel
from sonca.engines.supertonic.session import SpeakerStyle, open_session
from sonca.engines.supertonic.styles import FILES, STYLES, StyleFile
from sonca.errors import EngineError, EngineNotInstalled, StorageError
from sonca.voice import Voice

log = logging.getLogger(__name__)

VERSION = "1"
"""Of how sound is made here; another one whenever it would differ for equal files."""
STEPS = 8
"""From noise to sound, unless the setting says otherwise: Supertonic's own number, and what
KorvaTTS' card gives as the least; `docs/supertonic.md` has what a step costs."""
SLOTS = 4
"""So many that one can be kept for a new caller."""
KEPT_MODELS = 2
"""Loaded at once; one takes some 500 MB."""
_NO_MODEL = "no model yet: sonca models pull korvatts, or sonca models add DIR"


class SupertonicEngine(Engine):
    """All voices of the models in one models folder."""

    def __init__(self, setup: Setup) -> None:
        reason = self.missing(setup)
        if reason is not None:
            raise EngineNotInstalled(f"supertonic cannot run here: {reason}", field="model")
        if setup.device == "cuda":
            raise EngineError("supertonic computes on the CPU only; set the device to cpu or auto")
        self._models_dir = setup.models_dir
        self._threads = setup.threads or cores()
        self._steps = setup.steps or STEPS
        self._fast = bfloat16.missing() is None and not setup.exact
        self._loaded = KeptModels[tuple[Path, str], FlowModel](KEPT_MODELS)
        self._levels: dict[StyleFile, float] = {}
        self._files = styles.find_voices(setup.models_dir)
        self._session: FlowSession | None = None
        self._info = EngineInfo(
            name="supertonic",
            # Both decide how it sounds, and what is kept must not outlive a change of them.
            version=f"{VERSION}, {self._steps} steps" + (", bf16" if self._fast else ""),
            sample_rate_hz=SAMPLE_RATE_HZ,
            device="cpu",
            providers=self._first().providers,
            deterministic=True,
            slots=SLOTS,
        )

    def _first(self) -> FlowModel:
        """Loads the first model that can be."""
        errors = []
        for file in {file.model: file for file in self._files.values()}.values():
            try:
                return self._load(file)
            except BadModel as error:
                errors.append(str(error))
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
        if reason := install.needed("supertonic", "onnxruntime"):
            return reason
        return None if styles.any_model(setup.models_dir) else _NO_MODEL

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return tuple(map(styles.voice_of, styles.find_voices(setup.models_dir).values()))

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        folder = file if file.is_dir() else file.absolute().parent.parent
        found = files_in(folder, *FILES, STYLES)
        FlowModel(folder)
        for name, path in found.items():
            if name not in FILES:
                styles.load_style(path)
        return found

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Measures the voices, and bf16, where ONNX Runtime is installed."""
        styles.keep(folder, {}, {key: facts[key] for key in ("gender", "region") if key in facts})
        try:
            calibrate(folder, STEPS, say)
        except EngineNotInstalled as error:
            say(str(error))

    def voice(self, key: str) -> SpeakerStyle:
        file = self._files.get(key)
        if file is None or not styles.unchanged(file):  # since the engine started
            self._files = styles.find_voices(self._models_dir)
            file = self._files[key]
        return SpeakerStyle(file, self._load(file), styles.load_style(file.path))

    def voice_ready(self, key: str) -> bool:
        file = self._files.get(key)
        if file is None or not styles.unchanged(file):
            return False  # it is looked for again
        return self._loaded.find(_name(file)) is not None

    def level_lufs(self, voice: SpeakerStyle) -> float:
        file = voice.file
        if file not in self._levels:
            level = styles.level_of(file)
            if level is None:
                level = level_of(voice, self._steps)
                try:
                    styles.keep(file.model, {file.path.stem: level})
                except StorageError as error:
                    log.info("the loudness of %s cannot be kept: %s", file.key, error)
            self._levels[file] = level
        return self._levels[file]

    def session(self) -> Session:
        if self._session is not None:
            self._session.close()
        self._session = open_session(slots=SLOTS, threads=self._threads, steps=self._steps)
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._loaded.clear()

    def _load(self, file: StyleFile) -> FlowModel:
        """Returns a voice's model, loaded if it is not."""

        def load() -> FlowModel:
            fast = self._fast and near_enough(file.model)
            model = FlowModel(file.model, self._threads, bfloat16=fast)
            log.info("loaded %s", file.model.name)
            return model

        return self._loaded.get(_name(file), load)


def _name(file: StyleFile) -> tuple[Path, str]:
    """Returns what names a model: one that was replaced is another."""
    return file.model, file.model_version
