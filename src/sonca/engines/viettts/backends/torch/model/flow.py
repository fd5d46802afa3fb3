"""The flow: speech tokens in, mel spectrogram out, in ten steps from noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sonca.engines.viettts.backends.torch.model.estimator import UNet
from sonca.engines.viettts.backends.torch.model.transformer import Stack
from sonca.engines.viettts.config import FlowConfig
from sonca.engines.viettts.durations import regulator_lengths

STEPS = 10


def stretch(x: Tensor, length: int) -> Tensor:
    """Interpolates linearly along the last dimension: (B, C, T) -> (B, C, length)."""
    return F.interpolate(x, size=length, mode="linear", align_corners=False)


def schedule() -> Tensor:
    """Returns the eleven times of the solver, from 0 to 1, close together at first."""
    t = torch.linspace(0, 1, STEPS + 1)
    return 1 - torch.cos(t * 0.5 * math.pi)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the solver with all that the parity check looks at."""

    x: Tensor
    """(1, 80, T) before the step."""
    t: Tensor
    conditional: Tensor
    unconditional: Tensor


class LengthRegulator(nn.Module):
    """Tokens' rate to mel's rate: interpolation, then four convolutions."""

    def __init__(self, mel: int, convs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(convs):
            layers += [nn.Conv1d(mel, mel, 3, padding=1), nn.GroupNorm(1, mel), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(mel, mel, 1))

    def forward(self, prompt: Tensor, new: Tensor, frames: tuple[int, int], rate: float) -> Tensor:
        """prompt (1, P, C) and new (1, N, C) -> (1, frames of both, C)."""
        parts = []
        if prompt.shape[1] > 0:
            parts.append(stretch(prompt.transpose(1, 2), frames[0]))
        start = 0
        for tokens, length in regulator_lengths(new.shape[1], frames[1], rate):
            piece = new[:, start : start + tokens].transpose(1, 2)  # (1, C, tokens)
            parts.append(stretch(piece, length))
            start += tokens
        return self.model(torch.cat(parts, dim=2)).transpose(1, 2)


class FlowModel(nn.Module):
    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        self.input_embedding = nn.Embedding(config.vocab, config.token_width)
        self.spk_embed_affine_layer = nn.Linear(config.speaker, config.mel)
        self.encoder = Stack(config.encoder)
        self.encoder_proj = nn.Linear(config.encoder.width, config.mel)
        self.length_regulator = LengthRegulator(config.mel, config.regulator_convs)
        self.decoder = nn.Module()
        self.decoder.estimator = UNet(config.estimator)

    @property
    def estimator(self) -> UNet:
        estimator = self.decoder.estimator
        assert isinstance(estimator, UNet)
        return estimator

    def speaker(self, vector: Tensor) -> Tensor:
        return self.spk_embed_affine_layer(F.normalize(vector, dim=1))  # (1, S) -> (1, 80)

    def encode(self, ids: Tensor) -> Tensor:
        return self.encoder(self.input_embedding(ids.clamp(min=0)))  # (1, N) -> (1, N, enc)

    def mu(self, prompt: Tensor, tokens: Tensor, frames: tuple[int, int]) -> Tensor:
        """Encodes token ids (1, P) and (1, N) -> (1, 80, frames of both)."""
        h = self.encoder_proj(self.encode(torch.cat([prompt, tokens], dim=1)))  # (1, P+N, 80)
        split = prompt.shape[1]
        regulated = self.length_regulator(h[:, :split], h[:, split:], frames, self.config.rate_hz)
        return regulated.transpose(1, 2)

    def solve(
        self,
        noise: Tensor,
        mu: Tensor,
        spk: Tensor,
        cond: Tensor,
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> Iterator[Step]:
        """Yields the steps, then one with the result and no velocity. All (1, 80, T), spk (1, 80).

        `autocast` is the context of what may be computed in half the bits.
        """
        mask = torch.ones_like(noise[:, :1]).expand(2, -1, -1)
        mu = torch.cat([mu, torch.zeros_like(mu)])  # (2, 80, T): with and without condition
        spk = torch.cat([spk, torch.zeros_like(spk)])
        cond = torch.cat([cond, torch.zeros_like(cond)])
        rate = self.config.cfg_rate
        times = schedule()
        x, t, dt = noise, times[0], times[1] - times[0]
        for k in range(1, STEPS + 1):
            time = self.estimator.time(t.expand(2))  # in bf16 it would be wrong by a sixth
            with autocast():
                both = self.estimator(x.expand(2, -1, -1), mask, mu, time, spk, cond)
            both = both.float()
            conditional, unconditional = both[:1], both[1:]
            yield Step(x, t, conditional, unconditional)
            x = x + dt * ((1 + rate) * conditional - rate * unconditional)
            t = t + dt
            if k < STEPS:
                dt = times[k + 1] - t
        yield Step(x, t, x, x)
