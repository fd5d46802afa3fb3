"""Room in an engine's line, made by a reader who has stalled."""

from __future__ import annotations

import asyncio
import contextlib

from sonca.server.services import Services

_STEP_S = 10.0
"""An engine lets go of a request when its current step is over."""
_POLL_S = 0.01


async def make_room(services: Services, engine: str) -> bool:
    """Cut the reader who has stalled longest with the line's sound, and wait for the place.

    True if it is worth trying again: `engine`'s line has become shorter. Those who find it full
    at the same time go one after another, so that nobody is cut for a place that is free.
    """

    def length() -> int:
        stats = services.sonca.load(engine).stats
        return sum(stats.depth.values())

    full = length()
    async with services.lifecycle.making_room:
        if length() < full:
            return True
        if not await services.lifecycle.make_room(engine):
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STEP_S):
                while length() >= full:
                    await asyncio.sleep(_POLL_S)
    return True
