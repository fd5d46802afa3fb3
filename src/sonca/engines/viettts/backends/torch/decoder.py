"""The language model's running batch with a static cache.

Every slot has its row for good and the cache its size, so that a step has the same shapes each
time and can be captured once and replayed as a CUDA graph; rows without a sentence compute along,
unused. All sentences write into one column at a time, which keeps the captured step
simple: a sentence that joins is laid out to end just before that column, and a mask hides what
lies before its start.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.backends.base import Decoder, VoicePrompt
from sonca.engines.viettts.backends.torch.model.llm import LanguageModel
from sonca.engines.viettts.backends.torch.model.transformer import Block, relative_positions
from sonca.errors import EngineError

BLOCKED = -1e9
GROW = 512
"""Columns by which the cache grows; each growth captures the graph again."""


class TorchDecoder(Decoder):
    """The static cache and the captured step. `model` is the plain one in float32 (the text is read
    with it); `dtype` is what the blocks compute in."""

    def __init__(
        self, model: LanguageModel, device: torch.device, dtype: torch.dtype, slots: int
    ) -> None:
        self.model, self.device, self.dtype, self.slots = model, device, dtype, slots
        self.lm = model.config.lm
        self.layers = [_Layer(block, dtype) for block in model.llm.encoders]
        self.capture = device.type == "cuda"
        self.rows: dict[int, int] = {}
        """Sentence to slot."""
        self.starts = [0] * slots
        self.now = 0
        self.columns = 0
        self.ids = torch.zeros(slots, dtype=torch.long, device=device)
        self.at = torch.zeros((), dtype=torch.long, device=device)
        self.start_of = torch.zeros(slots, dtype=torch.long, device=device)
        self.replay: Callable[[], Tensor] | None = None
        self.keys: Tensor  # (layers, slots, H, E, dk)
        self.values: Tensor
        self._resize(GROW)

    # --- joining and leaving

    @torch.inference_mode()
    def start(self, key: int, text: Ids, voice: VoicePrompt, generated: Ids) -> Array:
        free = set(range(self.slots)) - set(self.rows.values())
        if not free:
            raise EngineError(f"all {self.slots} slots of the language model are in use")
        with torch.device(self.device):
            x = self.model.prompt(
                torch.as_tensor(text)[None].to(self.device),
                torch.as_tensor(voice.vector)[None].to(self.device),
                torch.as_tensor(generated)[None].to(self.device),
            )
        length = x.shape[1]
        if not self.rows:
            self.now = 0
        if self.now < length:
            self._shift(length - self.now)
        self._room(self.now)
        slot = min(free)
        logits = self._prefill(x, slot)
        self.rows[key], self.starts[slot] = slot, self.now - length
        return np.asarray(logits.float().cpu().numpy())

    def drop(self, key: int) -> None:
        self.rows.pop(key, None)

    def _prefill(self, x: Tensor, slot: int) -> Tensor:
        """Runs a whole prompt: x (1, P, in) -> logits (vocab + 1,)."""
        length = x.shape[1]
        columns = slice(self.now - length, self.now)
        r = torch.arange(length, device=self.device)
        with torch.device(self.device):
            table = relative_positions(r, self.lm.width).to(self.dtype)
        distance = (r[:, None] - r[None, :]).clamp(min=0)  # (P, P)
        mask = torch.where(r[None, :] > r[:, None], BLOCKED, 0.0).to(self.dtype)
        h = self.model.llm.embedded(x).to(self.dtype)
        for index, layer in enumerate(self.layers):
            q, k, v = layer.qkv(h)  # (1, H, P, dk) each
            self.keys[index][slot, :, columns] = k[0]
            self.values[index][slot, :, columns] = v[0]
            by_distance = (q + layer.bias) @ layer.positions(table).mT  # (1, H, P, P)
            bias = by_distance.gather(3, distance.expand_as(by_distance)) + mask
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
            h = layer.after(h, attended)
        return self._logits(h[:, -1])[0]

    def _logits(self, h: Tensor) -> Tensor:
        """Projects (B, D) -> (B, vocab + 1), in float32: sampling looks at small differences."""
        return self.model.llm_decoder(self.model.llm.after_norm(h.float()))

    # --- one step of the batch

    @torch.inference_mode()
    def step(self, tokens: dict[int, int]) -> dict[int, Array]:
        self._room(self.now + 1)
        ids = [0] * self.slots
        # A row without a sentence looks at the newest column only.
        starts = [self.now] * self.slots
        for key, slot in self.rows.items():
            ids[slot], starts[slot] = tokens[key], self.starts[slot]
        self.ids.copy_(torch.tensor(ids))
        self.start_of.copy_(torch.tensor(starts))
        self.at.fill_(self.now)
        if self.replay is None:
            self.replay = self._captured() if self.capture else self._step
        logits = self.replay().cpu().numpy()
        self.now += 1
        return {key: np.array(logits[slot]) for key, slot in self.rows.items()}

    def _step(self) -> Tensor:
        """Computes logits (slots, vocab + 1) from the static inputs."""
        column = torch.arange(self.columns, device=self.device)
        seen = (column >= self.start_of[:, None]) & (column <= self.at)  # (B, E)
        mask = torch.where(seen, 0.0, BLOCKED).to(self.dtype)[:, None, None]
        distance = (self.columns - 1 - self.at + column).clamp(max=self.columns - 1)
        x = self.model.speech_embedding(self.ids)[:, None]  # (B, 1, in)
        h = self.model.llm.embedded(x).to(self.dtype)
        for index, layer in enumerate(self.layers):
            q, k, v = layer.qkv(h)  # (B, H, 1, dk) each
            keys, values = self.keys[index], self.values[index]
            keys.index_copy_(2, self.at[None], k)
            values.index_copy_(2, self.at[None], v)
            by_distance = (q + layer.bias) @ self.table[index].mT  # (B, H, 1, E)
            bias = by_distance.index_select(3, distance) + mask
            attended = F.scaled_dot_product_attention(q, keys, values, attn_mask=bias, scale=1.0)
            h = layer.after(h, attended)
        return self._logits(h[:, 0])

    def _captured(self) -> Callable[[], Tensor]:
        """Captures the step as a CUDA graph: one launch instead of several hundred."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._step()  # libraries set themselves up, which cannot be captured
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            out = self._step()

        def replay() -> Tensor:
            graph.replay()
            return out

        return replay

    # --- the cache's room

    def _room(self, columns: int) -> None:
        if columns <= self.columns:
            return
        unused = min((self.starts[slot] for slot in self.rows.values()), default=0)
        if unused >= GROW // 2:
            self._shift(-unused)
        else:
            self._resize(-(-columns // GROW) * GROW)

    def _resize(self, columns: int) -> None:
        lm = self.lm
        shape = (lm.blocks, self.slots, lm.heads, columns, lm.head_size)
        old = (self.keys, self.values) if self.columns else ()
        self.keys = torch.zeros(shape, dtype=self.dtype, device=self.device)
        self.values = torch.zeros_like(self.keys)
        for new, before in zip((self.keys, self.values), old, strict=False):
            new[:, :, :, : self.columns] = before
        self.columns = columns
        with torch.device(self.device):
            rows = relative_positions(torch.arange(columns - 1, -1, -1), lm.width).to(self.dtype)
        self.table = torch.stack([layer.positions(rows) for layer in self.layers])
        self.replay = None

    def _shift(self, by: int) -> None:
        """Moves every sentence `by` columns to the right (to the left if negative)."""
        first = min((self.starts[slot] for slot in self.rows.values()), default=self.now)
        last = self.now
        self.now += by
        if self.now > self.columns:
            self._resize(-(-self.now // GROW) * GROW)
        for cache in (self.keys, self.values):
            cache[:, :, :, first + by : last + by] = cache[:, :, :, first:last].clone()
        self.starts = [start + by for start in self.starts]


class _Layer:
    """A block with its projections fused and its scale folded in."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        a = block.self_attn
        self.heads, self.size, self.dtype = a.heads, a.size, dtype
        scale = 1 / math.sqrt(a.size)
        weight = torch.cat([a.linear_q.weight * scale, a.linear_k.weight, a.linear_v.weight])
        query = (a.linear_q.bias + a.pos_bias_u.flatten()) * scale
        self.weight = weight.to(dtype)
        self.offset = torch.cat([query, a.linear_k.bias, a.linear_v.bias]).to(dtype)
        self.bias = ((a.pos_bias_v - a.pos_bias_u)[:, None] * scale).to(dtype)  # (H, 1, dk)
        self.position = a.linear_pos.weight.to(dtype)
        self.out = [p.to(dtype) for p in (a.linear_out.weight, a.linear_out.bias)]
        ff = block.feed_forward
        self.up = [p.to(dtype) for p in (ff.w_1.weight, ff.w_1.bias)]
        self.down = [p.to(dtype) for p in (ff.w_2.weight, ff.w_2.bias)]
        self.activation = ff.activation
        self.before_attention = block.get_submodule(block.before_attention)
        self.before_ffn = block.get_submodule(block.before_ffn)

    def norm(self, norm: torch.nn.Module, h: Tensor) -> Tensor:
        return norm(h.float()).to(self.dtype)

    def qkv(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) -> three (B, H, T, dk)."""
        x = F.linear(self.norm(self.before_attention, h), self.weight, self.offset)
        q, k, v = x.unflatten(2, (3, self.heads, self.size)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def positions(self, table: Tensor) -> Tensor:
        """(R, D) -> (H, R, dk)."""
        return F.linear(table, self.position).unflatten(1, (self.heads, self.size)).transpose(0, 1)

    def after(self, h: Tensor, attended: Tensor) -> Tensor:
        """h (B, T, D), attended (B, H, T, dk) -> (B, T, D)."""
        h = h + F.linear(attended.transpose(1, 2).flatten(2), *self.out)
        x = self.activation(F.linear(self.norm(self.before_ffn, h), *self.up))
        return h + F.linear(x, *self.down)
