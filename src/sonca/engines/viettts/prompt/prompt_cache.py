"""From a stretch of speech to a `VoicePrompt`: speech tokens, mel, speaker vector.

Costs seconds with the true models, so each voice is made once: kept in memory, and on disk
under the recording's hash and the model's.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sonca import disk
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.model_folder import HOME, SPEAKER, SPEECH, VAD, VOICES, ModelFolder
from sonca.engines.viettts.prompt import features, vad
from sonca.engines.viettts.prompt.prompt_audio import RATE_HZ, prepare
from sonca.errors import EngineError, StorageError
from sonca.loudness import loudness

KEPT_VOICES = 256
"""In memory, of about 0.1 MB each; the first come is the first to go."""
VERSION = 2
"""Of what is computed here; part of the key of what is kept on disk."""


class PromptCache:
    """Voices by their recordings. The ONNX models are loaded for each that is new."""

    def __init__(self, folder: ModelFolder, models_dir: Path | None, threads: int) -> None:
        self.folder, self.threads = folder, threads
        self.cache = models_dir / HOME / VOICES if models_dir else None
        self.kept: dict[str, VoicePrompt] = {}

    def get(self, content_hash: str, samples: Callable[[], tuple[Array, int]]) -> VoicePrompt:
        """Returns the voice of a recording; `samples` is called only if its hash is new."""
        voice = self.kept.get(content_hash) or self._from_disk(content_hash)
        if voice is None:
            wave, rate = samples()
            voice = self.compute(prepare(wave, rate, self._segments()))
            self._to_disk(content_hash, voice)
        self.kept[content_hash] = voice
        if len(self.kept) > KEPT_VOICES:
            del self.kept[next(iter(self.kept))]
        return voice

    def compute(self, wave: Array) -> VoicePrompt:
        """Computes the voice of speech (N,) at 16 kHz.

        The recording's own level stands for the voice's: the model goes on where the prompt's
        mel ends, so it should speak about as loud (not measured: no trained weights were at
        hand). To speak a sentence and measure that would cost each new voice seconds, and would
        still be one sentence said with one seed. The first sound itself is no use: its level is
        known only when it is made, too late for a stream.
        """
        heard = features.whisper_mel(wave)  # (128, T)
        length = np.array([heard.shape[1]], np.int32)
        tokens = self._run(SPEECH, heard[None], length).reshape(-1).astype(np.int64)
        fbank = features.mean_normalised(features.kaldi_fbank(wave))  # (T, 80)
        vector = self._run(SPEAKER, fbank[None]).reshape(-1).astype(np.float32)
        mel = features.prompt_mel(features.resample(wave, 16000, 22050))  # (M, 80)
        config = self.folder.config
        if len(vector) != config.llm.speaker or tokens.max(initial=0) >= config.flow.vocab:
            raise EngineError(
                f"the prompt models in {self.folder.path} do not fit the weights: speaker vector "
                f"of {len(vector)}, tokens up to {tokens.max(initial=0)}; pull the model again"
            )
        return VoicePrompt(vector, tokens, mel, loudness(wave, RATE_HZ))

    def _segments(self) -> Callable[[Array], list[tuple[int, int]]]:
        path = self.folder.path / VAD
        return vad.silero(path) if path.is_file() else vad.by_level

    def _run(self, name: str, *inputs: np.ndarray) -> Any:
        """Loads a model, runs it once and lets it go: half a gigabyte, needed once a voice.

        Inputs go by position: upstream's names differ from model to model.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        path = self.folder.path / name
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own tree of errors
            raise EngineError(f"cannot load {path}: {error}") from error
        names = [port.name for port in session.get_inputs()]
        return session.run(None, dict(zip(names, inputs, strict=True)))[0]

    # --- what is kept on disk

    def _path(self, content_hash: str) -> Path | None:
        if self.cache is None:
            return None
        key = f"{VERSION} {self.folder.version} {vad.MAX_S} {content_hash}"
        return self.cache / f"{hashlib.sha256(key.encode()).hexdigest()}.voice.npz"

    def _from_disk(self, content_hash: str) -> VoicePrompt | None:
        path = self._path(content_hash)
        if path is None or not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as kept:
                level = float(kept["level_lufs"])
                if math.isnan(level):
                    return None
                return VoicePrompt(kept["vector"], kept["tokens"], kept["mel"], level)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # damaged: made again, and written over

    def _to_disk(self, content_hash: str, voice: VoicePrompt) -> None:
        """Keeps a voice; one that cannot be kept is made again next time, no reason to fail now."""
        path = self._path(content_hash)
        if path is None:
            return
        content = io.BytesIO()
        np.savez(
            content,
            vector=voice.vector,
            tokens=voice.tokens,
            mel=voice.mel,
            level_lufs=np.float64(voice.level_lufs),
        )
        with contextlib.suppress(StorageError):
            disk.write(path, content.getvalue(), durable=False, parents=True, mode=0o600)
