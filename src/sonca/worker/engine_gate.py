"""The one way into an engine, on the thread that owns it.

Whatever a session is asked goes through `EngineGate.ask`: an error means that the engine itself is
broken. It is noted, nothing more is asked, and the loop builds the engine anew. Only what
`Session.add` and the voices raise is the fault of one request.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from sonca.engines.base import Engine, EngineInfo, Session
from sonca.worker.voice_states import VoiceStates

log = logging.getLogger(__name__)

T = TypeVar("T")


class EngineGate:
    """An engine, its session and its voices. Everything but the constructor is called on the
    engine's thread."""

    def __init__(
        self,
        load: Callable[[], Engine],
        post: Callable[[Callable[[], None]], None],
        loudness_lufs: float | None,
    ) -> None:
        """`load` builds the engine; `post` has a function run on the engine's thread; voices are
        brought to `loudness_lufs`."""
        self.broken: Exception | None = None
        """What the engine raised, until it is opened again."""
        self.slots = 1
        self.session: Session
        self.voices: VoiceStates
        self._load = load
        self._post = post
        self._loudness_lufs = loudness_lufs
        self._engine: Engine | None = None

    def open(self) -> EngineInfo:
        """Builds the engine; raises whatever it raises."""
        engine = self._load()
        try:
            session, info = engine.session(), engine.info
        except BaseException:
            with contextlib.suppress(Exception):
                engine.close()
            raise
        self._engine, self.session = engine, session
        self.voices = VoiceStates(engine, self._post, self._loudness_lufs)
        self.slots, self.broken = info.slots, None
        return info

    def ask(self, call: Callable[[Session], T], otherwise: T) -> T:
        """Returns what `call` gets of the session, or `otherwise` if the engine is broken."""
        if self.broken is not None:
            return otherwise
        try:
            return call(self.session)
        except Exception as error:
            log.error("the engine broke", exc_info=error)
            self.broken = error
            return otherwise

    def reopen(self) -> None:
        """Builds the engine anew, once the broken one is gone: there may be no room for two."""
        error = self.broken
        with contextlib.suppress(Exception):
            self.close()
        forget_frames(error)
        self.open()

    def close(self) -> None:
        """Closes the engine, if it is open. Whoever holds this holds its memory no more."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            self.voices.close()
            del self.session, self.voices
            engine.close()


def forget_frames(error: BaseException | None) -> None:
    """Lets go of the local variables that an error and its causes hold."""
    seen = set()
    while error is not None and id(error) not in seen:  # one may be its own cause
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
