"""Silence after an utterance, in seconds, by what ends it.

The values follow read-aloud Vietnamese prose: a comma is a breath catch, a full stop about a
syllable and a half, a paragraph a breath, a heading long enough to be heard as one. Engines
scale them with speed; the last utterance of a text has none.
"""

from __future__ import annotations

END_OF_TEXT = 0.0
HARD_CUT = 0.0
"""Inside a run of letters that had to be cut: one word, no silence."""
BLANK_CUT = 0.05
COMMA_CUT = 0.15
CLAUSE = 0.25
"""After ``;`` or ``:``."""
SENTENCE = 0.35
QUESTION = 0.40
"""After ``?`` and ``!``."""
ELLIPSIS = 0.50
LINE = 0.45
"""A line end inside a paragraph or list."""
TURN = 0.50
"""Before the next speaker or back to the narrator."""
PARAGRAPH = 0.70
HEADING = 0.90
SCENE = 1.20
"""A separator line."""
CHAPTER = 1.50
"""After a chapter's heading."""
