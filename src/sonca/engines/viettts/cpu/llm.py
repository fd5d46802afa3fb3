"""The language model's running batch on a CPU.

Sentences come and go at any step, and their lengths differ. All of them write their newest key
and value into the same column of the cache, so that the distance of a column from now is the
same for the whole batch and one table of positions serves all; a sentence that joins has its
prompt laid out to end just before that column, and a mask hides what lies before its start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonca.engines.viettts.backend import Array, Decoder, Ids, Voice
from sonca.engines.viettts.config import LLM
from sonca.engines.viettts.cpu.compiled import Compiled
from sonca.engines.viettts.graphs.stack import BLOCKED, distances, relative_positions

GROW = 128
"""Columns by which the cache grows."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Small weights of the language model that are looked up or applied outside the graphs."""

    text: Array
    """(text vocab, 512); may lie in a mapped file."""
    speech: Array
    """(speech vocab, 1024)."""
    marks: Array
    """(2, 1024): start of sequence, task."""
    speaker_weight: Array
    speaker_bias: Array
    position_bias: Array
    """(layers, H, 1, dk): from q + u to q + v, scaled."""


@dataclass(slots=True)
class _Row:
    key: int
    start: int
    """The first column that belongs to the sentence."""


class CpuDecoder(Decoder):
    def __init__(
        self,
        config: LLM,
        tables: Tables,
        text_encoder: Compiled,
        layers: list[Compiled],
        attention: Compiled,
        positions: Compiled,
    ) -> None:
        self.config, self.tables = config, tables
        self.text_encoder, self.layers = text_encoder, layers
        self.attention = [attention.another() for _ in range(config.lm.blocks)]
        self.project_positions = positions
        self.rows: list[_Row] = []
        self.now = 0
        """The column that the next tokens go to."""
        self.room = (0, 0)
        """Rows and columns of the cache."""
        self.keys: list[Array] = []  # layers × (B, H, E, dk)
        self.values: list[Array] = []
        self.positions = np.zeros((0, 0, 0, 0), np.float32)  # (layers, H, E, dk)

    # --- joining and leaving

    def start(self, key: int, text: Ids, voice: Voice, said: Ids) -> Array:
        x = self._prompt(text, voice, said)  # (P, in)
        length = len(x)
        if not self.rows:
            self.now = 0
        if self.now < length:
            self._shift(length - self.now)
        self._make_room(len(self.rows) + 1, self.now)
        logits = self._prefill(x, len(self.rows))
        self.rows.append(_Row(key, self.now - length))
        return logits

    def drop(self, key: int) -> None:
        index = next((i for i, row in enumerate(self.rows) if row.key == key), None)
        if index is None:
            return
        last = len(self.rows) - 1
        if index != last:
            span = slice(self.rows[last].start, self.now)
            for cache in (*self.keys, *self.values):
                cache[index, :, span] = cache[last, :, span]
            self.rows[index] = self.rows[last]
        self.rows.pop()
        if not self.rows:
            self.now = 0

    def _prompt(self, text: Ids, voice: Voice, said: Ids) -> Array:
        """What the model continues: start, speaker, text, task, tokens said: (P, in)."""
        t = self.tables
        embedded = np.asarray(t.text[text], np.float32)[None]
        width = self.config.text_encoder.width
        table = relative_positions(distances(len(text)), width)
        (encoded,) = self.text_encoder(x=embedded, table=table)
        vector = voice.vector / max(float(np.linalg.norm(voice.vector)), 1e-12)
        speaker = t.speaker_weight @ vector + t.speaker_bias
        return np.concatenate(
            [t.marks[:1], speaker[None], encoded[0], t.marks[1:], t.speech[said]]
        ).astype(np.float32)

    def _prefill(self, x: Array, row: int) -> Array:
        """Run a whole prompt, fill its row of the cache -> logits after its last position."""
        lm = self.config.lm
        length = len(x)
        r = np.arange(length)
        table = relative_positions(r.astype(np.float32), lm.width)
        (positions,) = self.project_positions(table=table)  # (layers, H, P, dk)
        positions = positions.copy()
        distance = np.clip(r[:, None] - r[None, :], 0, None)  # (P, P)
        hidden = np.where(r[None, :] > r[:, None], np.float32(BLOCKED), np.float32(0))
        columns = slice(self.now - length, self.now)
        h, qkv = self.layers[0](x=x)
        for index in range(lm.blocks):
            split = qkv.reshape(length, 3, lm.heads, lm.head_size)
            q, k, v = split.transpose(1, 2, 0, 3)  # (H, P, dk) each
            self.keys[index][row, :, columns] = k
            self.values[index][row, :, columns] = v
            by_distance = (q + self.tables.position_bias[index]) @ positions[index].mT
            scores = q @ k.mT + np.take_along_axis(by_distance, distance[None], 2) + hidden
            scores = np.exp(scores - scores.max(axis=2, keepdims=True))
            attended = (scores / scores.sum(axis=2, keepdims=True)) @ v  # (H, P, dk)
            attended = attended.transpose(1, 0, 2).reshape(length, lm.width)
            if index + 1 == lm.blocks:
                break
            h, qkv = self.layers[index + 1](attended=attended, before=h.copy())
        (logits,) = self.layers[-1](attended=attended[-1:], before=h[-1:].copy())
        return np.array(logits[0])

    # --- one step of the batch

    def step(self, tokens: dict[int, int]) -> dict[int, Array]:
        """All running sentences must be given a token."""
        self._make_room(len(self.rows), self.now + 1)
        batch, lm = len(self.rows), self.config.lm
        mask, columns = self._mask(batch)
        ids = [tokens[row.key] for row in self.rows]
        h, qkv = self.layers[0](x=self.tables.speech[ids])
        for index in range(lm.blocks):
            q, k, v = qkv.reshape(batch, 3, lm.heads, lm.head_size).transpose(1, 0, 2, 3)
            self.keys[index][:batch, :, self.now] = k
            self.values[index][:batch, :, self.now] = v
            attention, layer = self.attention[index], self.layers[index + 1]
            query = np.ascontiguousarray(q[:, :, None])
            attention.bind(q=query, mask=mask, columns=columns)
            (attended,) = attention.run()
            before, current = h, layer
            current.bind(attended=attended, before=before)
            if index + 1 < lm.blocks:
                h, qkv = current.run()
            else:
                (logits,) = current.run()
        self.now += 1
        return {row.key: np.array(logits[i]) for i, row in enumerate(self.rows)}

    def _mask(self, batch: int) -> tuple[Array, np.ndarray]:
        """What each row may look at (B, 1, 1, E), and where each column's distance stands
        among the positions, which run from E - 1 down to 0 (E,)."""
        width = self.room[1]
        at = np.arange(width)
        starts = np.array([row.start for row in self.rows[:batch]])[:, None]
        seen = (at >= starts) & (at <= self.now)  # (B, E)
        mask = np.where(seen, np.float32(0), np.float32(BLOCKED))[:, None, None]
        columns = np.minimum(width - 1 - self.now + at, width - 1).astype(np.int32)
        return np.ascontiguousarray(mask), columns

    # --- the cache's room

    def _make_room(self, rows: int, columns: int) -> None:
        """Room for so many rows and columns; what every sentence has left behind is given up
        before the cache is made larger."""
        if columns > self.room[1] and self.rows:
            unused = min(row.start for row in self.rows)
            if unused >= GROW:
                self._shift(-unused)
                columns -= unused
        wide = max(self.room[1], -(-columns // GROW) * GROW)
        tall = max(self.room[0], rows)
        if (tall, wide) != self.room:
            self._resize(tall, wide)
        self._bind(rows)

    def _resize(self, tall: int, wide: int) -> None:
        lm = self.config.lm
        shape = (tall, lm.heads, wide, lm.head_size)
        for caches in (self.keys, self.values):
            old = list(caches)
            caches[:] = [np.zeros(shape, np.float32) for _ in range(lm.blocks)]
            for new, before in zip(caches, old, strict=False):
                new[: len(before), :, : before.shape[2]] = before
        if wide != self.room[1]:
            table = relative_positions(np.arange(wide - 1, -1, -1, dtype=np.float32), lm.width)
            (positions,) = self.project_positions(table=table)
            self.positions = positions.copy()
        self.room = (tall, wide)

    def _bind(self, rows: int) -> None:
        for index, attention in enumerate(self.attention):
            attention.bind(
                keys=self.keys[index][:rows],
                values=self.values[index][:rows],
                positions=self.positions[index],
                bias=self.tables.position_bias[index],
            )

    def _shift(self, by: int) -> None:
        """Move every sentence `by` columns to the right (to the left if negative)."""
        self.now += by
        if not self.rows:
            return
        first = min(row.start for row in self.rows)
        last = self.now - by
        if by > 0:
            self._make_room(len(self.rows), self.now)
        for cache in (*self.keys, *self.values):
            cache[:, :, first + by : last + by] = cache[:, :, first:last].copy()
        for row in self.rows:
            row.start += by
