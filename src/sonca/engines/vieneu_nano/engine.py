"""The engine of VieNeu-TTS v3 Nano: presets, clones, several pieces of sentences at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonca import install
from sonca.audio import Samples, silence
from sonca.cores import cores
from sonca.engines.base import (
    Engine,
    EngineInfo,
    Options,
    Reference,
    Session,
    Setup,
    cannot_clone,
)
from sonca.engines.flow_session import FlowPiece, FlowSession
from sonca.engines.folders import files_in
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.front_end import FrontEnd
from sonca.engines.vieneu.levels import Levels
from sonca.engines.vieneu.model_folder import DENOISER, sampled_hash
from sonca.engines.vieneu_nano.edges import trimmed
from sonca.engines.vieneu_nano.model import SAMPLE_RATE_HZ, STEPS, Latent, NanoModel, NanoVoice
from sonca.engines.vieneu_nano.reference import FILES as CLONING
from sonca.engines.vieneu_nano.reference import can_clone, clone
from sonca.engines.vieneu_nano.voices import PRESETS, read_voices
from sonca.errors import EngineError, EngineNotInstalled
from sonca.utterance import Utterance
from sonca.voice import Voice

HOME, PUBLISHED = "vieneu-nano", "vieneu-v3-nano"
NEEDED = ("onnxruntime", "sea_g2p")
FILES = (
    "text_encoder.onnx",
    "duration_predictor.onnx",
    "vector_estimator.onnx",
    "codec_decoder.onnx",
    "config.json",
    "constants.npz",
    PRESETS,
)
VERSION = "1"
MAX_CHARACTERS = 140
"""Of a piece at normal speed: about 10 s, of the 15 that it may have."""
_SLOWEST = 1.3
"""Times the speed, below which pieces are shorter, so that they stay within 15 s."""
_EMPTY_S = 0.1
_SEEDS = 1 << 64
_MEASURED = "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài."


@dataclass
class NanoPiece(FlowPiece):
    """A piece of an utterance on its way from noise to sound."""

    model: NanoModel
    phonemes: str
    voice: NanoVoice
    speed: float
    steps: int
    seed: int
    latent: Latent | None = None

    def advance(self) -> None:
        if not self.phonemes:
            self.samples = silence(_EMPTY_S, SAMPLE_RATE_HZ)
        elif self.latent is None:
            self.latent = self.model.begin(
                self.phonemes, self.voice, self.speed, self.steps, self.seed
            )
        elif not self.latent.ready:
            self.model.step(self.latent)
        else:
            self.samples = trimmed(self.model.decode(self.latent), SAMPLE_RATE_HZ)


class NanoEngine(Engine):
    """One model on the CPU."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        """Loads a model. Raises `BadModel`, naming what differs, if its files are not such."""
        if setup.device == "cuda":
            raise EngineError("vieneu-nano computes on the CPU; set the device to cpu or auto")
        self._folder = folder
        self._threads = setup.threads or cores()
        self._steps = setup.steps or STEPS
        self._model = NanoModel(folder, self._threads)
        self._front_end = FrontEnd()
        self._voices = read_voices(folder)
        self._levels = Levels(folder, SAMPLE_RATE_HZ)
        self._session: FlowSession | None = None
        files = [folder / name for name in FILES]
        self._info = EngineInfo(
            name="vieneu-nano",
            version=f"{VERSION}+{self._steps}.{sampled_hash(files)}",
            sample_rate_hz=SAMPLE_RATE_HZ,
            device="cpu",
            providers=self._model.providers,
            clones=can_clone(folder) and self._model.constants.latent is not None,
            deterministic=True,
            slots=self._threads + 1,
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        if reason := cls.missing(setup):
            raise EngineNotInstalled(f"vieneu-nano cannot run here: {reason}", field="model")
        return cls(find_models(setup.models_dir)[0], setup)

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := install.needed("vieneu-nano", *NEEDED):
            return reason
        if not find_models(setup.models_dir):
            return f"its model is not here: sonca models pull {PUBLISHED}"
        return None

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        found = find_models(setup.models_dir)
        try:
            return tuple(preset.voice for preset in read_voices(found[0]).values()) if found else ()
        except BadModel:
            return ()

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        folder = file if file.is_dir() else file.parent
        found = files_in(folder, *FILES, *(f"{name}?" for name in (*CLONING, DENOISER)))
        if not install.needed("vieneu-nano", *NEEDED):
            NanoModel(folder)
            read_voices(folder)
        return found

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Measures how loud the voices are, so that nobody's first sound waits for it."""
        if reason := install.needed("vieneu", *NEEDED):
            say(reason)
            return
        engine = cls(folder, Setup(models_dir))
        for key in engine._voices:
            say(f"measuring {key}")
            engine.level_lufs(engine.voice(key))

    def voice(self, key: str) -> NanoVoice:
        return self._voices[key].state

    def condition(self, reference: Reference) -> NanoVoice:
        if not self._info.clones:
            raise cannot_clone("vieneu-nano")
        return clone(self._folder, self._model.constants, reference, self._threads)

    def level_lufs(self, voice: NanoVoice) -> float:
        return self._levels.get(f"{self._info.version} {voice.key}", lambda: self._sample(voice))

    def session(self) -> Session:
        if self._session is not None:
            self._session.close()
        self._session = FlowSession(
            slots=self._info.slots,
            threads=self._threads,
            sample_rate_hz=SAMPLE_RATE_HZ,
            plan=self._plan,
        )
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def _plan(self, utterance: Utterance, voice: NanoVoice, options: Options) -> list[NanoPiece]:
        """Returns an utterance in pieces, each with its own noise."""
        most = math.ceil(MAX_CHARACTERS * min(1.0, _SLOWEST * options.speed))
        said = [(p.phonemes, p.at_mark) for p in self._front_end.pieces(utterance, most)]
        return [
            NanoPiece(
                self._model,
                phonemes,
                voice,
                options.speed,
                self._steps,
                (options.seed + number) % _SEEDS,
                at_mark=at_mark,
            )
            for number, (phonemes, at_mark) in enumerate(said or [("", False)])
        ]

    def _sample(self, voice: NanoVoice) -> Samples:
        """Returns a sentence in a voice."""
        said = Utterance((0, len(_MEASURED)), _MEASURED, _MEASURED, 0.0)
        pieces = self._plan(said, voice, Options())
        for piece in pieces:
            while piece.samples is None:
                piece.advance()
        return np.concatenate([piece.samples for piece in pieces if piece.samples is not None])


def find_models(models_dir: Path | None) -> list[Path]:
    """Returns the folders that hold a model: the published one, then by name."""
    home = models_dir / HOME if models_dir else None
    if home is None or not home.is_dir():
        return []
    found = [path for path in sorted(home.iterdir()) if not path.name.startswith(".")]
    found = [path for path in found if all((path / name).is_file() for name in FILES)]
    return sorted(found, key=lambda path: path.name != PUBLISHED)
