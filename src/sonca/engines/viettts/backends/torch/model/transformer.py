"""Attention blocks with relative positions: the text encoder, the language model and the
flow's encoder are all stacks of these, and differ in names, activation and mask only."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from sonca.engines.viettts.config import EncoderConfig


def relative_positions(distances: Tensor, width: int) -> Tensor:
    """Returns sinusoids of the distances query - key, which may be negative: (R,) -> (R, width)."""
    k = torch.arange(0, width, 2, dtype=torch.float32)
    rates = torch.exp(k * -(math.log(10000.0) / width))  # (width/2,)
    angles = distances.float().unsqueeze(1) * rates  # (R, width/2)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)  # (R, width)


class RelativeAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(heads, self.size))
        self.pos_bias_v = nn.Parameter(torch.empty(heads, self.size))

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, self.size)).transpose(-3, -2)  # (..., H, T, dk)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (B, T, D); mask (T, T), True where query (row) may look at key (column)."""
        frames = x.shape[1]
        q, k, v = (self.split(p(x)) for p in (self.linear_q, self.linear_k, self.linear_v))
        distances = torch.arange(-(frames - 1), frames)  # (2T-1,)
        p = self.split(self.linear_pos(relative_positions(distances, x.shape[2])))  # (H, 2T-1, dk)

        content = (q + self.pos_bias_u[:, None]) @ k.transpose(-1, -2)  # (B, H, T, T)
        by_distance = (q + self.pos_bias_v[:, None]) @ p.transpose(-1, -2)  # (B, H, T, 2T-1)
        i = torch.arange(frames)
        column = (i[:, None] - i[None, :] + frames - 1).expand(*content.shape)  # (B, H, T, T)
        position = by_distance.gather(-1, column)  # (B, H, T, T)

        scores = (content + position) / math.sqrt(self.size)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
        return self.linear_out((weights @ v).transpose(1, 2).flatten(2))  # (B, T, D)


class FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int, activation: nn.Module) -> None:
        super().__init__()
        self.w_1 = nn.Linear(width, hidden)
        self.w_2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(self.activation(self.w_1(x)))


class Block(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.self_attn = RelativeAttention(config.width, config.heads)
        activation = nn.SiLU() if config.conformer else nn.ReLU()
        self.feed_forward = FeedForward(config.width, config.ffn, activation)
        self.before_attention, self.before_ffn = config.norm_names
        self.add_module(self.before_attention, nn.LayerNorm(config.width))
        self.add_module(self.before_ffn, nn.LayerNorm(config.width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.get_submodule(self.before_attention)(x), mask)
        return x + self.feed_forward(self.get_submodule(self.before_ffn)(x))


class Stack(nn.Module):
    """Input layer, blocks, final norm: (B, T, in) -> (B, T, width)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Module()
        self.embed.out = nn.Sequential(
            nn.Linear(config.input_size, config.width), nn.LayerNorm(config.width)
        )
        self.encoders = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.after_norm = nn.LayerNorm(config.width)

    def embedded(self, x: Tensor) -> Tensor:
        x = self.embed.out(x)
        if self.config.legacy_input:
            x = F.relu(x)
        return x * math.sqrt(self.config.width)

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device)
        if self.config.causal:
            mask = mask.tril()
        x = self.embedded(x)
        for block in self.encoders:
            x = block(x, mask)
        return self.after_norm(x)
