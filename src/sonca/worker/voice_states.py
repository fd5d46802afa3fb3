"""The voices that an engine speaks in, ready for it, and the gain that brings each to one level.

What takes long, a recording to clone, a model to load or a level to measure, is done on a thread
beside the engine's own, so that nobody's sound waits for somebody else's voice.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sonca.engines.base import Engine, Reference, VoiceState
from sonca.loudness import gain

_KEPT = 32


@dataclass(frozen=True, slots=True)
class ReadyVoice:
    """A voice that can be spoken in."""

    state: VoiceState
    gain: float
    """What the engine's sound is multiplied by."""


Done = Callable[["Future[ReadyVoice]"], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    voice: str | Reference
    wanted: Callable[[], bool]
    done: Done


class VoiceStates:
    """Those of one engine; of the cloned ones, the states used last are kept.

    Belongs to the engine's thread; `tell` has a function run there.
    """

    def __init__(
        self,
        engine: Engine,
        tell: Callable[[Callable[[], None]], None],
        loudness_lufs: float | None,
    ) -> None:
        self._engine = engine
        self._tell = tell
        self._loudness_lufs = loudness_lufs
        self._own_gains: dict[str, float] = {}
        self._cloned: dict[str, ReadyVoice] = {}
        self._asked: dict[tuple[str, ...], list[_Asked]] = {}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="sonca-voices")
        self._closed = False

    def find(self, voice: str | Reference) -> ReadyVoice | None:
        """Returns a voice that can be had at once; None if it must be prepared."""
        if isinstance(voice, Reference):
            ready = self._cloned.pop(voice.content_hash, None)
            if ready is not None:  # last again: the first is the longest unused
                self._cloned[voice.content_hash] = ready
            return ready
        factor = 1.0 if self._loudness_lufs is None else self._own_gains.get(voice)
        if factor is None or not self._engine.voice_ready(voice):
            return None
        return ReadyVoice(self._engine.voice(voice), factor)

    def prepare(self, voice: str | Reference, *, wanted: Callable[[], bool], done: Done) -> None:
        """Makes a voice that `find` has not; `done` is called on the engine's thread with what came
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

    def _make(self, voice: str | Reference, asked: list[_Asked]) -> ReadyVoice:
        """Makes a voice, on the loader's thread."""
        if not any(each.wanted() for each in list(asked)):
            raise _Unwanted
        engine, target = self._engine, self._loudness_lufs
        state = engine.voice(voice) if isinstance(voice, str) else engine.condition(voice)
        return ReadyVoice(state, 1.0 if target is None else gain(engine.level_lufs(state), target))

    def _made(self, key: tuple[str, ...], future: Future[ReadyVoice]) -> None:
        if self._closed:  # the engine it was made for has gone
            return
        asked, error = self._asked.pop(key), future.exception()
        if isinstance(error, _Unwanted):
            for each in asked:
                if each.wanted():  # it came after that was decided
                    self.prepare(each.voice, wanted=each.wanted, done=each.done)
            return
        if error is None:
            self._keep(asked[0].voice, future.result())
        for each in asked:
            each.done(future)

    def _keep(self, voice: str | Reference, ready: ReadyVoice) -> None:
        if isinstance(voice, str):  # the engine keeps its state, or says that it is not ready
            self._own_gains[voice] = ready.gain
            return
        self._cloned[voice.content_hash] = ready
        if len(self._cloned) > _KEPT:
            del self._cloned[next(iter(self._cloned))]


class _Unwanted(Exception):
    """Nobody waits for the voice any more."""
