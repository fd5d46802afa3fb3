"""The running batch: sentences that join and leave at any frame, in whatever company.

Each has its own random numbers and its own row of the cache. A prompt is read in pieces, one a
step, so that those who speak already are not kept waiting for a newcomer's long reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sonca.engines.vieneu.batch.backbone import rotations
from sonca.engines.vieneu.batch.cache import Cache
from sonca.engines.vieneu.batch.layers import BLOCKED
from sonca.engines.vieneu.batch.networks import Networks
from sonca.engines.vieneu.heads import Array, Codes, Heads
from sonca.engines.vieneu.model import Draws, Frame
from sonca.errors import EngineError

PIECE = 64
"""Rows of a prompt that are read in one step: as much work as some frames."""
POSITIONS = 4096
"""Rows of a prompt and frames after it that a sentence may have."""


@dataclass(slots=True, eq=False)
class _Row:
    key: int
    anchor: Array
    draws: Draws
    left: int
    """Frames that it may still have."""
    hidden: Array
    """(D,): of the last row, from which the next frame is drawn."""
    counts: npt.NDArray[np.uint8]
    """(codebooks, vocabulary): how often a code stands in the window."""
    history: list[Codes] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Reading:
    """A prompt that is being read."""

    row: _Row
    x: Array
    """(P, D)."""
    cache: Cache


class BatchDecoder:
    """Sentences over the two networks, `slots` at most."""

    def __init__(self, networks: Networks, heads: Heads, slots: int) -> None:
        self.heads, self.slots = heads, slots
        self.shape, self.sampling = networks.shape, networks.sampling
        self.precision = networks.precision
        self.backbone, self.frame = networks.backbone, networks.frame
        self.cos, self.sin = rotations(self.shape, POSITIONS)
        self.reading: list[_Reading] = []
        self.rows: list[_Row] = []
        self.cache = Cache(self.shape, self.precision, slots)

    # --- joining and leaving

    def start(self, key: int, prompt: Array, anchor: Array, draws: Draws, most: int) -> None:
        """Takes in a sentence with its prompt (1, P, hidden), for `most` frames at most."""
        if len(self.rows) + len(self.reading) >= self.slots:
            raise RuntimeError("no free slot")
        if prompt.shape[1] + most > POSITIONS:
            raise EngineError(
                f"a prompt of {prompt.shape[1]} rows with {most} frames; {POSITIONS} is the limit: "
                "split the text, or take a shorter recording"
            )
        shape = self.shape
        counts = np.zeros((shape.codes, shape.audio_vocab), np.uint8)
        row = _Row(key, anchor, draws, most, np.zeros(shape.width, np.float32), counts)
        cache = Cache(shape, self.precision, 1, prompt.shape[1])
        self.reading.append(_Reading(row, prompt[0], cache))

    def drop(self, key: int) -> None:
        """Lets a sentence go; unknown keys are ignored."""
        self.reading = [reading for reading in self.reading if reading.row.key != key]
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.cache.drop(index)
                last = self.rows.pop()
                if index < len(self.rows):
                    self.rows[index] = last
                return

    # --- one step

    def step(self) -> dict[int, Frame]:
        """Reads one piece of a prompt, if there is one, and makes a frame for every sentence
        whose prompt is read."""
        if self.reading:
            self._read_piece(self.reading[0])
        if not self.rows:
            return {}
        codes, ends = self._draw()
        made = {}
        for row, chosen, end in zip(list(self.rows), codes, ends, strict=True):
            row.left -= 1
            made[row.key] = Frame(chosen, last=bool(end) or not row.left)
            self._remember(row, chosen)
            if made[row.key].last:
                self.drop(row.key)
        if self.rows:
            self._go_on()
        return made

    def read(self) -> None:
        """Reads all prompts to their ends, without a frame."""
        while self.reading:
            self._read_piece(self.reading[0])

    def _read_piece(self, reading: _Reading) -> None:
        done = sum(reading.cache.lengths)
        reading.cache.lengths = [done]
        piece = reading.x[None, done : done + PIECE]
        hidden = self._run(reading.cache, piece, np.arange(done, done + piece.shape[1])[None])
        if done + piece.shape[1] == len(reading.x):
            reading.row.hidden = hidden[0, -1].copy()
            self.reading.remove(reading)
            self.cache.add(reading.cache)
            self.rows.append(reading.row)

    def _run(self, cache: Cache, x: Array, positions: Codes) -> Array:
        """Runs T more rows of each sentence through the language model: (B, T, D)."""
        count = x.shape[1]
        mask = cache.bind(self.backbone, count)
        hidden, new = self.backbone.run(
            x=x,
            cos=self.cos[positions][:, :, None],
            sin=self.sin[positions][:, :, None],
            mask=mask,
            causal=np.triu(np.full((count, count), BLOCKED, np.float32), 1),
        )
        cache.append(new)
        return np.asarray(hidden)

    def _draw(self) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """Draws a frame for each row -> codes (B, codebooks), and whether it is the end (B,)."""
        codes, ends, _ = self.frame.run(
            hidden=np.stack([row.hidden for row in self.rows]),
            draws=np.stack([row.draws() for row in self.rows]).astype(np.float32),
            recent=np.stack([row.counts for row in self.rows]),
        )
        return codes.astype(np.int64), ends == self.shape.speech_end

    def _remember(self, row: _Row, codes: Codes) -> None:
        each = np.arange(len(codes))
        row.history.append(codes)
        row.counts[each, codes] += 1
        if len(row.history) > self.sampling.window:
            row.counts[each, row.history.pop(0)] -= 1

    def _go_on(self) -> None:
        """Reads the frame just made, for every row."""
        frames = [self.heads.frame(row.history[-1], row.anchor) for row in self.rows]
        positions = np.array(self.cache.lengths)[:, None]
        hidden = self._run(self.cache, np.concatenate(frames), positions)
        for row, value in zip(self.rows, hidden[:, 0], strict=True):
            row.hidden = value.copy()
