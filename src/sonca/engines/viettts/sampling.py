"""Choosing the next speech token, for a whole batch at once.

Upstream's rule: draw from the nucleus; if the drawn token already stood in the last few, throw
it away and draw from everything; while the end may not come yet, throw it away and begin
again. Rows are independent and each has its own random generator, so what a sentence gets does
not depend on who shares the batch with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sonca.engines.viettts.arrays import Ids
from sonca.engines.viettts.config import SamplingConfig

Floats = npt.NDArray[np.floating]

MAX_REFUSALS = 64
"""How often an end that may not come is drawn again before it is excluded."""


def nucleus(logp: Floats, top_p: float, top_k: int) -> tuple[Ids, Floats]:
    """Returns the candidates of each row, best first.

    logp (B, V) -> ids (B, K) and probabilities (B, K); what is not a candidate is -1 and 0.
    A candidate is taken while the sum of those before it is under `top_p` or fewer than two
    are taken, and fewer than `top_k` are.
    """
    vocab = logp.shape[1]
    width = min(top_k, vocab)
    prob = _softmax(logp)
    ids = _best(prob, width)  # (B, K)
    best = np.take_along_axis(prob, ids, axis=1)
    before = np.cumsum(best, axis=1) - best
    taken = (before < top_p) | (np.arange(width) < 2)
    taken = np.logical_and.accumulate(taken, axis=1)
    return np.where(taken, ids, -1), np.where(taken, best, 0.0)


def repeats(chosen: Ids, recent: Ids, sampling: SamplingConfig) -> npt.NDArray[np.bool_]:
    """Returns whether the chosen token (B,) stands too often in the recent ones (B, window),
    where -1 is nothing."""
    count = (recent == chosen[:, None]).sum(axis=1)
    return np.asarray(count >= sampling.window * sampling.tau)


def draw(
    logp: Floats,
    recent: Ids,
    end_allowed: npt.NDArray[np.bool_],
    generators: Sequence[np.random.Generator],
    sampling: SamplingConfig,
) -> Ids:
    """Draws one token for each row; the last id of the vocabulary is the end.

    logp (B, V), recent (B, window) with -1 for nothing, end_allowed (B,) -> (B,).
    """
    end = logp.shape[1] - 1
    ids, prob = nucleus(logp, sampling.top_p, sampling.top_k)
    everything: Floats | None = None
    chosen = np.full(len(logp), end, np.int64)
    pending = np.arange(len(logp))
    for attempt in range(MAX_REFUSALS + 1):
        chosen[pending] = ids[pending, _pick(prob[pending], pending, generators)]
        again = pending[repeats(chosen[pending], recent[pending], sampling)]
        if len(again) or attempt == MAX_REFUSALS:
            everything = _softmax(logp) if everything is None else everything
            chosen[again] = _pick(everything[again], again, generators)
        pending = pending[(chosen[pending] == end) & ~end_allowed[pending]]
        if not len(pending):
            return chosen
    # The model insists on an end that it may not have: take the likeliest token but the end.
    chosen[pending] = logp[pending, :end].argmax(axis=1)
    return chosen


def _softmax(logp: Floats) -> Floats:
    exp = np.exp(logp.astype(np.float64) - logp.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def _best(prob: Floats, width: int) -> Ids:
    """Returns each row's `width` largest in descending order, the lower id first among equals."""
    vocab = prob.shape[1]
    if width >= vocab:
        return np.asarray(np.argsort(-prob, axis=1, kind="stable")[:, :width])
    # Partition cheaply, then settle ties at the border exactly: everything above the border,
    # and of those equal to it the lowest ids.
    border = np.partition(prob, vocab - width, axis=1)[:, vocab - width, None]
    out = np.empty((len(prob), width), np.int64)
    for row, values in enumerate(prob):
        at_least = np.flatnonzero(values >= border[row])
        out[row] = at_least[np.argsort(-values[at_least], kind="stable")][:width]
    return out


def _pick(prob: Floats, rows: Ids, generators: Sequence[np.random.Generator]) -> Ids:
    """Draws one column of each row of `prob`, with probability in proportion."""
    total = np.cumsum(prob, axis=1)
    point = np.array([generators[row].random() for row in rows]) * total[:, -1]
    return np.asarray(np.minimum((total <= point[:, None]).sum(axis=1), prob.shape[1] - 1))
