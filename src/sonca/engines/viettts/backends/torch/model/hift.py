"""HiFT's two networks: pitch, and the trunk from mel and source spectrum to the output spectrum.
What is between and after them is arithmetic: `vocoder` does it in NumPy.

Takes weights with the weight normalisation already folded in (`weights.fold`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sonca.engines.viettts.config import HiFTConfig

HEAD_SLOPE = 0.01
"""The last leaky ReLU has PyTorch's default slope, not the configured one."""


class Snake(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.alpha[:, None]
        return x + torch.sin(alpha * x) ** 2 / (alpha + 1e-9)


def same_conv(channels: int, kernel: int, dilation: int = 1) -> nn.Conv1d:
    return nn.Conv1d(
        channels, channels, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2
    )


class ResBlock(nn.Module):
    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(same_conv(channels, kernel, d) for d in dilations)
        self.convs2 = nn.ModuleList(same_conv(channels, kernel) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        layers = zip(self.activations1, self.convs1, self.activations2, self.convs2, strict=True)
        for snake1, conv1, snake2, conv2 in layers:
            x = x + conv2(snake2(conv1(snake1(x))))
        return x


class F0Predictor(nn.Module):
    def __init__(self, mel: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(5):
            layers += [nn.Conv1d(width if index else mel, width, 3, padding=1), nn.ELU()]
        self.condnet = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """(1, 80, T) -> (1, T), Hz."""
        return self.classifier(self.condnet(mel).transpose(1, 2)).squeeze(2).abs()


class HiFTNetworks(nn.Module):
    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.config = config
        bins = config.n_fft + 2  # real and imaginary parts
        self.m_source = nn.Module()
        self.m_source.l_linear = nn.Linear(config.harmonics + 1, 1)
        self.f0_predictor = F0Predictor(config.mel, config.f0_width)
        self.conv_pre = nn.Conv1d(config.mel, config.base, 7, padding=3)
        self.ups, self.source_downs = nn.ModuleList(), nn.ModuleList()
        self.source_resblocks, self.resblocks = nn.ModuleList(), nn.ModuleList()
        channels = config.base
        stages = list(zip(config.upsample_rates, config.upsample_kernels, strict=True))
        for i, (rate, kernel) in enumerate(stages):
            pad = (kernel - rate) // 2
            self.ups.append(
                nn.ConvTranspose1d(channels, channels // 2, kernel, stride=rate, padding=pad)
            )
            channels //= 2
            u = math.prod(config.upsample_rates[i + 1 :])
            down = (1,) if u == 1 else (2 * u, u, u // 2)
            self.source_downs.append(nn.Conv1d(bins, channels, *down))
            self.source_resblocks.append(
                ResBlock(channels, config.source_kernels[i], config.source_dilations[i])
            )
            self.resblocks.extend(
                ResBlock(channels, k, d)
                for k, d in zip(config.kernels, config.dilations, strict=True)
            )
        self.conv_post = nn.Conv1d(channels, bins, 7, padding=3)

    def trunk(self, mel: Tensor, source_stft: Tensor) -> Tensor:
        """(1, 80, T) and (1, 18, 64·T + 1) -> (1, 18, 64·T + 1)."""
        kernels = len(self.config.kernels)
        x = self.conv_pre(mel)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, self.config.slope))
            if i == len(self.ups) - 1:
                x = F.pad(x, (1, 0), mode="reflect")
            x = x + self.source_resblocks[i](self.source_downs[i](source_stft))
            blocks = self.resblocks[i * kernels : (i + 1) * kernels]
            x = torch.stack([block(x) for block in blocks]).mean(0)
        return self.conv_post(F.leaky_relu(x, HEAD_SLOPE))
