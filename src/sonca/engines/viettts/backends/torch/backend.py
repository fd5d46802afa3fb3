"""The whole model in PyTorch on one device: bf16 where the CPU path has it, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.backends.base import Backend, Decoder, FlowSolver, VoicePrompt
from sonca.engines.viettts.backends.torch.decoder import TorchDecoder
from sonca.engines.viettts.backends.torch.model import loaded
from sonca.engines.viettts.backends.torch.model.flow import STEPS, FlowModel, Step
from sonca.engines.viettts.backends.torch.model.hift import HiFTNetworks
from sonca.engines.viettts.backends.torch.model.llm import LanguageModel
from sonca.engines.viettts.config import ModelConfig
from sonca.engines.viettts.model_folder import ModelFolder, map_tensors


def load(folder: ModelFolder, slots: int) -> Backend:
    """Loads a folder that was converted for CUDA, on the first GPU."""
    states = {
        part: {key: torch.from_numpy(np.array(value)) for key, value in tensors.items()}
        for part in ("llm", "flow", "hift")
        if (tensors := map_tensors(folder.weights(part)))
    }
    dtype = torch.float32 if folder.precision == "exact" else torch.bfloat16
    return TorchBackend(folder.config, states, torch.device("cuda:0"), dtype, slots)


class TorchBackend(Backend):
    """The plain model on a device; `states` are its tensors, HiFT's with weight norm folded."""

    def __init__(
        self,
        config: ModelConfig,
        states: Mapping[str, Mapping[str, Tensor]],
        device: torch.device,
        dtype: torch.dtype,
        slots: int,
    ) -> None:
        self.config, self.torch_device, self.dtype, self.slots = config, device, dtype, slots
        self.device = str(device)
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
        self.providers = (f"PyTorch {torch.__version__} {name} ({str(dtype).split('.')[1]})",)
        self.llm = loaded(LanguageModel(config.llm), states["llm"]).to(device)
        self.flow = loaded(FlowModel(config.flow), states["flow"]).to(device)
        self.hift = loaded(HiFTNetworks(config.hift), states["hift"]).to(device)

    def decoder(self) -> Decoder:
        return TorchDecoder(self.llm, self.torch_device, self.dtype, self.slots)

    @torch.inference_mode()
    def solver(self, voice: VoicePrompt, tokens: Ids, noise: Array) -> FlowSolver:
        known = len(voice.mel)
        with torch.device(self.torch_device):
            prompt, new = (
                torch.as_tensor(ids, dtype=torch.long)[None].to(self.torch_device)
                for ids in (voice.tokens, tokens)
            )
            mu = self.flow.mu(prompt, new, (known, len(noise) - known))
            spk = self.flow.speaker(self._put(voice.vector)[None])
            cond = torch.zeros_like(mu)
            cond[:, :, :known] = self._put(voice.mel).T
            z = self._put(noise).T[None]
            steps = self.flow.solve(z, mu, spk, cond, self.autocast)
            return TorchSolver(steps, self.torch_device, known)

    @torch.inference_mode()
    def pitch(self, mel: Array) -> Array:
        return self._get(self.hift.f0_predictor(self._put(mel).T[None])[0])

    @torch.inference_mode()
    def spectrum(self, mel: Array, source: Array) -> Array:
        with self.autocast():
            post = self.hift.trunk(self._put(mel).T[None], self._put(source)[None])
        return self._get(post[0])

    def mix(self) -> tuple[Array, float]:
        layer = self.hift.m_source.l_linear
        return self._get(layer.weight.detach()[0]), float(layer.bias.detach())

    def autocast(self) -> torch.autocast:
        """Returns the context in which multiplications may be done in half the bits."""
        return torch.autocast(
            self.torch_device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16
        )

    def close(self) -> None:
        del self.llm, self.flow, self.hift
        if self.torch_device.type == "cuda":
            torch.cuda.empty_cache()

    def _put(self, array: Array) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float32).to(
            self.torch_device
        )

    def _get(self, tensor: Tensor) -> Array:
        return np.asarray(tensor.float().cpu().numpy())


class TorchSolver(FlowSolver):
    """A run of the flow; the first `known` frames of its `steps` are the prompt."""

    def __init__(self, steps: Iterator[Step], device: torch.device, known: int) -> None:
        self.steps, self.device, self.known = steps, device, known
        self.done = 0
        self.x: Tensor  # (1, 80, M + T)

    @torch.inference_mode()
    def step(self) -> bool:
        with torch.device(self.device):
            self.x = next(self.steps).x
            self.done += 1
            if self.done == STEPS:
                self.x = next(self.steps).x
        return self.done == STEPS

    def mel(self) -> Array:
        return np.ascontiguousarray(self.x[0, :, self.known :].T.float().cpu().numpy())
