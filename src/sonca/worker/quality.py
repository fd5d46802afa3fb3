"""Is this sound possible? A check of finished utterances, for engines that can go wrong.

Neural engines sometimes stop after a word, babble on, or fall silent. The limits are wide: they
catch what cannot be speech, not what is merely slow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonca.audio import AudioChunk
from sonca.utterance import Utterance

MIN_SYLLABLE_S = 0.05
"""The fastest speakers reach 8 to 10 syllables a second, 0.1 s each."""
MAX_SYLLABLE_S = 1.2
"""A drawn-out syllable at the end of a sentence, averaged over the sentence."""
SLACK_S = 1.5
"""What an engine may add before, after and between clauses."""
LONGEST_SYLLABLE = 8
"""Letters: "nghiêng" and a mark of punctuation."""
SILENT = 1e-3
"""RMS of an utterance below which nobody hears it, -60 dBFS."""


def find_problem(utterance: Utterance, speed: float, chunks: Sequence[AudioChunk]) -> str | None:
    """Returns what is wrong with the sound of an utterance: ``short``, ``long``, ``silent``, ``not
    finite``, or None."""
    normal_s = sum(chunk.duration_s for chunk in chunks) * speed
    if normal_s < utterance.syllables * MIN_SYLLABLE_S:
        return "short"
    # A word longer than any syllable is letters that get spelled.
    most = sum(len(w) if len(w) > LONGEST_SYLLABLE else 1 for w in utterance.spoken.split())
    if normal_s > most * MAX_SYLLABLE_S + SLACK_S:
        return "long"
    power = sum(float(np.dot(chunk.samples, chunk.samples)) for chunk in chunks)
    if not np.isfinite(power):
        return "not finite"
    count = sum(len(chunk.samples) for chunk in chunks)
    return "silent" if (power / max(count, 1)) ** 0.5 < SILENT else None
