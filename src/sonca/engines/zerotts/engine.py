"""The ZeroTTS engine: one model, its voices and those that were added, how loud each is."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sonca import disk, install
from sonca.cores import cores
from sonca.engines.base import Engine, EngineInfo, Session, Setup
from sonca.engines.runtime import BadModel
from sonca.engines.zerotts import voice_packs
from sonca.engines.zerotts.levels import Levels
from sonca.engines.zerotts.model import ZeroModel
from sonca.engines.zerotts.model_folder import GRAPHS, find_model, is_model, model_files
from sonca.engines.zerotts.prepare import int8_of, prepare, together_of
from sonca.engines.zerotts.session import ZeroTTSSession
from sonca.engines.zerotts.speaking import SpeakerVoice
from sonca.engines.zerotts.voice_packs import CARD, LATENTS, META, find_packs, packs_in
from sonca.errors import EngineError, EngineNotInstalled, InvalidRequest, StorageError
from sonca.voice import Voice

log = logging.getLogger(__name__)

SLOTS = 4
"""Sentences at once: each has its own draws, and they share the global decoder's weights."""
_NEEDED = ("onnx", "onnxruntime", "tokenizers")


class ZeroTTSEngine(Engine):
    """One model on the CPU."""

    def __init__(self, setup: Setup) -> None:
        reason = self.missing(setup)
        if reason is not None:
            raise EngineNotInstalled(f"zerotts cannot run here: {reason}", field="model")
        if setup.device == "cuda":
            raise EngineError("zerotts runs on the CPU only; set the device to cpu or auto")
        folder = find_model(setup.models_dir)
        assert folder is not None
        self._folder, self._setup = folder, setup
        self._model, self._version = _loaded(folder, setup)
        self._levels = Levels(folder, self._model, self._version)
        self._packs = find_packs(setup.models_dir, folder)
        self._voices: dict[tuple[str, str], SpeakerVoice] = {}

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        return cls(setup)

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            name="zerotts",
            version=f"0.1.5+{self._version}",
            sample_rate_hz=self._model.config.sample_rate_hz,
            device="cpu",
            providers=self._model.local.providers,
            deterministic=True,
            slots=SLOTS,
        )

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := install.needed("zerotts", *_NEEDED):
            return reason
        model = find_model(setup.models_dir)
        if model is None:
            return "its model is not here: sonca models pull zerotts"
        if not find_packs(setup.models_dir, model):
            return f"{model} has no voices: sonca models add VOICE.zip --engine zerotts"
        return None

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        model = find_model(setup.models_dir)
        if model is None:
            return ()
        version, packs = _version(model, setup), find_packs(setup.models_dir, model)
        return tuple(voice_packs.voice_of(key, pack, version) for key, pack in packs.items())

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        if file.is_dir() and (file / LATENTS).is_file():
            packs_in(file)
            beside = {META: file / META} if (file / META).is_file() else {}
            return {LATENTS: file / LATENTS, **beside}
        if file.suffix.lower() == ".zip":
            packs_in(file)
            return {".zip": file}
        if not file.is_dir():
            raise InvalidRequest(
                f"{file} is no model of ZeroTTS: give the folder laid out as the hub's "
                "repository, or a voice (the zip, or a folder with voice.npz)",
                field="file",
            )
        files = model_files(file)
        if install.needed("zerotts", *_NEEDED) is None:
            ZeroModel(file, 1)  # refuses what is no such model before it is copied
        return files

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Keeps what was said of a voice beside it; makes of a model what the processor is quick
        with. Measures how loud voices are, or the first request in each would wait for it."""
        if is_model(folder):
            _prepare(folder, say)
        else:
            cls._note(folder, facts)
        setup = Setup(models_dir=models_dir)
        if cls.missing(setup) is None:
            say("measuring how loud its voices are")
            cls(setup)._measure(say)

    def _measure(self, say: Callable[[str], None]) -> None:
        voices = []
        for key in self._packs:
            try:
                voices.append(self.voice(key))
            except BadModel as error:
                say(f"the voice {key} cannot be used: {error}")
        self._levels.measure(voices)

    @staticmethod
    def _note(folder: Path, facts: Mapping[str, str]) -> None:
        known = {key: facts[key] for key in ("gender", "region") if key in facts}
        if "name" in facts:
            known["display_name"] = facts["name"]
        if known:
            disk.write(folder / CARD, json.dumps(known, ensure_ascii=False).encode())

    def voice(self, key: str) -> SpeakerVoice:
        pack = self._packs.get(key)
        if pack is None or not pack.place.exists():
            self._packs = find_packs(self._setup.models_dir, self._folder)
            pack = self._packs[key]
        voice = self._voices.get((key, pack.version))
        if voice is None:
            config = self._model.config
            latents = voice_packs.latents_of(pack, config.voice_rows, config.width)
            voice = SpeakerVoice(key, pack.version, latents)
            self._voices[key, pack.version] = voice
        return voice

    def level_lufs(self, voice: SpeakerVoice) -> float:
        return self._levels.of(voice)

    def session(self) -> Session:
        return ZeroTTSSession(self._model, SLOTS)


def _prepare(folder: Path, say: Callable[[str], None]) -> None:
    """Makes of a model that has come what this processor is quick with."""
    if install.needed("zerotts", *_NEEDED) is not None:
        return
    try:
        prepare(folder, say)
    except StorageError as error:
        say(f"the published graphs are used as they are: {error}")


def _loaded(folder: Path, setup: Setup) -> tuple[ZeroModel, str]:
    """Loads a model, and says which; with its own graphs if the int8 ones are damaged."""
    quick, threads = int8_of(folder) if not setup.exact else None, setup.threads or cores()
    if quick is not None:
        try:
            model = ZeroModel(folder, threads, quick, together_of(folder, quick))
            return model, _version(folder, setup)
        except BadModel as error:
            log.warning("float32 graphs are used: %s", error)
    together = together_of(folder, None)
    return ZeroModel(folder, threads, together=together), _version(folder, None)


def _version(folder: Path, setup: Setup | None) -> str:
    """Returns another text whenever a graph is replaced, or others are used."""
    stamps = []
    for name in GRAPHS:
        try:
            stat = (folder / "onnx" / f"{name}.onnx").stat()
        except OSError:
            continue
        stamps.append(f"{stat.st_size:x}.{stat.st_mtime_ns // 1_000_000:x}")
    short = hashlib.sha256(" ".join(stamps).encode()).hexdigest()[:8]
    quick = setup is not None and not setup.exact and int8_of(folder) is not None
    return f"{short}-int8" if quick else short
