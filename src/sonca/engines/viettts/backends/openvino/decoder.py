"""The language model's running batch on a CPU.

Sentences come and go at any step, and their lengths differ. Each has a row of the cache, filled
from the first column on, whatever the others do: sums over the cache then always run in the same
order, and a sentence gets the same numbers to the last bit, whichever others there are. (With int8,
rounding would make large differences of small ones.) What lies behind a row's end is masked; where
a column's distance stands among the positions is looked up row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.backends.base import Decoder, VoicePrompt
from sonca.engines.viettts.backends.openvino.compiled import CompiledGraph
from sonca.engines.viettts.backends.openvino.graphs.stack import (
    BLOCKED,
    distances,
    relative_positions,
)
from sonca.engines.viettts.config import LLMConfig

GROW = 64
"""Columns by which the cache grows."""
ROWS = 32
"""Of a prompt that a layer is given at a time. Each layer keeps its intermediate results, and the
weights are read again for each block: few rows cost time, many cost memory."""


@dataclass(slots=True)
class _Row:
    key: int
    length: int
    """Columns that are filled."""


def _at_least_two(rows: Any) -> Any:
    """Doubles a single row: for one the runtime may sum in another order than for several."""
    if len(rows) > 1:
        return rows
    return rows * 2 if isinstance(rows, list) else np.repeat(rows, 2, axis=0)


def _in_blocks(graph: CompiledGraph, **inputs: Array) -> list[Array]:
    """Runs a graph on `ROWS` rows at a time."""
    count = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, count, ROWS):
        block = {name: value[start : start + ROWS] for name, value in inputs.items()}
        parts.append([output.copy() for output in graph(**block)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


class OpenVINODecoder(Decoder):
    """The batch's cache and the graphs around it; `graphs` and `tables` are those of `assemble`."""

    def __init__(
        self, config: LLMConfig, graphs: Mapping[str, CompiledGraph], tables: Mapping[str, Array]
    ) -> None:
        self.config, self.tables = config, tables
        self.speech = tables["llm.speech"]  # (vocab, in)
        self.position_bias = tables["llm.position_bias"]  # (layers, H, 1, dk): q + u to q + v
        self.text_encoder, self.project_positions = graphs["text_encoder"], graphs["positions"]
        self.layers = [graphs[f"llm_{index}"] for index in range(config.lm.blocks + 1)]
        self.attention = [graphs["attention"].clone() for _ in range(config.lm.blocks)]
        self.rows: list[_Row] = []
        self.room = (0, 0)
        """Rows and columns of the cache."""
        self.bound = 0
        """Rows that the attention looks at now."""
        self.keys: list[Array] = []  # layers × (B, H, E, dk)
        self.values: list[Array] = []
        self.positions = np.zeros((0, 0, 0, 0), np.float32)  # (layers, H, E, dk)

    # --- joining and leaving

    def start(self, key: int, text: Ids, voice: VoicePrompt, generated: Ids) -> Array:
        x = self._prompt(text, voice, generated)  # (P, in)
        self._make_room(len(self.rows) + 1, len(x))
        logits = self._prefill(x, len(self.rows))
        self.rows.append(_Row(key, len(x)))
        return logits

    def drop(self, key: int) -> None:
        index = next((i for i, row in enumerate(self.rows) if row.key == key), None)
        if index is None:
            return
        last = len(self.rows) - 1
        if index != last:
            columns = slice(0, self.rows[last].length)
            for cache in (*self.keys, *self.values):
                cache[index, :, columns] = cache[last, :, columns]
            self.rows[index] = self.rows[last]
        self.rows.pop()
        if not self.rows:
            self.keys, self.values, self.room = [], [], (0, 0)
            for attention in self.attention:  # no room is left: all is bound before the next step
                attention.unbind()

    def _prompt(self, text: Ids, voice: VoicePrompt, generated: Ids) -> Array:
        """Returns what the model continues: start, speaker, text, task, tokens so far: (P, in)."""
        t = self.tables
        embedded = np.asarray(t["llm.text"][text], np.float32)[None]
        width = self.config.text_encoder.width
        table = relative_positions(distances(len(text)), width)
        (encoded,) = self.text_encoder(x=embedded, table=table)
        vector = voice.vector / max(float(np.linalg.norm(voice.vector)), 1e-12)
        speaker = t["llm.speaker.weight"] @ vector + t["llm.speaker.bias"]
        start, task = np.split(t["llm.marks"], 2)  # (1, in) each
        return np.concatenate(
            [start, speaker[None], encoded[0], task, self.speech[generated]]
        ).astype(np.float32)

    def _prefill(self, x: Array, row: int) -> Array:
        """Runs a whole prompt and fills its row of the cache -> logits after its last position."""
        lm = self.config.lm
        length = len(x)
        r = np.arange(length)
        # From the cache's positions, which run from the largest distance to 0.
        positions = self.positions[:, :, ::-1][:, :, :length]  # (layers, H, P, dk)
        distance = np.clip(r[:, None] - r[None, :], 0, None)  # (P, P)
        hidden = np.where(r[None, :] > r[:, None], np.float32(BLOCKED), np.float32(0))
        h, qkv = _in_blocks(self.layers[0], x=x)
        for index in range(lm.blocks):
            split = qkv.reshape(length, 3, lm.heads, lm.head_size)
            q, k, v = split.transpose(1, 2, 0, 3)  # (H, P, dk) each
            self.keys[index][row, :, :length] = k
            self.values[index][row, :, :length] = v
            by_distance = (q + self.position_bias[index]) @ positions[index].mT
            scores = q @ k.mT + np.take_along_axis(by_distance, distance[None], 2) + hidden
            scores = np.exp(scores - scores.max(axis=2, keepdims=True))
            attended = (scores / scores.sum(axis=2, keepdims=True)) @ v  # (H, P, dk)
            attended = attended.transpose(1, 0, 2).reshape(length, lm.width)
            if index + 1 == lm.blocks:
                break
            h, qkv = _in_blocks(self.layers[index + 1], attended=attended, before=h)
        (logits,) = self.layers[-1](attended=attended[-1:], before=h[-1:])
        return np.array(logits[0])

    # --- one step of the batch

    def step(self, tokens: dict[int, int]) -> dict[int, Array]:
        """Feeds one token to each; all running sentences must be given one."""
        lengths = np.array([row.length for row in self.rows])
        batch, lm = len(self.rows), self.config.lm
        self._make_room(batch, int(lengths.max()) + 1)
        mask, columns = self._mask(lengths)
        every = np.arange(batch)
        ids = [tokens[row.key] for row in self.rows]
        h, qkv = self.layers[0](x=self.speech[_at_least_two(ids)])
        for index in range(lm.blocks):
            split = qkv[:batch].reshape(batch, 3, lm.heads, lm.head_size)
            q, k, v = split.transpose(1, 0, 2, 3)  # (B, H, dk) each
            self.keys[index][every, :, lengths] = k
            self.values[index][every, :, lengths] = v
            attention, layer = self.attention[index], self.layers[index + 1]
            query = np.ascontiguousarray(q[:, :, None])
            attention.bind(q=query, mask=mask, columns=columns)
            (attended,) = attention.run()
            layer.bind(attended=np.asarray(_at_least_two(attended)), before=h)
            if index + 1 < lm.blocks:
                h, qkv = layer.run()
            else:
                (logits,) = layer.run()
        for row in self.rows:
            row.length += 1
        return {row.key: np.array(logits[i]) for i, row in enumerate(self.rows)}

    def _mask(self, lengths: Ids) -> tuple[Array, npt.NDArray[np.int32]]:
        """Returns what each row may look at (B, 1, 1, E), and where each column's distance stands
        among the positions, which run from E - 1 down to 0 (B, E)."""
        width = self.room[1]
        ahead = np.arange(width) - lengths[:, None]  # (B, E); 0 is the newest column
        mask = np.where(ahead <= 0, np.float32(0), np.float32(BLOCKED))[:, None, None]
        columns = np.minimum(width - 1 + ahead, width - 1).astype(np.int32)
        return mask, columns

    # --- the cache's room

    def _make_room(self, rows: int, columns: int) -> None:
        """Makes room for so many rows and columns."""
        wide = max(self.room[1], -(-columns // GROW) * GROW)
        tall = max(self.room[0], rows)
        if (tall, wide) != self.room:
            self._resize(tall, wide)
            self.bound = 0
        if rows != self.bound:
            self._bind(rows)

    def _resize(self, tall: int, wide: int) -> None:
        lm = self.config.lm
        shape = (tall, lm.heads, wide, lm.head_size)
        for caches in (self.keys, self.values):
            old = list(caches)
            caches[:] = [np.zeros(shape, np.float32) for _ in range(lm.blocks)]
            for new, before in zip(caches, old, strict=False):
                new[: len(before), :, : before.shape[2]] = before
        if wide > self.positions.shape[2]:
            self._extend_positions(wide)
        self.room = (tall, wide)

    def _extend_positions(self, wide: int) -> None:
        lm = self.config.lm
        known = self.positions.shape[2]
        positions = np.empty((lm.blocks, lm.heads, wide, lm.head_size), np.float32)
        if known:
            positions[:, :, -known:] = self.positions
        for end in range(wide - known, 0, -ROWS):
            rows = np.arange(max(0, end - ROWS), end)
            table = relative_positions((wide - 1 - rows).astype(np.float32), lm.width)
            (positions[:, :, rows],) = self.project_positions(table=table)
        self.positions = positions

    def _bind(self, rows: int) -> None:
        # The table may be longer than the cache: of its distances the shortest are the last.
        positions = np.ascontiguousarray(self.positions[:, :, -self.room[1] :])
        for index, attention in enumerate(self.attention):
            attention.bind(
                keys=self.keys[index][:rows],
                values=self.values[index][:rows],
                positions=positions[index],
                bias=self.position_bias[index],
            )
        self.bound = rows
