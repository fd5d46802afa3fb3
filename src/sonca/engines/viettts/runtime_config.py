"""How the engine works, and within which limits: what a session is told once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonca.engines.viettts.pieces import Cuts


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sentence may be spoken, and what is done when it does not end."""

    min_s: float = 0.08
    """For each syllable; before that the end is refused."""
    max_s: float = 0.8
    """For each syllable, and a second over."""
    attempts: int = 3
    """How often a run that does not end is made again, with other random numbers."""
    forced_tokens: int | None = None
    """Exactly so many tokens, whatever the model says: for measurements."""

    def tokens(self, syllables: int, rate_hz: float) -> tuple[int, int]:
        if self.forced_tokens is not None:
            return self.forced_tokens, self.forced_tokens
        least = int(self.min_s * syllables * rate_hz)
        return least, int((self.max_s * syllables + 1.0) * rate_hz)


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """How the engine works, the same for all sentences."""

    slots: int = 8
    """How many sentences work at once."""
    cuts: Cuts = field(default_factory=Cuts)
    limits: Limits = field(default_factory=Limits)
