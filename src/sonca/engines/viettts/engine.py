"""The VietTTS engine: loads a converted model folder and speaks in cloned voices."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sonca import install
from sonca.cores import cores
from sonca.engines.base import (
    Engine,
    EngineInfo,
    Reference,
    Session,
    Setup,
    VoiceState,
)
from sonca.engines.viettts.backends.base import Backend
from sonca.engines.viettts.model_folder import (
    CONVERTED,
    HOME,
    VOCABULARY,
    ModelFolder,
    find_model,
    open_folder,
)
from sonca.engines.viettts.prompt.builtin_voices import find_builtin_voices
from sonca.engines.viettts.prompt.prompt_audio import decode
from sonca.engines.viettts.prompt.prompt_cache import PromptCache
from sonca.engines.viettts.runtime_config import RuntimeConfig
from sonca.engines.viettts.session import VietTTSSession
from sonca.engines.viettts.tokenizer import Tokenizer
from sonca.errors import EngineError, EngineNotInstalled
from sonca.voice import Voice

NEEDED = ("openvino", "onnxruntime", "safetensors", "tiktoken", "yaml")


class VietTTSEngine(Engine):
    """One model on one device."""

    def __init__(self, model: Path, setup: Setup) -> None:
        """Loads the folder `model` that `sonca models convert` wrote."""
        if reason := _missing_packages():
            raise EngineNotInstalled(reason, field="model")
        folder = open_folder(model)
        threads = setup.threads or cores()
        self.tokenizer = Tokenizer.load(folder.path / VOCABULARY)
        if self.tokenizer.size > folder.config.llm.text_vocab:
            raise EngineError(
                f"the vocabulary has {self.tokenizer.size} ids, the model has rows for "
                f"{folder.config.llm.text_vocab}; run `sonca models convert` again"
            )
        self.config = RuntimeConfig()
        self.backend = _load(folder, setup.device, threads, self.config.slots)
        self.builtin_voices = find_builtin_voices(setup.models_dir)
        self.prompts = PromptCache(folder, setup.models_dir, threads)
        self.folder = folder
        self.content_hashes: dict[tuple[Path, int, int], str] = {}

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            name="viettts",
            # A cloned voice has no version of its own: what it sounds like follows from its
            # recording and from this.
            version=f"0.1.0+{self.folder.version}",
            sample_rate_hz=self.folder.config.sample_rate_hz,
            device=self.backend.device,
            providers=self.backend.providers,
            clones=True,
            # On a GPU a sentence's place in the cache, and so its rounding, depends on the others.
            deterministic=self.backend.device == "cpu",
            slots=self.config.slots,
        )

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        if reason := cls.missing(setup):
            raise EngineNotInstalled(f"VietTTS cannot run here: {reason}", field="model")
        model = find_model(setup.models_dir)
        assert model is not None
        return cls(model, setup)

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        if reason := _missing_packages():
            return reason
        if find_model(setup.models_dir) is not None:
            return None
        home = setup.models_dir / HOME if setup.models_dir else None
        waiting = sorted(path.parent for path in home.glob("[!.]*/llm.pt")) if home else []
        if waiting:
            return f"its model is not converted: sonca models convert {waiting[0]}"
        return "its model is not here: sonca models pull viet-tts"

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return tuple(known.voice for known in find_builtin_voices(setup.models_dir).values())

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        from sonca.engines.viettts.convert.convert import convert
        from sonca.engines.viettts.convert.fetch import companions

        convert(folder, folder / CONVERTED, *companions(models_dir, say), say=say)

    def voice(self, key: str) -> VoiceState:
        builtin = self.builtin_voices[key]
        return self.prompts.get(self._hash_of(builtin.path), lambda: decode(builtin.path))

    def voice_ready(self, key: str) -> bool:
        return (
            key not in self.builtin_voices
            or self._hash_of(self.builtin_voices[key].path) in self.prompts.kept
        )

    def _hash_of(self, path: Path) -> str:
        """Returns the hash of a recording, read again when it has changed."""
        status = path.stat()
        file = (path, status.st_size, status.st_mtime_ns)
        if file not in self.content_hashes:
            self.content_hashes[file] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.content_hashes[file]

    def condition(self, reference: Reference) -> VoiceState:
        return self.prompts.get(
            reference.content_hash, lambda: (reference.samples, reference.sample_rate_hz)
        )

    def level_lufs(self, voice: VoiceState) -> float:
        return float(voice.level_lufs)

    def session(self) -> Session:
        return VietTTSSession(self.backend, self.tokenizer.encode, self.config)

    def close(self) -> None:
        self.backend.close()


def _missing_packages() -> str | None:
    """Says which packages are not there, and what installs them."""
    return install.needed("viettts", *NEEDED)


def _load(folder: ModelFolder, device: str, threads: int, slots: int) -> Backend:
    """Loads the backend of the device asked for, or raises an error that says why not."""
    reason = _no_cuda(folder) if device != "cpu" else "the CPU was asked for"
    if reason is None:
        from sonca.engines.viettts.backends.torch.backend import load as load_cuda

        return load_cuda(folder, slots)
    if device == "cuda":
        raise EngineError(f"CUDA was asked for, but {reason}; choose the device cpu or auto")
    from sonca.engines.viettts.backends.openvino.assemble import load as load_cpu

    return load_cpu(folder, threads)


def _no_cuda(folder: ModelFolder) -> str | None:
    """Says why CUDA cannot be used here; None if it can."""
    if not importlib.util.find_spec("torch"):
        return f"PyTorch is not installed ({install.command('cuda')})"
    if not folder.weights("llm").is_file():
        return "the model was converted for the CPU only (sonca models convert --cuda)"
    import torch

    if not torch.cuda.is_available():
        return "PyTorch sees no CUDA device"
    return None
