"""The states of the voices that an engine speaks in.

What takes long, a recording to clone or a model to load, is done on a thread beside the engine's
own, so that nobody's sound waits for somebody else's voice.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sonca.engines.base import Engine, Reference, VoiceState

_KEPT = 32

Done = Callable[["Future[VoiceState]"], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    voice: str | Reference
    wanted: Callable[[], bool]
    done: Done


class VoiceStates:
    """Those of one engine; of the cloned ones, the states used last are kept.

    Belongs to the engine's thread; `tell` has a function run there.
    """

    def __init__(self, engine: Engine, tell: Callable[[Callable[[], None]], None]) -> None:
        self._engine = engine
        self._tell = tell
        self._cloned: dict[str, VoiceState] = {}
        self._asked: dict[tuple[str, ...], list[_Asked]] = {}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="sonca-voices")
        self._closed = False

    def ready(self, voice: str | Reference) -> bool:
        """Returns whether `state` answers at once."""
        if isinstance(voice, str):
            return self._engine.voice_ready(voice)
        return voice.content_hash in self._cloned

    def state(self, voice: str | Reference) -> VoiceState:
        """Returns the state of a voice that is `ready`."""
        if isinstance(voice, str):
            return self._engine.voice(voice)
        state = self._cloned.pop(voice.content_hash)
        self._cloned[voice.content_hash] = state  # last again: the first is the longest unused
        return state

    def prepare(self, voice: str | Reference, *, wanted: Callable[[], bool], done: Done) -> None:
        """Makes a voice that is not `ready`; `done` is called on the engine's thread with what came
        of it. Who asks for one that is being made waits for the same; one that is no longer
        `wanted` when its turn comes is not made."""
        key = ("cloned", voice.content_hash) if isinstance(voice, Reference) else (voice,)
        asked = self._asked.setdefault(key, [])
        asked.append(_Asked(voice, wanted, done))
        if len(asked) == 1:
            future = self._loader.submit(self._make, voice, asked)
            future.add_done_callback(lambda made: self._tell(lambda: self._made(key, made)))

    def close(self) -> None:
        """Makes no more. What is being made is waited for: it may use the engine."""
        self._closed = True
        self._loader.shutdown(wait=True, cancel_futures=True)

    def _make(self, voice: str | Reference, asked: list[_Asked]) -> VoiceState:
        """Makes a voice, on the loader's thread."""
        if not any(each.wanted() for each in list(asked)):
            raise _Unwanted
        if isinstance(voice, str):
            return self._engine.voice(voice)
        return self._engine.condition(voice)

    def _made(self, key: tuple[str, ...], future: Future[VoiceState]) -> None:
        if self._closed:  # the engine it was made for has gone
            return
        asked, error = self._asked.pop(key), future.exception()
        if isinstance(error, _Unwanted):
            for each in asked:
                if each.wanted():  # it came after that was decided
                    self.prepare(each.voice, wanted=each.wanted, done=each.done)
            return
        if len(key) == 2 and error is None:
            self._cloned[key[1]] = future.result()
            if len(self._cloned) > _KEPT:
                del self._cloned[next(iter(self._cloned))]
        for each in asked:
            each.done(future)


class _Unwanted(Exception):
    """Nobody waits for the voice any more."""
