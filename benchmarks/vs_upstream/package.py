"""Upstream's package, made to run here and to speak to a given length.

Imported under the interpreter that viet-tts 0.1.0 is installed in. Nothing of the package is
copied: it is imported, and what keeps it from running on this machine, or from being measured, is
put around it from outside:

- torchaudio's wheels are linked with CUDA and do not load beside a CPU build of torch; only its
  Python part is used, so its extension is left out.
- the fade at the end writes into a tensor made in inference mode, which torch refuses on a CPU; it
  gets a copy.
- the sampling gives the end after a fixed number of tokens and never before.
"""

import sys
import time
import types
from functools import wraps

import numpy as np
import torch

SAMPLE_RATE_HZ = 22050


class Upstream:
    """One instance of the package's `TTS`, on a checkpoint folder in its own form."""

    def __init__(self, checkpoint: str, prompt: np.ndarray, threads: int = 0) -> None:
        """`prompt` (N,) float32 at 16 kHz, used as it is; `threads` 0: torch's own choice."""
        _without_the_extension()
        if threads:
            torch.set_num_threads(threads)
        import viettts.model
        from loguru import logger

        logger.remove()
        viettts.model.fade_in_out_audio = _on_a_copy(viettts.model.fade_in_out_audio)
        from viettts.tts import TTS

        self._tts = TTS(checkpoint)
        self._prompt = torch.from_numpy(np.ascontiguousarray(prompt, np.float32))[None]
        self._tokens = 0
        llm = self._tts.model.llm
        llm.sampling = self._forced(llm.sampling, llm.speech_token_size)
        llm.inference = _in_its_own_precision(llm)
        self.rate_hz = self._tts.model.flow.input_frame_rate
        self.parts_cpu_s: dict[str, float] = {}
        self._watch(self._tts.frontend, "frontend_tts", "prompt")
        self._watch(self._tts.model, "llm_job", "llm")
        self._watch(self._tts.model.flow, "inference", "flow")
        self._watch(self._tts.model.hift, "inference", "vocoder")

    def speak(self, text: str, tokens: int) -> np.ndarray:
        """(N,) all of it, each piece that the package cuts the text into of so many tokens."""
        self._force(text, tokens)
        return self._tts.tts_to_wav(text, self._prompt)

    def llm_in_float32(self, text: str, tokens: int) -> float:
        """CPU seconds of the language model alone in float32; the package runs it in half."""
        model, frontend = self._tts.model, self._tts.frontend
        self._force(text, tokens)
        inputs = frontend.frontend_tts(frontend.preprocess_text(text)[0], self._prompt)
        nothing = torch.zeros(1, 0, dtype=torch.int32)
        model.llm.float()
        model.tts_speech_token_dict["float32"] = said = []
        try:
            model.llm_job(inputs["text"], nothing, nothing, inputs["llm_embedding"], "float32")
        finally:
            model.llm.half()
            model.tts_speech_token_dict.pop("float32", None)
            model.llm_end_dict.pop("float32", None)
        if len(said) != tokens:
            raise RuntimeError(f"{len(said)} tokens instead of {tokens}")
        return self.parts_cpu_s["llm"]

    def _force(self, text: str, tokens: int) -> None:
        """The package refuses an end before 2 tokens for each of the text, for ever if need be,
        and stops by itself at 20."""
        frontend = self._tts.frontend
        for piece in frontend.preprocess_text(text):
            ids = len(frontend.tokenizer.encode(piece))
            if not 2 * ids <= tokens < 20 * ids:
                raise ValueError(f"{ids} text tokens cannot be spoken with {tokens} speech tokens")
        self._tokens = tokens
        self.parts_cpu_s.clear()

    def _forced(self, sample, end: int):
        def forced(scores, said, count):
            if len(said) >= self._tokens:
                return torch.tensor([end])
            ids = sample(scores, said, count)
            while end in ids:
                ids = sample(scores, said, count)
            return ids

        return forced

    def _watch(self, owner, name: str, part: str) -> None:
        work = getattr(owner, name)

        @wraps(work)
        def timed(*args, **kwargs):
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                self.parts_cpu_s[part] = self.parts_cpu_s.get(part, 0.0) + spent

        setattr(owner, name, timed)


def _without_the_extension() -> None:
    extension = types.ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension.fail_if_no_align = lambda work: work
    sys.modules["torchaudio._extension"] = extension


def _on_a_copy(fade):
    return lambda audio, *args, **kwargs: fade(audio.clone(), *args, **kwargs)


def _in_its_own_precision(llm):
    """The speaker vector arrives in half precision, whatever the weights are in."""
    inference = llm.inference

    def cast(*, embedding, **kwargs):
        return inference(embedding=embedding.to(llm.llm_decoder.weight.dtype), **kwargs)

    return cast


def versions() -> dict[str, str]:
    """What runs."""
    import importlib.metadata as metadata

    return {name: metadata.version(name) for name in ("viet-tts", "torch", "diffusers", "numpy")}
