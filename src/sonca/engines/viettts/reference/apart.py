"""The estimator with the prompt apart, in plain words: see `graphs.apart` for what it is for.

Every layer is applied twice: to the prompt alone, and to prompt and sentence together, of which
only the sentence's frames are kept. So the prompt never sees the sentence, and the sentence sees
the prompt as it is by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sonca.engines.viettts.reference.estimator import Block1D, Transformer, UNet

Pair = tuple[Tensor, Tensor]
"""Prompt and sentence, (B, C, P) and (B, C, T)."""


def _each(layer: Callable[[Tensor], Tensor], pair: Pair) -> Pair:
    """A layer that mixes frames."""
    prompt, sentence = pair
    alone, both = layer(prompt), layer(torch.cat([prompt, sentence], dim=2))
    return alone, both[:, :, alone.shape[2] :]


def _join(a: Pair, b: Pair) -> Pair:
    """Channels side by side; `a` may be a frame longer."""
    prompt, sentence = (torch.cat([x[:, :, : y.shape[2]], y], 1) for x, y in zip(a, b, strict=True))
    return prompt, sentence


def _block(block: Block1D, pair: Pair) -> Pair:
    conv, norm, act = block.block
    prompt, sentence = _each(norm, _each(conv, pair))
    return act(prompt), act(sentence)


def _transformer(block: Transformer, pair: Pair) -> Pair:
    def rows(x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        return block(x, torch.zeros(1, 1, x.shape[1], x.shape[1])).transpose(1, 2)

    return _each(rows, pair)


def _stage(stage: torch.nn.ModuleList, pair: Pair, time: Tensor) -> Pair:
    residual, blocks = stage[0], stage[1]
    added = residual.mlp(time)[:, :, None]
    prompt, sentence = _block(residual.block1, pair)
    h = _block(residual.block2, (prompt + added, sentence + added))
    prompt, sentence = (y + residual.res_conv(x) for x, y in zip(pair, h, strict=True))
    for block in blocks:
        prompt, sentence = _transformer(block, (prompt, sentence))
    return prompt, sentence


def estimate(unet: UNet, pair: Pair, time: Tensor) -> Pair:
    """Prompt (B, 320, P), P even, and sentence (B, 320, T), with the time embedded (B, 4·c0)
    -> velocities (B, 80, P) and (B, 80, T)."""
    pair = skip0 = _stage(unet.down_blocks[0], pair, time)
    pair = skip1 = _stage(unet.down_blocks[1], _each(unet.down_blocks[0][2], pair), time)
    pair = _each(unet.down_blocks[1][2], pair)
    for stage in unet.mid_blocks:
        pair = _stage(stage, pair, time)
    pair = _stage(unet.up_blocks[0], _join(pair, skip1), time)
    pair = _stage(unet.up_blocks[1], _join(_each(unet.up_blocks[0][2], pair), skip0), time)
    pair = _block(unet.final_block, _each(unet.up_blocks[1][2], pair))
    return unet.final_proj(pair[0]), unet.final_proj(pair[1])
