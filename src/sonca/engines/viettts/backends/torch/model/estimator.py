"""The flow's estimator: a one-dimensional U-Net that says where each mel frame should move."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sonca.engines.viettts.config import EstimatorConfig

GROUPS = 8


class Block1D(nn.Module):
    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv1d(channels_in, channels_out, 3, padding=1),
            nn.GroupNorm(GROUPS, channels_out),
            nn.Mish(),
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.block(x * mask) * mask


class ResBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, time: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(time, channels_out))
        self.block1 = Block1D(channels_in, channels_out)
        self.block2 = Block1D(channels_out, channels_out)
        self.res_conv = nn.Conv1d(channels_in, channels_out, 1)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        h = self.block1(x, mask) + self.mlp(time)[:, :, None]  # (B, C, T)
        return self.block2(h, mask) + self.res_conv(x * mask)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.heads, self.size = heads, size
        self.to_q = nn.Linear(width, heads * size, bias=False)
        self.to_k = nn.Linear(width, heads * size, bias=False)
        self.to_v = nn.Linear(width, heads * size, bias=False)
        self.to_out = nn.Sequential(nn.Linear(heads * size, width))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x (B, T, C); bias (B, 1, T, T) is added to the scores."""
        q, k, v = (
            project(x).unflatten(2, (self.heads, self.size)).transpose(1, 2)  # (B, H, T, dk)
            for project in (self.to_q, self.to_k, self.to_v)
        )
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))  # (B, H, T, dk)
        return self.to_out(y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        expand = nn.Module()
        expand.proj = nn.Linear(width, 4 * width)
        self.net = nn.ModuleList([expand, nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](F.gelu(self.net[0].proj(x)))


class Transformer(nn.Module):
    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, heads, size)
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = x + self.attn1(self.norm1(x), bias)
        return x + self.ff(self.norm3(x))


class Resample(nn.Module):
    """Convolution under the name `conv`, as the checkpoint has it where the length changes."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, config: EstimatorConfig) -> None:
        super().__init__()
        self.config = config
        c0, c1 = config.channels
        time = 4 * c0

        def stage(c_in: int, c_out: int, *last: nn.Module) -> nn.ModuleList:
            blocks = nn.ModuleList(
                Transformer(c_out, config.heads, config.head_size) for _ in range(config.blocks)
            )
            return nn.ModuleList([ResBlock(c_in, c_out, time), blocks, *last])

        self.time_mlp = nn.Module()
        self.time_mlp.linear_1 = nn.Linear(config.in_channels, time)
        self.time_mlp.linear_2 = nn.Linear(time, time)
        self.down_blocks = nn.ModuleList(
            [
                stage(config.in_channels, c0, Resample(nn.Conv1d(c0, c0, 3, stride=2, padding=1))),
                stage(c0, c1, nn.Conv1d(c1, c1, 3, padding=1)),
            ]
        )
        self.mid_blocks = nn.ModuleList(stage(c1, c1) for _ in range(config.mid_stages))
        self.up_blocks = nn.ModuleList(
            [
                stage(2 * c1, c0, Resample(nn.ConvTranspose1d(c0, c0, 4, stride=2, padding=1))),
                stage(2 * c0, c0, nn.Conv1d(c0, c0, 3, padding=1)),
            ]
        )
        self.final_block = Block1D(c0, c0)
        self.final_proj = nn.Conv1d(c0, config.out_channels, 1)

    def time(self, t: Tensor) -> Tensor:
        """(B,) -> (B, 4·c0)."""
        half = self.config.in_channels // 2
        rates = torch.exp(torch.arange(half).float() * -(math.log(10000.0) / (half - 1)))
        angles = 1000.0 * t[:, None] * rates  # (B, half)
        e = torch.cat([angles.sin(), angles.cos()], dim=1)
        return self.time_mlp.linear_2(F.silu(self.time_mlp.linear_1(e)))

    def forward(
        self, x: Tensor, mask: Tensor, mu: Tensor, time: Tensor, spk: Tensor, cond: Tensor
    ) -> Tensor:
        """x, mu, cond (B, 80, T); mask (B, 1, T); time (B, 4·c0) as `time` gives it; spk (B, 80)
        -> velocity (B, 80, T).

        The mask is upstream's: a constant added to the scores of allowed pairs, so that with
        padding the padded keys still count. For one utterance it is all ones and cancels.
        """
        frames = x.shape[2]
        x = torch.cat([x, mu, spk[:, :, None].expand(-1, -1, frames), cond], dim=1)  # (B, 320, T)

        half = mask[:, :, ::2]
        x = self.run(self.down_blocks[0], x, mask, time)
        skip0 = x
        x = self.down_blocks[0][2](x * mask)  # (B, C, ceil(T/2))
        x = self.run(self.down_blocks[1], x, half, time)
        skip1 = x
        x = self.down_blocks[1][2](x * half)

        for stage in self.mid_blocks:
            x = self.run(stage, x, half, time)

        x = torch.cat([x[:, :, : skip1.shape[2]], skip1], dim=1)
        x = self.run(self.up_blocks[0], x, half, time)
        x = self.up_blocks[0][2](x * half)  # (B, C, 2·ceil(T/2))
        x = torch.cat([x[:, :, :frames], skip0], dim=1)
        x = self.run(self.up_blocks[1], x, mask, time)
        x = self.up_blocks[1][2](x * mask)

        x = self.final_block(x, mask)
        return self.final_proj(x * mask) * mask

    @staticmethod
    def run(stage: nn.ModuleList, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        x = stage[0](x, mask, time)
        bias = mask.transpose(1, 2) * mask  # (B, T, T)
        x = x.transpose(1, 2)  # (B, T, C)
        for block in stage[1]:
            x = block(x, bias[:, None])
        return x.transpose(1, 2)
