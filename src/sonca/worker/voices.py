"""The states of the voices that an engine speaks in."""

from __future__ import annotations

from sonca.engines.base import Engine, Reference, VoiceState

_KEPT = 32


class Voices:
    """Those of one engine; of the cloned ones, the states used last are kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cloned: dict[str, VoiceState] = {}

    def state(self, voice: str | Reference) -> VoiceState:
        """The state of one of the engine's own voices, or of one to be cloned."""
        if isinstance(voice, str):
            return self._engine.voice(voice)
        state = self._cloned.pop(voice.content_hash, None)
        if state is None:
            state = self._engine.condition(voice)
        self._cloned[voice.content_hash] = state  # last again: the first is the longest unused
        if len(self._cloned) > _KEPT:
            del self._cloned[next(iter(self._cloned))]
        return state
