"""The global decoder of ZeroTTS and what it remembers of the sentences in work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonca.engines.zerotts.model import Bools, Float, Ints, ZeroModel


class Prefix:
    """The global decoder and what it remembers of the sentences in work, a row each.

    Rows are of different age: memory is aligned at its end, so that all rows grow together, and
    what a younger row has not is marked as not valid.
    """

    def __init__(self, model: ZeroModel) -> None:
        self._model, config = model, model.config
        self._nothing: Float = np.zeros(
            (config.layers, 2, 1, config.heads, 0, config.head), np.float32
        )
        self._memory: Float = self._nothing[:, :, :0]
        self._valid: Bools = np.zeros((0, 0), np.bool_)
        self._text: Float = self._memory
        self._text_valid: Bools = np.zeros((0, 0), np.bool_)
        self._at: Ints = np.zeros(0, np.int64)
        """The position that each row's next frame has."""

    def __len__(self) -> int:
        return len(self._at)

    def join(self, ids: Ints, voice: Float) -> Float:
        """Begins a sentence of text ids (L,) in a voice (1, rows, width), as the last row. Returns
        the hidden state (width,) of its first frame."""
        text_valid, begin, text = self._model.read(ids)
        count = voice.shape[1] + 1
        both = np.ones((1, count), np.bool_)
        both[0, -1] = False
        hidden, memory, valid = self._model.prefix_step.run(
            {
                "external_embed": np.concatenate([voice, begin], axis=1),
                "use_external_embed": np.ones((1, count), np.bool_),
                "frame_codes": np.zeros((1, count, self._model.config.codebooks), np.int64),
                "new_pos": np.arange(count, dtype=np.int64)[None],
                "new_valid": np.ones((1, count), np.bool_),
                "packed_kv": self._nothing,
                "past_valid": np.zeros((1, 0), np.bool_),
                "cross_kv": text,
                "new_bidirectional": both,
                "text_valid": text_valid,
            }
        )
        self._memory = _stacked(self._memory, memory, axis=4, at_end=True)
        self._valid = _stacked_valid(self._valid, valid, at_end=True)
        self._text = _stacked(self._text, text, axis=4, at_end=False)
        self._text_valid = _stacked_valid(self._text_valid, text_valid, at_end=False)
        self._at = np.append(self._at, count)
        return np.asarray(hidden[0, -1])

    def leave(self, rows: Sequence[int]) -> None:
        """Forgets some rows; those after them move up."""
        if not rows:
            return
        kept = np.setdiff1d(np.arange(len(self)), rows)
        self._at = self._at[kept]
        self._valid, self._text_valid = self._valid[kept], self._text_valid[kept]
        first = int(np.argmax(self._valid.any(axis=0))) if len(kept) else self._valid.shape[1]
        texts = int(self._text_valid.sum(axis=1).max()) if len(kept) else 0
        self._valid, self._text_valid = self._valid[:, first:], self._text_valid[:, :texts]
        self._memory = np.ascontiguousarray(self._memory[:, :, kept][..., first:, :])
        self._text = np.ascontiguousarray(self._text[:, :, kept][..., :texts, :])

    def step(self, codes: Ints) -> Float:
        """Takes each row's last frame, (rows, 16). Returns the hidden states (rows, width) of the
        next ones."""
        count = len(self)
        config = self._model.config
        hidden, self._memory, self._valid = self._model.prefix_step.run(
            {
                "external_embed": np.zeros((count, 1, config.width), np.float32),
                "use_external_embed": np.zeros((count, 1), np.bool_),
                "frame_codes": np.ascontiguousarray(codes[:, None], np.int64),
                "new_pos": self._at[:, None],
                "new_valid": np.ones((count, 1), np.bool_),
                "packed_kv": self._memory,
                "past_valid": np.ascontiguousarray(self._valid),
                "cross_kv": self._text,
                "new_bidirectional": np.zeros((count, 1), np.bool_),
                "text_valid": np.ascontiguousarray(self._text_valid),
            }
        )
        self._at = self._at + 1
        return np.asarray(hidden[:, -1])


def _stacked(all_rows: Float, row: Float, *, axis: int, at_end: bool) -> Float:
    """Puts a row under others (axis 2); the shorter along `axis` is filled with zeros."""
    if all_rows.shape[2] == 0:
        return row
    length = max(all_rows.shape[axis], row.shape[axis])

    def filled(part: Float) -> Float:
        missing = [(0, 0)] * part.ndim
        lacking = length - part.shape[axis]
        missing[axis] = (lacking, 0) if at_end else (0, lacking)
        return np.pad(part, missing) if lacking else part

    return np.concatenate([filled(all_rows), filled(row)], axis=2)


def _stacked_valid(all_rows: Bools, row: Bools, *, at_end: bool) -> Bools:
    length = max(all_rows.shape[1], row.shape[1])
    out = np.zeros((len(all_rows) + 1, length), np.bool_)
    for part, place in ((all_rows, slice(0, -1)), (row, slice(-1, None))):
        width = part.shape[1]
        out[place, length - width if at_end else 0 : length if at_end else width] = part
    return out
