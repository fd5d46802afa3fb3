"""Turns text into utterances. Callers need `plan` and little else.

Vietnamese text, with all its numbers, abbreviations and foreign words, becomes utterances: what
is said, where each word stands in the source, and the silence after it. Tables and rules load
on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonca.text.planning import Plan, explain, plan, plan_iter
from sonca.text.reading import Reading, Token

if TYPE_CHECKING:
    from sonca.text.lexicon import Lexicon

__all__ = ["Lexicon", "Plan", "Reading", "Token", "explain", "plan", "plan_iter"]


def __getattr__(name: str) -> Any:
    """Loads `Lexicon` on first use."""
    if name == "Lexicon":
        from sonca.text.lexicon import Lexicon

        return Lexicon
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
