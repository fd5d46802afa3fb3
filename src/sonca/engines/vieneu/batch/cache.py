"""The keys and values of a batch: a row for each sentence, filled from its first column on.

What lies behind a row's end is masked, so sums always run over the same columns in the same
order: a sentence gets the same numbers to the last bit, whichever others there are.
"""

from __future__ import annotations

import numpy as np

from sonca.engines.vieneu.batch.compiled import Network, Stored
from sonca.engines.vieneu.batch.layers import BLOCKED, Precision
from sonca.engines.vieneu.batch.shape import Array, Shape

GROW = 128
"""Columns by which the cache grows; a multiple of what the processor adds at once."""


class Cache:
    """Rows in use are the first `len(lengths)`."""

    def __init__(self, shape: Shape, precision: Precision, rows: int, columns: int = GROW) -> None:
        self.shape, self.bf16 = shape, precision == "bf16"
        self.lengths: list[int] = []
        """Columns that are filled, of each row in use."""
        self.store = self._room(rows, columns)  # (layers, 2, rows, G, E, S)

    def _room(self, rows: int, columns: int) -> Stored:
        s = self.shape
        size = (s.layers, 2, rows, s.kv_heads, _in_steps(columns), s.head_size)
        return np.zeros(size, np.uint16 if self.bf16 else np.float32)

    def add(self, filled: Cache) -> None:
        """Takes over the only row of another cache."""
        row, length = len(self.lengths), filled.lengths[0]
        self._widen(length + 1)
        self.store[:, :, row, :, :length] = filled.store[:, :, 0, :, :length]
        self.lengths.append(length)

    def drop(self, row: int) -> None:
        """Frees a row; the last one takes its place."""
        length = self.lengths.pop()
        last = len(self.lengths)
        if row != last:
            self.store[:, :, row, :, :length] = self.store[:, :, last, :, :length]
            self.lengths[row] = length
        if not self.lengths and self.store.shape[4] > GROW:
            self.store = self._room(self.store.shape[2], GROW)

    def append(self, new: Stored) -> None:
        """Adds T columns to each row in use: (2·layers, B, T, G, S)."""
        rows, count = new.shape[1], new.shape[2]
        new = new.reshape(self.shape.layers, 2, *new.shape[1:])
        for row in range(rows):
            start = self.lengths[row]
            self.store[:, :, row, :, start : start + count] = new[:, :, row].swapaxes(2, 3)
            self.lengths[row] = start + count

    def bind(self, network: Network, new: int) -> Array:
        """Gives the rows in use to the network, with room for `new` columns more; returns the
        mask (B, 1, 1, E)."""
        rows = len(self.lengths)
        self._widen(max(self.lengths) + new)
        columns = self.store.shape[4]
        if network.cached is not self.store or network.cached_rows != rows:
            for layer in range(self.shape.layers):
                for part, name in enumerate(("keys", "values")):
                    network.bind(f"{name}_{layer}", self.store[layer, part, :rows], self.bf16)
            network.cached, network.cached_rows = self.store, rows
        ahead = np.arange(columns) >= np.array(self.lengths)[:, None]
        return np.where(ahead, np.float32(BLOCKED), np.float32(0))[:, None, None]

    def _widen(self, columns: int) -> None:
        old = self.store
        if columns > old.shape[4]:
            self.store = self._room(old.shape[2], columns)
            self.store[:, :, :, :, : old.shape[4]] = old


def _in_steps(columns: int) -> int:
    return -(-columns // GROW) * GROW
