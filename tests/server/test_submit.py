"""A request on its way into the queue, when engines come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sonca import Sonca
from sonca.server.speech.submit import submit
from sonca.synthesizer import EngineLoading, Speech, SpeechRequest


async def nothing() -> dict[str, Any]:
    """The client stays, and has nothing more to say."""
    await asyncio.sleep(60)
    return {}


def test_an_engine_that_is_unloaded_again_before_the_request_is_queued_is_waited_for() -> None:
    async def run(work: Callable[[], Any]) -> Any:
        return work()

    with Sonca("tone") as sonca, sonca.stream("một.") as speech:
        answers = iter([EngineLoading(sonca.load().loaded), EngineLoading(sonca.load().loaded)])

        def queue(request: SpeechRequest, *, wait: bool) -> Speech:
            assert not wait
            for loading in answers:
                raise loading
            return speech

        services: Any = SimpleNamespace(
            pools=SimpleNamespace(run=run),
            settings=SimpleNamespace(request_timeout_s=60.0),
            sonca=SimpleNamespace(submit=queue),
            recordings=None,
        )
        request: Any = SimpleNamespace(receive=nothing, scope={"state": {}})
        make = lambda _recordings: SpeechRequest("một.")  # noqa: E731
        assert asyncio.run(submit(services, make, request)) is speech
