"""What holds for the plan of any text."""

from __future__ import annotations

import re
import unicodedata

from sonca.text import Plan
from sonca.text.planning import MAX_SPOKEN


def check_plan(plan: Plan) -> None:
    """Spans cover all that is not blank and do not overlap; every word has a source."""
    text, at = plan.text, 0
    for start, end in sorted([u.span for u in plan] + [s.span for s in plan.skipped]):
        assert at <= start < end
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()
    for utterance in plan:
        start, end = utterance.span
        assert utterance.original == text[start:end]
        assert utterance.pause_s >= 0
        assert 0 < len(utterance.spoken) <= MAX_SPOKEN + 50
        assert unicodedata.is_normalized("NFC", utterance.spoken)
        assert utterance.spoken == utterance.spoken.lower()
        assert utterance.words
        last = 0
        for word in utterance.words:
            spoken = utterance.spoken[word.spoken[0] : word.spoken[1]]
            assert re.fullmatch(r"[^\W\d_]+", spoken), spoken
            assert word.spoken[0] >= last
            last = word.spoken[1]
            assert start <= word.source[0] < word.source[1] <= end


def words(plan: Plan) -> list[str]:
    """The spoken words in order."""
    return [u.spoken[w.spoken[0] : w.spoken[1]] for u in plan for w in u.words]
