"""One engine and the thread that owns it: loading, serving, the end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal

from sonca import background
from sonca.engines.base import Engine, EngineInfo
from sonca.errors import EngineError, ShuttingDown, SoncaError
from sonca.worker.engine_gate import forget_frames
from sonca.worker.engine_loop import EngineLoop

log = logging.getLogger(__name__)

Life = Literal["loading", "ready", "broken", "closed"]
LIVING: tuple[Life, ...] = ("loading", "ready")
"""A replica that can be given work, now or when it is loaded."""


class Replica:
    """Builds an engine on a thread of its own and drives it there until `stop`."""

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        name: str,
        on_end: Callable[[int], None],
        clock: Callable[[], float],
        loudness_lufs: float | None,
    ) -> None:
        self.loaded: Future[EngineInfo] = Future()
        """Done when the engine is loaded, with what it is, or why it is not."""
        # Who waits for it as a task and gives up would cancel the loading for everyone.
        self.loaded.set_running_or_notify_cancel()
        self.life: Life = "loading"
        self.broken_at = 0.0
        """When it broke, on the worker's clock."""
        self.loop = EngineLoop(load, on_end=on_end, clock=clock, loudness_lufs=loudness_lufs)
        self._clock = clock
        self._thread = background.start(self._run, name)

    def stop(self) -> None:
        """Leaves what is in work after the current step; returns before that."""
        self.loop.post(self.loop.stop)

    def join(self, seconds: float) -> None:
        """Waits for the end of the thread, but no longer than `seconds`. One that hangs is left to
        itself; it closes its engine should it ever come back."""
        self._thread.join(max(0.0, seconds))
        if self._thread.is_alive():
            log.error("%s is still at work and is left behind", self._thread.name)

    def _run(self) -> None:
        try:
            info = self.loop.load()
            self.life = "ready"
            self.loaded.set_result(info)
            self.loop.run()
        except BaseException as error:  # a library in Rust panics with one that is no Exception
            forget_frames(error)  # it is kept to be told; what it broke must not be kept with it
            broken = error if isinstance(error, SoncaError) else _wrapped(error)
            self.broken_at = self._clock()
            self.life = "broken"
            if not self.loaded.done():
                self.loaded.set_exception(broken)
            self.loop.abandon(broken)
        else:
            self.life = "closed"
            self.loop.abandon(ShuttingDown("the engine was shut down; try again"))


def _wrapped(error: BaseException) -> EngineError:
    wrapped = EngineError(f"the engine broke: {error}")
    wrapped.__cause__ = error
    return wrapped
